"""A page that exists with other content is a conflict, until a reason for the change is given."""

from pathlib import Path

import pytest

from patients.casebook.page import Page
from patients.entry.exporting import export_registry
from patients.entry.importing import Outcome
from tests.patients.entry import casebooks, desk
from tests.patients.entry.casebooks import Sheets, imported, planted, refusals, row, sheets, write
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]

SUBJECT = "HZ01-001"


@pytest.fixture
def corrected(tmp_path: Path) -> Path:
    """A second delivery in which one answer and one date differ; the first is imported."""
    imported(write(tmp_path / "first", sheets()))

    def correct(found: Sheets) -> None:
        row(found, "DX")["relapse_n"] = "5"
        row(found, "INF").update(form_date="2025-05-21", inf_reaction="fever")

    return planted(tmp_path / "second", correct)


def test_a_page_that_exists_with_other_content_is_a_conflict(corrected: Path) -> None:
    before = desk.content([Page, Page.history.model])
    report = imported(corrected)
    assert report.pages[Outcome.CONFLICT] == 2
    assert report.pages[Outcome.LEFT] == casebooks.pages_in(sheets()) - 2
    assert {(file, item) for file, _line, item, _value in refusals(report)} == {
        ("DX.csv", "DX"),
        ("INF.csv", "INF"),
    }
    assert all("give a reason (--reason)" in one.why for one in report.remarks)
    assert desk.content([Page, Page.history.model]) == before


@pytest.mark.requirement("AT-04")
def test_a_reason_changes_the_page_and_stands_at_every_change(corrected: Path) -> None:
    report = imported(corrected, reason="second delivery of the source")
    assert (report.is_clean, report.pages[Outcome.KEPT]) == (True, 2)
    event = TrailEvent.objects.filter(form="DX").latest("pk")
    change = desk.changes_of(event)["relapse_n"]
    assert (change.new, change.reason) == ("5", "second delivery of the source")
    dated = desk.changes_of(TrailEvent.objects.filter(form="INF").latest("pk"))["form_date"]
    assert (dated.new, dated.reason) == ("2025-05-21", "second delivery of the source")
    assert TrailEvent.objects.latest("pk").reason == "second delivery of the source"


@pytest.mark.requirement("AT-04")
@pytest.mark.parametrize("reason", ["typo", "    x    "])
def test_a_reason_that_says_nothing_changes_nothing(corrected: Path, reason: str) -> None:
    before = desk.content([Page])
    report = imported(corrected, reason=reason)
    assert report.pages[Outcome.REFUSED] == 2
    assert desk.content([Page]) == before


@pytest.fixture
def dated_otherwise(tmp_path: Path) -> Path:
    """A second delivery in which nothing differs but the date of one page; the first is imported."""
    imported(write(tmp_path / "first", sheets()))
    return planted(tmp_path / "second", lambda found: row(found, "DX").update(form_date="2025-05-09"))


@pytest.mark.requirement("AT-04")
@pytest.mark.parametrize(("reason", "outcome"), [("", Outcome.CONFLICT), ("typo", Outcome.REFUSED)])
def test_another_date_is_a_conflict_until_it_is_explained(
    dated_otherwise: Path, reason: str, outcome: Outcome
) -> None:
    before = desk.content([Page, Page.history.model])
    report = imported(dated_otherwise, reason=reason)
    assert (report.pages[outcome], report.pages[Outcome.LEFT]) == (1, casebooks.pages_in(sheets()) - 1)
    assert [(file, line) for file, line, _item, _value in refusals(report)] == [("DX.csv", 2)]
    assert desk.content([Page, Page.history.model]) == before


@pytest.mark.requirement("AT-04")
def test_a_date_is_corrected_with_its_reason_and_nothing_else(dated_otherwise: Path, tmp_path: Path) -> None:
    """At which version the items of a header changed is no content of a casebook."""
    report = imported(dated_otherwise, reason="second delivery")
    assert (report.is_clean, report.pages[Outcome.KEPT]) == (True, 1)
    change = desk.changes_of(TrailEvent.objects.filter(form="DX").latest("pk"))["form_date"]
    assert (change.new, change.reason) == ("2025-05-09", "second delivery")
    export_registry(tmp_path / "out")
    assert "header_versions" not in (tmp_path / "out" / "DX.csv").read_text()
    for delivered in (dated_otherwise, tmp_path / "out"):
        assert set(imported(delivered).pages) == {Outcome.LEFT}


def test_a_conflict_is_told_again_until_it_is_settled(corrected: Path) -> None:
    first, second = imported(corrected), imported(corrected)
    assert [str(one) for one in first.remarks] == [str(one) for one in second.remarks]
