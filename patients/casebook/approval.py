"""When the principal investigator's electronic signature stood on a page: what rules may know of signatures.

Signatures are rows of `patients.oversight`, above the forms. What a rule of a form needs of them (X-ELIG-12:
signed before enrolment) each page carries along, so that it costs no statement to ask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

SIGNATURE = "signature"
"""What a rule names as `FORM.signature` where it looks at approvals."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A signature of the principal investigator by its local days: made on `since`, fallen on `until` (None
    while it stands)."""

    by: str
    since: date
    until: date | None = None

    @classmethod
    def of(cls, kept: dict[str, str]) -> "Approval":
        until = kept.get("until")
        return cls(
            kept["by"], date.fromisoformat(kept["since"]), date.fromisoformat(until) if until else None
        )

    def as_data(self) -> dict[str, str]:
        data = {"by": self.by, "since": self.since.isoformat()}
        return data | ({"until": self.until.isoformat()} if self.until else {})

    @property
    def stands(self) -> bool:
        return self.until is None

    def stood_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


def approval_for(day: date, approvals: Sequence[Approval]) -> Approval | None:
    """The approval on which an act of this day rests: it stood on that day, and one stands now. Who corrects
    a page after enrolment signs it again, later than the day on which the subject was rightly enrolled."""
    if not any(approval.stands for approval in approvals):
        return None
    return next((approval for approval in approvals if approval.stood_on(day)), None)
