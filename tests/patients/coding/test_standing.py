"""How each term stands: uncoded, text changed, version changed, coded."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from patients.casebook.page import Page, Subject
from patients.coding.codes import Coding, How
from patients.coding.coding_act import Choice, Seen, code_terms
from patients.coding.schemes import Kind, coded_items
from patients.coding.standing import (
    Counts,
    codings_of,
    codings_on,
    counts,
    days_waiting,
    entered_at,
    to_code_by_subject,
)
from patients.oversight.redaction import approve_redaction, request_redaction
from patients.web.coded_words import codes_shown
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
from tests.trial.trail.faults import counted
from trial.people.roles import Role

pytestmark = pytest.mark.django_db
HERE = "HZ01-001"


@pytest.fixture
def page(tmp_path: Path) -> Page:
    loaded(Kind.MEDDRA, meddra(tmp_path))
    return events_of(r1="fever", r2="skin rash")


def test_the_items_that_are_coded_are_those_that_say_so() -> None:
    told = [(each.form, each.item, each.scheme, each.shown_in) for each in coded_items()]
    assert told == [
        ("PTHER", "regimen_name", "WHODrug", ""),
        ("AE", "ae_term", "MedDRA", "ae_pt"),
        ("CM", "cm_name", "WHODrug", ""),
    ]


def test_a_regimen_of_before_is_coded_and_no_lock_waits_for_it(page: Page, tmp_path: Path) -> None:
    loaded(Kind.WHODRUG, whodrug(tmp_path / "drugs"))
    regimens = desk.logged(page.subject, "PTHER")
    desk.save(regimens, rows={"1": {"line_no": "1", "regimen_name": "prednisone"}})
    assert counts(["HZ01"]).uncoded == 3
    assert to_code_by_subject(Subject.objects.all()) == {HERE: (2, 2)}
    [term] = [term for term in the_terms() if term.coded.form == "PTHER"]
    code_terms([Choice(Seen.of(term), term_called("PREDNISONE"))], how=How.EXACT, by=desk.SYSTEM)
    assert counts(["HZ01"]).uncoded == 2
    [shown] = codes_shown(regimens).items()
    assert shown == (("1", "regimen_name"), "PREDNISONE (A0000201) · WHODrug 1")


def test_a_term_waits_until_it_is_coded(page: Page) -> None:
    assert states() == {(HERE, "1"): "uncoded", (HERE, "2"): "uncoded"}
    code("Fever", r1=HERE)
    assert states() == {(HERE, "1"): "coded", (HERE, "2"): "uncoded"}
    assert counts(["HZ01"]) == Counts(uncoded=1, coded=1)
    assert to_code_by_subject(Subject.objects.all()) == {HERE: (1, 2)}
    assert to_code_by_subject(Subject.objects.filter(site__code="HZ02")) == {}


def test_another_text_is_to_be_coded_again_and_the_old_text_is_coded(page: Page) -> None:
    code("Fever", r1=HERE)
    desk.save(page, rows={"1": {"ae_term": "chills"}}, why=desk.BECAUSE)
    assert states()[HERE, "1"] == "changed"
    assert codings_on(page) == {}, "the code of another text is not shown"
    assert to_code_by_subject(Subject.objects.all()) == {HERE: (2, 2)}
    desk.save(page, rows={"1": {"ae_term": "fever"}}, why=desk.BECAUSE)
    assert states()[HERE, "1"] == "coded", "it stands for the text that it was given to"


def test_a_row_that_is_void_or_without_a_text_has_no_term(page: Page) -> None:
    desk.save(page, rows={"1": {"void": "Y"}, "2": {"ae_term": ""}}, why=desk.BECAUSE)
    assert states() == {}
    assert to_code_by_subject(Subject.objects.all()) == {}


def test_the_codes_of_a_page_and_of_a_subject_are_by_row_and_item(page: Page) -> None:
    code("Fever", r1=HERE)
    coding = Coding.objects.get()
    assert codings_on(page) == {("1", "ae_term"): coding}
    assert codings_of(page.subject) == {page.pk: {("1", "ae_term"): coding}}
    assert codings_on(desk.page_of(page.subject, "DM")) == {}


def test_a_form_without_terms_is_not_looked_at(page: Page) -> None:
    other = desk.page_of(page.subject, "DM")
    with counted() as sent:
        codings_on(other)
    assert sent == []


def test_medicines_are_coded_by_their_own_dictionary(page: Page, tmp_path: Path) -> None:
    loaded(Kind.WHODRUG, whodrug(tmp_path / "drugs"))
    log = desk.logged(page.subject, "CM")
    desk.save(log, rows={"1": {"cm_name": "aciclovir"}})
    assert [(term.coded.form, term.verbatim) for term in the_terms()][-1] == ("CM", "aciclovir")


# --- since when --------------------------------------------------------------------------------------------
def test_the_days_count_from_the_last_save_of_the_text(page: Page) -> None:
    later = timezone.now() + timedelta(days=20)
    with time_machine.travel(later, tick=False):
        desk.save(page, rows={"2": {"ae_term": "itchy rash"}}, why=desk.BECAUSE)
    saved = entered_at(the_terms())
    days = {key[3]: days_waiting(at, later) for key, at in saved.items()}
    assert days == {"1": 20, "2": 0}


def test_more_terms_take_no_more_statements(page: Page) -> None:
    def statements() -> int:
        with counted() as sent:
            entered_at(the_terms())
            counts(["HZ01"])
        return len(sent)

    code("Fever", r1=HERE)
    few = statements()
    events_of("HZ01-002", r1="fever", r2="rash", r3="pyrexia")
    code("Rash", r2=HERE)
    assert statements() == few


# --- hiding ------------------------------------------------------------------------------------------------
@pytest.mark.requirement("AT-12")
def test_what_is_hidden_of_a_subject_is_gone_from_its_codes_too_and_they_stand(tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path))
    page = events_of(r1="fever of Zhaolin")
    code("Fever")
    asks = desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang")
    decides = desk.a_member(Role.PRINCIPAL_INVESTIGATOR, user_name="wei.shen")
    asked = request_redaction(page.subject, "Zhaolin", reason="a name", by=asks)
    approve_redaction(asked, by=decides)
    assert "Zhaolin" not in Coding.objects.get().verbatim
    assert states() == {(HERE, "1"): "coded"}
