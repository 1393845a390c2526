"""Who a subject is stays with the site: a canary in all that anybody else can fetch (AC-03)."""

from typing import Any

import pytest

from patients.casebook.page import PageState
from tests.access.registry import ANONYMOUS, CANARIES, OTHER, OWN, TOKEN, Registry
from tests.access.test_matrix import fetchable, text_of
from trial.people.roles import TABLE, Permission, Role

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
READERS = [role for role in Role if Permission.READ_IDENTITY in TABLE[role]]
KEYS = ("birth_date", "full_name", "hospital_number")


@pytest.mark.requirement("AC-03")
@pytest.mark.parametrize(
    ("who", "site"),
    [(role, OWN) for role in Role if role not in READERS]
    + [(role, OTHER) for role in READERS]
    + [(TOKEN, OWN), (TOKEN, OTHER), (ANONYMOUS, OWN)],
)
def test_nothing_that_they_can_fetch_says_who_a_subject_is(
    registry: Registry, ask: Any, who: str, site: str
) -> None:
    for url in fetchable(registry):
        answer = ask(who, site, "GET", url)
        told = text_of(answer) + str(answer.headers)
        assert [word for word in CANARIES.values() if word in told] == [], url
        if "json" in answer["Content-Type"]:
            assert [key for key in KEYS if f'"{key}"' in told] == [], url


@pytest.mark.requirement("AC-03")
@pytest.mark.parametrize("role", READERS)
def test_the_site_itself_sees_it(registry: Registry, ask: Any, role: Role) -> None:
    """Without this the canaries could be absent because they are nowhere."""
    page = registry.pages[PageState.FROZEN].get_absolute_url()
    assert CANARIES["birth date"] in text_of(ask(role, OWN, "GET", page))
