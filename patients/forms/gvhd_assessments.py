"""How often acute GVHD is looked for after the graft: weekly up to day 100, while the subject is followed."""

from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from patients.forms.anchors import graft_day, left_on
from patients.items.checks import Sight
from patients.items.conditions import Answers
from trial.protocol.study import site_today

ACUTE_UP_TO_HSCT_DAY = 100
ASSESSED_EVERY_DAYS = 10
OVERDUE = _("Weekly GVHD assessment overdue: none between %(since)s and %(until)s.")


def unassessed_after(day: date, answers: Answers) -> Sight:
    """Whether more than 10 days follow a day, after the graft and up to its day 100, without an assessment
    while the subject is followed."""
    grafted = graft_day(answers)
    if grafted is None:
        return False
    since = max(day, grafted)
    later = [row["ag_dt"] for row in answers.rows("AGVHD") if row["ag_dt"] and row["ag_dt"] > day]
    last = grafted + timedelta(ACUTE_UP_TO_HSCT_DAY - 1)
    until = min(*later, site_today(), left_on(answers) or date.max, last)
    return (until - since).days > ASSESSED_EVERY_DAYS and {"since": since, "until": until}
