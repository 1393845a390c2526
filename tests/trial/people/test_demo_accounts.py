"""The accounts of the demo can really sign in, with what is printed."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from tests.trial.people import persons
from trial.people.demo import demo_accounts
from trial.people.models import Account, Site
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.one_engine


def test_each_role_signs_in_with_password_and_seed(db: None) -> None:
    Site.objects.create(code="HZ01", name="Hangzhou")
    list(demo_accounts(by=persons.SETUP))
    shown = list(demo_accounts(by=persons.SETUP))  # at the second start
    assert [each.role for each in shown] == list(Role)
    granted = TrailEvent.objects.filter(action="role.granted", site="HZ01", reason="demo")
    assert sorted(event.about for event in granted) == sorted(each.user_name for each in shown)
    for each in shown:
        client = Client()
        persons.try_password(client, each.user_name, each.password)
        assert persons.try_code(client, persons.code_of(each.seed)).status_code == 302, each.role
        assert client.get(reverse("my-sessions")).status_code == 200, each.role


@pytest.mark.requirement("ES-06")
def test_production_refuses_them(db: None, settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(ImproperlyConfigured):
        list(demo_accounts(by=persons.SETUP))
    assert not Account.objects.exists()
