"""Acts of signing in, of sessions, of passwords and of second factors."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.acts.world import OTHER, TEST, Deed, World, act
from tests.patients.web import people
from tests.patients.web.people import SETUP
from tests.trial.people import persons
from tests.trial.people.persons import try_code, try_password
from trial.people import second_factor
from trial.people.accounts import create_account, issue_link
from trial.people.reauthentication import ProofRefused, reauthenticated

OWN = "a sentence that nobody else has"


@act("person.signed_in", "lin.qiao", "lin.qiao")
def sign_in(world: World) -> Deed:
    return lambda: try_password(Client(), "lin.qiao")


@act("sign_in.refused", "system:sign-in", "lin.qiao")
def fail_to_sign_in(world: World) -> Deed:
    return lambda: try_password(Client(), "lin.qiao", "wrong")


@act("sign_in.locked", "system:sign-in", "lin.qiao")
def be_locked_out(world: World) -> Deed:
    """The fifth failure is a failure and the lock: two events, of which one is the lock."""
    for _try in range(4):
        try_password(Client(), "lin.qiao", "wrong")
    return lambda: try_password(Client(), "lin.qiao", "wrong")


@act("person.signed_out", "lin.qiao", "lin.qiao")
def sign_out(world: World) -> Deed:
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("sign-out"))


@act("recovery_code.used", "mei.zhang", "mei.zhang")
def use_a_recovery_code(world: World) -> Deed:
    codes = second_factor.recovery_codes(world.manager)
    assert codes
    code = codes.get_unused_codes()[0]
    client = Client()
    try_password(client, "mei.zhang")
    return lambda: try_code(client, code)


@act("second_factor.added", TEST, "lin.qiao")
def add_a_telephone(world: World) -> Deed:
    return lambda: persons.with_telephone(world.coordinator)


@act("second_factor.removed", "lin.qiao", "lin.qiao")
def remove_a_telephone(world: World) -> Deed:
    persons.with_telephone(world.coordinator)
    factor = world.coordinator.authenticator_set.exclude(type="recovery_codes").get()
    request = world.request(world.coordinator)
    return lambda: second_factor.remove_factor(world.coordinator, factor.pk, request=request)


@act("recovery_codes.made", "mei.zhang", "mei.zhang")
def make_recovery_codes(world: World) -> Deed:
    return lambda: second_factor.new_recovery_codes(world.manager, request=world.request(world.manager))


@act("second_factor.reset_requested", TEST, "mei.zhang")
def ask_for_a_reset(world: World) -> Deed:
    return lambda: second_factor.request_reset(world.manager, by=SETUP, reason="lost")


@act("second_factor.reset", OTHER.user_name, "mei.zhang")
def reset_the_second_factor(world: World) -> Deed:
    second_factor.request_reset(world.manager, by=SETUP, reason="lost")
    return lambda: second_factor.approve_reset(world.manager, by=OTHER)


# --- sessions ----------------------------------------------------------------------------------------------
@act("session.ended", "lin.qiao", "lin.qiao")
def end_another_session(world: World) -> Deed:
    there, here = persons.sign_in(world.coordinator), persons.sign_in(world.coordinator)
    other = UserSession.objects.get(session_key=there.session.session_key)
    return lambda: here.post(reverse("my-sessions"), {"session": other.pk})


@act("session.ended", "lin.qiao", "lin.qiao")
def leave_a_session_alone(world: World) -> Deed:
    client = persons.sign_in(world.coordinator)

    def deed() -> None:
        with time_machine.travel(timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS + 60)):
            client.get(reverse("subjects"))

    return deed


# --- passwords and proofs ----------------------------------------------------------------------------------
@act("password.set", "new.one", "new.one")
def set_a_password(world: World) -> Deed:
    link = issue_link(create_account("new.one", "New One", by=SETUP), by=SETUP)
    return lambda: Client().post(link, {"password": OWN, "again": OWN})


@act("set_up_link.refused", "system:sign-in", "unknown user name")
def open_a_link_that_is_over(world: World) -> Deed:
    return lambda: Client().get("/set-password/nobody-has-this-one/")


@act("password.changed", "lin.qiao", "lin.qiao")
def change_the_password(world: World) -> Deed:
    return lambda: _change_password(world, people.PASSWORD)


@act("password.refused", "system:sign-in", "lin.qiao")
def change_the_password_without_the_present_one(world: World) -> Deed:
    return lambda: _change_password(world, "wrong")


def _change_password(world: World, present: str) -> None:
    typed = {"present": present, "password": OWN, "again": OWN}
    persons.sign_in(world.coordinator).post(reverse("change-password"), typed)


@act("confirmation.refused", "system:sign-in", "lin.qiao")
def fail_to_confirm(world: World) -> Deed:
    client = persons.sign_in(world.coordinator)
    return lambda: client.post(reverse("confirm"), {"password": "wrong"})


@act("signature.refused", "system:sign-in", "mei.zhang")
def fail_to_prove_for_a_signature(world: World) -> Deed:
    def deed() -> None:
        with pytest.raises(ProofRefused):
            reauthenticated(world.request(world.manager), "wrong", user_name="mei.zhang")

    return deed
