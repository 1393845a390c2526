"""Beside a grade it is kept which rule of which engine gave it, and from what."""

import pytest

from patients.casebook.page import Page, Subject
from patients.grading.crs import VERSION
from patients.grading.result import Graded
from tests.patients.entry import desk

pytestmark = pytest.mark.django_db

FEVER = {
    "crs_episode": "1",
    "crs_date": "2024-01-08",
    "crs_fever": "Y",
    "crs_tmax": "39.0",
    "crs_fever_masked": "N",
    "crs_hypot": "N",
    "crs_hypox": "N",
}


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


@pytest.fixture
def page(subject: Subject) -> Page:
    page = desk.page_of(subject, "CRS", "C3")
    desk.save(page, FEVER, on="2024-01-08")
    return page


def kept(page: Page) -> dict[str, object]:
    return desk.row_of(page).provenance["crs_grade"]


def test_the_rule_the_engine_and_what_decided_are_kept(page: Page) -> None:
    assert kept(page) == {
        "value": "1",
        "rule": "CRS-1",
        "engine": VERSION,
        "inputs": ["fever"],
        "flags": [],
    }


def test_another_input_gives_another_rule_and_every_version_is_kept(page: Page) -> None:
    desk.save(page, {"crs_hypot": "Y", "crs_pressor_n": "0", "crs_vasopressin": "N"}, why=desk.BECAUSE)
    assert (kept(page)["value"], kept(page)["rule"]) == ("2", "CRS-2")
    versions = desk.row_of(page).history.order_by("history_id")
    assert [version.grades["crs_grade"]["value"] for version in versions] == ["1", "2"]


def test_what_can_no_longer_be_graded_keeps_no_old_rule(page: Page) -> None:
    desk.save(
        page, dict.fromkeys(("crs_fever", "crs_fever_masked", "crs_hypot", "crs_hypox"), ""), why=desk.BECAUSE
    )
    assert desk.row_of(page).values()["crs_grade"] is None
    assert kept(page)["value"] is None
    assert str(kept(page)["rule"]).endswith("EMPTY")


def test_a_save_of_the_same_values_derives_the_same_grade(page: Page) -> None:
    before = kept(page)
    desk.save(page, {"crs_icu": "N"})
    assert kept(page) == before
    assert desk.rows_that_differ_from_their_newest_version() == []


def test_a_grade_says_all_of_it() -> None:
    told = Graded("3", "ICE-3", "1", ("ice",), ("ice_missing",)).as_data()
    assert told == {"value": "3", "rule": "ICE-3", "engine": "1", "inputs": ["ice"], "flags": ["ice_missing"]}
