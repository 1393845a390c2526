"""The list of protocol deviations on screen, by site and class, and as CSV that is on record."""

import hashlib
import html

import polars as pl
import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page
from patients.oversight.signatures import Meaning
from tests.patients.entry import desk as entry
from tests.patients.entry.signing_desk import investigator, sign
from tests.patients.web import people
from tests.trial.trail.faults import counted
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
URL, FILE = reverse("deviations"), reverse("deviations-file")
MINOR = {"pd_dt": "2024-02-10", "pd_aware_dt": "2024-02-11", "pd_cat": "consent", "pd_class": "minor"}
GRAVE = MINOR | {"pd_dt": "2024-03-10", "pd_aware_dt": "2024-03-11", "pd_class": "important"}


@pytest.fixture
def log(db: None) -> Page:
    page = entry.logged(entry.consented(), "PDEV")
    rows = {"1": MINOR | {"pd_text": "visit by telephone"}, "2": GRAVE | {"pd_text": "=cmd|' /C calc'!A0"}}
    entry.save(page, rows=rows)
    return page


def seen(client: Client, **asked: str) -> str:
    return html.unescape(client.get(URL, asked).content.decode())


def test_the_list_holds_each_with_what_is_missing(desk: Client, log: Page) -> None:
    shown = seen(desk)
    assert shown.index("2024-03-10") < shown.index("2024-02-10"), "the latest first"
    assert "important deviation" in shown
    assert shown.count(">missing<") == 1, "a minor one needs no corrective action"
    assert f'href="{log.get_absolute_url()}">HZ01-001</a>' in shown


def test_it_is_narrowed_to_a_class_and_a_site(desk: Client, log: Page) -> None:
    assert "visit by telephone" not in seen(desk, **{"class": "important"})
    assert "visit by telephone" in seen(desk, **{"class": "minor"}, site="HZ01")
    assert "No deviation" in seen(desk, site="HZ09")
    assert "No deviation" in seen(desk, **{"class": "none"})


def test_other_sites_are_not_told_of(desk: Client, log: Page) -> None:
    other = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    assert "HZ01-001" not in seen(other)
    assert b"HZ01-001" not in other.post(FILE, {"site": "HZ01"}).content


def test_a_data_frame_reads_it_and_no_cell_is_a_formula(desk: Client, log: Page) -> None:
    read = pl.read_csv(desk.post(FILE).content, infer_schema=False)
    assert read.columns[:3] == ["Site", "Subject", "Occurred"]
    assert read["Occurred"].to_list() == ["2024-03-10", "2024-02-10"]
    assert read["What happened"].to_list() == ["'=cmd|' /C calc'!A0", "visit by telephone"]
    assert len(pl.read_csv(desk.post(FILE, {"class": "minor"}).content)) == 1


@pytest.mark.requirement("ES-02")
def test_it_names_who_has_signed_the_page(desk: Client, db: None) -> None:
    log = entry.logged(entry.consented(), "PDEV")
    told = MINOR | {"pd_text": "visit by telephone instead of at the site", "pd_excl": "none"}
    entry.save(log, rows={"1": told}, complete=True)
    made = sign(log, investigator(), Meaning.REVIEW)
    read = pl.read_csv(desk.post(FILE).content, infer_schema=False)
    at = f"{made.at_site:%Y-%m-%d %H:%M:%S} UTC+08:00"
    assert set(read["Page signed by"]) == {f"{made.printed_name}, Investigator, {at}, review (statement 1)"}
    entry.save(log, rows={"1": {"pd_aware_dt": "2024-02-12"}}, why=entry.BECAUSE)
    read = pl.read_csv(desk.post(FILE).content, infer_schema=False)
    assert set(read["Page signed by"]) == {None}


def test_that_it_left_is_on_the_trail(desk: Client, log: Page) -> None:
    answer = desk.post(FILE)
    event = TrailEvent.objects.get(action="deviations.exported")
    told = {change.item: change.new for change in event.changes.all()}
    digest = hashlib.sha256(answer.content).hexdigest()
    assert told == {"entries": "2", "sha256": digest, "sites": "HZ01"}
    assert (event.site, event.actor) == ("HZ01", "lin.qiao")
    assert desk.get(FILE).status_code == 405


def test_it_takes_the_same_statements_however_many_there_are(desk: Client, log: Page) -> None:
    def statements() -> int:
        with counted() as sent:
            desk.get(URL)
        return len(sent)

    few = statements()
    entry.save(entry.now(log), rows={str(number): MINOR for number in range(3, 9)})
    assert statements() == few
