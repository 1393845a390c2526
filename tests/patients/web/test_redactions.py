"""The screen on which two people hide a text."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Subject
from patients.oversight.redaction import Redaction
from tests.patients.web import people
from trial.environment import SecretPlace
from trial.people.roles import TABLE, Permission, Role
from trial.trail.seals import seal_trail

pytestmark = pytest.mark.one_engine

NAME = "Wang Wu, 王五"


@pytest.fixture
def url(subject: Subject) -> str:
    people.save(
        people.page_of(subject, "DX", "SCR"), {"karyotype_iscn": f"see {NAME}"}, {"form_date": "2025-05-16"}
    )
    return reverse("redactions", args=[subject.code])


@pytest.fixture
def manager(db: None) -> Client:
    return people.signed_in(people.a_member(Role.DATA_MANAGER, name="mei.zhang"))


@pytest.fixture
def investigator(db: None) -> Client:
    return people.signed_in(people.a_member(Role.PRINCIPAL_INVESTIGATOR, name="shen.yi"))


def ask(client: Client, url: str, text: str = NAME, reason: str = "a relative's name"):
    return client.post(url, {"do": "ask", "text": text, "reason": reason})


@pytest.mark.requirement("AT-12")
def test_one_asks_and_another_hides(url: str, manager: Client, investigator: Client) -> None:
    assert ask(manager, url).status_code == 302
    number = Redaction.objects.get().pk
    own, others = (client.get(f"{url}?look={number}").content.decode() for client in (manager, investigator))
    assert NAME in own
    assert 'value="approve"' not in own
    assert 'value="approve"' in others
    decided = {"do": "approve", "redaction": str(number)}
    assert manager.post(url, decided).status_code == 422
    assert "The text is hidden." in investigator.post(url, decided, follow=True).content.decode()
    for page in (url, reverse("trail", args=["HZ01-001"])):
        assert "王五" not in manager.get(page).content.decode()
    assert "[hidden " in manager.get(reverse("trail", args=["HZ01-001"])).content.decode()


def test_files_are_read_only_for_the_request_that_is_looked_at(
    url: str, manager: Client, investigator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def looked(subject: Subject, text: str) -> list[str]:
        read.append(text)
        return ["snapshot 7"] if text == NAME else []

    monkeypatch.setattr("patients.web.redaction_views.kept_elsewhere", looked)
    for text in (NAME, NAME[:-1]):
        ask(manager, url, text)
    assert 'value="approve"' not in investigator.get(url).content.decode()
    assert read == []
    shorter, longer = Redaction.objects.all()
    assert "snapshot 7" in investigator.get(f"{url}?look={longer.pk}").content.decode()
    assert "stands nowhere else" in investigator.get(f"{url}?look={shorter.pk}").content.decode()
    assert read == [NAME, NAME[:-1]]


def test_what_is_refused_keeps_what_was_typed(url: str, manager: Client) -> None:
    answer = ask(manager, url, text="stands nowhere")
    assert answer.status_code == 422
    assert "This text stands nowhere" in answer.content.decode()
    assert 'value="stands nowhere"' in answer.content.decode()


def test_without_the_key_that_signs_it_nothing_is_hidden(
    url: str, manager: Client, investigator: Client, settings: Any
) -> None:
    ask(manager, url)
    seal_trail()
    settings.SEAL_KEY = SecretPlace("another key than the one in force")
    answer = investigator.post(url, {"do": "approve", "redaction": str(Redaction.objects.get().pk)})
    assert answer.status_code == 503
    assert "the key that signs it is not there" in answer.content.decode()
    assert Redaction.objects.get().state == "asked"


def test_another_may_refuse(url: str, manager: Client, investigator: Client) -> None:
    ask(manager, url)
    decided = {"do": "refuse", "redaction": str(Redaction.objects.get().pk)}
    assert "stays where it stands" in investigator.post(url, decided, follow=True).content.decode()
    assert Redaction.objects.get().state == "refused"


@pytest.mark.parametrize("number", ["", "x", "999999", "9" * 40])
def test_what_nobody_asked_for_is_not_found(number: str, url: str, manager: Client) -> None:
    assert manager.post(url, {"do": "approve", "redaction": number}).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_as_the_table_says(role: Role, url: str) -> None:
    client, rights = people.signed_in(people.a_member(role)), TABLE[role]
    expected = 200 if Permission.REDACT in rights else 403 if Permission.READ in rights else 404
    assert client.get(url).status_code == expected
    assert people.signed_in(people.a_member(role, "HZ02", f"{role}.other")).get(url).status_code == 404
