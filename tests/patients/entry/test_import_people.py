"""What a casebook says about people: members, subjects, and identities apart from the data."""

from pathlib import Path

import pytest

from patients.casebook.answers import identifying_value
from patients.casebook.page import Page, Subject
from patients.entry.importing import Outcome
from tests.patients.entry import casebooks, desk
from tests.patients.entry.casebooks import Sheets, imported, planted, refusals, sheets, write
from trial.people.models import Member
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]

SUBJECT = "HZ01-001"


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


@pytest.mark.requirement("AC-05")
def test_a_role_that_must_be_apart_from_another_of_the_same_person_is_refused(tmp_path: Path) -> None:
    """The import grants by the act that everybody grants by: with its checks and its event."""
    both = [
        {"user_name": "ana.li", "printed_name": "Ana Li", "role": role, "site": "HZ01"}
        for role in ("coordinator", "monitor")
    ]
    report = imported(planted(tmp_path / "in", lambda found: found.update(MEMBERS=both)))
    [refused] = [one for one in report.remarks if one.refuses and one.file == "MEMBERS.csv"]
    assert (refused.line, refused.item, refused.value) == (3, "role", "monitor")
    assert "One person must not both enter and correct data and" in refused.why
    granted = TrailEvent.objects.filter(action="role.granted", about="ana.li")
    assert [(event.source, event.reason) for event in granted] == [("import", "imported casebook")]


def test_a_member_who_is_there_already_is_left(tmp_path: Path) -> None:
    for time in ("first", "second"):
        imported(write(tmp_path / time, sheets()))
    acts = TrailEvent.objects.values_list("action", flat=True)
    assert list(acts).count("role.granted") == list(acts).count("account.created") == Member.objects.count()
