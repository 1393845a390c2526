"""The reports to the registries: which row answers, what is missing, and what nobody asks."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from analytics.datasets.story import tell
from analytics.exports.disclosure import Disclosure, days_of, disclosed
from analytics.exports.files import tables_for
from analytics.exports.registries.answers import answers_of
from analytics.exports.registries.questions import DAY_100, FOLLOW_UP, PRE, QUESTIONS
from analytics.locks.models import Lock
from patients.casebook.answers import Record
from patients.casebook.form import form_model
from tests.analytics.casebooks import T0, contact, cut, day, died, infused, moment, row, without_database

pytestmark = pytest.mark.xdist_group("exports")


def asked(report: str, question: str, *records: Record) -> list[dict[str, Any]]:
    """The lines of a question for a subject with these records."""
    with without_database():
        until = date(2024, 12, 31)
        lines = answers_of([tell(cut([*infused(), *records], until), until)], report)
    return lines.filter(pl.col("question") == question).rows(named=True)


def an_assessment(on: int, grade: str, **signs: Any) -> Record:
    """ICANS by the level of consciousness: awake is grade 0, to voice 2."""
    said = {
        "ice_testable": "yes",
        "ice_orient": 4,
        "ice_name": 3,
        "ice_command": 1,
        "ice_write": 1,
        "ice_attn": 1,
    }
    awake = {"0": "alert", "2": "awakens_to_voice"}[grade]
    return row("ICANS", day(on), f"C{on}", key="1", ice_dt=moment(day(on)), icans_loc=awake, **(said | signs))


def test_every_item_that_answers_is_declared() -> None:
    for question in QUESTIONS:
        if question.item:
            form, _dot, item = question.item.partition(".")
            assert form_model(form).item(item)
            assert not form_model(form).item(item).declared.genetic
            assert not question.graded or form_model(form).item(question.graded)


def test_an_answer_names_the_row_that_gave_it() -> None:
    (line,) = asked(PRE, "Indication")
    told = ("status", "answer", "form", "item", "visit", "reason")
    assert [line[one] for one in told] == ["answered", "aml", "DX", "dx_type", "SCR", None]
    assert (line["label"], line["confirmed"]) == ("AML", "Y")


def test_what_is_missing_says_why_and_what_nobody_asks_says_so() -> None:
    (line,) = asked(PRE, "Comorbidity index (HCT-CI)")
    assert (line["status"], line["form"], line["item"], line["reason"]) == ("missing", "DM", "hctci", "empty")
    refused = row("PTX", T0, key="1", ptx_type="allogeneic", missing={"ptx_date": "unknown"})
    assert [one["reason"] for one in asked(PRE, "Prior transplant: date", refused)] == ["unknown"]
    assert [one["reason"] for one in asked(FOLLOW_UP, "Cause of death")] == ["no page"]
    (line,) = asked(FOLLOW_UP, "Fertility and pregnancy")
    assert (line["status"], line["answer"], line["item"]) == ("not collected", None, None)


def test_icans_begins_and_ends_with_a_grade() -> None:
    course = [an_assessment(on, grade) for on, grade in ((1, "0"), (3, "2"), (4, "2"), (5, "0"))]
    days = [asked(FOLLOW_UP, f"ICANS: {one}", *course)[0]["answer"][:10] for one in ("onset", "last day")]
    assert days == [day(3).isoformat(), day(4).isoformat()]
    assert [one["answer"] for one in asked(FOLLOW_UP, "ICANS: highest grade", *course)] == ["2"]


def test_the_report_of_day_100_counts_what_had_been_by_then() -> None:
    alive, late = contact(90), died(101)
    assert [one["answer"] for one in asked(DAY_100, "Survival", alive, late)] == ["ALIVE"]
    assert [one["reason"] for one in asked(DAY_100, "Survival", contact(101))] == ["no page"]
    assert [one["answer"] for one in asked(FOLLOW_UP, "Date of death", alive, late)] == [day(101).isoformat()]


def test_what_rests_on_memory_awaits_confirmation() -> None:
    waiting = {question.item.partition(".")[0] for question in QUESTIONS if not question.is_confirmed}
    assert waiting == {"HLH", "AGVHD", "CGVHD"}


@pytest.mark.django_db
@pytest.mark.requirement("PV-04")
def test_a_report_is_a_table_of_the_lock_with_dates_moved(lock: Lock) -> None:
    table = tables_for(lock, Disclosure("true"))["REGISTRY.CIBMTR4006"]
    true = table.frame().filter(pl.col("question") == "Date of the infusion")
    moved = disclosed(table, Disclosure()).frame().filter(pl.col("question") == "Date of the infusion")
    assert true.height == 19
    for was, now in zip(true.rows(named=True), moved.rows(named=True), strict=True):
        apart = date.fromisoformat(was["answer"][:10]) - date.fromisoformat(now["answer"][:10])
        assert apart.days == days_of(was["subject_id"])
    assert {"page_id", "history_id"} <= set(table.frame().columns)
