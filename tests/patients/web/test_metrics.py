"""The metrics of sites and study: each number leads to as many rows as it counts."""

import html
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, Subject
from patients.entry.asking import raise_query
from patients.entry.query_act import Question, Target
from patients.oversight.entry_lag import SiteLag, entry_lags, site_lags
from patients.oversight.recruitment import enrolled_by_month
from patients.oversight.verification_progress import Progress
from patients.schedule.due import Due, due_pages, late_pages
from patients.web.metrics_presenter import share_done
from tests.patients.entry import desk as entry
from tests.patients.web import people
from tests.trial.protocol.test_approvals import HOW, approval
from tests.trial.trail.faults import counted
from trial.people.models import Account, Site
from trial.people.roles import Role
from trial.protocol.approvals import record_approval
from trial.protocol.models import ApprovalKind

pytestmark = pytest.mark.django_db
URL = reverse("metrics")


def enrolled(code: str, day: str) -> Subject:
    subject = entry.consented(code)
    entry.save(entry.page_of(subject, "ELIG"), {"enrol_dt": day})
    return subject


@pytest.fixture
def tan_rui(db: None) -> Account:
    return people.a_member(Role.MONITOR, name="tan.rui", printed="Tan Rui")


@pytest.fixture
def cohort(tan_rui: Account) -> list[Subject]:
    """Three enrolled at Hangzhou, in two months, one at Ningbo; one is screened alone."""
    people.a_site("HZ02")
    for kind in ApprovalKind:
        record_approval(approval(kind, approved_on=date(2023, 1, 1)), **HOW)  # type: ignore[arg-type]
    days = {"HZ01-001": "2024-01-05", "HZ01-002": "2024-01-30", "HZ01-003": "2024-03-02"}
    made = [enrolled(code, day) for code, day in (days | {"HZ02-001": "2024-02-01"}).items()]
    people.a_subject("HZ01-004")
    return made


@pytest.fixture
def monitor(tan_rui: Account) -> Client:
    return people.signed_in(tan_rui)


def table(client: Client, name: str, url: str = URL) -> dict[str, list[tuple[str, str]]]:
    """The rows of a section: of each cell its text and where it leads."""
    shown = client.get(url).content.decode().partition(f'id="h-{name}"')[2].partition("</section>")[0]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', shown, re.DOTALL)
    return {
        label: [_cell(each) for each in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL)]
        for label, cells in rows
    }


def _cell(cell: str) -> tuple[str, str]:
    url = re.search(r'href="([^"]*)"', cell)
    return re.sub(r"<[^>]+>|\s*\n\s*", "", cell).strip(), html.unescape(url[1]) if url else ""


def rows_of_list(client: Client, url: str) -> int:
    return client.get(url).content.decode().count('<th scope="row">')


# --- what is counted ---------------------------------------------------------------------------------------
def test_enrolment_is_counted_by_month_and_no_month_is_left_out(cohort: list[Subject]) -> None:
    sites = list(Site.objects.order_by("code"))
    found = enrolled_by_month(sites, date(2024, 4, 1))
    assert {f"{month:%Y-%m}": dict(each) for month, each in found.items()} == {
        "2024-01": {"HZ01": 2},
        "2024-02": {"HZ02": 1},
        "2024-03": {"HZ01": 1},
        "2024-04": {},
    }
    assert list(enrolled_by_month(sites, date(2024, 1, 5))) == [date(2024, 1, 1)]
    assert enrolled_by_month(sites[:1], date(2024, 1, 5))[date(2024, 1, 1)].total() == 1
    assert enrolled_by_month(sites, date(2024, 1, 4)) == {}


def test_the_delay_of_a_site_is_that_of_all_its_pages(cohort: list[Subject]) -> None:
    by_form, [here, nowhere] = entry_lags(["HZ01"]), site_lags(["HZ01", "HZ09"])
    assert here.count == sum(each.count for each in by_form) > 0
    assert here.median is not None
    assert here.median <= max(each.longest for each in by_form)
    assert nowhere == SiteLag("HZ09", 0, None)


def test_overdue_is_what_the_list_of_due_pages_says(cohort: list[Subject]) -> None:
    subject = people.a_subject("HZ01-005", infused=True)
    for on in (date(2025, 6, 1), date(2025, 7, 1), date(2026, 1, 1)):
        pages = Page.objects.filter(subject=subject)
        late = {each.page for each in due_pages(pages, on) if each.due in (Due.OVERDUE, Due.ESCALATED)}
        assert set(late_pages(pages, on)) == late
    assert late


@pytest.mark.parametrize(
    ("critical", "done", "others", "others_done", "share"),
    [(4, 1, 0, 0, 25), (2, 2, 2, 0, 50), (3, 3, 5, 5, 100), (0, 0, 0, 0, None)],
)
def test_the_share_is_that_of_all_values_of_the_plan(
    critical: int, done: int, others: int, others_done: int, share: float | None
) -> None:
    assert share_done(Progress("HZ01", critical, done, others, others_done, 1, 1)) == share
    assert share_done(None) is None


# --- what is shown -----------------------------------------------------------------------------------------
def test_each_number_of_recruitment_leads_to_its_subjects(monitor: Client, cohort: list[Subject]) -> None:
    found = table(monitor, "recruitment")
    assert {month: [text for text, _url in cells] for month, cells in found.items()} == {
        "2024-01": ["2", "2", "2"],
        "2024-03": ["1", "1", "3"],
        "All": ["3", "3", "3"],
    }
    for text, url in (cell for cells in found.values() for cell in cells):
        assert rows_of_list(monitor, url) == int(text), url


@pytest.mark.parametrize("month", ["2024", "2024-13", "any-", "x", "0000-01", "2024-01-05", "..", "9999-12"])
def test_what_is_no_month_finds_nobody(monitor: Client, cohort: list[Subject], month: str) -> None:
    assert rows_of_list(monitor, f"{reverse('subjects')}?enrolled={month}") == 0


def test_each_number_of_overdue_pages_leads_to_them(monitor: Client, cohort: list[Subject]) -> None:
    people.a_subject("HZ01-005", infused=True)
    text, url = table(monitor, "overdue")["HZ01"][0]
    assert rows_of_list(monitor, url) == int(text) > 0


def test_the_other_numbers_lead_to_their_lists(monitor: Client, cohort: list[Subject]) -> None:
    [delay, entered] = table(monitor, "delay")["HZ01"]
    assert delay[1] == f"{reverse('entry-lag')}?site=HZ01"
    assert monitor.get(delay[1]).status_code == 200
    assert int(entered[0]) == site_lags(["HZ01"])[0].count
    verified = table(monitor, "verification")["HZ01"]
    assert {url for _text, url in verified} == {f"{reverse('verification')}?site=HZ01&by=subject"}
    assert verified[0][0] == "0.0"


def test_each_number_of_queries_leads_to_them(monitor: Client, cohort: list[Subject]) -> None:
    for text in ("Which report says so?", "And this one?"):
        raise_query(Target(subject=cohort[0]), Question(text), by=people.SETUP)
    raised, per_100, young, *_older = table(monitor, "queries")["HZ01, people"]
    assert (raised[0], young[0]) == ("2", "2")
    assert per_100[1] == raised[1]
    for _text, url in (raised, young):
        assert len(set(re.findall(r'href="(/queries/\d+/)"', monitor.get(url).content.decode()))) == 2


def test_a_picture_has_a_title_a_description_and_a_table_below(
    monitor: Client, cohort: list[Subject]
) -> None:
    shown = monitor.get(URL).content.decode()
    pictures = re.findall(r'<svg class="plot" viewBox="0 0 520.*?</svg>', shown, re.DOTALL)
    assert len(pictures) == 5 == shown.count('class="card figure"')
    for picture in pictures:
        [title, described] = re.findall(r'aria-labelledby="(\S+) (\S+)"', picture)[0]
        assert f'<title id="{title}">' in picture
        assert re.search(rf'<desc id="{described}">[^<]+</desc>', picture)
    assert shown.count("<table") == 5


def test_other_sites_are_not_told_of(monitor: Client, cohort: list[Subject]) -> None:
    assert "HZ02" not in monitor.get(URL).content.decode()
    assert set(table(monitor, "overdue", f"{URL}?site=HZ02")) == {"HZ01"}
    lag = monitor.get(reverse("entry-lag"), {"site": "HZ02"}).content.decode()
    assert "<td>HZ02</td>" not in lag
    late = monitor.get(reverse("due"), {"site": "HZ02", "on": "2026-11-01", "late": "Y"}).content.decode()
    assert "HZ02-001" not in late


def test_several_sites_stand_side_by_side_and_one_can_be_chosen(
    monitor: Client, tan_rui: Account, cohort: list[Subject]
) -> None:
    people.a_member(Role.MONITOR, "HZ02", name="tan.rui")
    assert [text for text, _url in table(monitor, "recruitment")["2024-02"]] == ["0", "1", "1", "3"]
    assert set(table(monitor, "overdue")) == {"HZ01", "HZ02"}
    assert set(table(monitor, "overdue", f"{URL}?site=HZ02")) == {"HZ02"}


def test_more_subjects_and_sites_take_no_more_statements(
    monitor: Client, tan_rui: Account, cohort: list[Subject]
) -> None:
    def sent() -> int:
        with counted() as statements:
            assert monitor.get(URL).status_code == 200
        return len(statements)

    few = sent()
    people.a_member(Role.MONITOR, "HZ02", name="tan.rui")
    people.a_subject("HZ01-005", infused=True)
    enrolled("HZ02-002", "2024-05-01")
    assert sent() == few


def test_where_nothing_was_entered_it_says_so(db: Any) -> None:
    empty = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    shown = empty.get(URL).content.decode()
    assert "no planned number is recorded" in shown
    assert table(empty, "delay")["HZ02"][0] == ("–", "")
