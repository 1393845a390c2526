"""What a password may be."""

import string

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tests.trial.people import persons
from trial.people.guesses import is_guessable
from trial.people.models import Account

pytestmark = [pytest.mark.one_engine, pytest.mark.requirement("AC-10")]

REFUSED = {
    "short": ("eleven char", "password_too_short"),
    "long": ("ab" * 64 + "c", "password_too_long"),
    "common": ("qwertyuiop[]", "password_too_common"),
    "study": ("my CHIMERA phrase", "password_context_word"),
    "registry": ("nct05827835 nct05827835", "password_context_word"),
    "site": ("winter in hz01 is cold", "password_context_word"),
    "name of the site": ("I love Hangzhou so much", "password_context_word"),
    "user name": ("it is lin.qiao indeed", "password_context_word"),
    "printed name": ("dear doctor qiao hello", "password_context_word"),
}


@pytest.mark.parametrize("typed", REFUSED)
def test_what_is_refused(coordinator: Account, typed: str) -> None:
    password, code = REFUSED[typed]
    with pytest.raises(ValidationError) as refused:
        validate_password(password, coordinator)
    assert code in [error.code for error in refused.value.error_list]


@pytest.mark.parametrize(
    "password",
    [
        "x" * 5 + "y7 " * 19 + "zz",
        "春眠不觉晓处处闻啼鸟夜来",
        "correct horse battery",
        "all lower case it is",
        "a kettle of forty two herons flew " * 3 + "over the old harbour wall.",
    ],
    ids=["64 characters", "Chinese", "words", "no composition", "128 characters"],
)
def test_what_is_accepted(coordinator: Account, password: str) -> None:
    validate_password(password, coordinator)


def test_a_chinese_name_is_known_of_the_person(db: None) -> None:
    account = Account.objects.create_account("wang", "王小明")
    with pytest.raises(ValidationError):
        validate_password("春眠不觉晓王小明夜来风雨声", account)


def test_passwords_are_kept_as_argon2id(coordinator: Account) -> None:
    assert identify_hasher(coordinator.password).algorithm == "argon2"
    assert coordinator.password.startswith("argon2$argon2id$")
    assert persons.PASSWORD not in coordinator.password


GUESSED = (
    # capitals, digits and signs around a common word
    "Password2026!!", "2026Password!", "PASSWORD 2026 ??", "Welcome2026!!!", "Dragon!!!2026",
    "Iloveyou20262026",
    # signs for letters
    "P@ssw0rd2026!!", "pa55w0rd#1234", "L3tm31n!!2026", "@dm1n1str@t0r",
    # written more than once
    "passwordpassword", "pass word pass word", "abcabcabcabc", "aaaaaaaaaaaa", "123456123456", "a1" * 64,
    "monkey-monkey-1",
    # walks over the keyboard and along the alphabet
    "1qaz2wsx3edc", "1QAZ@WSX#EDC", "zaq12wsxcde3", "qweasdzxc123", "Qwertyuiop123!", "asdfghjkl;'asdf",
    "0987654321qwerty", "mnbvcxz987654", "abcdefghijkl",
    # words of such a house
    "Hospital2026!", "Leukemia-2026",
)  # fmt: skip
NOT_GUESSED = (
    "correct horse battery", "all lower case it is", "a sentence that nobody else has", "nine lamps in march",
    "my dragon eats figs", "password hygiene class", "kettle7Orbit pavement", "Tr0ub4dor&3xyz",
    "wQ7#pLx92!mZ", "839201746352", "春眠不觉晓处处闻啼鸟夜来",
)  # fmt: skip


@pytest.mark.parametrize("password", GUESSED)
def test_what_is_made_of_a_common_password_is_refused_like_it(coordinator: Account, password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, coordinator)
    assert "password_too_common" in [error.code for error in refused.value.error_list]


@pytest.mark.parametrize("password", NOT_GUESSED)
def test_what_only_holds_a_common_word_is_accepted(coordinator: Account, password: str) -> None:
    validate_password(password, coordinator)


@pytest.mark.parametrize(
    "password", ["winter is in H4NGZH0U", "the ch1mer@ of spring", "dear d0ctor Q1AO hello"]
)
def test_a_name_is_found_with_signs_for_its_letters(coordinator: Account, password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, coordinator)
    assert "password_context_word" in [error.code for error in refused.value.error_list]


@given(st.text(string.printable, min_size=1, max_size=11), st.integers(2, 10))
def test_what_is_short_does_not_become_long_by_being_repeated(unit: str, times: int) -> None:
    assert is_guessable(unit * times)


@given(st.text(min_size=12, max_size=128))
def test_any_text_is_judged(password: str) -> None:
    assert is_guessable(password) in (True, False)
