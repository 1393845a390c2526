"""Importing a casebook: every page through the one way in, a refused page named, all others kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from patients.casebook.answers import identifying_value
from patients.casebook.files import MISSING_SUFFIX, write_casebook
from patients.casebook.page import Page, PageState, Subject, Visit
from patients.entry import edits
from patients.entry.exporting import export_registry
from patients.entry.importing import CasebookImport, Outcome, Report, UnreadableCasebook
from patients.entry.refusals import Refused
from patients.items.problems import Severity
from tests.patients.entry import casebooks, desk
from tests.patients.entry.casebooks import Sheets, first_half, imported, line_of, planted, row, sheets, write
from trial import __version__
from trial.people.models import Account, Member, Site
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

SUBJECT = "HZ01-001"


def refusals(report: Report) -> list[tuple[str, int, str, str]]:
    return [(one.file, one.line, one.item, one.value) for one in report.remarks if one.refuses]


# --- a clean import -------------------------------------------------------------------------------------
def test_every_page_of_a_built_casebook_is_kept_and_complete(tmp_path: Path) -> None:
    found = sheets(2)
    report = imported(write(tmp_path / "in", found))
    assert [str(remark) for remark in report.remarks] == []
    assert casebooks.counts(report) == {"kept": casebooks.pages_in(found)}
    assert set(Page.objects.exclude(version=0).values_list("state", flat=True)) == {PageState.COMPLETE}


def test_sites_members_and_subjects_are_created(tmp_path: Path) -> None:
    found = sheets(2)
    imported(write(tmp_path / "in", found))
    assert set(Site.objects.values_list("code", flat=True)) == {"HZ01"}
    assert Subject.objects.count() == 2
    assert Member.objects.count() == len(found["MEMBERS"])


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


@pytest.mark.parametrize(("end", "mark"), [("\r\n", ""), ("\n", "\ufeff"), ("\r\n", "\ufeff")])
def test_the_files_of_a_spreadsheet_are_read(tmp_path: Path, end: str, mark: str) -> None:
    report = imported(write(tmp_path / "in", sheets(), end=end, mark=mark))
    assert report.is_clean
    assert set(report.pages) == {Outcome.KEPT}


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    found = sheets()
    for rows in found.values():
        rows.reverse()
    report = imported(write(tmp_path / "in", found))
    assert set(report.pages) == {Outcome.KEPT}


def test_every_live_row_is_its_newest_version(tmp_path: Path) -> None:
    imported(write(tmp_path / "in", sheets()))
    assert desk.rows_that_differ_from_their_newest_version() == []


def test_progress_is_told_subject_by_subject(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    running = CasebookImport(write(tmp_path / "in", sheets(3)), casebooks.BY)
    running.progress = lambda done, total: told.append((done, total))
    running.run()
    assert told == [(1, 3), (2, 3), (3, 3)]


# --- again ----------------------------------------------------------------------------------------------
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
    half |= {form: [] for form in ("DX", "INF", "HSCT", "DTH", "EOS")}
    imported(write(tmp_path / "half", half))
    imported(write(tmp_path / "whole", whole))
    export_registry(tmp_path / "out")
    report = imported(tmp_path / "out")
    assert set(report.pages) == {Outcome.LEFT}
    for form in ("ELIG", "DM", "DX", "INF", "RESP", "HSCT", "FU", "DTH", "EOS"):
        assert len((tmp_path / "out" / f"{form}.csv").read_text().splitlines()) == 1 + len(whole[form])


# --- what is wrong with one page ------------------------------------------------------------------------
def wrong_type(found: Sheets) -> None:
    row(found, "DX")["relapse_n"] = "three"


def unknown_code(found: Sheets) -> None:
    row(found, "DX")["dx_type"] = "cml"


def too_many_digits(found: Sheets) -> None:
    row(found, "INF")["inf_weight"] = "74.05"


def identity_in_free_text(found: Sheets) -> None:
    row(found, "DX")["lip_markers"] = "CD7+, wife 13800138000"


def page_after_death(found: Sheets) -> None:
    found["FU"].append(row(found, "FU") | {"visit_code": "UNS99", "form_date": "2025-07-01"})


def unknown_visit(found: Sheets) -> None:
    row(found, "FU")["visit_code"] = "HM99"


def visit_that_is_not_planned(found: Sheets) -> None:
    row(found, "FU")["visit_code"] = "LD9"


def visit_without_number(found: Sheets) -> None:
    row(found, "FU")["visit_code"] = "UNS"


def no_visit(found: Sheets) -> None:
    row(found, "FU")["visit_code"] = ""


def unknown_member(found: Sheets) -> None:
    row(found, "INF")["inf_coi_check1"] = "dr.nobody"


def key_on_a_form_with_one_row(found: Sheets) -> None:
    row(found, "DX")["repeat"] = "1"


def no_date(found: Sheets) -> None:
    row(found, "FU")["form_date"] = "May 2024"


def partial_date(found: Sheets) -> None:
    row(found, "FU")["form_date"] = "2024-05"


def ambiguous_date(found: Sheets) -> None:
    row(found, "HSCT")["hsct_start_dt"] = "13/4/2024 10:00"


def bad_header(found: Sheets) -> None:
    row(found, "DX")["src_doc"] = "diary"


def both_an_answer_and_why_there_is_none(found: Sheets) -> None:
    row(found, "DX").update({"relapse_n": "2", "relapse_n__missing": "unknown"})


def no_reason_of_the_list(found: Sheets) -> None:
    row(found, "DX").update({"relapse_n": "", "relapse_n__missing": "lost"})


PLANTED: tuple[tuple[Callable[[Sheets], object], str, dict[str, str], str, str, str], ...] = (
    # what is planted, in which sheet, how its row is found, the item and value named, a part of why
    (wrong_type, "DX", {}, "relapse_n", "three", "three is not a whole number"),
    (unknown_code, "DX", {}, "dx_type", "cml", "cml is not one of: aml, t_all"),
    (too_many_digits, "INF", {}, "inf_weight", "74.05", "at most 3 before and 1 behind the point"),
    (identity_in_free_text, "DX", {}, "lip_markers", "CD7+, wife 13800138000", "at character 12"),
    (
        page_after_death,
        "FU",
        {"visit_code": "UNS99"},
        "form_date",
        "2025-07-01",
        "FU 2025-07-01 is after death",
    ),
    (unknown_visit, "FU", {"visit_code": "HM99"}, "visit_code", "HM99", "The subject has no such visit"),
    (
        visit_that_is_not_planned,
        "FU",
        {"visit_code": "LD9"},
        "visit_code",
        "LD9",
        "The subject has no such visit",
    ),
    (visit_without_number, "FU", {"visit_code": "UNS"}, "visit_code", "UNS", "The subject has no such visit"),
    (no_visit, "FU", {"visit_code": ""}, "visit_code", "", "The subject has no such visit"),
    (unknown_member, "INF", {}, "inf_coi_check1", "dr.nobody", "dr.nobody is not the user name of a member"),
    (key_on_a_form_with_one_row, "DX", {}, "repeat", "", "This form has one row, without a key"),
    (no_date, "FU", {}, "form_date", "May 2024", "May 2024 is not a date"),
    (partial_date, "FU", {}, "form_date", "2024-05", "lacks the day"),
    (ambiguous_date, "HSCT", {}, "hsct_start_dt", "13/4/2024 10:00", "is not a date and time"),
    (bad_header, "DX", {}, "src_doc", "diary", "diary is not one of"),
    (both_an_answer_and_why_there_is_none, "DX", {}, "relapse_n", "2", "cannot both be given"),
    (no_reason_of_the_list, "DX", {}, "relapse_n", "", "lost is not a reason for a missing answer"),
)


@pytest.mark.requirement("DI-03", "DI-10")
@pytest.mark.parametrize(
    ("plant", "form", "where", "item", "value", "why"),
    PLANTED,
    ids=lambda part: getattr(part, "__name__", None),
)
def test_a_planted_error_is_named_and_everything_else_is_kept(
    plant: Callable[[Sheets], object],
    form: str,
    where: dict[str, str],
    item: str,
    value: str,
    why: str,
    tmp_path: Path,
) -> None:
    folder = planted(tmp_path / "in", plant)
    expected = sheets()
    report = imported(folder)
    (remark,) = [one for one in report.remarks if one.refuses and one.file == f"{form}.csv"]
    assert (remark.line, remark.item) == (line_of(folder, form, **where), item)
    assert remark.value == value
    assert why in remark.why
    assert str(remark).startswith(f"{form}.csv line {remark.line}, {item}")
    assert report.pages.total() == casebooks.pages_in(expected) + (plant is page_after_death)
    # Without its infusion or its graft a subject has no visits after it: their pages are named, too.
    follows = {"visit_code"} if form in ("INF", "HSCT") else set()
    assert {one.item for one in report.remarks if one.refuses} == {item} | follows


@pytest.mark.requirement("DI-10")
def test_counts_add_up_whatever_is_wrong(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        for spoil in (wrong_type, unknown_visit, unknown_member):
            spoil(found)
        for one in found["DM"]:
            one["hctci"] = "27"
        found["FU"].append(dict(found["FU"][0]))

    folder = planted(tmp_path / "in", plant, count=2)
    imported(write(tmp_path / "first", sheets()))
    report = imported(folder)
    assert report.rows.total() == casebooks.rows_in(sheets(2)) + 1
    assert {Outcome.KEPT, Outcome.NOT_COMPLETE, Outcome.LEFT, Outcome.CONFLICT, Outcome.REFUSED} == set(
        report.rows
    )


def test_one_bad_page_does_not_stop_the_subjects_after_it(tmp_path: Path) -> None:
    report = imported(planted(tmp_path / "in", wrong_type, count=3))
    assert report.pages[Outcome.REFUSED] == 1
    assert Subject.objects.count() == 3
    last = [one for form in ("RESP", "FU") for one in sheets(3)[form] if one["subject_id"] == "HZ01-003"]
    complete = Page.objects.filter(subject__code="HZ01-003", state=PageState.COMPLETE)
    assert complete.filter(form_code__in=("RESP", "FU")).count() == len(last)


def test_without_consent_nothing_but_consent_and_demographics_is_kept(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        row(found, "ELIG")["icf_main_signed"] = "N"

    report = imported(planted(tmp_path / "in", plant))
    consent = [one for one in report.remarks if one.refuses]
    assert {one.item for one in consent} >= {"icf_main_signed"}
    assert set(Page.objects.exclude(version=0).values_list("form_code", flat=True)) == {"ELIG", "DM"}


def test_a_page_of_an_unknown_subject_is_refused(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        found["DX"].append(row(found, "DX") | {"subject_id": "HZ01-077"})

    folder = planted(tmp_path / "in", plant)
    report = imported(folder)
    assert refusals(report) == [
        ("DX.csv", line_of(folder, "DX", subject_id="HZ01-077"), "subject_id", "HZ01-077")
    ]


def test_a_refused_page_leaves_no_opened_visit_behind(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        spoiled = row(found, "FU") | {"visit_code": "UNS77", "fu_status": "GONE"}
        found["FU"].append(spoiled)

    report = imported(planted(tmp_path / "in", plant))
    assert report.pages[Outcome.REFUSED] == 1
    assert not Visit.objects.filter(code="UNS77").exists()
    assert not Visit.history.filter(code="UNS77").exists()
    assert not TrailEvent.objects.filter(visit="UNS77").exists()


def test_every_reason_for_refusing_a_page_is_told_at_once(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        row(found, "DX").update(relapse_n="three", dx_type="cml", cd7_test_dt="yesterday")

    report = imported(planted(tmp_path / "in", plant))
    assert {one.item for one in report.remarks if one.refuses} == {"relapse_n", "dx_type", "cd7_test_dt"}
    assert report.pages[Outcome.REFUSED] == 1


# --- rows that contradict each other --------------------------------------------------------------------
def test_a_row_that_stands_twice_keeps_its_page_out(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        found["DX"].append(row(found, "DX") | {"relapse_n": "9"})

    report = imported(planted(tmp_path / "in", plant))
    (remark,) = [one for one in report.remarks if one.refuses]
    assert (remark.file, remark.line, remark.item) == ("DX.csv", 3, "repeat")
    assert "in line 2 as well" in remark.why
    assert report.rows[Outcome.REFUSED] == 2
    assert desk.page_of(Subject.objects.get(), "DX").version == 0


def test_rows_of_a_page_that_disagree_on_its_header_keep_it_out(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        found["DX"].append(row(found, "DX") | {"repeat": "2", "src_doc": "emr"})

    report = imported(planted(tmp_path / "in", plant))
    assert refusals(report) == [("DX.csv", 3, "src_doc", "emr")]
    assert "line 2, says otherwise" in report.remarks[0].why


def test_a_page_that_stands_twice_with_other_dates_is_taken_once(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        found["DX"].append(row(found, "DX") | {"form_date": "2025-05-02"})

    report = imported(planted(tmp_path / "in", plant))
    assert refusals(report) == [("DX.csv", 3, "form_date", "2025-05-02")]
    assert report.pages.total() == casebooks.pages_in(sheets()) + 1


# --- kept, not complete ---------------------------------------------------------------------------------
@pytest.mark.requirement("DI-03", "DI-04")
def test_a_page_that_breaks_a_hard_limit_is_kept_and_not_complete(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        row(found, "DM")["hctci"] = "27"

    folder = planted(tmp_path / "in", plant)
    report = imported(folder)
    assert report.is_clean
    (remark,) = report.remarks
    where = (remark.file, remark.line, remark.item, remark.value, remark.refuses)
    assert where == ("DM.csv", 2, "hctci", "27", False)
    assert (report.pages[Outcome.NOT_COMPLETE], desk.page_of(Subject.objects.get(), "DM").state) == (
        1,
        "in_progress",
    )
    again = imported(folder)
    assert set(again.pages) == {Outcome.LEFT}
    assert [str(one) for one in again.remarks] == [str(one) for one in report.remarks]


@pytest.mark.requirement("DI-03")
def test_the_import_judges_as_the_screen_does(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        row(found, "DX").update(relapse_n="11", dx_subtype="npm1", cd7_test_dt="2025-05-25", csf_wbc="")
        row(found, "INF").update(inf_weight="29.0", inf_go="N")

    report = imported(planted(tmp_path / "in", plant))
    told = {(one.file.removesuffix(".csv"), one.item, one.why) for one in report.remarks}
    subject = Subject.objects.get()
    judged = set()
    for form, visit in (("DX", "SCR"), ("INF", "C0")):
        saved = desk.save(desk.page_of(subject, form, visit), complete=True)
        judged |= {
            (form, finding.item, str(finding.message))
            for finding in saved.findings
            if finding.severity is Severity.HARD
        }
    assert {one for one in told if one[0] in ("DX", "INF")} == judged
    assert len(judged) == 5


@pytest.mark.requirement("DI-03")
def test_the_import_refuses_as_the_screen_does(tmp_path: Path) -> None:
    imported(planted(tmp_path / "in", lambda found: found.update(DX=[])))
    page = desk.page_of(Subject.objects.get(), "DX")
    spoiled = row(sheets(), "DX") | {"relapse_n": "three", "lip_markers": "MRN 1234567"}
    header = {"form_date": spoiled["form_date"]}
    answers = {
        name: text
        for name, text in spoiled.items()
        if name
        not in ("subject_id", "visit_code", "repeat", "form_date", "not_done", "not_done_reason", "src_doc")
    }
    with pytest.raises(Refused) as refusal:
        desk.save(page, answers, header=header)
    report = imported(planted(tmp_path / "again", lambda found: found.update(DX=[spoiled])))
    told = [(one.item, one.why) for one in report.remarks if one.refuses]
    assert told == [(finding.item, str(finding.message)) for finding in refusal.value.findings]


def test_a_page_that_a_later_page_makes_complete_is_complete(tmp_path: Path) -> None:
    """The contact that says DEAD comes before the death form, on the same day."""

    def plant(found: Sheets) -> None:
        contact = row(found, "FU")
        last = contact | {
            "visit_code": "UNS88",
            "form_date": "2025-06-30",
            "fu_dt": "2025-06-30",
            "fu_status": "DEAD",
        }
        for name in ("fu_disease", "fu_dz_dt", "fu_ist", "fu_gvhd_active"):
            last[name] = ""
        row(found, "DTH")["form_date"] = "2025-06-30"
        found["FU"].append(last)

    report = imported(planted(tmp_path / "in", plant))
    assert [str(one) for one in report.remarks] == []
    assert set(report.pages) == {Outcome.KEPT}


def test_a_page_that_a_later_death_would_have_kept_out_stays_and_is_named(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        row(found, "DTH")["dth_dt"] = row(found, "EOS")["eos_dt"] = "2025-06-10"
        for one in found["FU"]:
            one["fu_new_ae"] = ""

    report = imported(planted(tmp_path / "in", plant))
    late = [one for one in report.remarks if one.file == "FU.csv" and "is after death" in one.why]
    assert late
    assert not any(one.refuses for one in late)
    assert report.pages[Outcome.NOT_COMPLETE] >= 2  # the contact, and the death that contradicts it
    assert report.pages.total() == casebooks.pages_in(sheets())


def test_pages_from_before_a_withdrawal_of_data_use_stay(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        found["DTH"] = []
        row(found, "DX")["relapse_n"] = "11"
        row(found, "EOS").update(
            eos_reason="withdrawal_by_subject", eos_withdraw_scope="data_use", eos_ltfu="N"
        )

    folder = planted(tmp_path / "in", plant)
    report = imported(folder)
    assert report.is_clean
    assert "data use" in next(one.why for one in report.remarks if one.file == "DX.csv")
    assert set(imported(folder).pages) == {Outcome.LEFT}


# --- conflicts ------------------------------------------------------------------------------------------
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


# --- people ---------------------------------------------------------------------------------------------
def test_the_birth_date_comes_from_the_sheet_of_identities_alone(tmp_path: Path) -> None:
    imported(write(tmp_path / "in", sheets()))
    subject = Subject.objects.select_related("identity").get()
    assert str(identifying_value(subject, "birth_date")) == "1956-08-16"


@pytest.mark.parametrize("change", ["no sheet", "no column"])
def test_a_delivery_without_birth_dates_leaves_them(tmp_path: Path, change: str) -> None:
    imported(write(tmp_path / "first", sheets()))
    found = sheets()
    if change == "no sheet":
        del found["IDENTITY"]
    else:
        found["IDENTITY"] = [{"subject_id": SUBJECT, "name": "Wang"}]
    report = imported(write(tmp_path / "second", found), reason="second delivery")
    assert set(report.pages) == {Outcome.LEFT}
    subject = Subject.objects.select_related("identity").get()
    assert str(identifying_value(subject, "birth_date")) == "1956-08-16"


@pytest.mark.requirement("PV-02")
@pytest.mark.parametrize("born", ["2020-01-02", "2 Jan 2020", "5/8/1969", "1969-02-30", "1850-01-01"])
def test_a_birth_date_that_is_wrong_is_named_without_being_told(tmp_path: Path, born: str) -> None:
    report = imported(planted(tmp_path / "in", lambda found: found["IDENTITY"][0].update(birth_date=born)))
    said = [one for one in report.remarks if one.item == "birth_date"]
    assert said
    for secret in (born, "2020-01-02", "1850"):
        assert all(secret not in str(one) for one in said)


PEOPLE: tuple[tuple[str, dict[str, str], str], ...] = (
    ("MEMBERS", {"role": "king"}, "role"),
    ("MEMBERS", {"user_name": ""}, "user_name"),
    ("MEMBERS", {"user_name": "x" * 151}, "user_name"),
    ("MEMBERS", {"printed_name": "x" * 201}, "printed_name"),
    ("MEMBERS", {"site": ""}, "site"),
    ("MEMBERS", {"site": "HZ01-ANNEX-2"}, "site"),
    ("SUBJECTS", {"subject_id": "HZ1-1"}, "subject_id"),
    ("SUBJECTS", {"site": ""}, "site"),
    ("SUBJECTS", {"planned_infusion": "2024-03"}, "planned_infusion"),
    ("SUBJECTS", {"planned_infusion": "soon"}, "planned_infusion"),
    ("SUBJECTS", {"patient_id": "x" * 41}, "patient_id"),
    ("IDENTITY", {"subject_id": "HZ01-077"}, "subject_id"),
)


@pytest.mark.parametrize(("sheet", "cells", "item"), PEOPLE)
def test_a_row_about_people_that_cannot_be_taken_is_named(
    sheet: str, cells: dict[str, str], item: str, tmp_path: Path
) -> None:
    def plant(found: Sheets) -> None:
        found[sheet].append(
            found[sheet][0] | {"subject_id": "HZ01-002"} | cells
            if sheet == "SUBJECTS"
            else found[sheet][0] | cells
        )

    report = imported(planted(tmp_path / "in", plant))
    (remark,) = [one for one in report.remarks if one.refuses]
    assert (remark.file, remark.line) == (f"{sheet}.csv", len(sheets()[sheet]) + 2)
    assert (remark.item, remark.value) == (item, cells[item])
    assert report.pages[Outcome.KEPT] == casebooks.pages_in(sheets())


def test_a_subject_stays_at_its_site(tmp_path: Path) -> None:
    imported(write(tmp_path / "first", sheets()))
    moved = planted(tmp_path / "second", lambda found: found["SUBJECTS"][0].update(site="HZ02"))
    before = desk.content([Page])
    report = imported(moved)
    assert ("SUBJECTS.csv", 2, "site", "HZ02") in refusals(report)
    assert report.pages[Outcome.REFUSED] == casebooks.pages_in(sheets())
    assert desk.content([Page]) == before


@pytest.mark.parametrize(("column", "text"), [("patient_id", "P-OTHER"), ("planned_infusion", "2025-06-01")])
def test_what_is_registered_of_a_subject_is_not_silently_different(
    tmp_path: Path, column: str, text: str
) -> None:
    imported(write(tmp_path / "first", sheets()))
    report = imported(planted(tmp_path / "second", lambda found: found["SUBJECTS"][0].update({column: text})))
    assert refusals(report) == [("SUBJECTS.csv", 2, column, text)]
    assert set(report.pages) == {Outcome.LEFT}


# --- unreadable -----------------------------------------------------------------------------------------
def no_subjects(folder: Path) -> None:
    (folder / "SUBJECTS.csv").unlink()


def a_strange_sheet(folder: Path) -> None:
    (folder / "NEXT.csv").write_text("subject_id,visit_code,repeat,form_date\n")


def a_derived_column(folder: Path) -> None:
    text = (folder / "DM.csv").read_text().splitlines()
    (folder / "DM.csv").write_text(
        "\n".join([f"{text[0]},age_consent", *(f"{line},68.6" for line in text[1:])])
    )


def an_identifying_column(folder: Path) -> None:
    text = (folder / "DM.csv").read_text().splitlines()
    (folder / "DM.csv").write_text(
        "\n".join([f"{text[0]},birth_date", *(f"{line},1956" for line in text[1:])])
    )


def an_unknown_column(folder: Path) -> None:
    text = (folder / "DX.csv").read_text().splitlines()
    (folder / "DX.csv").write_text("\n".join([f"{text[0]},shoe_size", *(f"{line},42" for line in text[1:])]))


def a_broken_line(folder: Path) -> None:
    with (folder / "FU.csv").open("a") as file:
        file.write("HZ01-001,HM9\n")


def no_utf_8(folder: Path) -> None:
    with (folder / "DX.csv").open("ab") as file:
        file.write("白血病\n".encode("gb18030"))


def broken_subjects(folder: Path) -> None:
    with (folder / "SUBJECTS.csv").open("a") as file:
        file.write("HZ01-002\n")


def broken_members(folder: Path) -> None:
    (folder / "MEMBERS.csv").write_text("user_name,role\na,b\n")


def broken_identities(folder: Path) -> None:
    with (folder / "IDENTITY.csv").open("ab") as file:
        file.write(b"HZ01-001,\x00\n")


UNREADABLE = (
    (no_subjects, "holds no SUBJECTS.csv"),
    (a_strange_sheet, "Not a form of this version: NEXT.csv"),
    (a_derived_column, "DM.csv line 1: age_consent is derived and never read from a file"),
    (an_identifying_column, "DM.csv line 1: birth_date stands in IDENTITY.csv alone"),
    (an_unknown_column, "DX.csv line 1: There is no column “shoe_size”"),
    (a_broken_line, "FU.csv line"),
    (no_utf_8, "DX.csv line 3: The line is not UTF-8"),
    (broken_subjects, "SUBJECTS.csv line 3"),
    (broken_members, "MEMBERS.csv line 1"),
    (broken_identities, "IDENTITY.csv line 3: The line holds a NUL byte"),
)


@pytest.mark.parametrize(("spoil", "why"), UNREADABLE, ids=lambda part: getattr(part, "__name__", None))
def test_what_is_no_casebook_is_refused_before_anything_is_written(
    spoil: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", sheets())
    spoil(folder)
    before = desk.content()
    with pytest.raises(UnreadableCasebook, match=r".*") as refusal:
        imported(folder)
    assert why in str(refusal.value)
    assert desk.content() == before


def test_a_directory_that_is_not_there_is_no_casebook(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCasebook):
        imported(tmp_path / "nowhere")


# --- the command in this process ------------------------------------------------------------------------
@pytest.mark.requirement("DI-10")
@pytest.mark.parametrize("option", ["all_or_nothing", "dry_run"])
def test_nothing_is_kept_of_an_import_with_a_refusal(option: str, tmp_path: Path, capsys) -> None:
    folder = planted(tmp_path / "in", wrong_type)
    before = desk.content()
    with pytest.raises(SystemExit) as stop:
        call_command("import_casebook", folder, **{option: True})
    assert stop.value.code == 1
    assert desk.content() == before
    said = capsys.readouterr()
    assert "nothing was kept" in said.out
    assert "refused: DX.csv line 2, relapse_n “three”" in said.err


@pytest.mark.requirement("DI-10")
def test_a_dry_run_reports_what_an_import_would_do_and_keeps_nothing(tmp_path: Path, capsys) -> None:
    folder = write(tmp_path / "in", sheets())
    before = desk.content()
    call_command("import_casebook", folder, dry_run=True)
    assert desk.content() == before
    pages = casebooks.pages_in(sheets())
    assert f"kept: {pages} pages, {casebooks.rows_in(sheets())} rows" in capsys.readouterr().out


@pytest.mark.requirement("DI-10")
def test_a_clean_import_as_a_whole_is_kept(tmp_path: Path, capsys) -> None:
    call_command("import_casebook", write(tmp_path / "in", sheets()), all_or_nothing=True)
    assert "nothing was kept" not in capsys.readouterr().out
    assert Page.objects.filter(state=PageState.COMPLETE).exists()


def test_an_unreadable_casebook_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as problem:
        call_command("import_casebook", tmp_path)
    assert problem.value.returncode == 2


def test_the_suffix_of_missing_reasons_is_that_of_the_files() -> None:
    assert edits.MISSING_SUFFIX is MISSING_SUFFIX
