"""By what two people are seen to be one: the same person is not typed the same twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.casebook.likeness import Sign, initials_of, signs_of, tidy

pytestmark = pytest.mark.requirement("DI-11")

INITIALS = (
    ("Zhang Xiaoming", "xz"),
    ("ZHANG XIAOMING", "xz"),
    ("Xiaoming Zhang", "xz"),
    ("Xiao-Ming, Zhang", "xz"),
    ("ｚｈａｎｇ　ｘｉａｏｍｉｎｇ", "xz"),
    ("Lü Éva", "el"),
    ("O'Brien", "o"),
    ("张晓明", "张晓"),
    ("张 晓 明", "张晓"),
    ("欧阳修", "欧阳"),
    ("阿卜杜·热合曼", "阿卜"),
    ("张晓明 (Zhang)", "张晓"),
    ("王", "王"),
    ("𠮷野", "𠮷野"),
    ("", ""),
    (" - ", ""),
)


@pytest.mark.parametrize(("typed", "initials"), INITIALS)
def test_initials_are_the_same_however_a_name_is_typed(typed: str, initials: str) -> None:
    assert initials_of(typed) == initials


@pytest.mark.parametrize("typed", ["zy 001 2345", "ZY-0012345", "ＺＹ００１２３４５", " zy0012345 "])
def test_a_number_is_letters_and_digits(typed: str) -> None:
    assert tidy(typed) == "zy0012345"


KNOWN = (
    (("1992-04-04", "Li Na", "7"), {*Sign}),
    (("1992-04-04", "", ""), {Sign.BIRTH_DATE}),
    (("1992-04", "Li Na", ""), {Sign.BIRTH_YEAR_AND_INITIALS}),
    (("1992", "李娜", ""), {Sign.BIRTH_YEAR_AND_INITIALS}),
    (("", "Li Na", ""), set()),
    (("", "", "7"), {Sign.HOSPITAL_NUMBER}),
    (("not a day", "Li Na", ""), set()),
    (("", "", " - "), set()),
)


@pytest.mark.parametrize(("identity", "signs"), KNOWN)
def test_nothing_is_compared_that_is_not_known(identity: tuple[str, str, str], signs: set[Sign]) -> None:
    assert set(signs_of(*identity)) == signs


WORDS = st.lists(st.sampled_from(("zhang", "xiao", "élan", "lü", "o'brien")), min_size=1, max_size=4)


@given(WORDS, st.permutations(range(4)), st.sampled_from((" ", ", ", "·", "  ")), st.booleans())
def test_order_case_and_what_stands_between_make_no_difference(
    words: list[str], order: list[int], between: str, is_upper: bool
) -> None:
    turned = between.join(words[place] for place in order if place < len(words))
    assert initials_of(turned.upper() if is_upper else turned) == initials_of(" ".join(words))
