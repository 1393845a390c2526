"""What can be wrong with an answer, in the user's words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

Text = str | Promise


class Severity(StrEnum):
    """REFUSED keeps the save out; HARD keeps the page from being complete; SOFT asks a question."""

    REFUSED = "refused"
    HARD = "hard"
    SOFT = "soft"


class NotAnAnswer(ValueError):
    """What was typed cannot be read as an answer to this item."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about one item of one row; `check` is the number of the edit check, if it has one."""

    item: str
    message: Text
    severity: Severity
    row_key: str = ""
    check: str = ""
    value: Any = None
