"""What the worker does for the trail, every minute."""

from celery import shared_task

from trial.trail.alarms import end_alarm, raise_alarm
from trial.trail.clocks import told_gap_s
from trial.trail.seals import seal_trail
from trial.trail.signing_keys import NoSigningKey

KEY, CLOCK = "seal-key", "clock"


@shared_task(name="trial.trail.seal")
def seal() -> None:
    """Sign what the trail has grown by, and publish it; an alarm as long as the key for it is not there."""
    try:
        seal_trail()
    except NoSigningKey as problem:
        raise_alarm(KEY, str(problem))
    else:
        end_alarm(KEY)


@shared_task(name="trial.trail.watch_clocks")
def watch_clocks() -> None:
    """An alarm as long as the clocks of this host and of the database are too far apart (TS-02)."""
    if gap_s := told_gap_s():
        raise_alarm(CLOCK, f"the clocks of application and database differ by {gap_s:.1f} s")
    else:
        end_alarm(CLOCK)
