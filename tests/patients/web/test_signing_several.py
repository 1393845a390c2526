"""Several pages are chosen from a list and signed with one proof of who signs, in the browser (ES-09)."""

import html
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from patients.casebook.page import Page, PageState
from patients.oversight.signatures import Signature
from tests.patients.entry import desk as entry
from tests.patients.entry.signing_desk import eligibility, principal_investigator, screened
from tests.patients.web import people
from tests.patients.web.test_signing import WRONG, Person
from tests.trial.people.persons import code_of
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("ES-09")]
URL = reverse("sign-several")


@pytest.fixture
def pi() -> Person:
    return Person(principal_investigator())


@pytest.fixture
def pages(pi: Person) -> list[Page]:
    """Eligibility and demographics of two subjects; the first two wait for their approval."""
    found = [screened(code) for code in ("HZ01-001", "HZ01-002")]
    return [page for each in found for page in (eligibility(each), entry.page_of(each, "DM"))]


def shown(pi: Person, **asked: str) -> str:
    return html.unescape(pi.client.get(URL, asked).content.decode())


def offered(pi: Person, **asked: str) -> dict[int, str]:
    """What the list offers to sign: by number of the page, what its box says."""
    found = re.findall(r'name="page" value="((\d+):\w+)"', shown(pi, **asked))
    return {int(number): value for value, number in found}


def sign(pi: Person, *pages: str, **given: str) -> HttpResponse:
    proof = {"user_name": pi.account.user_name, "password": people.PASSWORD, "code": code_of(pi.secret)}
    sent: dict[str, Any] = proof | {"meaning": "review", "page": list(pages)} | given
    return pi.client.post(URL, sent)


def test_the_list_shows_what_is_complete_and_waits(pi: Person, pages: list[Page]) -> None:
    assert offered(pi).keys() == {pages[1].pk, pages[3].pk}, "eligibility is not complete before it is signed"
    assert offered(pi, subject="HZ01-002").keys() == {pages[3].pk}
    assert offered(pi, subject="HZ01-009") == {}


def test_those_chosen_are_signed_in_one_act_and_counted(pi: Person, pages: list[Page]) -> None:
    answer = sign(pi, *offered(pi).values())
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert "2 pages are signed." in shown(pi)
    assert {entry.now(pages[n]).state for n in (1, 3)} == {PageState.SIGNED}
    assert Signature.objects.count() == 2
    assert offered(pi) == {}


def test_a_later_batch_asks_for_the_password_alone(pi: Person, pages: list[Page]) -> None:
    first, second = offered(pi).values()
    assert 'name="code"' in shown(pi)
    sign(pi, first)
    assert 'name="code"' not in shown(pi)
    assert sign(pi, second, code="", user_name="").status_code == 302


def test_one_that_changed_in_between_is_named_and_none_is_signed(pi: Person, pages: list[Page]) -> None:
    seen = offered(pi).values()
    entry.save(pages[3], {"hctci": "5"}, why=entry.BECAUSE)
    answer = sign(pi, *seen)
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "HZ01-002 SCR DM: The page has changed since it was shown to you." in text
    assert text.count(" checked") >= 2, "what was chosen is still chosen"
    assert not Signature.objects.exists()


def test_what_changed_since_the_last_signature_is_shown(pi: Person, pages: list[Page]) -> None:
    sign(pi, *offered(pi).values())
    entry.save(entry.now(pages[3]), {"hctci": "3"}, why=entry.BECAUSE)
    text = shown(pi)
    assert offered(pi).keys() == {pages[3].pk}
    assert "changed since it was signed" in text
    assert "1 change since" in text
    assert "HCT-CI" in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"password": WRONG}, "User name, password or code is wrong. Nothing was signed."),
        ({"meaning": "none"}, "Choose what your signature means."),
        ({"page": []}, "Choose the pages that you sign."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_signed(
    pi: Person, pages: list[Page], given: dict[str, Any], said: str
) -> None:
    answer = sign(pi, *offered(pi).values(), **given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Signature.objects.exists()


def test_a_form_that_is_sent_again_signs_once(pi: Person, pages: list[Page]) -> None:
    token = re.search(r'name="form_token" value="([^"]+)"', shown(pi))
    assert token
    code = code_of(pi.secret)
    sent = list(offered(pi).values())
    answers = [sign(pi, *sent, form_token=token[1], code=code).status_code for _time in range(3)]
    assert answers == [302] * 3
    assert Signature.objects.count() == 2
    assert TrailEvent.objects.filter(action="page.signed").count() == 2
    assert sign(pi, sent[0], form_token=token[1]).status_code == 422


@pytest.mark.parametrize(
    ("page", "status"), [("x:y", 400), ("", 400), ("٣:a", 400), ("987654:a", 404), ("9" * 30 + ":a", 400)]
)
def test_a_page_that_is_none_is_refused(pi: Person, pages: list[Page], page: str, status: int) -> None:
    assert sign(pi, page).status_code == status


def test_a_page_of_another_site_is_not_found(pi: Person, pages: list[Page]) -> None:
    other = Person(people.a_member(Role.PRINCIPAL_INVESTIGATOR, "HZ02", name="pi.hz02"))
    assert offered(other) == {}
    assert sign(other, *offered(pi).values()).status_code == 404


def test_the_work_list_leads_to_it(pi: Person, pages: list[Page]) -> None:
    assert URL in pi.client.get(reverse("work", args=["sign"])).content.decode()
