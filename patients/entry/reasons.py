"""Why a saved value changes: asked for each item, never for a first entry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.entry.edits import Edit
from patients.items.problems import Finding, Severity
from patients.items.types import is_keepable

LEAST_CHARACTERS = 5


class ReasonCode(models.TextChoices):
    TRANSCRIPTION_ERROR = "transcription_error", _("Transcription error")
    LATE_SOURCE = "late_source", _("Late source")
    QUERY_ANSWER = "query_answer", _("Query answer")
    CLINICAL_REVIEW = "clinical_review", _("Clinical review")
    OTHER = "other", _("Other")


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of the list, or words, or both; `other` needs words."""

    code: str = ""
    text: str = ""

    @property
    def is_enough(self) -> bool:
        if (self.code and self.code not in ReasonCode.values) or not is_keepable(self.text):
            return False
        if self.code in ("", ReasonCode.OTHER):
            return len(self.text.strip()) >= LEAST_CHARACTERS
        return True


NO_REASON = Reason()
Reasons = Mapping[tuple[str, str], Reason]
NO_REASONS: Reasons = {}


class SameReason(dict[tuple[str, str], Reason]):
    """One reason for every item: for a casebook imported again, whose changes have one cause."""

    def __init__(self, reason: Reason) -> None:
        super().__init__()
        self.reason = reason

    def get(self, key: tuple[str, str], default: Reason | None = None) -> Reason:  # type: ignore[override]
        return self.reason


def unexplained(edits: Iterable[Edit], reasons: Reasons) -> list[Finding]:
    """The changed items for which no sufficient reason was given."""
    return [
        Finding(
            edit.item.name,
            _("Give a reason for the change: a code of the list, or at least %s characters.")
            % LEAST_CHARACTERS,
            Severity.REFUSED,
            edit.row_key,
            check="X-SYS-03",
        )
        for edit in edits
        if not edit.is_first and not reasons.get((edit.row_key, edit.item.name), NO_REASON).is_enough
    ]
