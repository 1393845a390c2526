"""The first screen of a day: each number is the number of its rows, and each person sees the own work."""

import re
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, Subject
from patients.entry.drafts import keep_draft
from patients.entry.opening import open_log
from patients.oversight.safety_clocks import Step, running_clocks
from patients.oversight.safety_glance import grave_events
from patients.oversight.work import Work
from patients.web.work_presenter import FIRST_ROWS
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.trial.trail.faults import counted
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.study import SITE_ZONE, site_today

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]


@pytest.fixture
def treated() -> Subject:
    """A subject infused long ago, of whom little was entered: pages are overdue."""
    return people.a_subject(infused=True)


def log_of(subject: Subject, form: str) -> Page:
    """The page of a form that goes through the trial with the subject."""
    return open_log(subject, form, by=people.a_member(Role.COORDINATOR))


def today(client: Client) -> str:
    answer = client.get(reverse("home"))
    assert answer.status_code == 200
    return str(answer.content.decode())


def tally(content: str) -> dict[str, int]:
    """The numbers of the bar, by kind."""
    found = re.findall(r'<a href="/worklist/(\w+)/"><b>(.*?)</b>', content, re.DOTALL)
    return {kind: int(re.sub(r"<[^>]+>|[^0-9<>]", "", shown)) for kind, shown in found}


def rows(client: Client, kind: str, **asked: str) -> list[str]:
    content = client.get(reverse("work", args=[kind]), asked).content.decode()
    return re.findall(r'<a class="title" href="([^"]+)"', content)


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.COORDINATOR, {"window", "overdue", "queries", "started"}),
        (Role.INVESTIGATOR, {"window", "overdue", "queries", "started", "sign"}),
        (Role.MONITOR, {"overdue", "queries", "answered", "started", "verify"}),
        (Role.DATA_MANAGER, {"overdue", "queries", "answered", "started"}),
        (Role.AUDITOR, {"overdue", "queries", "started"}),
    ],
)
def test_each_role_sees_the_work_that_it_does(treated: Subject, role: Role, kinds: set[str]) -> None:
    client = people.signed_in(people.a_member(role))
    assert set(tally(today(client))) == kinds
    for kind in ("window", "overdue", "queries", "answered", "started", "verify", "sign"):
        answer = client.get(reverse("work", args=[kind]))
        assert (answer.status_code == 200) is (kind in kinds)


@pytest.mark.parametrize(
    ("role", "place"),
    [(Role.STATISTICIAN, "locks"), (Role.SPONSOR, "locks"), (Role.ACCOUNT_ADMINISTRATOR, "people")],
)
def test_who_sees_no_subjects_is_taken_to_the_own_work(role: Role, place: str) -> None:
    answer = people.signed_in(people.a_member(role)).get(reverse("home"))
    assert answer.headers["Location"] == reverse(place)


def test_every_number_is_that_of_its_rows(treated: Subject, desk: Client) -> None:
    vitals = people.page_of(treated, "VS", "C0")
    people.save(vitals, {"vs_temp": "38.1"}, {"form_date": "2025-06-07"})
    numbers = tally(today(desk))
    assert all(numbers[kind] for kind in ("overdue", "started", "queries"))
    for kind, number in numbers.items():
        found = rows(desk, kind)
        assert len(found) == number
        assert len(rows(desk, kind, subject="HZ01-999")) == 0
        assert len(rows(desk, kind, subject=treated.code)) == number
        assert all(desk.get(url.partition("#")[0]).status_code == 200 for url in set(found[:5]))


def test_work_of_another_site_is_not_counted(treated: Subject) -> None:
    stranger = people.signed_in(people.a_member(Role.COORDINATOR, "HZ02"))
    assert set(tally(today(stranger)).values()) == {0}


def test_who_enters_some_forms_is_asked_for_those(treated: Subject) -> None:
    laboratory = people.a_member(Role.CELL_LAB)
    late = Work(laboratory, site_today()).overdue()
    assert {page.form_code for page in late} <= {"MFG", "REL"}
    assert Work(people.a_member(Role.COORDINATOR), site_today()).overdue().count() > late.count()


def test_a_window_is_open_from_its_first_to_its_last_day(treated: Subject, coordinator: Account) -> None:
    visit = treated.visits.get(code="C28")
    assert visit.opens
    assert visit.closes

    def shown(on: date) -> bool:
        return visit in Work(coordinator, on).visits_in_window()

    day = timedelta(days=1)
    days = (visit.opens - day, visit.opens, visit.closes, visit.closes + day)
    assert [shown(on) for on in days] == [False, True, True, False]
    assert visit in Work(coordinator, visit.opens - day).visits_opening()
    assert visit not in Work(coordinator, visit.opens).visits_opening()


@pytest.mark.one_engine
def test_the_greeting_counts_every_window_that_closes_today(
    desk: Client, coordinator: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than the first screen lists."""
    for number in range(1, FIRST_ROWS + 3):
        people.a_subject(f"HZ01-00{number}", infused=True)
    closes = Subject.objects.get(code="HZ01-001").visits.get(code="C28").closes
    now = datetime.combine(closes, time(10), SITE_ZONE)
    monkeypatch.setattr("patients.web.today_views.local_now", lambda: now)
    closing = sum(visit.closes == closes for visit in Work(coordinator, closes).visits_in_window())
    assert closing > FIRST_ROWS
    assert f"{closing} visit windows close today." in today(desk)


def test_a_visit_says_how_many_of_its_pages_are_done(treated: Subject, coordinator: Account) -> None:
    visit = treated.visits.get(code="C28")
    assert visit.opens
    before = Work(coordinator, visit.opens).visits_in_window().get(pk=visit.pk)
    page = Page.objects.filter(visit=visit, form_code="VS").get()
    not_done = {"form_date": "2025-07-05", "not_done": "Y", "not_done_reason": "too_ill"}
    assert people.save(page, {}, not_done, complete=True).is_complete
    after = Work(coordinator, visit.opens).visits_in_window().get(pk=visit.pk)
    assert (after.asked, after.done) == (before.asked, before.done + 1)


def test_grave_events_of_the_last_week_are_shown(treated: Subject) -> None:
    row = {"ae_term": "Febrile neutropenia", "ae_start": "2025-06-10", "ae_grade": "4"}
    mild = {"ae_term": "Nausea", "ae_start": "2025-06-10", "ae_grade": "2"}
    partial = {"ae_term": "Fatigue", "ae_start": "2025-06", "ae_grade": "3"}
    for key, event in {"1": row, "2": mild, "3": partial}.items():
        people.save(log_of(treated, "AE"), event, row=key)
    pages = Page.objects.all()

    def found(on: date) -> list[tuple[str, int]]:
        return [(each.what, each.grade) for each in grave_events(pages, on)]

    shown = [("Febrile neutropenia", 4)]
    assert found(date(2025, 6, 10)) == found(date(2025, 6, 16)) == shown
    assert found(date(2025, 6, 9)) == found(date(2025, 6, 17)) == []


def test_a_report_runs_until_it_has_gone_out(treated: Subject) -> None:
    event = {
        "ae_term": "Septic shock", "ae_start": "2025-06-10", "ae_grade": "4",
        "ae_serious": "Y", "ae_ser_crit": "life_threatening",
    }  # fmt: skip
    people.save(log_of(treated, "AE"), event, row="1")
    report = {"sae_ae": "1", "sae_report_type": "initial", "sae_aware_dt": "2025-06-11 09:00"}
    people.save(log_of(treated, "SAE"), report, row="1")
    (clock,) = running_clocks(Page.objects.all())
    assert (clock.step, clock.until.isoformat()) == (Step.SPONSOR, "2025-06-12T01:00:00+00:00")
    people.save(log_of(treated, "SAE"), {"sae_to_sponsor_dt": "2025-06-11 15:00"}, row="1")
    (clock,) = running_clocks(Page.objects.all())
    assert clock.step is Step.JUDGEMENT
    judged = {"sae_causality_spo": "cart=unlikely", "sae_expected": "expected"}
    people.save(log_of(treated, "SAE"), judged, row="1")
    assert running_clocks(Page.objects.all()) == []


def test_recruitment_counts_whoever_was_enrolled(treated: Subject, desk: Client) -> None:
    people.a_subject("HZ01-002", consented=False)
    content = today(desk)
    row = re.search(r'site=HZ01">HZ01</a></th>(.*?)</tr>', content, re.DOTALL)
    assert row is not None
    assert re.findall(r'num-col">(\d+)<', row.group(1))[0] == "2"
    assert "No planned number is recorded" in content


def test_more_subjects_take_no_more_statements(desk: Client) -> None:
    def sent() -> int:
        today(desk)
        with counted() as statements:
            today(desk)
        return len(statements)

    for number in range(1, 4):
        people.a_subject(f"HZ01-{number:03d}", infused=True)
    few = sent()
    for number in range(4, 7):
        people.a_subject(f"HZ01-{number:03d}", infused=True)
    assert sent() == few


# --- going on ----------------------------------------------------------------------------------------------
def test_a_save_leads_to_the_next_page_that_is_due(treated: Subject, desk: Client) -> None:
    page = people.page_of(treated, "VS", "SCR")
    form = form_of(desk.get(page.get_absolute_url()), form_date="2025-05-16")
    answer = desk.post(page.get_absolute_url(), form | {"do": "next"})
    following = Page.objects.get(pk=answer.headers["Location"].strip("/").rpartition("/")[2])
    assert following.subject == treated
    assert following != page
    assert desk.get(answer.headers["Location"]).status_code == 200
    page.refresh_from_db()
    assert page.version == 1


def test_a_page_that_was_begun_does_not_draw_back_whoever_goes_on(treated: Subject, desk: Client) -> None:
    page, seen = people.page_of(treated, "VS", "SCR"), []
    for _ in range(3):
        form = form_of(desk.get(page.get_absolute_url()), form_date=str(page.visit.opens))
        answer = desk.post(page.get_absolute_url(), form | {"do": "next"})
        seen.append(page.pk)
        page = Page.objects.select_related("visit").get(pk=answer.headers["Location"].split("/")[2])
    assert page.pk not in seen
    assert len(set(seen)) == 3


def test_what_is_typed_and_not_saved_waits_on_the_first_screen(
    treated: Subject, desk: Client, coordinator: Account
) -> None:
    page = people.page_of(treated, "VS", "C28")
    keep_draft(page, {"vs_temp": ["38.1"]}, by=coordinator, base_version=0)
    assert "last typed" in today(desk)
    colleague = people.signed_in(people.a_member(Role.COORDINATOR, name="wang.ping"))
    assert "last typed" not in today(colleague)


def test_a_query_of_this_morning_is_of_today_by_the_clock_of_the_site(treated: Subject) -> None:
    """At one in the morning of the site it is still yesterday in UTC."""
    with time_machine.travel("2026-03-01 17:00Z", tick=False):
        people.save(people.page_of(treated, "VS", "C28"), {"vs_temp": "46"}, {"form_date": "2025-07-05"})
        monitor = people.signed_in(people.a_member(Role.MONITOR, name="ke.fan"))
        shown = monitor.get(reverse("work", args=["queries"])).content.decode()
    assert re.findall(r'<span class="end">(.*?)</span>', shown)[0] == "0 days"
