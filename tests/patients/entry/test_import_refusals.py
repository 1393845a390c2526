"""What is wrong with one page of a casebook is named, and everything else is kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from patients.casebook.page import Page, PageState, Subject, Visit
from patients.entry.importing import Outcome
from patients.entry.refusals import Refused
from patients.items.problems import Severity
from tests.patients.entry import casebooks, desk
from tests.patients.entry.casebooks import (
    Sheets,
    imported,
    line_of,
    planted,
    refusals,
    row,
    sheets,
    write,
    wrong_type,
)
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]

SUBJECT = "HZ01-001"


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

    report = imported(planted(tmp_path / "in", plant, ended=True))
    late = [one for one in report.remarks if one.file == "FU.csv" and "is after death" in one.why]
    assert late
    assert not any(one.refuses for one in late)
    assert report.pages[Outcome.NOT_COMPLETE] >= 2  # the contact, and the death that contradicts it
    assert report.pages.total() == casebooks.pages_in(sheets(ended=True))


def test_pages_from_before_a_withdrawal_of_data_use_stay(tmp_path: Path) -> None:
    def plant(found: Sheets) -> None:
        found["DTH"] = []
        row(found, "DX")["relapse_n"] = "11"
        row(found, "EOS").update(
            eos_reason="withdrawal_by_subject", eos_withdraw_scope="data_use", eos_ltfu="N"
        )

    folder = planted(tmp_path / "in", plant, ended=True)
    report = imported(folder)
    assert report.is_clean
    assert "data use" in next(one.why for one in report.remarks if one.file == "DX.csv")
    assert set(imported(folder).pages) == {Outcome.LEFT}
