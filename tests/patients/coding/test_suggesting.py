"""Which terms are like a text: the index says what the pure function says, and no more than is current."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.coding.folding import fold, likeness
from patients.coding.schemes import EVENTS as SCHEME
from patients.coding.schemes import Kind
from patients.coding.suggesting import exact_terms, search, suggest, suggest_each
from patients.coding.trigram_index import LEAST_LIKE, TrigramIndex
from tests.patients.coding.distributions import EVENTS, Pt, loaded, meddra
from tests.trial.trail.faults import counted

WORDS = st.text(st.sampled_from("abcde发热 "), min_size=1, max_size=14)


@given(st.lists(WORDS, max_size=8), WORDS)
def test_the_index_finds_what_is_likest(texts: list[str], asked: str) -> None:
    index = TrigramIndex.read(TrigramIndex.of(enumerate(map(fold, texts))).written())
    found = dict(index.like(asked, len(texts) + 1))
    alike = {number: likeness(text, asked) for number, text in enumerate(texts)}
    assert found == pytest.approx({number: share for number, share in alike.items() if share >= LEAST_LIKE})


@given(st.lists(WORDS, min_size=3, max_size=8), WORDS)
def test_of_many_the_best_are_kept(texts: list[str], asked: str) -> None:
    index = TrigramIndex.of(enumerate(map(fold, texts)))
    kept, found = index.like(asked, 2), index.like(asked, len(texts) + 1)
    assert [share for _number, share in kept] == pytest.approx([share for _number, share in found[:2]])


@pytest.fixture
def events(db: None, tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path))


def names(found: list) -> list[str]:
    return [each.term.name for each in found]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("neutropaenia", "Neutropenia"),
        ("NEUTROPHILS  LOW", "Neutrophils low"),
        ("low neutrophils", "Neutrophils low"),
        ("pyrexa", "Pyrexia"),
        ("rash of the skin", "Skin rash"),
    ],
)
def test_the_likest_comes_first(events: None, typed: str, first: str) -> None:
    assert names(suggest(SCHEME, typed))[0] == first


def test_what_is_like_nothing_gets_no_suggestion(events: None) -> None:
    assert suggest(SCHEME, "xyzzy") == []
    assert suggest(SCHEME, "") == []


def test_a_term_that_is_not_current_is_neither_suggested_nor_found_nor_exact(events: None) -> None:
    assert "ANC low" not in names(suggest(SCHEME, "ANC low"))
    assert names(search(SCHEME, "L2", 5)) == []
    assert exact_terms(SCHEME, ["ANC low"]) == {}


def test_search_finds_by_part_of_the_words_and_by_code(events: None) -> None:
    assert names(search(SCHEME, "neutro", 5)) == ["Neutropenia", "Neutrophils low"]
    assert names(search(SCHEME, "L3", 5)) == ["Pyrexia"]


def test_the_same_words_are_one_term(events: None) -> None:
    found = exact_terms(SCHEME, ["FEVER", " skin  rash", "fevers"])
    assert {text: term.name for text, term in found.items()} == {"FEVER": "Fever", " skin  rash": "Skin rash"}


def test_words_that_name_terms_of_two_concepts_are_left_to_a_person(db: None, tmp_path: Path) -> None:
    loaded(Kind.MEDDRA, meddra(tmp_path, EVENTS | {"P9": Pt("Heat", llts={"L9": "Fever"})}))
    assert exact_terms(SCHEME, ["fever"]) == {}


def test_several_texts_take_the_statements_of_one(events: None) -> None:
    def statements(*texts: str) -> int:
        suggest(SCHEME, "fever")  # the index is there
        with counted() as sent:
            suggest_each(SCHEME, texts)
        return len(sent)

    assert statements("fever") == statements("fever", "rash", "neutrophils") == 2
