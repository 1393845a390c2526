"""Dates that may lack their day or month, and the reading of typed dates.

A partial date stays partial wherever it is kept or shown; completing it is the business of the analysis
alone, which flags what it has imputed.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.utils.translation import gettext_lazy as _

from patients.items.problems import NotAnAnswer

_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_WORDS = re.compile(r"([0-9]{1,2}|UN|UNK)[ -]([A-Z]{3,9}|UN|UNK)[ -]([0-9]{4})", re.IGNORECASE | re.ASCII)
_SLASHES = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4}")
_UNKNOWN = {"UN", "UNK"}
_MONTH_NAMES = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE",
    "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER",
)  # fmt: skip
_MONTHS = {name: number for number, full in enumerate(_MONTH_NAMES, 1) for name in (full, full[:3])} | {
    "SEPT": 9
}
FIRST_YEAR, LAST_YEAR = 1900, 2199  # what is outside is a slip, and no visit can be planned from it


@dataclass(frozen=True, slots=True, order=False)
class PartialDate:
    """A year, a year and month, or a full date; text `YYYY`, `YYYY-MM` or `YYYY-MM-DD` (CDISC --DTC)."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day without a month is not a partial date")
        date(self.year, 1 if self.month is None else self.month, 1 if self.day is None else self.day)

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, day.month, day.day)

    @property
    def is_full(self) -> bool:
        return self.day is not None

    @property
    def earliest(self) -> date:
        """The first day that it can mean."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day that it can mean."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def __str__(self) -> str:
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)


def read_partial_date(typed: str) -> PartialDate:
    """Read `2025`, `2025-08`, `2025-08-05`, `05 Aug 2025`, `UN-AUG-2025` or `UN-UNK-2025`.

    Raises NotAnAnswer for anything else; `5/8/2025` is refused as ambiguous.
    """
    typed = typed.strip()
    try:
        found = _written(typed)
    except ValueError:
        raise NotAnAnswer(_("%(typed)s is not a day of the calendar.") % {"typed": typed}) from None
    if found:
        return _plausible(found, typed)
    if _SLASHES.fullmatch(typed):
        raise NotAnAnswer(
            _("%(typed)s is ambiguous: day or month first? Write it as 2025-08-05 or 05 Aug 2025.")
            % {"typed": typed}
        )
    raise NotAnAnswer(_("%(typed)s is not a date. Write it as 2025-08-05.") % {"typed": typed})


def _written(typed: str) -> PartialDate | None:
    """None for what is not written as a date. Raises ValueError for a day that does not exist."""
    if found := _ISO.fullmatch(typed):
        return PartialDate(*(int(part) for part in found.groups() if part))
    if found := _WORDS.fullmatch(typed):
        return _in_words(*found.groups())
    return None


def _plausible(found: PartialDate, typed: str) -> PartialDate:
    if FIRST_YEAR <= found.year <= LAST_YEAR:
        return found
    raise NotAnAnswer(
        _("%(typed)s: the year is not from %(first)s to %(last)s.")
        % {"typed": typed, "first": FIRST_YEAR, "last": LAST_YEAR}
    )


def read_date(typed: str) -> date:
    """Read a full date. Raises NotAnAnswer if the day or month is missing."""
    found = read_partial_date(typed)
    if not found.is_full:
        raise NotAnAnswer(_("%(typed)s lacks the day: a full date is required.") % {"typed": typed})
    return found.earliest


def _in_words(day: str, month: str, year: str) -> PartialDate:
    if month.upper() in _UNKNOWN:
        if day.upper() not in _UNKNOWN:
            raise ValueError("a day without a month")
        return PartialDate(int(year))
    number = _MONTHS.get(month.upper())
    if number is None:
        raise ValueError("no such month")
    return PartialDate(int(year), number, None if day.upper() in _UNKNOWN else int(day))
