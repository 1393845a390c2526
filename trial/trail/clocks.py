"""Whether the clocks of the application and of the database agree (TS-02).

Each event holds the time of the application, its leaf in the ledger that of the database. A signature is
worth its moment: a gap of more than 2 s is told, more than 60 s stops signing and locking.

The worker looks at its clock each minute (an alarm, a line of the log). A process that serves pages looks at
its own where it writes to a session anyway, at sign-in and at most once a minute, and keeps the gap there. So
the banner costs a page no statement, tells of the very clock that dates the acts of this person, and is a
minute late at most.
"""

import logging
from datetime import UTC, datetime

from django.db import connection, transaction
from django.utils import timezone

from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Change, Place, record_event

TELL_ABOVE_S = 2
REFUSE_ABOVE_S = 60
_NOW = {
    "postgresql": "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
}


class ClocksDisagree(RuntimeError):
    """The gap between the two clocks, in seconds, is too wide for an act that is worth its moment (503)."""

    def __init__(self, gap_s: float) -> None:
        super().__init__(f"the clocks of application and database differ by {gap_s:.1f} s")
        self.gap_s = gap_s


def database_now() -> datetime:
    """What the clock of the database says."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW[connection.vendor])
        return datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)


def told_gap_s() -> float:
    """By how many seconds the application is ahead of the database, where that has to be told; else 0."""
    gap_s = (timezone.now() - database_now()).total_seconds()
    if abs(gap_s) <= TELL_ABOVE_S:
        return 0.0
    logging.getLogger("chimera").warning("the clocks differ by %.1f s", gap_s)
    return gap_s


def refuse_if_clocks_disagree(source: Source) -> None:
    """Tell a gap of more than 2 s, by an event of its own. Raises ClocksDisagree above 60 s."""
    gap_s = told_gap_s()
    if gap_s:
        _record(gap_s, source)
    if abs(gap_s) > REFUSE_ABOVE_S:
        raise ClocksDisagree(abs(gap_s))


def _record(gap_s: float, source: Source) -> None:
    change = Change("gap_s", "Application ahead of database, seconds", "", f"{gap_s:.1f}")
    with transaction.atomic(), acting(system_actor("clock", source)):
        record_event("clock.gap", Place(about="clocks"), [change])
