"""A casebook read together with others holds what it holds when it is read by itself."""

from collections.abc import Callable

import pytest

from analytics.locks.seal import content_of_cut
from patients.casebook.answers import Casebook, Record, StoredCasebook, pages_without_rows
from patients.casebook.form import declared_forms
from patients.casebook.page import Subject
from patients.casebook.shelf import shelved, some_at_a_time
from patients.entry.locking import Extent
from tests.patients.entry import desk, signing_desk
from trial.protocol.study import site_today

pytestmark = pytest.mark.django_db


def begun(code: str) -> Subject:
    """Somebody without an identity and with nothing recorded."""
    return desk.a_subject(code)


def followed(code: str) -> Subject:
    """With a row that is void, a page of which all rows are, and one with its header alone."""
    subject = desk.infused(code)
    desk.save(desk.logged(subject, "AE"), rows={"1": {"ae_term": "cough"}, "2": {"ae_term": "fever"}})
    desk.save(desk.logged(subject, "AE"), rows={"2": {"void": "Y"}}, why=desk.BECAUSE)
    desk.save(desk.logged(subject, "CM"), rows={"1": {"cm_name": "paracetamol"}})
    desk.save(desk.logged(subject, "CM"), rows={"1": {"void": "Y"}}, why=desk.BECAUSE)
    desk.save(desk.page_of(subject, "VS", "C1"), header={"form_date": "2024-01-06", "not_done": "Y"})
    return subject


def approved(code: str) -> Subject:
    subject = signing_desk.screened(code)
    signing_desk.sign(signing_desk.eligibility(subject), signing_desk.principal_investigator())
    return subject


def rows(casebook: Casebook) -> list[Record]:
    return [record for model in declared_forms() for record in casebook.records(model.form.code)]


def test_it_is_the_casebook_that_is_read_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patients.casebook.shelf.READ_AT_ONCE", 2)
    made: tuple[Callable[[str], Subject], ...] = (followed, begun, approved)
    codes = [make(f"HZ01-00{number}").code for number, make in enumerate(made, 1)]
    everybody = Subject.objects.order_by("code")
    found = []
    for some in some_at_a_time(everybody):
        for casebook in shelved(some):
            alone = StoredCasebook(casebook.subject)
            assert rows(casebook) == rows(alone)
            assert [record.header for record in rows(casebook)] == [record.header for record in rows(alone)]
            empty = pages_without_rows(casebook.subject, rows(alone))
            assert sorted(casebook.pages_without_rows(), key=place) == sorted(empty, key=place)
            for record in rows(alone):
                assert casebook.approvals(*record.place[:2]) == alone.approvals(*record.place[:2])
            found.append(casebook.subject_code)
    assert found == codes
    cut = [facts.subject for facts, _values in content_of_cut(site_today(), Extent(), None)]
    assert cut == [codes[0], codes[2]], "somebody without a row is not in the cut"


def place(record: Record) -> tuple[str, str, str]:
    return record.place
