"""The clocks of serious events in words: what is waited for, and how long it may still take."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.oversight.safety_clocks import RunningClock, Step


def step_in_words(clock: RunningClock) -> str:
    """What is waited for: `SAE report 2 to the sponsor`."""
    named = {"row": clock.row_key}
    return {
        Step.REPORT: _("report of serious event %(row)s to be begun"),
        Step.SPONSOR: _("SAE report %(row)s to the sponsor"),
        Step.JUDGEMENT: _("SAE report %(row)s to be judged by the sponsor"),
        Step.AUTHORITY: _("SAE report %(row)s to the authority"),
        Step.FOLLOW_UP: _("follow-up of SAE report %(row)s to the authority"),
    }[clock.step] % named


def time_left(clock: RunningClock, now: datetime) -> str:
    """The whole hours that are left, or by which it is late."""
    hours = int((clock.until - now).total_seconds() // 3600)
    if hours < 0:
        return ngettext("%(hours)s hour late", "%(hours)s hours late", -hours) % {"hours": -hours}
    return ngettext("%(hours)s hour left", "%(hours)s hours left", hours) % {"hours": hours}
