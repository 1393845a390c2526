"""Laboratory results as the rules of other forms look at them: by test and day, without a form of its own."""

from datetime import date, timedelta
from decimal import Decimal

from patients.casebook.answers import local_day
from patients.forms.laboratory_ranges import has_result
from patients.grading.counts import Count
from patients.items.conditions import Answers

NEUTROPENIC_BELOW_10E9_PER_L = Decimal("0.5")
COUNTED_WITHIN_DAYS = 1  # of a fever or an infection


def results(answers: Answers, *tests: str, near: date | None = None, days: int = 0) -> list[Answers]:
    """The rows of these tests that have a result, by time; with `near` those at most `days` away from it."""
    found = [
        row
        for test in tests
        for row in answers.rows_where("LAB", "lab_test", test)
        if row["lab_dt"] is not None and has_result(row)
    ]
    if near is not None:
        found = [row for row in found if _apart(row, near) <= timedelta(days=days)]
    return sorted(found, key=lambda row: row["lab_dt"])


def sampled_on(row: Answers) -> date:
    """The day of a result."""
    return local_day(row["lab_dt"]) or date.min


def _apart(row: Answers, day: date) -> timedelta:
    return abs(sampled_on(row) - day)


def counts_since(answers: Answers, test: str, first: date, day_0: date) -> list[Count]:
    """The counts of a test in 10^9/L from a day on, each with its day of the clock that begins on `day_0`."""
    return [
        Count((sampled_on(row) - day_0).days, row["lab_si"])
        for row in results(answers, test)
        if row["lab_si"] is not None and sampled_on(row) >= first
    ]


def lowest_near(answers: Answers, test: str, day: date, days: int) -> Decimal | None:
    """The lowest result of a test in SI at most `days` away from a day."""
    found = [row["lab_si"] for row in results(answers, test, near=day, days=days)]
    return min((value for value in found if value is not None), default=None)


def plain(value: Decimal) -> str:
    """Without the zeros of the five places that SI values are kept with."""
    return f"{value.normalize():f}"
