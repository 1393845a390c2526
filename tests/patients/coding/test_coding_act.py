"""Coding: who may, on which pages, what is written, and what is refused."""

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied

from patients.casebook.page import Page, PageState, Subject
from patients.coding.codes import Coding, CodingWithdrawal, How, NoCode, Why
from patients.coding.coding_act import (
    CannotCode,
    Choice,
    Seen,
    TermChanged,
    TermClosed,
    UnknownTerm,
    code_terms,
)
from patients.coding.dictionaries import Term
from patients.coding.schemes import Kind
from patients.coding.standing import to_code_by_subject
from patients.coding.withdrawing import withdraw_codes
from patients.entry.freezing import Keeper, freeze_pages
from patients.forms.adverse_event import AdverseEvent
from tests.patients.coding.distributions import (
    code,
    events_of,
    loaded,
    meddra,
    states,
    term_called,
    the_terms,
    whodrug,
)
from tests.patients.entry import desk
from trial.people.roles import TABLE, Permission, Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
HERE, NEXT = "HZ01-001", "HZ01-002"


@pytest.fixture
def page(tmp_path: Path) -> Page:
    loaded(Kind.MEDDRA, meddra(tmp_path / "meddra"))
    loaded(Kind.WHODRUG, whodrug(tmp_path / "whodrug"))
    return events_of(r1="fever", r2="skin rash")


def seen(row: str = "1", subject: str = HERE) -> Seen:
    [found] = [term for term in the_terms() if (term.subject, term.row_key) == (subject, row)]
    return Seen.of(found)


# --- what is written ---------------------------------------------------------------------------------------
def test_a_code_stands_beside_the_text_with_who_and_how(page: Page) -> None:
    coder = desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang")
    before = desk.content([AdverseEvent, Page])
    assert code("Pyrexia", coder, r1=HERE) == 1
    coding = Coding.objects.get()
    assert (coding.verbatim, coding.term.name, coding.how, coding.why) == ("fever", "Pyrexia", How.CHOSEN, "")
    assert (coding.coded_by, coding.printed_name) == ("mei.zhang", "Mei Zhang")
    assert desk.content([AdverseEvent, Page]) == before, "nothing of the row changes"
    assert desk.now(page).version == page.version


def test_each_page_has_one_event_with_its_codes(page: Page) -> None:
    events_of(NEXT, r1="Fever")
    assert code("Fever", desk.a_member(Role.DATA_MANAGER)) == 3
    events = TrailEvent.objects.filter(action="terms.coded").order_by("id")
    told = [
        (each.subject, each.form, sorted(each.changes.values_list("row_key", "item", "new")))
        for each in events
    ]
    assert told == [
        (HERE, "AE", [("1", "code.ae_term", "P2"), ("2", "code.ae_term", "P2")]),
        (NEXT, "AE", [("1", "code.ae_term", "P2")]),
    ]
    shown = events[0].changes.first().new_shown
    assert shown == "Fever (Fever, P2, MedDRA 1)"
    assert {coding.event.pk for coding in Coding.objects.all()} == {each.pk for each in events}


def test_another_code_takes_the_place_of_the_first_with_a_reason(page: Page) -> None:
    code("Rash", r2=HERE)
    with pytest.raises(CannotCode, match="why"):
        code("Skin rash", r2=HERE)
    assert code("Skin rash", why=Why.WRONG_TERM, r2=HERE) == 1
    first, second = Coding.objects.order_by("id")
    assert (second.replaces, second.why) == (first, Why.WRONG_TERM)
    change = TrailEvent.objects.latest("id").changes.get()
    assert (change.old, change.new, change.reason_code) == ("P3", "L4", "wrong_term")
    assert states()[HERE, "2"] == "coded"


def test_the_same_code_again_writes_nothing(page: Page) -> None:
    code("Rash", r2=HERE)
    before = desk.content()
    assert code("Rash", r2=HERE) == 0
    assert desk.content() == before


def test_a_changed_text_gives_its_own_reason(page: Page) -> None:
    code("Fever", r1=HERE)
    desk.save(page, rows={"1": {"ae_term": "chills"}}, why=desk.BECAUSE)
    code("Pyrexia", r1=HERE)
    assert Coding.objects.latest("id").why == Why.TEXT_CHANGED
    assert states()[HERE, "1"] == "coded"


# --- withdrawing -------------------------------------------------------------------------------------------
def test_a_code_that_is_withdrawn_leaves_its_term_to_be_coded(page: Page) -> None:
    coder = desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang")
    code("Fever", r1=HERE)
    code("Rash", r2=HERE)
    before = desk.content([AdverseEvent, Page])
    assert withdraw_codes([seen("1")], why=NoCode.UNCLEAR, by=coder) == 1
    assert states() == {(HERE, "1"): "uncoded", (HERE, "2"): "coded"}
    assert to_code_by_subject(Subject.objects.all()) == {HERE: (1, 2)}
    assert desk.content([AdverseEvent, Page]) == before, "nothing of the row changes"
    withdrawal, event = CodingWithdrawal.objects.get(), TrailEvent.objects.latest("id")
    assert (withdrawal.withdrawn_by, withdrawal.printed_name) == ("mei.zhang", "Mei Zhang")
    assert (withdrawal.event, event.action, event.subject, event.form) == (event, "terms.uncoded", HERE, "AE")
    change = event.changes.get()
    assert (change.item, change.old, change.new) == ("code.ae_term", "P2", "")
    assert (change.old_shown, change.reason_code) == ("Fever (Fever, P2, MedDRA 1)", "unclear")


def test_a_withdrawn_term_is_coded_again_and_the_codes_stay_in_one_line(page: Page) -> None:
    for name in ("Fever", "Pyrexia", "Fever"):
        code(name, r1=HERE)
        withdraw_codes([seen("1")], why=NoCode.BY_MISTAKE, by=desk.SYSTEM)
    assert code("Pyrexia", r1=HERE) == 1
    codings = list(Coding.objects.order_by("id"))
    assert [coding.replaces for coding in codings] == [None, *codings[:-1]]
    assert {coding.why for coding in codings} == {""}
    assert Coding.objects.standing().get() == codings[-1]
    assert states()[HERE, "1"] == "coded"


def test_the_codes_of_several_pages_are_withdrawn_in_an_event_for_each(page: Page) -> None:
    events_of(NEXT, r1="fever")
    code("Fever")
    terms = [seen("1"), seen("2"), seen("1", NEXT)]
    assert withdraw_codes(terms, why=NoCode.NO_TERM, by=desk.SYSTEM) == 3
    events = TrailEvent.objects.filter(action="terms.uncoded").order_by("id")
    assert [(event.subject, event.changes.count()) for event in events] == [(HERE, 2), (NEXT, 1)]


@pytest.mark.parametrize("why", ["", "no", "wrong_term"])
def test_a_code_is_not_withdrawn_without_a_reason_of_the_list(page: Page, why: str) -> None:
    code("Fever", r1=HERE)
    before = desk.content()
    with pytest.raises(CannotCode, match="Say why"):
        withdraw_codes([seen("1")], why=why, by=desk.SYSTEM)
    assert desk.content() == before


def test_what_has_no_code_is_left_and_alone_refused(page: Page) -> None:
    with pytest.raises(CannotCode, match="None of these"):
        withdraw_codes([seen("1")], why=NoCode.NO_TERM, by=desk.SYSTEM)
    with pytest.raises(CannotCode, match="between 1 and 500"):
        withdraw_codes([], why=NoCode.NO_TERM, by=desk.SYSTEM)
    code("Fever", r1=HERE)
    assert withdraw_codes([seen("1"), seen("2")], why=NoCode.NO_TERM, by=desk.SYSTEM) == 1


def test_what_changed_since_it_was_shown_is_not_withdrawn(page: Page) -> None:
    code("Fever", r1=HERE)
    shown = seen("1")
    code("Pyrexia", why=Why.WRONG_TERM, r1=HERE)
    with pytest.raises(TermChanged):
        withdraw_codes([shown], why=NoCode.NO_TERM, by=desk.SYSTEM)


def test_a_locked_page_keeps_its_codes(page: Page) -> None:
    code("Fever", r1=HERE)
    desk.put_in_state(desk.now(page), PageState.LOCKED)
    with pytest.raises(TermClosed):
        withdraw_codes([seen("1")], why=NoCode.NO_TERM, by=desk.SYSTEM)
    assert not CodingWithdrawal.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if Permission.CODE not in TABLE[role]])
def test_who_does_not_code_withdraws_nothing(page: Page, role: Role) -> None:
    code("Fever", r1=HERE)
    with pytest.raises((PermissionDenied, UnknownTerm)):
        withdraw_codes([seen("1")], why=NoCode.NO_TERM, by=desk.a_member(role, user_name="some.body"))
    other = desk.a_member(Role.DATA_MANAGER, "HZ02", user_name="bo.lin")
    with pytest.raises(UnknownTerm):
        withdraw_codes([seen("1")], why=NoCode.NO_TERM, by=other)


# --- closed pages ------------------------------------------------------------------------------------------
def test_a_frozen_page_is_coded_and_stays_as_it_is(page: Page) -> None:
    desk.put_in_state(page, PageState.COMPLETE)
    manager = desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang")
    frozen = desk.now(page)
    freeze_pages(page.subject, {page.pk: frozen.version}, Keeper(manager, "ready to be cut"))
    assert code("Fever", manager, r1=HERE) == 1
    assert desk.now(page).state == PageState.FROZEN


def test_a_signed_page_stays_signed(page: Page) -> None:
    desk.put_in_state(page, PageState.SIGNED)
    code("Fever", r1=HERE)
    assert desk.now(page).state == PageState.SIGNED


def test_a_locked_page_is_not_coded(page: Page) -> None:
    desk.put_in_state(page, PageState.LOCKED)
    with pytest.raises(TermClosed):
        code("Fever", r1=HERE)
    assert not Coding.objects.exists()


# --- who may -----------------------------------------------------------------------------------------------
@pytest.mark.requirement("AC-05")
@pytest.mark.parametrize("role", Role)
def test_who_codes_is_the_data_manager(page: Page, role: Role) -> None:
    person = desk.a_member(role)
    if Permission.READ not in TABLE[role]:
        with pytest.raises(UnknownTerm):
            code("Fever", person, r1=HERE)
    elif role is Role.DATA_MANAGER:
        assert code("Fever", person, r1=HERE) == 1
    else:
        with pytest.raises(PermissionDenied):
            code("Fever", person, r1=HERE)


def test_a_row_of_another_site_is_as_one_that_is_not_there(page: Page) -> None:
    elsewhere = desk.a_member(Role.DATA_MANAGER, "HZ02", user_name="bo.lin")
    term = term_called("Fever")
    for each in (seen(), Seen("AE", 999_999, 1)):
        with pytest.raises(UnknownTerm):
            code_terms([Choice(each, term)], how=How.CHOSEN, by=elsewhere)


# --- what is refused ---------------------------------------------------------------------------------------
def test_a_text_that_changed_since_it_was_shown_is_not_coded(page: Page) -> None:
    shown = seen()
    desk.save(page, rows={"1": {"ae_term": "chills"}}, why=desk.BECAUSE)
    with pytest.raises(TermChanged):
        code_terms([Choice(shown, term_called("Fever"))], how=How.CHOSEN, by=desk.SYSTEM)


def test_what_somebody_else_coded_meanwhile_is_not_coded_over(page: Page) -> None:
    shown = seen()
    code("Pyrexia", r1=HERE)
    with pytest.raises(TermChanged):
        code_terms([Choice(shown, term_called("Fever"))], how=How.CHOSEN, by=desk.SYSTEM)
    assert Coding.objects.get().term.name == "Pyrexia"


def test_a_row_that_was_made_void_meanwhile_is_not_coded(page: Page) -> None:
    shown = seen()
    desk.save(page, rows={"1": {"void": "Y"}}, why=desk.BECAUSE)
    with pytest.raises(TermChanged):
        code_terms([Choice(shown, term_called("Fever"))], how=How.CHOSEN, by=desk.SYSTEM)


def test_of_several_all_are_coded_or_none(page: Page) -> None:
    shown = [seen("1"), seen("2")]
    desk.save(page, rows={"2": {"ae_term": "hives"}}, why=desk.BECAUSE)
    with pytest.raises(TermChanged):
        code_terms([Choice(each, term_called("Fever")) for each in shown], how=How.CHOSEN, by=desk.SYSTEM)
    assert not Coding.objects.exists()


@pytest.mark.parametrize("name", ["ANC low", "PREDNISONE"])
def test_a_term_that_is_not_current_or_of_another_scheme_is_no_code(page: Page, name: str) -> None:
    with pytest.raises(CannotCode, match="current term"):
        code(name, r1=HERE)


def test_a_term_of_a_version_that_is_not_in_force_is_no_code(page: Page, tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path / "next"), "2")
    old = Term.objects.get(name="Fever", dictionary__version="1")
    with pytest.raises(CannotCode, match="in force"):
        code_terms([Choice(seen(), old)], how=How.CHOSEN, by=desk.SYSTEM)


@pytest.mark.parametrize("how", [How.EXACT, How.CARRIED])
def test_what_is_said_to_be_the_same_has_to_be(page: Page, how: How) -> None:
    with pytest.raises(CannotCode):
        code("Rash", how=how, r1=HERE)


def test_nothing_is_no_choice(page: Page) -> None:
    with pytest.raises(CannotCode):
        code_terms([], how=How.CHOSEN, by=desk.SYSTEM)


@pytest.mark.parametrize(
    "typed", ["", "AE", "AE.1", "AE.x.1.0", "DM.1.1.0", "AE.1.1.-1", "AE.1.1.١", "AE.1.1.0.0"]
)
def test_what_names_no_row_is_unknown(typed: str) -> None:
    with pytest.raises(UnknownTerm):
        Seen.read(typed)


def test_a_row_reads_as_it_was_named(page: Page) -> None:
    assert Seen.read(str(seen())) == seen()
