"""What stands in the way of a lock is counted by check and by subject; each alone keeps it from being asked
for (LK-04)."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.casebook.answers import Casebook, Record
from patients.casebook.page import Subject
from patients.casebook.shelf import shelved
from patients.entry import lock_gate
from patients.entry.asking import raise_query
from patients.entry.derive import with_derived
from patients.entry.lock_gate import Check, gate_of
from patients.entry.locking import NotAsked, Wish
from patients.entry.query_act import Question, Target
from patients.entry.recomputing import derived_differences
from tests.patients.entry import desk
from tests.patients.entry.locking_desk import BEFORE_ALL, asked, settle, spotless
from trial.people.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("LK-04")]


def begin_a_page(subject: Subject) -> None:
    desk.save(desk.page_of(subject, "DX"), {"dx_type": "t_all"}, on=desk.CONSENT)


def ask(subject: Subject) -> None:
    monitor = desk.a_member(Role.MONITOR, user_name="ke.fan")
    raise_query(Target(page=desk.page_of(subject, "DM"), item="hctci"), Question("Please look."), by=monitor)


def complete_a_page(subject: Subject) -> None:
    desk.save(desk.page_of(subject, "DX"), desk.DX, on=desk.CONSENT, complete=True)


def enter_an_event(subject: Subject) -> None:
    """An event that nobody has coded."""
    row = {"ae_term": "cough", "ae_start": "2024-01-06", "ae_grade": "1", "ae_serious": "N"}
    desk.save(desk.logged(subject, "AE"), rows={"1": row})


def enter_a_serious_event(subject: Subject) -> None:
    row = {"ae_term": "cough", "ae_start": "2024-01-06", "ae_grade": "3", "ae_serious": "Y"}
    desk.save(desk.logged(subject, "AE"), rows={"1": row})


def test_nothing_stands_in_the_way_of_a_casebook_that_is_done() -> None:
    subject = spotless()
    gate = gate_of([subject], BEFORE_ALL, derived=True)
    assert (gate.unmet, gate.is_open) == ([], True)
    assert gate.tallies[Check.PAGES].whole == 2
    assert asked(subject, Wish("all is done"), BEFORE_ALL).override == ""


@pytest.mark.parametrize(
    ("act", "check"),
    [
        (begin_a_page, Check.PAGES),
        (ask, Check.QUERIES),
        (complete_a_page, Check.SIGNED),
        (complete_a_page, Check.CRITICAL),
        (complete_a_page, Check.REVIEWED),
        (enter_an_event, Check.CODED),
        (enter_a_serious_event, Check.RECONCILED),
    ],
)
def test_each_check_keeps_a_lock_from_being_asked_for(act: Callable[[Subject], None], check: Check) -> None:
    subject = spotless()
    act(subject)
    settle(subject, check)
    gate = gate_of([subject], BEFORE_ALL, derived=True)
    assert gate.tallies[check].left > 0
    assert gate.subjects[subject.code][check] == gate.tallies[check].left
    others = set(gate.unmet) - {check}
    assert others <= ({Check.PAGES, Check.CODED} if "event" in act.__name__ else set())
    with pytest.raises(NotAsked, match="stands in the way"):
        asked(subject, Wish("all is done"), BEFORE_ALL)
    assert asked(subject, Wish("all is done", "it is known, and will be told"), BEFORE_ALL).gate[check] > 0


def test_a_derived_value_that_differs_stands_in_the_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new version of the rules gives another age than the one that is stored."""

    def other_rules(record: Record, casebook: Casebook) -> Record:
        found = with_derived(record, casebook)
        if record.form == "DM":
            found.values["age_consent"] = Decimal("7.0")
        return found

    told: list[bool] = []
    subject = spotless()
    monkeypatch.setitem(lock_gate._further, Check.DATES, lambda _all, _on, right: told.append(right) or 0)
    assert gate_of([subject], BEFORE_ALL, derived=True).is_open
    monkeypatch.setattr("patients.entry.recomputing.with_derived", other_rules)
    assert gate_of([subject], BEFORE_ALL, derived=True).unmet == [Check.DERIVED]
    assert told == [True, False], "whoever counts more must know whether what is stored can be built upon"
    (found,) = derived_differences(next(shelved([subject])))
    assert (found.form, found.item, found.stored, found.computed) == ("DM", "age_consent", "31.6", "7.0")


def test_a_gate_without_the_derived_values_is_not_open() -> None:
    gate = gate_of([spotless()], BEFORE_ALL, derived=False)
    assert (gate.unmet, gate.is_open) == ([], False)


def test_more_subjects_take_no_more_statements() -> None:
    def statements(subjects: list[Subject]) -> int:
        with CaptureQueriesContext(connection) as seen:
            gate_of(subjects, BEFORE_ALL, derived=False)
        return len(seen)

    first = [desk.infused()]
    enter_an_event(first[0])
    few = statements(first)
    more = [*first, desk.infused("HZ01-002"), desk.infused("HZ01-003")]
    enter_an_event(more[1])
    assert statements(more) == few


def test_asked_some_at_a_time_it_is_the_same_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("HZ01-003", "HZ01-001", "HZ01-002"):
        enter_an_event(desk.infused(code))
    everybody = Subject.objects.select_related("site")
    whole = gate_of(everybody, BEFORE_ALL, derived=True)
    monkeypatch.setattr("patients.entry.lock_gate.ASKED_AT_ONCE", 2)
    monkeypatch.setattr("patients.casebook.page.HELD_AT_ONCE", 1)
    asked_for = list(everybody.in_turn())
    assert [subject.code for subject in asked_for] == ["HZ01-001", "HZ01-002", "HZ01-003"]
    assert gate_of(iter(asked_for), BEFORE_ALL, derived=True) == whole
    assert whole.tallies[Check.CODED].left == 3
