"""Importing a casebook: every page through the one way in, and the same again leaves it as it is."""

from datetime import date
from pathlib import Path

import pytest

from patients.casebook.files import write_casebook
from patients.casebook.page import Page, PageState, Subject
from patients.entry.deliveries import CasebookFolder
from patients.entry.exporting import export_registry
from patients.entry.importing import CasebookImport, Outcome
from patients.oversight.closing import open_items
from tests.patients.entry import casebooks, desk
from tests.patients.entry.casebooks import first_half, imported, row, sheets, write
from trial import __version__
from trial.people.models import Account, Member, Site
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

SUBJECT = "HZ01-001"


@pytest.mark.one_engine
def test_every_page_of_a_built_casebook_is_kept_and_complete(tmp_path: Path) -> None:
    found = sheets(2)
    report = imported(write(tmp_path / "in", found))
    assert [str(remark) for remark in report.remarks] == []
    assert casebooks.counts(report) == {"kept": casebooks.pages_in(found)}
    assert set(Page.objects.exclude(version=0).values_list("state", flat=True)) == {PageState.COMPLETE}


@pytest.mark.one_engine
def test_an_end_of_study_is_complete_only_with_nothing_due_or_open_before_it(tmp_path: Path) -> None:
    found = sheets(ended=True)
    report = imported(write(tmp_path / "in", found))
    end = Page.objects.get(form_code="EOS", version__gt=0)
    count = open_items(end.subject, date.fromisoformat(row(found, "EOS")["eos_dt"]))
    assert [remark.why for remark in report.remarks] == [f"Close {count} items first."]
    assert report.pages[Outcome.NOT_COMPLETE] == 1
    assert end.state == PageState.IN_PROGRESS


@pytest.mark.one_engine
def test_sites_members_and_subjects_are_created(tmp_path: Path) -> None:
    found = sheets(2)
    imported(write(tmp_path / "in", found))
    assert set(Site.objects.values_list("code", flat=True)) == {"HZ01"}
    assert Subject.objects.count() == 2
    assert Member.objects.count() == len(found["MEMBERS"])


@pytest.mark.one_engine
def test_an_imported_member_cannot_sign_in(tmp_path: Path) -> None:
    imported(write(tmp_path / "in", sheets()))
    assert [account.has_usable_password() for account in Account.objects.all()] == [
        False
    ] * Account.objects.count()


@pytest.mark.requirement("AT-13")
def test_the_author_of_an_import_is_the_step_and_who_started_it(tmp_path: Path) -> None:
    imported(write(tmp_path / "in", sheets()))
    who = set(TrailEvent.objects.values_list("actor", "actor_name", "source"))
    assert who == {(f"system:import@{__version__}", "the tests", "import")}


def test_an_import_ends_with_an_event_that_counts_its_pages(tmp_path: Path) -> None:
    found = sheets()
    imported(write(tmp_path / "in", found))
    event = TrailEvent.objects.get(action="casebook.imported")
    assert desk.changes_of(event)["kept"].new == str(casebooks.pages_in(found))
    assert event == desk.last_event()


@pytest.mark.requirement("DI-05", "DI-06")
def test_what_is_exported_again_is_what_was_imported_byte_for_byte(tmp_path: Path) -> None:
    """Through the database and back: precision, partial dates, missing reasons, order."""
    found = sheets(2)
    disease = row(found, "DX", subject_id=SUBJECT)
    disease |= {
        "dx_date": "2021-08",
        "bm_blast_scr_pct": "60.0",
        "relapse_n": "",
        "relapse_n__missing": "unknown",
    }
    disease["karyotype_iscn"] = '46,XX\n"quoted", 白血病'
    for one in found["IDENTITY"]:
        one |= {"name": "王芳", "hospital_number": "A1"}
    write_casebook(tmp_path / "in", found)
    assert imported(tmp_path / "in").is_clean
    export_registry(tmp_path / "out")
    files_in, files_out = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("in", "out")
    )
    assert files_out == files_in


@pytest.mark.one_engine
@pytest.mark.parametrize(("end", "mark"), [("\r\n", ""), ("\n", "\ufeff"), ("\r\n", "\ufeff")])
def test_the_files_of_a_spreadsheet_are_read(tmp_path: Path, end: str, mark: str) -> None:
    report = imported(write(tmp_path / "in", sheets(), end=end, mark=mark))
    assert report.is_clean
    assert set(report.pages) == {Outcome.KEPT}


@pytest.mark.one_engine
def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    found = sheets()
    for rows in found.values():
        rows.reverse()
    report = imported(write(tmp_path / "in", found))
    assert set(report.pages) == {Outcome.KEPT}


def test_every_live_row_is_its_newest_version(tmp_path: Path) -> None:
    imported(write(tmp_path / "in", sheets()))
    assert desk.rows_that_differ_from_their_newest_version() == []


@pytest.mark.one_engine
def test_progress_is_told_subject_by_subject(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    running = CasebookImport(CasebookFolder(write(tmp_path / "in", sheets(3))), casebooks.BY)
    running.progress = lambda done, total: told.append((done, total))
    running.run()
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_same_casebook_again_leaves_everything_as_it_was(tmp_path: Path) -> None:
    found = sheets(2)
    folder = write(tmp_path / "in", found)
    imported(folder)
    before = desk.content()
    report = imported(folder)
    assert casebooks.counts(report) == {"left as it was": casebooks.pages_in(found)}
    after = desk.content()
    changed = {table for table, rows in after.items() if rows != before[table]}
    assert changed == {"trial_trailevent", "trial_trailchange", "trial_ledgerleaf"}
    assert len(after["trial_trailevent"]) == len(before["trial_trailevent"]) + 1


def test_an_interrupted_import_resumes(tmp_path: Path) -> None:
    whole, half = sheets(2), first_half(sheets(2))
    begun = imported(write(tmp_path / "half", half))
    report = imported(write(tmp_path / "whole", whole))
    kept, left = report.pages[Outcome.KEPT], report.pages[Outcome.LEFT]
    assert report.is_clean
    # What waited for the infusion or the graft of the other half was refused then, and goes in now.
    assert left == casebooks.pages_in(half) - begun.pages[Outcome.REFUSED] > 50
    assert kept + left == casebooks.pages_in(whole)
    assert set(Page.objects.exclude(version=0).values_list("state", flat=True)) == {PageState.COMPLETE}


def test_an_interrupted_import_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole, half = sheets(), sheets()
    half |= {form: [] for form in ("DX", "INF", "HSCT", "DTH")}
    imported(write(tmp_path / "half", half))
    imported(write(tmp_path / "whole", whole))
    export_registry(tmp_path / "out")
    report = imported(tmp_path / "out")
    assert set(report.pages) == {Outcome.LEFT}
    for form in ("ELIG", "DM", "DX", "INF", "RESP", "HSCT", "FU", "DTH"):
        assert len((tmp_path / "out" / f"{form}.csv").read_text().splitlines()) == 1 + len(whole[form])
