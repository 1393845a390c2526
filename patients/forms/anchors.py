"""The days of a subject from which others are counted, and when it left; None until they are recorded."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.items.conditions import Answers
from patients.items.limits import Limit, not_after, numbered


def first_dose_day(answers: Answers) -> date | None:
    """Of lymphodepletion."""
    return answers.gathered("LD", _earliest_dose)


def _earliest_dose(doses: Sequence[Answers]) -> date | None:
    return min((day for row in doses if (day := row["ld_date"])), default=None)


def infusion_day(answers: Answers) -> date | None:
    """CAR-T day 0."""
    return local_day(answers["INF.inf_start_dt"])


def graft_day(answers: Answers) -> date | None:
    """Transplant day 0; None where the transplantation is said not to be done, whatever date is kept."""
    return None if answers["HSCT.hsct_done"] is False else local_day(answers["HSCT.hsct_start_dt"])


def left_on(answers: Answers) -> date | None:
    """The day of death, else of the end of study."""
    died = answers["DTH.dth_dt"]
    return local_day(answers["EOS.eos_dt"] if died is None else died)


READ_TOGETHER = {"HSCT.hsct_start_dt": ("HSCT.hsct_done",)}
"""What else a rule looks at that looks at an item through this module."""

NOT_AFTER_DEATH: Limit = numbered(
    not_after("DTH.dth_dt"), "X-DTH-01", _("%(label)s %(value)s is after death.")
)
"""Of the date that places a sample or an assessment."""
