"""The data of a lock in the browser: asked for, followed, taken."""

import hashlib

import pytest
from django.test import Client
from django.urls import reverse

from analytics.exports.jobs.making import make_export
from analytics.exports.jobs.models import Export
from analytics.locks.models import Lock
from patients.web.form_token import FIELD
from tests.analytics.exports.test_cut_rest import body, taken
from tests.patients.web import people
from trial.people.roles import Role
from trial.people.tokens import Dates

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.xdist_group("exports")]


@pytest.fixture
def sponsor(lock: Lock) -> Client:
    return people.signed_in(people.a_member(Role.SPONSOR))


def ask(client: Client, lock: Lock, **told: object) -> str:
    """The address of the file that is asked for."""
    answer = client.post(reverse("lock-data", args=[lock.pk]), told)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def test_the_page_of_a_lock_leads_to_its_data_where_somebody_may_export(lock: Lock, sponsor: Client) -> None:
    results, data = reverse("results", args=[lock.pk]), reverse("lock-data", args=[lock.pk])
    assert f'href="{data}"' in sponsor.get(results).content.decode()
    page = sponsor.get(data).content.decode()
    for table in ("ADSL", "LAB", "SDTM.DM", "REGISTRY.CIBMTR4006", "REGISTRY.EBMTDAY100"):
        assert f'name="table" value="{table}"' in page
    reader = people.signed_in(people.a_member(Role.MEDICAL_MONITOR))
    assert data not in reader.get(results).content.decode()
    assert reader.get(data).status_code == 403


@pytest.mark.requirement("CP-03")
def test_a_registry_report_is_asked_for_and_taken_with_its_act_on_the_trail(
    lock: Lock, sponsor: Client
) -> None:
    place = ask(sponsor, lock, table="REGISTRY.CIBMTR4006", suffix="csv")
    assert 'http-equiv="refresh"' in sponsor.get(place).content.decode()
    assert sponsor.post(place, {"do": "take"}).status_code == 302
    export = Export.objects.get()
    assert (export.dates, export.filing) == (Dates.SHIFTED, "")
    make_export(export.pk)
    assert 'value="take"' in sponsor.get(place).content.decode()
    answer = sponsor.post(place, {"do": "take"})
    content = body(answer)
    assert content.startswith(b"subject_id,")
    assert "no-store" in answer["Cache-Control"]
    (event,) = taken()
    told = {change.item: change.new for change in event.changes.all()}
    assert (event.source, told["sha256"]) == ("web", hashlib.sha256(content).hexdigest())
    other = people.signed_in(people.a_member(Role.STATISTICIAN))
    assert other.get(place).status_code == 404
    export.refresh_from_db()
    export.place.rename(export.place.with_name(str(export.pk)))  # where it lay by an earlier version
    gone = sponsor.post(place, {"do": "take"})
    assert (gone.status_code, "not there any more" in gone.content.decode(), len(taken())) == (410, True, 1)
    assert sponsor.post(place, {"do": "end"}).status_code == 302
    assert "not there any more" in sponsor.get(place).content.decode()


def test_a_form_that_is_sent_twice_asks_once_and_a_wrong_one_says_why(lock: Lock, sponsor: Client) -> None:
    sent = {"formats": ["csv", "odm"], FIELD: "one-copy"}
    assert ask(sponsor, lock, **sent) == ask(sponsor, lock, **sent)
    assert Export.objects.count() == 1
    page = reverse("lock-data", args=[lock.pk])
    for told in ({}, {"table": "NOTHING", "suffix": "csv"}, {"table": "ADSL", "suffix": "exe"}):
        refused = sponsor.post(page, told)
        assert (refused.status_code, "Nothing was asked for" in refused.content.decode()) == (422, True)
    for _more in range(2):
        ask(sponsor, lock, workbook="analysis")
    assert sponsor.post(page, {"workbook": "analysis"}).status_code == 429
