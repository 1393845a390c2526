"""Acts at no site: who reads those of the registry and those about accounts, on which page, and taken out."""

import csv
import hashlib
import io
import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.patients.web import people
from trial.people.first_start import link_for_first_administrator
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role
from trial.people.trail_readers import acts_without_site_for
from trial.trail.actor import Source, acting, system_actor
from trial.trail.kinds import ACCOUNT_ACTS, ACTS_OVER_SITES, REGISTRY_ACTS
from trial.trail.models import TrailEvent
from trial.trail.record import Place, record_event

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AT-10")]

TRAIL, ACCOUNTS = reverse("trail-of-sites"), reverse("trail-of-accounts")
DONE = ("configuration.changed", "lock.made", "trail.verified", "trail.exported", "sign_in.refused")


@pytest.fixture(autouse=True)
def done() -> None:
    """One act of each sort at no site, and two sites."""
    for code in ("HZ01", "HZ02"):
        people.a_site(code)
    with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
        for action in DONE:
            record_event(action, Place(about=f"of {action}"))


def told(client: Client, url: str = TRAIL, **asked: str) -> set[str]:
    """Which of the acts a page shows."""
    text = client.get(url, asked).content.decode()
    return {action for action in DONE if f"of {action}<" in text}


def somebody(role: Role, *sites: str) -> Account:
    for site in sites:
        account = people.a_member(role, site, f"some.{role}")
    return account


REGISTRY = {"configuration.changed", "lock.made", "trail.verified"}


@pytest.mark.parametrize(
    ("role", "sites", "sees"),
    [
        (Role.DATA_MANAGER, ("HZ01",), REGISTRY),
        (Role.AUDITOR, ("HZ01",), REGISTRY),
        (Role.MONITOR, ("HZ01",), set()),
        (Role.COORDINATOR, ("HZ01",), set()),
        (Role.MONITOR, ("HZ01", "HZ02"), REGISTRY | {"trail.exported"}),
        (Role.DATA_MANAGER, ("HZ01", "HZ02"), REGISTRY | {"trail.exported"}),
    ],
)
def test_the_registry_is_read_by_who_may_and_by_who_reads_every_site(
    role: Role, sites: tuple[str, ...], sees: set[str]
) -> None:
    client = people.signed_in(somebody(role, *sites))
    assert told(client) == told(client, site="registry") == sees
    assert told(client, site="HZ01") == set()
    assert ("no site: the registry" in client.get(TRAIL).content.decode()) is bool(sees)


def test_the_office_of_the_registry_is_no_site_to_read() -> None:
    link_for_first_administrator()
    assert acts_without_site_for(somebody(Role.MONITOR, "HZ01", "HZ02")) == REGISTRY_ACTS | ACTS_OVER_SITES


def test_filters_narrow_the_registry_too() -> None:
    client = people.signed_in(somebody(Role.DATA_MANAGER, "HZ01"))
    assert told(client, kind="lock.made") == {"lock.made"}
    assert told(client, actor="nobody") == set()
    assert told(client, words="nothing") == set()
    assert "unreviewed" not in client.get(TRAIL, {"site": "registry"}).content.decode()


def test_the_registry_taken_out_is_what_is_shown() -> None:
    client = people.signed_in(somebody(Role.DATA_MANAGER, "HZ01"))
    answer = client.post(reverse("trail-export", args=["csv"]), {"site": "registry"})
    content = b"".join(answer.streaming_content)  # type: ignore[call-overload]
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert REGISTRY <= {row["act"] for row in rows} <= REGISTRY_ACTS
    assert {row["site"] for row in rows} == {""}
    assert "trail-registry-" in answer["Content-Disposition"]
    pdf = client.post(reverse("trail-export", args=["pdf"]), {"site": "registry"})
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")  # type: ignore[call-overload]


def test_an_export_over_several_sites_names_them() -> None:
    client = people.signed_in(somebody(Role.MONITOR, "HZ01", "HZ02"))
    list(client.post(reverse("trail-export", args=["csv"]), {}).streaming_content)  # type: ignore[call-overload]
    event = TrailEvent.objects.filter(action="trail.exported").latest("pk")
    assert event.site == ""
    assert event.changes.get(item="sites").new == "HZ01|HZ02"


# --- accounts ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", Role)
def test_acts_about_accounts_are_read_by_the_office_and_the_auditor(role: Role) -> None:
    client = people.signed_in(somebody(role, "HZ01"))
    may = Permission.READ_ACCOUNT_TRAIL in TABLE[role]
    assert may is (role in (Role.ACCOUNT_ADMINISTRATOR, Role.AUDITOR))
    assert client.get(ACCOUNTS).status_code == (200 if may else 403)
    export = client.post(reverse("trail-of-accounts-export", args=["csv"]))
    assert export.status_code == (200 if may else 403)
    list(export)  # its file is closed at its end
    assert told(client, ACCOUNTS) == ({"sign_in.refused"} if may else set())


def test_the_acts_of_accounts_hold_no_trial_data() -> None:
    people.save(people.page_of(people.a_subject(), "DM", "SCR"), {"sex": "F"})
    client = people.signed_in(somebody(Role.ACCOUNT_ADMINISTRATOR, "HZ01"))
    answer = client.post(reverse("trail-of-accounts-export", args=["csv"]), {"subject": "HZ01-001"})
    content = b"".join(answer.streaming_content)  # type: ignore[call-overload]
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert {row["act"] for row in rows} <= ACCOUNT_ACTS
    assert {row["act"] for row in rows} >= {"role.granted", "sign_in.refused"}
    assert {(row["subject"], row["visit"], row["form"]) for row in rows} == {("", "", "")}
    for text in (content.decode(), client.get(ACCOUNTS).content.decode()):
        assert "HZ01-001" not in text
    event = TrailEvent.objects.filter(action="trail.exported").latest("pk")
    told = {change.item: change.new for change in event.changes.all()}
    assert (event.site, event.about) == ("", "csv of accounts")
    assert (int(told["entries"]), told["sha256"]) == (len(rows), hashlib.sha256(content).hexdigest())


def test_the_acts_of_accounts_are_filtered_by_site_person_and_act() -> None:
    client = people.signed_in(somebody(Role.ACCOUNT_ADMINISTRATOR, "HZ01"))
    people.a_member(Role.MONITOR, "HZ02", "tan.rui")

    def shown(**asked: str) -> int:
        return len(re.findall('<article class="request">', client.get(ACCOUNTS, asked).content.decode()))

    assert shown(kind="role.granted", site="HZ02") == 1
    assert shown(kind="role.granted") == 2
    assert shown(site="registry", kind="role.granted") == 0
    assert shown(actor="nobody") == 0
    text = client.get(ACCOUNTS).content.decode()
    assert 'name="subject"' not in text
    assert 'value="page.saved"' not in text


def test_no_kind_is_of_two_sorts() -> None:
    sorts = (ACCOUNT_ACTS, REGISTRY_ACTS, ACTS_OVER_SITES)
    assert len(frozenset.union(*sorts)) == sum(map(len, sorts))
