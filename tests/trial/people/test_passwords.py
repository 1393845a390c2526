"""What a password may be."""

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tests.trial.people import persons
from trial.people.models import Account

pytestmark = pytest.mark.requirement("AC-10")

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
        "a1" * 64,
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
