"""Adult or not is for the calendar to say; the age in years of 365.25 days is a figure beside it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.casebook.answers import RowAnswers
from patients.forms.age import is_adult
from patients.forms.demographics import Demographics, age_in_years
from patients.forms.eligibility import Eligibility
from patients.items.partial_date import PartialDate, read_partial_date
from patients.items.problems import Finding, Severity
from tests.patients.items.answers import answers, record
from trial.protocol.study import SITE_ZONE

unhurried = settings(deadline=None)

ADULT = (
    ("2007-03-10", "2025-03-09", False),
    ("2007-03-10", "2025-03-10", True),
    ("2007-03-10", "2025-03-11", True),
    ("2004-02-29", "2022-02-28", False),
    ("2004-02-29", "2022-03-01", True),
    ("2006-02-28", "2024-02-28", True),
    ("2006-03-01", "2024-02-29", False),
    ("2006-03-01", "2024-03-01", True),
    ("2007-03", "2025-03-14", False),  # counts as the 15th
    ("2007-03", "2025-03-15", True),
    ("2007", "2025-06-14", False),  # counts as 15 June
    ("2007", "2025-06-15", True),
    ("1920-01-01", "2025-01-01", True),
    ("2025-01-01", "2025-01-01", False),
)


@pytest.mark.parametrize(("born", "on", "adult"), ADULT)
def test_the_eighteenth_birthday_makes_an_adult(born: str, on: str, adult: bool) -> None:
    assert is_adult(read_partial_date(born), date.fromisoformat(on)) is adult


AGES = (
    ("1992-04-04", "2023-12-16", "31.6"),
    ("1992-04", "2023-12-16", "31.6"),
    ("1992", "2023-12-16", "31.5"),
    ("2007-03-10", "2025-03-10", "18.0"),
    ("2008-03-10", "2026-03-10", "17.9"),  # 6574 days: four leap days in 18 years
    ("2000-01-01", "2000-01-01", "0.0"),
    ("1943-12-30", "2025-11-20", "81.8"),
)


@pytest.mark.parametrize(("born", "on", "age"), AGES)
def test_the_age_at_consent_is_rounded_down_to_a_tenth(born: str, on: str, age: str) -> None:
    assert age_in_years(read_partial_date(born), date.fromisoformat(on)) == Decimal(age)


@unhurried
@given(st.dates(date(1930, 1, 1), date(2010, 1, 1)), st.integers(0, 30000))
def test_the_age_never_says_adult_before_the_calendar_does(born: date, days: int) -> None:
    on = date.fromordinal(born.toordinal() + days)
    known = PartialDate.of(born)
    age = age_in_years(known, on)
    assert age < 18 or is_adult(known, on)
    assert age >= Decimal("17.9") or not is_adult(known, on)


def eighteen_at_consent(born: str, **eligibility: object) -> tuple[RowAnswers, RowAnswers]:
    """Demographics and eligibility of somebody who consents on 10 March 2026."""
    consent = datetime(2026, 3, 10, 9, tzinfo=SITE_ZONE)
    known = read_partial_date(born)
    demographics = record("DM", birth_date=known, age_consent=age_in_years(known, consent.date()))
    consented = record("ELIG", icf_main_dt=consent, **eligibility)
    return answers(demographics, consented), answers(consented, demographics)


def hard_of_age(row: RowAnswers) -> list[Finding]:
    item = Demographics.item("age_consent")
    found = item.findings(row["age_consent"], row)
    return [finding for finding in found if finding.severity is Severity.HARD]


@pytest.mark.parametrize(("born", "is_kept"), [("2008-03-10", True), ("2008-03-11", False), ("1990", True)])
def test_an_age_of_17_9_on_the_birthday_is_that_of_an_adult(born: str, is_kept: bool) -> None:
    row, _eligibility = eighteen_at_consent(born)
    assert (hard_of_age(row) == []) is is_kept


def test_an_age_without_a_birth_date_is_judged_by_its_number() -> None:
    for age, is_kept in ((Decimal("17.9"), False), (Decimal(18), True)):
        assert (hard_of_age(answers(record("DM", age_consent=age))) == []) is is_kept


@pytest.mark.parametrize(
    ("born", "answer", "is_kept"),
    [
        ("2008-03-10", "Y", True),
        ("2008-03-10", "N", False),
        ("2008-03-11", "Y", False),
        ("2008-03-11", "N", True),
    ],
)
def test_the_criterion_of_age_agrees_with_the_calendar(born: str, answer: str, is_kept: bool) -> None:
    _demographics, row = eighteen_at_consent(born, inc02_age=answer)
    found = Eligibility.item("inc02_age").declared.hard[0].kept(answer, row)
    assert found is is_kept


@pytest.mark.parametrize("missing", ["birth", "consent"])
def test_the_criterion_of_age_is_silent_until_birth_and_consent_are_known(missing: str) -> None:
    born = None if missing == "birth" else PartialDate(2020)
    consent = None if missing == "consent" else datetime(2026, 3, 10, tzinfo=UTC)
    row = answers(record("ELIG", inc02_age="Y", icf_main_dt=consent), record("DM", birth_date=born))
    assert Eligibility.item("inc02_age").declared.hard[0].kept("Y", row)


@pytest.mark.parametrize(("born", "asks"), [("2008-03-10", True), ("2008-03-11", False)])
def test_a_representative_who_signs_for_an_adult_is_asked_about(born: str, asks: bool) -> None:
    signer = Eligibility.item("icf_signer")
    _demographics, row = eighteen_at_consent(born, icf_signer="legal_representative")
    assert bool(list(signer.findings("legal_representative", row))) is asks
    assert list(signer.findings("subject", row)) == []


@pytest.mark.parametrize(
    ("born", "is_kept"),
    [
        ("2008-03-10", True),
        ("2008-03-11", False),
        ("2008", True),
        ("2009", False),
        ("1919-12-31", False),
        ("1920", True),
    ],
)
def test_a_birth_date_lies_between_1920_and_18_years_ago(born: str, is_kept: bool) -> None:
    item = Demographics.item("birth_date")
    row = answers(record("DM"))
    with time_machine.travel(datetime(2026, 3, 10, 1, tzinfo=SITE_ZONE), tick=False):
        assert (list(item.findings(read_partial_date(born), row)) == []) is is_kept
