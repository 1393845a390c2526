"""Which range a result is read against: as entered, else that of the laboratory's table on its day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from patients.casebook.answers import Record
from patients.casebook.page import Page
from patients.entry.save import save_page
from patients.forms.laboratory_ranges import in_si, normal_range, times_upper_limit
from patients.items.partial_date import PartialDate
from tests.patients.checks.casebook import found_in, row
from tests.patients.entry import desk
from tests.patients.items.answers import answers, record
from tests.trial.trail.faults import counted
from trial.protocol.in_force import as_in_force, in_force
from trial.protocol.laboratories import (
    Laboratory,
    ReferenceRange,
    laboratories,
    laboratories_as,
    laboratories_in_force,
)
from trial.protocol.study import SITE_ZONE
from trial.trail.actor import Source, acting, system_actor

pytestmark = pytest.mark.django_db

DAY = date(2024, 3, 1)


@contextmanager
def written() -> Iterator[None]:
    with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
        yield


def a_range(laboratory: Laboratory, test: str, unit: str, low: str, high: str, **more: Any) -> ReferenceRange:
    limits = {"lower": Decimal(low) if low else None, "upper": Decimal(high) if high else None}
    one = ReferenceRange(
        laboratory=laboratory, test=test, unit=unit, **{"valid_from": date(2020, 1, 1), **limits, **more}
    )
    with written():
        one.save()
    return one


@pytest.fixture
def central() -> Laboratory:
    """Accredited for 2020 to 2024, with ranges that ask for sex, age, time, and another unit."""
    laboratory = Laboratory(
        code="L1", name="Central", accredited_from=date(2020, 1, 1), accredited_until=date(2024, 12, 31)
    )
    with written():
        laboratory.save()
    a_range(laboratory, "NEUT", "/uL", "1800", "6300", valid_until=date(2024, 2, 29))
    a_range(laboratory, "NEUT", "10^9/L", "2.0", "7.0", valid_from=date(2024, 3, 1))
    a_range(laboratory, "HGB", "g/L", "130", "175", sex="M")
    a_range(laboratory, "HGB", "g/L", "115", "150", sex="F")
    a_range(laboratory, "CREAT", "umol/L", "57", "97", age_below=60)
    a_range(laboratory, "CREAT", "umol/L", "57", "111", age_from=60)
    a_range(laboratory, "CMVDNA", "copies/mL", "", "1000", factor=Decimal("0.9"))
    return laboratory


def result(test: str, value: str, unit: str, day: date = DAY, **values: Any) -> Record:
    moment = datetime(day.year, day.month, day.day, 8, tzinfo=SITE_ZONE)
    given = {"lab_dt": moment, "lab_value": Decimal(value), "lab_unit": unit, "lab_name": "L1"}
    return record("LAB", lab_test=test, **(given | values))


def man(born: int = 1980) -> Record:
    return record("DM", sex="M", birth_date=PartialDate(born))


def limits(about: Record, *others: Record) -> tuple[str, ...]:
    return tuple(
        "" if one is None else f"{one.normalize():f}" for one in normal_range(answers(about, *others))
    )


@pytest.mark.parametrize(
    ("about", "range_"),
    [
        (result("NEUT", "1.9", "10^9/L"), ("2", "7")),
        (result("NEUT", "1900", "/uL"), ("2", "7")),
        (result("NEUT", "1.9", "10^9/L", date(2024, 2, 29)), ("1.8", "6.3")),
        (result("NEUT", "1.9", "10^9/L", date(2019, 12, 31)), ("", "")),
        (result("NEUT", "1.9", "10^9/L", lab_name="L2"), ("", "")),
        (result("NEUT", "1.9", "10^9/L", lab_lln=Decimal(1)), ("1", "")),
        (result("NEUT", "1900", "/uL", lab_lln=Decimal(1000), lab_uln=Decimal(8000)), ("1", "8")),
        (result("PLAT", "100", "10^9/L"), ("", "")),
        (result("CMVDNA", "500", "copies/mL"), ("", "900")),
    ],
)
def test_the_range_of_a_result(about: Record, range_: tuple[str, str], central: Laboratory) -> None:
    assert limits(about, man()) == range_


def test_a_range_may_ask_for_the_sex(central: Laboratory) -> None:
    hgb = result("HGB", "120", "g/L")
    assert limits(hgb, record("DM", sex="F")) == ("115", "150")
    assert limits(hgb, record("DM", sex="M")) == ("130", "175")
    assert limits(hgb) == ("", "")


def test_a_range_may_ask_for_the_age_on_the_day_of_the_sample(central: Laboratory) -> None:
    creatinine = result("CREAT", "100", "umol/L")
    assert limits(creatinine, record("DM", birth_date=PartialDate(1964, 3, 1))) == ("57", "111")
    assert limits(creatinine, record("DM", birth_date=PartialDate(1964, 3, 2))) == ("57", "97")
    assert limits(creatinine, record("DM")) == ("", "")


def test_copies_of_a_virus_turn_into_iu_by_the_factor_of_the_laboratory(central: Laboratory) -> None:
    assert in_si(answers(result("CMVDNA", "500", "copies/mL")), "lab_value") == 450
    assert in_si(answers(result("CMVDNA", "500", "copies/mL", lab_name="L2")), "lab_value") is None
    assert in_si(answers(result("CMVDNA", "500", "IU/mL", lab_name="L2")), "lab_value") == 500


def test_a_result_as_a_multiple_of_its_upper_limit(central: Laboratory) -> None:
    assert times_upper_limit(answers(result("NEUT", "14000", "/uL"))) == 2
    assert times_upper_limit(answers(result("PLAT", "140", "10^9/L"))) is None


# --- LAB ------------------------------------------------------------------------------------------------
NEUT = row(
    "LAB",
    "UNS1",
    "NEUT",
    lab_dt="2024-03-01 08:00",
    lab_test="NEUT",
    lab_value="1.9",
    lab_unit="10^9/L",
    lab_cmp="=",
    lab_status="done",
    lab_name="L1",
)


def said_of_the_laboratory(**answers: str) -> list[str]:
    return [text for text in found_in((NEUT.but(**answers),)).get("", []) if text.startswith("Laboratory:")]


def test_a_laboratory_is_accredited_on_the_day_of_the_sample(central: Laboratory) -> None:
    assert said_of_the_laboratory() == []
    assert said_of_the_laboratory(lab_dt="2024-12-31 23:59") == []
    for wrong in ({"lab_dt": "2025-01-01 00:00"}, {"lab_dt": "2019-12-31 23:59"}, {"lab_name": "L2"}):
        (said,) = said_of_the_laboratory(**wrong)
        assert "a laboratory accredited on the day of the sample" in said


def test_a_registry_without_laboratories_asks_nothing() -> None:
    assert said_of_the_laboratory(lab_name="anything") == []


def a_page_of_results(**answers: str) -> Page:
    subject = desk.infused()
    page = desk.opened(subject, "LAB", "UNS1", "2024-03-01")
    save_page(
        page,
        {"NEUT": {**NEUT.answers, **answers}},
        by=desk.SYSTEM,
        base_version=page.version,
        source=Source.WEB,
        header={"form_date": "2024-03-01"},
    )
    return desk.now(page)


def test_the_flag_and_the_grade_use_the_table_and_the_limits_stay_empty(central: Laboratory) -> None:
    found = desk.texts(a_page_of_results())
    assert (found["lab_ind"], found["lab_grade"]) == ("LOW", "1")
    assert not {"lab_lln", "lab_uln"} & found.keys()


def test_the_entered_limits_come_first(central: Laboratory) -> None:
    found = desk.texts(a_page_of_results(lab_lln="1.5", lab_uln="6.0"))
    assert (found["lab_ind"], found["lab_grade"]) == ("NORMAL", "0")


# --- read once, and as it was ---------------------------------------------------------------------------
def asked(sent: list[str]) -> list[str]:
    return [sql for sql in sent if "trial_laboratory" in sql]


def test_a_save_of_results_reads_the_laboratories_in_one_statement(central: Laboratory) -> None:
    page = a_page_of_results()
    rows = {key: {**NEUT.answers, "lab_test": key} for key in ("PLAT", "HGB", "LYM", "WBC", "CREAT")}
    with counted() as sent:
        save_page(page, rows, by=desk.SYSTEM, base_version=page.version, source=Source.WEB)
    assert len(asked(sent)) == 1


def test_a_save_of_anything_else_does_not_read_them(central: Laboratory) -> None:
    subject = desk.infused()
    with counted() as sent:
        desk.save(desk.page_of(subject, "DX"), {"relapse_n": "1"}, why=desk.BECAUSE)
    assert asked(sent) == []


def test_within_a_block_they_stay_as_they_were_first_read(central: Laboratory) -> None:
    with laboratories.once():
        assert laboratories().is_accredited("L1", DAY)
        with written():
            central.accredited_until = date(2024, 1, 1)
            central.save()
        assert laboratories().is_accredited("L1", DAY)
    assert not laboratories().is_accredited("L1", DAY)


def test_a_text_of_them_gives_the_same_ones(central: Laboratory) -> None:
    before, text = laboratories(), laboratories_in_force()
    with laboratories_as(text):
        assert laboratories() == before


def test_what_was_in_force_for_a_run_does_not_change_with_the_table(central: Laboratory) -> None:
    kept = in_force()
    with written():
        for one in ReferenceRange.objects.filter(test="NEUT"):
            one.lower = Decimal("3.0")
            one.save()
    about = result("NEUT", "2.5", "10^9/L")
    with as_in_force(kept):
        assert limits(about) == ("2", "7")
    assert limits(about) == ("3", "7")


def test_what_was_kept_before_there_were_laboratories_has_none(central: Laboratory) -> None:
    kept = {key: text for key, text in in_force().items() if key != "laboratories"}
    with as_in_force(kept):
        assert not laboratories().are_known()
