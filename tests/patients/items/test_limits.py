"""What an answer must keep to: below, at and above each bound, dates of any precision, missing sides."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from patients.casebook.answers import Record
from patients.items.limits import (
    NOT_IN_FUTURE,
    NOT_LATER_THAN_NOW,
    Compare,
    Configured,
    Fixed,
    Limit,
    Now,
    Of,
    Today,
    above,
    after,
    at_least,
    at_least_characters,
    at_least_one,
    at_most,
    before,
    below,
    between,
    must,
    not_after,
    not_before,
    numbered,
    other_than,
)
from patients.items.partial_date import PartialDate
from patients.items.problems import Severity
from patients.items.types import DecimalItem
from tests.patients.items.answers import answered, answers, record
from trial.protocol.configuration import configuration_in_force, configured_as
from trial.protocol.study import SITE_ZONE

DAY = date(2025, 8, 5)
NOON = datetime(2025, 8, 5, 12, tzinfo=SITE_ZONE)
LATE = datetime(2025, 8, 5, 23, 59, tzinfo=SITE_ZONE)


def partial(*parts: int) -> PartialDate:
    return PartialDate(*parts)


NUMBERS: tuple[tuple[Limit, Any, bool], ...] = (
    (between(10, 85), Decimal("9.9"), False),
    (between(10, 85), Decimal(10), True),
    (between(10, 85), Decimal(85), True),
    (between(10, 85), Decimal("85.1"), False),
    (between("-0.5", 1), Decimal("-0.5"), True),
    (between("-0.5", 1), Decimal("-0.501"), False),
    (at_least(5), 4, False),
    (at_least(5), 5, True),
    (at_most(5), 5, True),
    (at_most(5), 6, False),
    (above(0), Decimal(0), False),
    (above(0), Decimal("0.000001"), True),
    (below(5), 5, False),
    (below(5), 4, True),
    (at_most("0.01"), Decimal("0.0100"), True),
    (at_most("0.01"), Decimal("0.010001"), False),
)


@pytest.mark.requirement("DI-07")
@pytest.mark.parametrize(("limit", "value", "kept"), NUMBERS)
def test_a_number_keeps_to_its_limit_or_not(limit: Limit, value: Any, kept: bool) -> None:
    assert limit.kept(value, answered()) is kept


WORDS: tuple[tuple[Limit, Any, bool], ...] = (
    (other_than("N"), True, True),
    (other_than("N"), False, False),
    (other_than("CNS3", "other"), "CNS1", True),
    (other_than("CNS3", "other"), "other", False),
    (other_than("x"), ["a", "b"], True),
    (other_than("x"), ["a", "x"], False),
    (at_least_characters(10), "0123456789", True),
    (at_least_characters(10), "012345678", False),
    (at_least_characters(3), "  a  ", False),
    (at_least_one(), ["a"], True),
    (at_least_one(), [], False),
    (must("even", lambda value, answers: value % 2 == 0), 2, True),
    (must("even", lambda value, answers: value % 2 == 0), 3, False),
)


@pytest.mark.parametrize(("limit", "value", "kept"), WORDS)
def test_a_code_or_text_keeps_to_its_limit_or_not(limit: Limit, value: Any, kept: bool) -> None:
    assert limit.kept(value, answered()) is kept


DATES: tuple[tuple[Limit, Any, Any, bool], ...] = (
    # days
    (not_before("other"), DAY, DAY - timedelta(1), True),
    (not_before("other"), DAY, DAY, True),
    (not_before("other"), DAY, DAY + timedelta(1), False),
    (not_after("other"), DAY, DAY, True),
    (not_after("other"), DAY, DAY - timedelta(1), False),
    (after("other"), DAY, DAY, False),
    (after("other"), DAY, DAY - timedelta(1), True),
    (before("other"), DAY, DAY, False),
    (before("other"), DAY, DAY + timedelta(1), True),
    (not_before("other", 14), DAY, DAY - timedelta(14), True),
    (not_before("other", 14), DAY, DAY - timedelta(13), False),
    (not_after("other", -3), DAY, DAY + timedelta(3), True),
    (not_after("other", -3), DAY, DAY + timedelta(2), False),
    # two moments compare to the second
    (after("other"), NOON, NOON, False),
    (after("other"), NOON + timedelta(seconds=1), NOON, True),
    (not_before("other"), NOON, NOON + timedelta(seconds=1), False),
    # a moment and a day compare as days of the site
    (not_before("other"), DAY, LATE, True),
    (not_before("other"), LATE, DAY, True),
    (after("other"), LATE, DAY, False),
    (not_before("other"), DAY, datetime(2025, 8, 5, 16, tzinfo=UTC), False),  # the 6th in Hangzhou
    (not_after("other"), datetime(2025, 8, 4, 16, tzinfo=UTC), DAY, True),
    (not_after("other"), datetime(2025, 8, 5, 16, tzinfo=UTC), DAY, False),
    # a partial date is wrong only if every day that it can mean is
    (not_before("other"), partial(2025, 8), DAY, True),
    (not_before("other"), partial(2025, 7), DAY, False),
    (not_before("other"), partial(2025), DAY, True),
    (not_before("other"), partial(2024), DAY, False),
    (not_after("other"), partial(2025, 8), DAY, True),
    (not_after("other"), partial(2025, 9), DAY, False),
    (not_after("other"), partial(2026), DAY, False),
    (not_before("other"), DAY, partial(2025, 8), True),
    (not_before("other"), DAY, partial(2025, 9), False),
    (not_after("other"), DAY, partial(2025, 8), True),
    (not_after("other"), DAY, partial(2025, 7), False),
    (after("other"), partial(2025, 8), partial(2025, 8), True),
    (before("other"), partial(2025, 8), partial(2025, 8), True),
    (after("other"), partial(2025, 8, 5), partial(2025, 8, 5), False),
    (not_before("other"), partial(2025, 8), NOON, True),
    (not_before("other"), partial(2025, 7), NOON, False),
)


@pytest.mark.requirement("DI-06", "DI-07")
@pytest.mark.parametrize(("limit", "value", "other", "kept"), DATES)
def test_a_date_keeps_to_its_limit_or_not(limit: Limit, value: Any, other: Any, kept: bool) -> None:
    assert limit.kept(value, answered(other=other)) is kept


@pytest.mark.parametrize("make", [not_before, not_after, after, before])
@pytest.mark.parametrize("item", ["other", "LAB.date", "HSCT.hsct_start_dt"])
def test_a_limit_is_silent_where_the_other_side_is_missing(make: Any, item: str) -> None:
    assert make(item).kept(DAY, answered(other=None))


def test_a_limit_may_look_at_another_form() -> None:
    row = answers(record("FU", "HM1"), record("HSCT", "H0", hsct_start_dt=NOON))
    assert not_before("HSCT.hsct_start_dt").kept(DAY, row)
    assert not not_before("HSCT.hsct_start_dt").kept(DAY - timedelta(1), row)


# --- today and now --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "value", "kept"),
    [
        ("2025-08-05T01:00:00+00:00", date(2025, 8, 5), True),
        ("2025-08-05T01:00:00+00:00", date(2025, 8, 6), False),
        ("2025-08-05T15:59:59+00:00", date(2025, 8, 6), False),
        ("2025-08-05T16:00:00+00:00", date(2025, 8, 6), True),  # midnight in Hangzhou
        ("2025-08-05T01:00:00+00:00", PartialDate(2025, 8), True),
        ("2025-08-05T01:00:00+00:00", PartialDate(2025), True),
        ("2025-08-05T01:00:00+00:00", PartialDate(2025, 9), False),
        ("2025-08-05T01:00:00+00:00", PartialDate(2026), False),
    ],
)
def test_the_future_begins_at_midnight_of_the_site(now: str, value: Any, kept: bool) -> None:
    with time_machine.travel(datetime.fromisoformat(now), tick=False):
        assert NOT_IN_FUTURE.kept(value, answered()) is kept


def test_a_moment_is_in_the_future_by_the_second() -> None:
    with time_machine.travel(NOON, tick=False):
        assert NOT_LATER_THAN_NOW.kept(NOON, answered())
        assert not NOT_LATER_THAN_NOW.kept(NOON + timedelta(seconds=1), answered())


@pytest.mark.parametrize(
    ("today", "bound", "day"),
    [
        ("2025-08-05", Today(), date(2025, 8, 5)),
        ("2025-08-05", Today(-1), date(2025, 8, 4)),
        ("2025-08-05", Today(years=-18), date(2007, 8, 5)),
        ("2028-02-29", Today(years=-18), date(2010, 2, 28)),
        ("2028-02-29", Today(years=-4), date(2024, 2, 29)),
        ("2025-03-01", Today(days=-1, years=-1), date(2024, 2, 29)),
    ],
)
def test_a_bound_may_be_years_or_days_from_today(today: str, bound: Today, day: date) -> None:
    with time_machine.travel(datetime.fromisoformat(f"{today}T12:00:00+08:00"), tick=False):
        assert bound.value(answered()) == day


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (Today(), "today"),
        (Today(-7), "today-7 d"),
        (Today(years=-18), "today-18 y"),
        (Today(days=1, years=-18), "today-18 y+1 d"),
        (Now(), "now"),
        (Fixed(Decimal("0.5")), "0.5"),
        (Fixed(date(1920, 1, 1)), "1920-01-01"),
        (Of("a"), "a"),
        (Of("a", 14), "a+14 d"),
        (Of("a", -3), "a-3 d"),
        (Configured("age_max"), "config age_max"),
    ],
)
def test_a_bound_reads_as_words(bound: Any, words: str) -> None:
    assert str(bound) == words


# --- configuration --------------------------------------------------------------------------------------
def test_a_bound_of_the_configuration_is_read_when_it_is_needed(db: None) -> None:
    limit = Compare("<=", Configured("age_max"))
    assert limit.kept(Decimal("81.9"), answered())  # no limit is set
    with configured_as(configuration_in_force() | {"age_max": "75"}):
        assert not limit.kept(Decimal("81.9"), answered())
        assert limit.kept(Decimal(75), answered())


def test_a_date_of_the_configuration_bounds_a_moment(db: None) -> None:
    limit = Compare(">=", Configured("study_start"))
    assert limit.kept(datetime(2021, 10, 31, 16, tzinfo=UTC), answered())  # 1 November in Hangzhou
    assert not limit.kept(datetime(2021, 10, 31, 15, tzinfo=UTC), answered())


# --- what a limit says ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("limit", "words", "operands"),
    [
        (between(10, 85), "10-85", []),
        (at_least(18), ">= 18", []),
        (below("0.5"), "< 0.5", []),
        (not_before("ELIG.icf_main_dt"), ">= ELIG.icf_main_dt", ["ELIG.icf_main_dt"]),
        (not_after("b", -7), "<= b-7 d", ["b"]),
        (must("as the age says", bool, "DM.age_consent"), "as the age says", ["DM.age_consent"]),
        (other_than("3", "4"), "other than 3, 4", []),
        (at_least_characters(10), ">=10 characters", []),
        (at_least_one(), ">=1 item", []),
    ],
)
def test_a_limit_reads_as_words_and_says_what_it_looks_at(
    limit: Limit, words: str, operands: list[str]
) -> None:
    assert str(limit) == words
    assert list(limit.operands()) == operands


def test_a_numbered_limit_is_the_same_rule_with_its_number_and_sentence() -> None:
    limit = numbered(at_least(50), "X-DX-06", "CD7 %(value)s is low.")
    assert (limit.check, str(limit), limit.kept(49, answered())) == ("X-DX-06", ">= 50", False)


def item_with(hard: Limit, soft: Limit) -> DecimalItem:
    item = DecimalItem("Weight", 4, 1, unit="kg", hard=hard, soft=soft)
    item.set_attributes_from_name("weight")
    return item


def test_a_finding_says_what_was_typed_and_which_limit_it_breaks() -> None:
    item = item_with(between(30, 180), numbered(at_most(120), "X-1", "%(value)s is unusual."))
    (finding,) = item.findings(Decimal("20.0"), answered())
    assert (finding.item, finding.severity, finding.check) == ("weight", Severity.HARD, "")
    assert str(finding.message) == "Weight: 20.0 kg does not keep to 30-180."
    (soft,) = item.findings(Decimal("150.0"), answered())
    assert (soft.severity, soft.check, str(soft.message)) == (Severity.SOFT, "X-1", "150.0 kg is unusual.")


def test_an_answer_may_break_several_limits_at_once() -> None:
    item = item_with(between(30, 180), at_most(120))
    assert [found.severity for found in item.findings(Decimal(200), answered())] == [
        Severity.HARD,
        Severity.SOFT,
    ]


def test_a_row_of_another_day_is_no_other_answer() -> None:
    """A rule that looks at its own form sees its own row, whatever other rows the form has."""
    own = Record("FU", "HM2", "", DAY, {"fu_dt": DAY})
    row = answers(own, Record("FU", "HM1", "", DAY, {"fu_dt": DAY - timedelta(30)}))
    assert row["FU.fu_dt"] == DAY
