"""The first person of an empty registry: an account administrator, by a link that is printed once.

There is no default password. As long as no account administrator has a password, a start of the server prints
a link, unless one that was printed before can still be used.
"""

import logging

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from trial.people.access import SystemPerson
from trial.people.accounts import create_account, issue_link
from trial.people.acts import record_act
from trial.people.grants import grant_role
from trial.people.models import Account, SetUpLink, Site
from trial.people.roles import Role

USER_NAME = "administrator"
OFFICE = "REGISTRY"  # where the account administrator holds the role: no centre, so no subject
LOCAL = "127.0.0.1:8000"


def address_of_registry() -> str:
    """Where people open this registry, as far as the settings say it."""
    if settings.PRODUCTION:
        return f"https://{settings.ALLOWED_HOSTS[0]}"
    return f"http://{LOCAL}"


def link_for_first_administrator() -> str | None:
    """A set-up link for the first account administrator; None if there is nothing to print."""
    by = SystemPerson("first-start")
    with transaction.atomic():
        administrators = Account.objects.select_for_update().filter(
            grants__role=Role.ACCOUNT_ADMINISTRATOR, is_active=True
        )
        if any(account.has_usable_password() for account in administrators):
            return None
        account = administrators.filter(user_name=USER_NAME).first() or _first_administrator(by)
        if SetUpLink.objects.filter(account=account, used=None, expires__gt=timezone.now()).exists():
            return None
        return address_of_registry() + issue_link(account, by=by)


def _first_administrator(by: SystemPerson) -> Account:
    account = create_account(USER_NAME, "Account administrator", by=by)
    office, new = Site.objects.get_or_create(code=OFFICE, defaults={"name": "Registry office"})
    if new:
        record_act("site.registered", OFFICE, by=by, site=OFFICE)
    grant_role(account, Role.ACCOUNT_ADMINISTRATOR, office, by=by, reason="first start")
    return account


def announce() -> None:
    """Print the link of the first administrator into the log of the server, if there is one to print."""
    try:
        link = link_for_first_administrator()
    except DatabaseError:  # not migrated yet, or another worker was faster
        return
    if link:
        logging.getLogger("chimera").warning(
            "Set up the first account (%s) within an hour: %s", USER_NAME, link
        )
