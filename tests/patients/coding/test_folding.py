"""When two texts are the same term, and how alike they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.coding.folding import fold, likeness, trigrams

TEXTS = st.text(max_size=40)
WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12)

SAME = [
    ("Neutropenia", "neutropenia"),
    ("  Acute   GVHD ", "acute gvhd"),
    ("ＣＲＳ", "crs"),
    ("Fever\u00a0of unknown\tkind", "fever of unknown kind"),
    ("发热", " 发热 "),
    ("Straße", "STRASSE"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_case_width_and_spacing_tell_no_terms_apart(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert likeness(one, other) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("Fever", "Fevers"), ("发热", "发烧"), ("ALT raised", "AST raised")]
)
def test_other_letters_do(one: str, other: str) -> None:
    assert fold(one) != fold(other)
    assert 0 < likeness(one, other) < 1


def test_the_order_of_words_does_not_matter_to_likeness_and_does_to_sameness() -> None:
    assert likeness("low platelets", "platelets low") == 1
    assert fold("low platelets") != fold("platelets low")


@pytest.mark.parametrize(
    ("typed", "meant", "other"),
    [
        ("neutropaenia", "neutropenia", "nephropathy"),
        ("cytokin release syndrom", "cytokine release syndrome", "capillary leak syndrome"),
        ("中性粒细胞减少", "中性粒细胞减少症", "血小板减少"),
    ],
)
def test_a_slip_of_the_keyboard_is_nearer_to_what_was_meant(typed: str, meant: str, other: str) -> None:
    assert likeness(typed, meant) > likeness(typed, other)


@given(TEXTS)
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.lists(WORDS, max_size=4), st.sampled_from([" ", "  ", "\t", "\u3000"]))
def test_spaces_of_any_kind_and_number_are_one(words: list[str], space: str) -> None:
    assert fold(f" {space.join(words)} ") == fold(" ".join(words))


@given(TEXTS, TEXTS)
def test_likeness_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    found = likeness(one, other)
    assert 0 <= found <= 1
    assert found == likeness(other, one)
    if trigrams(fold(one)):
        assert likeness(one, one) == 1
