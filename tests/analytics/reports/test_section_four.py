"""The tables of section 4 of a lock: each number with its subjects, and an alert of a crossed boundary."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.endpoints.stopping import RULES as RULES_COMPUTED
from analytics.locks.models import Lock
from analytics.reports import section_four
from analytics.reports.section_four import Table, crossed_in, tables_screen
from tests.patients.web import people
from trial.people.access import SystemPerson
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.configuring import configure

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture
def reader(lock: Lock) -> Account:
    return people.a_member(Role.DATA_MANAGER)


def exhibits(lock: Lock) -> dict[str, Any]:
    found: dict[str, Any] = lock.snapshot.runs.get().shown
    return found


def table(lock: Lock, reader: Account, id: str) -> Table:
    screen = tables_screen(lock, exhibits(lock), reader)
    return next(each for each in screen.tables if each.id == id)


def row(found: Table, label: str) -> list[str]:
    return [cell.text for each in found.rows if each.label.startswith(label) for cell in each.cells]


def test_the_tables_say_what_was_computed(lock: Lock, reader: Account) -> None:
    assert row(table(lock, reader, "safety"), "CRS")[:6] == ["19", "0", "7", "9", "3", "0"]
    assert row(table(lock, reader, "rates"), "Full donor")[:4] == ["CHIMEV", "16", "17", "94.1"]
    survival = row(table(lock, reader, "times"), "OS:")
    printed = dict(lock.snapshot.runs.get().estimates.values_list("figure", "text"))
    assert survival[:3] == ["19", "6", "0"]
    assert survival[6].startswith(printed["os_12m"])
    assert survival[7] == printed["os_median"]
    (aml,) = [
        each for each in table(lock, reader, "subgroups").rows if each.cells[0].text == printed["dx_aml_n"]
    ][:1]
    assert len(aml.cells[0].subjects) == int(printed["dx_aml_n"])


def test_the_bootstrap_stands_beside_the_interval_that_is_reported(lock: Lock, reader: Account) -> None:
    found = table(lock, reader, "bootstrap")
    size, reported, drawn = row(found, "OS")
    assert (size, reported) == ("19", row(table(lock, reader, "times"), "OS:")[6])
    assert drawn.split()[0] == reported.split()[0], "the same estimate"
    assert drawn != reported
    assert found.note.startswith("exploratory")
    assert "1,000 replicates, seed 20250805" in found.note


def test_every_table_has_as_many_cells_as_heads(lock: Lock, reader: Account) -> None:
    for each in tables_screen(lock, exhibits(lock), reader).tables:
        assert {len(one.cells) + 1 for one in each.rows} <= {len(each.heads)}, each.id


def test_every_count_names_as_many_subjects(lock: Lock, reader: Account) -> None:
    for each in tables_screen(lock, exhibits(lock), reader).tables:
        for one in each.rows:
            for cell in one.cells:
                if cell.subjects:
                    assert cell.text == str(len(cell.subjects)), (each.id, one.label)


@pytest.mark.parametrize(
    ("named", "computed"),
    [
        ("RULES", lambda found: [one["code"] for one in _rules(found)]),
        ("GRADED", lambda found: [one["name"] for one in found["safety"]["grades"]]),
        ("RATES", lambda found: [one["code"] for one in found["rates"]]),
        ("GROUPINGS", lambda found: [one["code"] for one in found["subgroups"]["groupings"]]),
    ],
)
def test_every_code_has_its_words(
    lock: Lock, named: str, computed: Callable[[dict[str, Any]], list[str]]
) -> None:
    assert set(computed(exhibits(lock))) <= set(getattr(section_four, named))
    assert {rule.code for rule in RULES_COMPUTED} <= set(section_four.RULES)


def _rules(found: dict[str, Any]) -> list[dict[str, Any]]:
    stopping = found["stopping"]
    return [*stopping["rules"], stopping["guard"], *stopping["always"]]


def test_a_toxicity_is_listed_with_its_items_and_with_what_the_form_says(lock: Lock, reader: Account) -> None:
    found = exhibits(lock)
    items = [["AE", "", "2", "ae_grade"], ["AE", "", "2", "ae_start"], ["DTH", "END", "", "dth_primary"]]
    event = {"subject": "HZ01-004", "event": 2, "start": "2024-03-04", "items": items}
    found["dose_limiting"]["criteria"][6] |= {"subjects": ["HZ01-004"], "events": [event]}
    told = {"subject": "HZ01-004", "derived": ["D7"], "adjudicated": None, "adjudicated_rules": []}
    found["dose_limiting"]["differences"] = [told]
    by_id = {each.id: each for each in tables_screen(lock, found, reader).tables}
    criteria = by_id["dose_limiting"]
    assert "await" in criteria.note
    assert row(criteria, "D7") == ["1", "", ""]
    said = row(criteria, "HZ01-004")
    assert said[:2] == ["1", "event 2, 2024-03-04"]
    assert said[2].startswith("AE 2: ")
    assert said[2].endswith("DTH END: Primary cause")
    assert row(by_id["dlt_differences"], "HZ01-004") == ["D7", "not adjudicated"]


def test_what_somebody_has_confirmed_is_no_proposal_any_more(lock: Lock, reader: Account) -> None:
    assert "proposal" in table(lock, reader, "stopping").note
    for key, value in exhibits(lock)["stopping"]["settings"].items():
        configure(key, value, reason="protocol 3.1", approver="Li Wei", by=SystemPerson("configure"))
    assert "confirmed" in table(lock, reader, "stopping").note


def test_a_boundary_that_is_crossed_is_an_alert(lock: Lock, reader: Account) -> None:
    client: Client = people.signed_in(reader)
    run = lock.snapshot.runs.get()
    assert crossed_in(run.exhibits) == ()
    assert (
        "A stopping boundary is crossed."
        not in client.get(reverse("results", args=[lock.pk])).content.decode()
    )
    run.exhibits["stopping"]["rules"][0] |= {"events": 9, "crossed": True}
    run.save()
    for name in ("results", "lock-tables"):
        said = client.get(reverse(name, args=[lock.pk])).content.decode()
        assert "A stopping boundary is crossed." in said
        assert "Dose-limiting toxicity" in said


class Links(HTMLParser):
    """The addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "href" and value]


def test_a_number_leads_to_its_subjects_for_who_may_read_them(lock: Lock, reader: Account) -> None:
    people.a_subject("HZ01-004")
    page = people.signed_in(reader).get(reverse("lock-tables", args=[lock.pk])).content.decode()
    links = Links()
    links.feed(page)
    assert reverse("subject", args=["HZ01-004"]) in links.found
    assert re.search(r"<summary>3</summary>.*?HZ01-004", page, re.DOTALL)
    other = people.signed_in(people.a_member(Role.STATISTICIAN)).get(reverse("lock-tables", args=[lock.pk]))
    assert reverse("subject", args=["HZ01-004"]) not in other.content.decode()


def test_a_run_of_before_has_no_tables(lock: Lock, reader: Account) -> None:
    run = lock.snapshot.runs.get()
    run.exhibits = {}
    run.save()
    page = people.signed_in(reader).get(reverse("lock-tables", args=[lock.pk]))
    assert "Make the cut again" in page.content.decode()
