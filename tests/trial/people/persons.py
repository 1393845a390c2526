"""People who sign in: an account with a role, a password, and what their telephone shows."""

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction
from django.test import Client
from django.urls import reverse

from trial.people.access import SystemPerson
from trial.people.models import Account, Member, Site
from trial.people.roles import Permission, Role
from trial.people.second_factor import add_telephone, new_secret
from trial.people.tokens import issue_token
from trial.trail.models import TrailEvent

SETUP = SystemPerson("test", on_behalf_of="ada")
NAMES = {"HZ01": "Hangzhou"}
PASSWORD = "correct horse battery staple"  # pragma: allowlist secret
SIGN_IN, CODE, HOME = reverse("sign-in"), reverse("mfa_authenticate"), reverse("subjects")


def a_person(role: Role | None = Role.COORDINATOR, name: str = "lin.qiao", *, site: str = "HZ01") -> Account:
    """Somebody with a password and, if any, this role at the site."""
    account = Account.objects.create_account(name, name.replace(".", " ").title(), PASSWORD)
    if role:
        at, _new = Site.objects.get_or_create(code=site, defaults={"name": NAMES.get(site, site)})
        Member.objects.create(account=account, site=at, role=role, granted_by="test", reason="test")
    return account


def with_telephone(account: Account) -> str:
    """Give somebody a telephone; its seed."""
    secret = new_secret()
    with transaction.atomic():
        add_telephone(account, secret, by=SETUP)
    account.__dict__.pop("has_second_factor", None)
    return secret


def a_token(*permissions: Permission, sites: tuple[str, ...] = ("HZ01",)) -> str:
    """The clear text of a token that carries these permissions at these sites."""
    found = list(Site.objects.filter(code__in=sites))
    return issue_token("a program", by="test", sites=found, permissions=list(permissions))


def code_of(secret: str, steps: int = 0) -> str:
    """What the telephone shows now, or shows some steps of 30 seconds later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def signed_in(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def try_password(client: Client, name: str, password: str = PASSWORD, **more: str):
    return client.post(SIGN_IN, {"login": name, "password": password, **more})


def try_code(client: Client, code: str):
    return client.post(CODE, {"code": code})


def sign_in(account: Account, secret: str = "", steps: int = 0) -> Client:
    """Sign in as a person does."""
    client = Client()
    answer = try_password(client, account.user_name)
    if secret:
        answer = try_code(client, code_of(secret, steps))
    assert answer.status_code == 302, answer.content.decode()
    assert "_auth_user_id" in client.session
    return client


def is_in(client: Client) -> bool:
    """Whether this client still has a session that a page accepts."""
    answer = client.get(reverse("my-sessions"))
    return answer.status_code == 200


def acts(*without: str) -> list[tuple[str, str, str]]:
    """What stands on the trail, in order: act, actor, about whom."""
    events = TrailEvent.objects.exclude(action__in=without).order_by("id")
    return list(events.values_list("action", "actor", "about"))
