"""What the grading engines say beside a grade, in words."""

from django.utils.translation import gettext_lazy as _

from patients.grading.result import Flag
from patients.items.problems import Text

LABELS: dict[str, Text] = {
    Flag.NEEDS_CLINICAL: _("to be judged with the clinical findings"),
    Flag.NEVER_FELL: _("neutrophils never fell below the threshold"),
    Flag.ICE_MISSING: _("without an ICE score"),
    Flag.HIGH_RISK: _("high risk"),
    Flag.LOW_RISK: _("low risk"),
}


def flag_label(flag: str) -> str:
    """The flag in the active language; one of an earlier engine that is no more stands as it was kept."""
    return str(LABELS.get(flag, flag))
