"""What the rules of a form look at: the same from the database and from memory, in the order of dates."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from patients.casebook.answers import (
    HeldCasebook,
    Record,
    RowAnswers,
    StoredCasebook,
    header_of,
    in_order,
    local_day,
    pages_without_rows,
)
from patients.casebook.form import declared_forms
from patients.casebook.page import Page, Subject
from patients.items.conditions import Answers
from patients.items.partial_date import PartialDate
from tests.patients.entry import desk
from tests.patients.items.answers import answers, record
from trial.people.roles import TABLE, Permission, Role

DAY = date(2025, 8, 5)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (DAY, DAY),
        (datetime(2025, 8, 5, 15, 59, tzinfo=UTC), DAY),
        (datetime(2025, 8, 5, 16, 0, tzinfo=UTC), date(2025, 8, 6)),
        (PartialDate(2025, 8), date(2025, 8, 1)),
        (PartialDate(2025), date(2025, 1, 1)),
        (None, None),
        ("2025-08-05", None),
    ],
)
def test_the_local_day_of_a_value(value: object, day: date | None) -> None:
    assert local_day(value) == day


def test_a_row_is_dated_by_the_item_that_its_form_names() -> None:
    assert record("FU", "HM1", date(2025, 1, 1), fu_dt=DAY).dated == DAY
    assert record("FU", "HM1", date(2025, 1, 1)).dated is None


def test_a_row_of_a_form_without_such_an_item_is_dated_by_its_page() -> None:
    assert record("DX", day=DAY).dated == DAY


def test_rows_stand_in_the_order_of_their_dates_and_places() -> None:
    rows = [
        record("FU", "HM2", fu_dt=DAY),
        record("FU", "UNS1", fu_dt=date(2025, 1, 1)),
        record("FU", "HM1", fu_dt=DAY),
        record("FU", "HM9"),
    ]
    assert [row.visit for row in in_order(rows)] == ["HM9", "UNS1", "HM1", "HM2"]


def test_another_form_is_seen_through_its_first_row() -> None:
    later = record("FU", "HM2", fu_dt=DAY, fu_status="DEAD")
    earlier = record("FU", "HM1", fu_dt=date(2025, 1, 1), fu_status="ALIVE")
    row = answers(record("DTH"), later, earlier)
    assert row["FU.fu_status"] == "ALIVE"
    assert [other["fu_status"] for other in row.rows("FU")] == ["ALIVE", "DEAD"]


def test_an_item_that_no_form_has_is_missing() -> None:
    row = answers(record("DTH"))
    assert (row["nothing"], row["LAB.value"], row["FU.nothing"], row.rows("LAB")) == (None, None, None, [])


# --- the database ---------------------------------------------------------------------------------------
@pytest.fixture
def subject(db: None) -> Subject:
    subject = desk.infused()
    not_done = {"not_done": "Y", "not_done_reason": "refused", "form_date": "2024-02-01", "src_doc": "emr"}
    desk.save(desk.opened(subject, "FU", "UNS1", "2024-02-01"), header=not_done)
    return Subject.objects.select_related("identity").get(pk=subject.pk)


def test_the_stored_rows_are_the_same_as_rows_in_memory(subject: Subject) -> None:
    stored = StoredCasebook(subject)
    records = [record for model in declared_forms() for record in stored.records(model.form.code)]
    held = HeldCasebook(subject.code, records)
    for model in declared_forms():
        assert list(stored.records(model.form.code)) == list(held.records(model.form.code))
    assert {record.form for record in records} == {"ELIG", "DM", "DX", "INF"}


def test_identifying_answers_are_in_clear_for_the_rules_alone(subject: Subject) -> None:
    (row,) = StoredCasebook(subject).records("DM")
    assert row.values["birth_date"] == PartialDate(1992, 4, 4)


def test_a_form_is_read_once(subject: Subject, django_assert_num_queries) -> None:
    casebook = StoredCasebook(subject)
    with django_assert_num_queries(1):
        for _ in range(3):
            assert RowAnswers(casebook.records("DX")[0], casebook)["DX.dx_type"] == "t_all"
        assert casebook.stored("DX")


def test_a_form_that_this_version_does_not_have_is_not_read(
    subject: Subject, django_assert_num_queries
) -> None:
    with django_assert_num_queries(0):
        assert StoredCasebook(subject).records("NEXT") == []


def test_what_is_about_to_be_saved_takes_the_place_of_what_is_stored(subject: Subject) -> None:
    casebook = StoredCasebook(subject)
    page = desk.page_of(subject, "DX")
    typed = record("DX", day=DAY, dx_type="aml")
    casebook.replace(page, [typed])
    assert casebook.records("DX") == [typed]
    other = record("DX", day=DAY, dx_type="t_lbl")
    casebook.replace_record(other)
    assert casebook.records("DX") == [other]


def test_what_a_rule_gathers_of_a_form_follows_what_is_about_to_be_saved(subject: Subject) -> None:
    casebook, asked = StoredCasebook(subject), []

    def diagnoses(rows: Sequence[Answers]) -> list[str]:
        asked.append(len(rows))
        return [row["dx_type"] for row in rows]

    row = RowAnswers(casebook.records("DM")[0], casebook)
    assert [row.gathered("DX", diagnoses) for _ in range(3)] == [["t_all"]] * 3
    assert asked == [1]
    casebook.replace_record(record("DX", day=DAY, dx_type="aml"))
    assert row.gathered("DX", diagnoses) == ["aml"]
    casebook.replace(desk.page_of(subject, "DX"), [record("DX", day=DAY, dx_type="t_lbl")])
    assert row.gathered("DX", diagnoses) == ["t_lbl"]


def test_a_page_with_its_header_alone_is_a_record_without_values(subject: Subject) -> None:
    casebook = StoredCasebook(subject)
    rows = [row for model in declared_forms() for row in casebook.records(model.form.code)]
    (found,) = pages_without_rows(subject, rows)
    assert (found.form, found.visit, str(found.form_date)) == ("FU", "UNS1", "2024-02-01")
    assert found.header == {"not_done": "Y", "not_done_reason": "refused", "src_doc": "emr"}
    assert set(found.values.values()) == {None}


def test_the_header_holds_only_what_is_filled(subject: Subject) -> None:
    assert header_of(desk.page_of(subject, "DX")) == {}


def test_a_record_knows_its_place() -> None:
    assert Record("AE", "", "7", None).place == ("AE", "", "7")


# --- who sees what --------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", Role)
def test_people_see_the_subjects_and_pages_of_the_sites_where_they_may(role: Role, subject: Subject) -> None:
    desk.a_subject("HZ02-001")
    person = desk.a_member(role)
    for permission in (Permission.READ, Permission.ENTER):
        seen = {"HZ01-001"} if permission in TABLE[role] else set()
        assert {found.code for found in Subject.objects.for_person(person, permission)} == seen
        assert {page.subject.code for page in Page.objects.for_person(person, permission)} == seen


def test_an_ended_grant_shows_nothing(subject: Subject) -> None:
    person = desk.a_member(Role.COORDINATOR)
    person.grants.update(ends="2024-01-01T00:00:00Z")
    assert not Subject.objects.for_person(person).exists()
    assert not Page.objects.for_person(person).exists()


def test_an_automatic_step_sees_everything(subject: Subject) -> None:
    desk.a_subject("HZ02-001")
    assert Subject.objects.for_person(desk.SYSTEM).count() == 2
    assert Page.objects.for_person(desk.SYSTEM).count() == Page.objects.count()
