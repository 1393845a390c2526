"""After a new version only what it says otherwise is marked; the rest is carried over if somebody says so."""

from pathlib import Path

import pytest

from patients.casebook.page import Subject
from patients.coding.codes import Coding, How, Why
from patients.coding.coding_act import Choice, Seen, code_terms
from patients.coding.groups import carried_proposals, exact_proposals, terms_now
from patients.coding.schemes import EVENTS as SCHEME
from patients.coding.schemes import Kind
from patients.coding.standing import to_code_by_subject
from tests.patients.coding.distributions import EVENTS, Pt, code, events_of, loaded, meddra, states
from tests.patients.entry import desk
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
HERE, SITES = "HZ01-001", ["HZ01"]

VERSIONS = {
    "the same": (EVENTS, "coded"),
    "another name": (EVENTS | {"P2": Pt("Fever, any", "S2", {"L3": "Pyrexia of any kind"})}, "coded"),
    "another class": (EVENTS | {"P2": Pt("Fever", "S1", {"L3": "Pyrexia"})}, "outdated"),
    "not current": (EVENTS | {"P2": Pt("Fever", "S2", {"L3": "Pyrexia"}, old=("L3",))}, "outdated"),
    "gone": (EVENTS | {"P2": Pt("Fever", "S2")}, "outdated"),
    "of another concept": (
        EVENTS | {"P2": Pt("Fever", "S2"), "P3": Pt("Rash", "S2", {"L3": "Pyrexia"})},
        "outdated",
    ),
}


@pytest.fixture
def coded(tmp_path: Path) -> None:
    """Row 1 is coded as the lowest level term L3, row 2 as the preferred term P3."""
    loaded(Kind.MEDDRA, meddra(tmp_path / "1"))
    events_of(r1="high temperature", r2="rash")
    code("Pyrexia", r1=HERE)
    code("Rash", r2=HERE)


@pytest.mark.parametrize(("events", "state"), VERSIONS.values(), ids=VERSIONS)
def test_what_a_new_version_says_otherwise_is_marked(
    coded: None, tmp_path: Path, events: dict[str, Pt], state: str
) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path / "2", events), "2")
    assert states()[HERE, "1"] == state
    assert states()[HERE, "2"] == "coded"
    assert to_code_by_subject(Subject.objects.all()) == {HERE: (0, 2)}, "a mark is no missing code"


def test_nothing_is_coded_by_the_load_itself(coded: None, tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path / "2"), "2")
    assert {coding.term.dictionary.version for coding in Coding.objects.standing()} == {"1"}


def test_the_unchanged_are_carried_over_by_one_act_of_a_person(coded: None, tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path / "2", VERSIONS["gone"][0]), "2")
    [proposal] = carried_proposals(SITES)
    assert (proposal.group.verbatim, proposal.term.dictionary.version) == ("rash", "2")
    choices = [Choice(Seen.of(term), proposal.term) for term in proposal.group.terms]
    assert code_terms(choices, how=How.CARRIED, by=desk.SYSTEM) == 1
    carried = Coding.objects.latest("id")
    assert (carried.how, carried.why, carried.term.code) == (How.CARRIED, Why.NEW_VERSION, "P3")
    change = TrailEvent.objects.latest("id").changes.get()
    assert (change.old, change.new, change.reason_code) == ("P3", "P3", "new_version")
    assert (change.old_shown[-9:], change.new_shown[-9:]) == ("MedDRA 1)", "MedDRA 2)")
    assert carried_proposals(SITES) == []


def test_a_mark_goes_when_the_term_is_coded_again(coded: None, tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path / "2", VERSIONS["gone"][0]), "2")
    code("Fever", r1=HERE)
    assert states()[HERE, "1"] == "coded"
    assert Coding.objects.latest("id").why == Why.NEW_VERSION


def test_what_stands_under_an_old_code_now_is_said(coded: None, tmp_path: Path) -> None:
    old = Coding.objects.order_by("id").first().term
    loaded(Kind.MEDDRA, meddra(tmp_path / "2", VERSIONS["not current"][0]), "2")
    assert not terms_now(SCHEME, [old])["L3"].is_current
    loaded(Kind.MEDDRA, meddra(tmp_path / "3", VERSIONS["gone"][0]), "3")
    assert terms_now(SCHEME, [old]) == {}


def test_another_dictionary_marks_what_was_coded_with_the_one_before(coded: None, tmp_path: Path) -> None:
    other = {"Q1": Pt("Pyrexia", "S7"), "Q2": Pt("Rash", "S7")}
    loaded(Kind.INVENTED_EVENTS, meddra(tmp_path / "2", other), "1")
    assert set(states().values()) == {"outdated"}


# --- the same words ----------------------------------------------------------------------------------------
def test_what_is_word_for_word_a_term_is_proposed_and_coded_when_somebody_says_so(
    coded: None, tmp_path: Path
) -> None:
    events_of("HZ01-002", r1="SKIN  RASH", r2="skin rashes", r3="Skin rash")
    [proposal] = exact_proposals(SITES)
    assert (proposal.term.name, len(proposal.group.terms)) == ("Skin rash", 2)
    assert states()["HZ01-002", "1"] == "uncoded", "nothing is coded in silence"
    choices = [Choice(Seen.of(term), proposal.term) for term in proposal.group.terms]
    assert code_terms(choices, how=How.EXACT, by=desk.SYSTEM) == 2
    assert exact_proposals(SITES) == []


def test_a_mark_of_a_version_is_not_among_the_same_words(coded: None, tmp_path: Path) -> None:
    """Its text may be a term of the new version; which one is a decision, not a likeness."""
    events = EVENTS | {"P3": Pt("Rash", "S1")}
    loaded(Kind.MEDDRA, meddra(tmp_path / "2", events), "2")
    assert states()[HERE, "2"] == "outdated"
    assert exact_proposals(SITES) == []
