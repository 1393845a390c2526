"""Signing in and out, each with its event."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.patients.web import people
from trial.people.models import Account
from trial.trail.models import TrailEvent

SIGN_IN = reverse("sign-in")


def sign_in(client: Client, name: str, password: str, **more: str):
    return client.post(SIGN_IN, {"login": name, "password": password, **more})


def acts() -> list[tuple[str, str]]:
    kept = TrailEvent.objects.filter(action__contains="sign")
    return list(kept.order_by("id").values_list("action", "about"))


def test_the_right_password_opens_the_subjects(client: Client, coordinator: Account) -> None:
    opened = sign_in(client, "LIN.Qiao", people.PASSWORD)
    assert client.get(opened["Location"]).status_code == 200
    assert acts() == [("person.signed_in", "lin.qiao")]
    event = TrailEvent.objects.get(action="person.signed_in")
    assert (event.actor, event.actor_name, event.source) == ("lin.qiao", "Lin Qiao", "web")


def test_a_person_comes_back_to_where_the_sign_in_was_asked(client: Client, coordinator: Account) -> None:
    asked = client.get("/subjects/HZ01-001/")
    assert asked["Location"] == f"{SIGN_IN}?next=/subjects/HZ01-001/"
    answer = sign_in(client, "lin.qiao", people.PASSWORD, next="/subjects/HZ01-001/")
    assert answer["Location"] == "/subjects/HZ01-001/"


def test_another_host_is_no_place_to_come_back_to(client: Client, coordinator: Account) -> None:
    answer = sign_in(client, "lin.qiao", people.PASSWORD, next="https://elsewhere.example/")
    assert answer["Location"] == reverse("home")


def test_a_wrong_password_and_an_unknown_name_look_alike(client: Client, coordinator: Account) -> None:
    wrong, unknown = sign_in(client, "lin.qiao", "wrong"), sign_in(client, "nobody.at.all", "wrong")
    assert wrong.status_code == unknown.status_code == 200
    assert "User name or password is wrong." in wrong.content.decode()
    assert "User name or password is wrong." in unknown.content.decode()


def test_a_refusal_is_recorded_without_what_was_typed(client: Client, coordinator: Account) -> None:
    sign_in(client, "lin.qiao", "wrong")
    sign_in(client, "my secret passphrase", "wrong")
    assert acts() == [("sign_in.refused", "lin.qiao"), ("sign_in.refused", "unknown user name")]
    assert not TrailEvent.objects.filter(about__contains="secret").exists()


def test_a_deactivated_account_does_not_sign_in(client: Client, coordinator: Account) -> None:
    coordinator.is_active = False
    coordinator.save()
    assert sign_in(client, "lin.qiao", people.PASSWORD).status_code == 200
    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session_and_is_recorded(desk: Client) -> None:
    assert desk.post(reverse("sign-out"))["Location"] == SIGN_IN
    assert acts() == [("person.signed_out", "lin.qiao")]
    assert desk.get(reverse("subjects")).status_code == 302


def test_a_link_signs_nobody_out(desk: Client) -> None:
    assert desk.get(reverse("sign-out")).status_code == 405
    assert desk.get(reverse("subjects")).status_code == 200


@pytest.mark.django_db
def test_the_language_is_switched_by_post_and_comes_back(client: Client) -> None:
    answer = client.post(reverse("set-language"), {"language": "zh-hans", "next": SIGN_IN})
    assert answer["Location"] == SIGN_IN
    assert '<html lang="zh-hans">' in client.get(SIGN_IN).content.decode()
