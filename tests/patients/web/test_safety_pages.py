"""Where events, reports and deaths do not agree, on screen and within the sites of who looks."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from tests.patients.entry import desk as entry
from tests.patients.oversight.test_reconciliation import EVENT, log
from tests.patients.web import people
from trial.people.roles import Role

pytestmark = pytest.mark.django_db
URL = reverse("reconciliation")


def seen(client: Client) -> str:
    return html.unescape(client.get(URL).content.decode())


def test_each_line_leads_to_its_records(desk: Client) -> None:
    assert "Everything agrees" in seen(desk)
    page = log(entry.infused(), "AE", {"1": EVENT})
    shown = seen(desk)
    assert "A serious event that nobody has reported." in shown
    assert f'<a href="{page.get_absolute_url()}">AE 1</a>' in shown
    assert "sepsis · 4 · 2024-02-10" in shown


def test_another_site_sees_nothing_of_it(desk: Client) -> None:
    log(entry.consented("HZ02-001"), "AE", {"1": EVENT})
    assert "HZ02-001" not in seen(desk)
    other = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    assert "HZ02-001" in seen(other)
