"""Accounts of the demo: one for each role, with password and TOTP seed printed. Never in production."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from trial.people.access import Person, actor_at
from trial.people.accounts import create_account
from trial.people.acts import record_act
from trial.people.grants import grant_role
from trial.people.limits import forgive
from trial.people.models import Account, Site
from trial.people.roles import Role
from trial.people.second_factor import add_telephone, new_secret
from trial.trail.actor import Source, acting

ADDRESS = "127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """What somebody needs to sign in as a role."""

    role: Role
    user_name: str
    password: str
    seed: str


def demo_accounts(*, by: Person) -> Iterator[DemoAccount]:
    """An account for each role at every site, with a new password and a new second factor.

    Raises ImproperlyConfigured in production.
    """
    if settings.PRODUCTION:
        raise ImproperlyConfigured("demo accounts are refused in production")
    for role in Role:
        yield _account(role, by=by)


def _account(role: Role, *, by: Person) -> DemoAccount:
    user_name, password = f"demo.{role}", secrets.token_urlsafe(12)
    with transaction.atomic(), acting(actor_at(by, site="", source=Source.COMMAND)):
        account = Account.objects.filter(user_name=user_name).first()
        account = account or create_account(user_name, f"Demo {role.label}", by=by)
        account.set_password(password)
        account.save()
        held = account.grants.still_to_end().filter(role=role)
        for site in Site.objects.exclude(pk__in=held.values("site")):
            grant_role(account, role, site, by=by, reason="demo")
        record_act("password.set", user_name, by=by)
        Authenticator.objects.filter(user=account).delete()
        seed = new_secret()
        add_telephone(account, seed, by=by)
        forgive(user_name)
    return DemoAccount(role, user_name, password, seed)
