"""What can be wrong with an answer, in the user's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise, lazy

Text = str | Promise


def filled(message: Text, named: Mapping[str, Any] | bool) -> Text:
    """The message with its placeholders filled, in whatever language it is then read in.

    A percent sign is written twice in every message; `True` names no values.
    """
    values = named if isinstance(named, Mapping) else {}
    return _read_later(message, values)


def _filled_now(message: Text, values: Mapping[str, Any]) -> str:
    return str(message) % values


_read_later = lazy(_filled_now, str)


class Severity(StrEnum):
    """REFUSED keeps the save out; HARD keeps the page from being complete; SOFT asks a question; NOTE says
    what the system has put on record."""

    REFUSED = "refused"
    HARD = "hard"
    SOFT = "soft"
    NOTE = "note"


class NotAnAnswer(ValueError):
    """What was typed cannot be read as an answer to this item."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about one item of one row; `check` is the number of the edit check, if it has one, and
    `limit` tells unnumbered limits of one item apart."""

    item: str
    message: Text
    severity: Severity
    row_key: str = ""
    check: str = ""
    value: Any = None
    limit: str = ""
