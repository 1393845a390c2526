"""Units and normal ranges of laboratory results: what a row of LAB means in SI.

A row keeps its value, unit and limits as they were entered. Where neither limit was, the range of the
laboratory's table on the day of the sample applies, for the subject's sex and age; it is looked up, never
written into the row. Every rule that needs a limit asks `normal_range` or `times_upper_limit`.
"""

from decimal import Decimal

from patients.casebook.answers import local_day
from patients.forms.age import completed_years
from patients.forms.laboratory_catalogue import BY_CODE, LabTest
from patients.items.conditions import Answers
from trial.protocol.laboratories import NormalRange, laboratories

Limits = tuple[Decimal | None, Decimal | None]


WITH_RESULT = ("done", "below_detection")
"""Codes of `lab_status`: a sample that was not done, or was haemolysed or clotted, has no result."""


def has_result(answers: Answers) -> bool:
    """Whether a row has a result; a value that is kept from before its status was known is none."""
    return answers["lab_value"] is not None and answers["lab_status"] in (None, *WITH_RESULT)


def catalogued(answers: Answers) -> LabTest | None:
    """The test of the catalogue that a row of LAB is of."""
    return BY_CODE.get(answers["lab_test"])


def in_si(answers: Answers, item: str) -> Decimal | None:
    """A number of the row, given in its unit, in SI; None without number, test or a unit of it, and for a
    value that is no result."""
    test, value, unit = catalogued(answers), answers[item], answers["lab_unit"]
    if test is None or value is None or unit is None:
        return None
    if item == "lab_value" and not has_result(answers):
        return None
    if unit not in test.factors or test.factors[unit] is not None:
        return test.to_si(value, unit)
    table = _in_table(answers)
    return test.to_si(value, unit, table.factor if table and table.unit == unit else None)


def normal_range(answers: Answers) -> Limits:
    """Lower and upper limit in SI: as entered, else as the table of the laboratory has them."""
    if answers["lab_lln"] is not None or answers["lab_uln"] is not None:
        return in_si(answers, "lab_lln"), in_si(answers, "lab_uln")
    test, table = catalogued(answers), _in_table(answers)
    if test is None or table is None:
        return None, None
    low, high = (
        None if limit is None else test.to_si(limit, table.unit, table.factor)
        for limit in (table.lower, table.upper)
    )
    return low, high


def times_upper_limit(answers: Answers) -> Decimal | None:
    """The result as a multiple of its upper limit; None where either is unknown."""
    value, (_low, high) = in_si(answers, "lab_value"), normal_range(answers)
    return value / high if value is not None and high else None


def _in_table(answers: Answers) -> NormalRange | None:
    laboratory, test, day = answers["lab_name"], answers["lab_test"], local_day(answers["lab_dt"])
    table = laboratories()
    if day is None or (laboratory, test) not in table.ranges:
        return None
    born = answers["DM.birth_date"]
    age = None if born is None else completed_years(born, day)
    return table.range_of(laboratory, test, day, sex=answers["DM.sex"], age=age)
