"""From results that a laboratory reports in one go to the rows of a LAB page.

A result belongs to the row that holds the same test of the same sample, else it makes a new row. Only what
differs is handed to `save_page`, so that results which stand there already write nothing, and a limit or a
laboratory that is not reported leaves the row's own alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from patients.casebook.answers import local_day
from patients.entry.edits import next_key
from patients.forms.laboratory import Laboratory
from patients.forms.laboratory_catalogue import BY_CODE
from patients.forms.laboratory_names import catalogue_tests, unit_called
from patients.items.problems import NotAnAnswer
from patients.laboratories.reported import read_limit, read_moment, read_result, shown_number

LAB = "LAB"
Values = Mapping[str, Any]


class Standing(StrEnum):
    """What a result means for its page."""

    NEW = "new"
    SAME = "same"
    REPLACES = "replaces"


@dataclass(frozen=True, slots=True)
class Result:
    """A result as it would be typed on the page: its cells by item, those not reported left out."""

    line: int
    answers: Mapping[str, str]

    @property
    def day(self) -> date | None:
        """The day of the sample at the site."""
        moment = self.answers.get("lab_dt", "")
        return local_day(Laboratory.item("lab_dt").read(moment)) if moment else None

    @property
    def in_si(self) -> tuple[str, str]:
        """Value and unit as they are graded; empty without a result, and where only the laboratory's table
        knows the factor."""
        test, value = BY_CODE[self.answers["lab_test"]], self.answers.get("lab_value", "")
        if not value:
            return "", ""
        converted = test.to_si(Laboratory.item("lab_value").read(value), self.answers.get("lab_unit", ""))
        return ("", "") if converted is None else (shown_number(converted), test.si_unit)


class Unclear(Exception):
    """A cell of a line that has to be corrected or chosen: which one, and why."""

    def __init__(self, cell: str, why: str) -> None:
        super().__init__(why)
        self.cell, self.why = cell, why


def result_of(line: int, cells: Mapping[str, str]) -> Result:
    """The result of a line. Raises Unclear for the first cell that cannot be taken."""
    reported = _read("value", cells, read_result)
    tests = catalogue_tests(cells.get("test", ""))
    if len(tests) != 1:
        why = _("Several tests are called so: choose.") if tests else _("Choose the test of the catalogue.")
        raise Unclear("test", why)
    unit = unit_called(cells.get("unit", ""), tests[0])
    if unit is None:
        raise Unclear("unit", _("Choose a unit of this test."))
    answers = {
        "lab_test": tests[0].code,
        "lab_value": reported.value,
        "lab_cmp": reported.comparator,
        "lab_unit": unit,
        "lab_status": reported.status,
        "lab_lln": _read("lower", cells, read_limit),
        "lab_uln": _read("upper", cells, read_limit),
        "lab_dt": _read("moment", cells, read_moment),
        "lab_name": cells.get("laboratory", ""),
    }
    if not answers["lab_dt"]:
        raise Unclear("moment", _("The date and time of the sample are needed."))
    # Of a sample that gave no result the value is named all the same: one that stood there goes.
    return Result(line, {item: text for item, text in answers.items() if text or item == "lab_value"})


def _read(cell: str, cells: Mapping[str, str], read: Any) -> Any:
    try:
        return read(cells.get(cell, ""))
    except NotAnAnswer as refusal:
        raise Unclear(cell, str(refusal.message)) from refusal


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A result with its row: the key, what stands there now, and which items would change."""

    result: Result
    key: str
    standing: Standing
    now: Values = field(default_factory=dict)
    differs: tuple[str, ...] = ()
    asks_reason: bool = False

    @property
    def typed(self) -> dict[str, str]:
        """What `save_page` is given of the row."""
        return {item: self.result.answers[item] for item in self.differs}


@dataclass(frozen=True, slots=True)
class Stored:
    """The rows of a page by key: their values, and the version at which each item last changed. A row that is
    void keeps its key and takes no result."""

    rows: Mapping[str, tuple[Values, Mapping[str, int]]]
    void: frozenset[str] = frozenset()


def planned(results: Iterable[Result], stored: Stored) -> list[PlannedRow]:
    """Each result with its row."""
    taken = {*stored.rows, *stored.void}
    rows: list[PlannedRow] = []
    for result in results:
        key = _row_of(result, stored)
        if key is None:
            key = next_key(taken)
            taken.add(key)
            filled = tuple(item for item, text in result.answers.items() if text)
            rows.append(PlannedRow(result, key, Standing.NEW, differs=filled))
        else:
            rows.append(_against(result, key, *stored.rows[key]))
    return rows


def _row_of(result: Result, stored: Stored) -> str | None:
    """The row that holds the test of the sample; one that has no moment yet, where it is the only one."""
    test, moment = result.answers["lab_test"], Laboratory.item("lab_dt").read(result.answers["lab_dt"])
    of_test = {key: values for key, (values, _of) in stored.rows.items() if values.get("lab_test") == test}
    for key, values in of_test.items():
        if values.get("lab_dt") == moment:
            return key
    undated = [key for key, values in of_test.items() if values.get("lab_dt") is None]
    return undated[0] if len(undated) == len(of_test) == 1 else None


def _against(result: Result, key: str, values: Values, versions: Mapping[str, int]) -> PlannedRow:
    differs = tuple(item for item, text in result.answers.items() if _differs(item, text, values.get(item)))
    if not differs:
        return PlannedRow(result, key, Standing.SAME, values)
    asks = any(versions.get(item) for item in differs)
    return PlannedRow(result, key, Standing.REPLACES, values, differs, asks)


def _differs(name: str, text: str, stored: Any) -> bool:
    """Whether the answer is another one; `5.20` is `5.2`."""
    item = Laboratory.item(name)
    try:
        value = item.read(text) if text else None
    except NotAnAnswer:
        return True
    return bool(value != stored) if value is not None and stored is not None else value is not stored


def twice(rows: Sequence[Result]) -> dict[int, int]:
    """Lines that repeat the test and sample of an earlier one, with the number of that one."""
    seen: dict[tuple[str, Any], int] = {}
    found: dict[int, int] = {}
    for place, result in enumerate(rows):
        sample = result.answers["lab_test"], Laboratory.item("lab_dt").read(result.answers["lab_dt"])
        if sample in seen:
            found[place] = rows[seen[sample]].line
        seen.setdefault(sample, place)
    return found


def day_of(results: Iterable[Result]) -> date | None:
    """The one day on which all samples were taken; None where they are of several, or none."""
    days = {result.day for result in results}
    return days.pop() if len(days) == 1 else None
