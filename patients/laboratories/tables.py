"""The two tables as files: which columns they have, what each cell may hold, and what is wrong with a row."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from patients.casebook.files import read_table
from patients.forms.laboratory_catalogue import BY_CODE
from patients.items.problems import NotAnAnswer
from patients.items.types import DateItem, DecimalItem, IntegerItem, TextItem

Reader = Callable[[str], Any]
OLDEST = 150  # years that nobody reaches


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell, or with several of a row (then `column` names one of them)."""

    file: str
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return _("%(file)s line %(line)s, %(column)s “%(value)s”: %(reason)s") % {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "reason": self.reason,
        }


class TableRefused(Exception):
    """Nothing of a table was taken in."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: its line, its cells as written, and the values of those that could be read."""

    file: str
    line: int
    cells: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)

    def problem(self, column: str, reason: Any) -> Problem:
        return Problem(self.file, self.line, column, self.cells.get(column, ""), str(reason))


def _code_of_a_test(typed: str) -> str:
    if typed not in BY_CODE:
        raise NotAnAnswer(_("This is no test of the laboratory catalogue."))
    return typed


def _sex(typed: str) -> str:
    if typed not in ("M", "F"):
        raise NotAnAnswer(_("The sex is M or F; leave it empty for both."))
    return typed


def _age(typed: str) -> int:
    years = IntegerItem().read(typed)
    if not 0 <= years <= OLDEST:
        raise NotAnAnswer(_("An age is from 0 to %s years.") % OLDEST)
    return years


_limit = DecimalItem("", 12, 4).read
_day = DateItem().read
LABORATORIES: dict[str, Reader] = {
    "laboratory": TextItem("", 40).read,
    "name": TextItem("", 200).read,
    "accredited_from": _day,
    "accredited_until": _day,
}
RANGES: dict[str, Reader] = {
    "laboratory": TextItem("", 40).read,
    "test": _code_of_a_test,
    "unit": TextItem("", 20).read,
    "sex": _sex,
    "age_from": _age,
    "age_below": _age,
    "lower": _limit,
    "upper": _limit,
    "factor": DecimalItem("", 12, 6).read,
    "valid_from": _day,
    "valid_until": _day,
}
_REQUIRED = {
    "laboratories": ("laboratory", "name", "accredited_from"),
    "ranges": ("laboratory", "test", "unit", "valid_from"),
}


def laboratory_rows(path: Path) -> tuple[list[Row], list[Problem]]:
    """The rows of a table of laboratories, and what is wrong in it. Raises UnreadableSheet."""
    rows, problems = _read(path, LABORATORIES, _REQUIRED["laboratories"])
    problems += [one for row in rows for one in _ends_before(row, "accredited_from", "accredited_until")]
    return rows, problems + list(_twice(rows, ("laboratory",)))


def range_rows(path: Path) -> tuple[list[Row], list[Problem]]:
    """The rows of a table of ranges, and what is wrong in it. Raises UnreadableSheet."""
    rows, problems = _read(path, RANGES, _REQUIRED["ranges"])
    for row in rows:
        problems += [*_of_the_test(row), *_in_order(row), *_ends_before(row, "valid_from", "valid_until")]
    return rows, problems + list(_twice(rows, RANGE_KEY))


RANGE_KEY = ("laboratory", "test", "sex", "age_from", "valid_from")


def _read(
    path: Path, readers: Mapping[str, Reader], required: tuple[str, ...]
) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, cells in read_table(path, allowed=readers, required=required):
        row = Row(path.name, line, {name: cell.strip() for name, cell in cells.items()})
        rows.append(row)
        problems += _cells(row, readers, required)
    return rows, problems


def _cells(row: Row, readers: Mapping[str, Reader], required: tuple[str, ...]) -> Iterator[Problem]:
    for column, read in readers.items():
        typed = row.cells.get(column, "")
        row.values[column] = None
        if not typed and column in required:
            yield row.problem(column, _("A value is required."))
        elif typed:
            try:
                row.values[column] = read(typed)
            except NotAnAnswer as refusal:
                yield row.problem(column, refusal.message)
    for column, empty in (("sex", ""), ("age_from", 0)):
        if column in readers and not row.cells.get(column):
            row.values[column] = empty


def _of_the_test(row: Row) -> Iterator[Problem]:
    """The unit is one of the test, and says how it turns into SI where only the laboratory knows."""
    test, unit, factor = (row.values[name] for name in ("test", "unit", "factor"))
    if test is None or unit is None:
        return
    units = BY_CODE[test].factors
    if unit not in BY_CODE[test].units():
        known = ", ".join(BY_CODE[test].units())
        yield row.problem("unit", _("The units of %(test)s are: %(units)s.") % {"test": test, "units": known})
    elif unit in units and units[unit] is None:
        if factor is None or factor <= 0:
            yield row.problem("factor", _("This unit needs the laboratory's factor to SI."))
    elif factor is not None:
        yield row.problem("factor", _("The factor of this unit stands in the catalogue."))


def _in_order(row: Row) -> Iterator[Problem]:
    low, high, factor = (row.values[name] for name in ("lower", "upper", "factor"))
    typed = row.cells.get("lower") or row.cells.get("upper")
    if low is None and high is None and factor is None and not typed:
        yield row.problem("lower", _("A range needs a lower or an upper limit."))
    if low is not None and high is not None and low >= high:
        yield row.problem("lower", _("The lower limit lies below the upper."))
    youngest, below = row.values["age_from"], row.values["age_below"]
    if youngest is not None and below is not None and youngest >= below:
        yield row.problem("age_below", _("The ages end after they begin."))


def _ends_before(row: Row, begins: str, ends: str) -> Iterator[Problem]:
    first, last = row.values[begins], row.values[ends]
    if first is not None and last is not None and last < first:
        yield row.problem(ends, _("This day lies before %s.") % first)


def _twice(rows: Iterable[Row], key: tuple[str, ...]) -> Iterator[Problem]:
    seen: dict[tuple[Any, ...], int] = {}
    for row in rows:
        place = tuple(row.values[name] for name in key)
        if place in seen:
            yield row.problem(key[0], _("The row stands on line %s, too.") % seen[place])
        seen.setdefault(place, row.line)


def overlaps(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two ranges of a test of a laboratory could both be meant for somebody on some day."""
    same_sex = not one["sex"] or not other["sex"] or one["sex"] == other["sex"]
    youngest = max(one["age_from"], other["age_from"])
    below = min(_or(one["age_below"], OLDEST + 1), _or(other["age_below"], OLDEST + 1))
    begins = max(one["valid_from"], other["valid_from"])
    ends = min(_or(one["valid_until"], date.max), _or(other["valid_until"], date.max))
    return bool(same_sex and youngest < below and begins <= ends)


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value
