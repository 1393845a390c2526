"""What is opened by hand: a subject, a visit that an event brings, an entry of a log."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, Subject
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.study import site_today
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


def new(client: Client, **typed: str) -> int:
    return int(client.post(reverse("new-subject"), typed).status_code)


def add(client: Client, subject: Subject, **typed: str) -> Page:
    answer = client.post(reverse("add", args=[subject.code]), typed)
    assert answer.status_code == 302, answer.content.decode()
    return Page.objects.select_related("visit").get(pk=answer.headers["Location"].split("/")[2])


# --- a subject -------------------------------------------------------------------------------------------
def test_subjects_are_numbered_one_after_the_other_in_each_site(desk: Client, coordinator: Account) -> None:
    other = people.signed_in(people.a_member(Role.COORDINATOR, "HZ02"))
    assert [new(desk), new(desk, planned_infusion="2026-02-03"), new(other)] == [302, 302, 302]
    codes = Subject.objects.order_by("code").values_list("code", flat=True)
    assert list(codes) == ["HZ01-001", "HZ01-002", "HZ02-001"]
    second = Subject.objects.get(code="HZ01-002")
    assert str(second.planned_infusion) == "2026-02-03"
    assert second.pages.filter(form_code="ELIG", visit__code="SCR").exists()
    event = TrailEvent.objects.get(action="subject.registered", subject="HZ01-002")
    assert (event.actor, event.site) == (coordinator.user_name, "HZ01")


@pytest.mark.parametrize("typed", ["3/2/2026", "2026-02", "soon", "2026-02-30"])
def test_a_day_that_cannot_be_read_comes_back_and_enters_nobody(desk: Client, typed: str) -> None:
    answer = desk.post(reverse("new-subject"), {"planned_infusion": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.content.decode()
    assert not Subject.objects.exists()


def test_a_site_where_nothing_is_entered_gets_no_subject(desk: Client) -> None:
    people.a_site("HZ02")
    assert new(desk, site="HZ02") == 403
    assert not Subject.objects.exists()


# --- a log -----------------------------------------------------------------------------------------------
def test_a_log_is_opened_once_and_is_open_from_then_on(desk: Client, subject: Subject) -> None:
    first, second = add(desk, subject, log="AE"), add(desk, subject, log="AE")
    assert first == second
    assert (first.form_code, first.visit, first.version) == ("AE", None, 0)
    assert TrailEvent.objects.filter(action="pages.opened").count() == 1


def test_who_enters_some_forms_is_offered_those(subject: Subject) -> None:
    physician = people.signed_in(people.a_member(Role.TRANSPLANT_PHYSICIAN))
    shown = physician.get(reverse("add", args=[subject.code])).content.decode()
    assert 'value="DONOR"' in shown
    assert 'value="AE"' not in shown
    assert physician.post(reverse("add", args=[subject.code]), {"log": "AE"}).status_code == 422


# --- a visit ---------------------------------------------------------------------------------------------
def test_unscheduled_visits_are_numbered_and_have_the_form_that_was_asked_for(
    desk: Client, subject: Subject
) -> None:
    pages = [add(desk, subject, kind="UNS", day="2025-06-01", form=form) for form in ("LAB", "CHIM")]
    assert [(page.visit_code, page.form_code) for page in pages] == [("UNS1", "LAB"), ("UNS2", "CHIM")]
    visit = pages[0].visit
    assert visit is not None
    assert str(visit.target) == "2025-06-01"
    assert "UNS2" in desk.get(reverse("subject", args=[subject.code])).content.decode()


def test_a_relapse_brings_its_visit_with_its_pages(desk: Client, subject: Subject) -> None:
    page = add(desk, subject, kind="RLPv", day="2025-06-20")
    assert (page.visit_code, page.form_code) == ("RLPv1", "RLP")
    forms = Page.objects.filter(visit=page.visit).values_list("form_code", flat=True)
    assert set(forms) == {"RLP", "RESP", "CHIM", "KIN"}
    assert add(desk, subject, kind="RLPv", day="2025-08-20").visit_code == "RLPv2"


def test_what_happens_once_is_offered_once(desk: Client, subject: Subject) -> None:
    add(desk, subject, kind="ENDv", day="2025-06-20")
    url = reverse("add", args=[subject.code])
    assert 'value="ENDv"' not in desk.get(url).content.decode()
    assert desk.post(url, {"kind": "ENDv", "day": "2025-06-21"}).status_code == 422


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ((site_today() + timedelta(days=2)).isoformat(), "This day has not come yet."),
        ("2025-06", "A full date is needed here"),
        ("5/6/2025", "5/6/2025"),
    ],
)
def test_a_day_that_cannot_be_comes_back_with_the_reason(
    desk: Client, subject: Subject, day: str, words: str
) -> None:
    answer = desk.post(reverse("add", args=[subject.code]), {"kind": "UNS", "day": day, "form": "LAB"})
    content = answer.content.decode()
    assert answer.status_code == 422
    assert words in content
    assert f'value="{day}"' in content
    assert not subject.visits.filter(code__startswith="UNS").exists()


def test_who_reads_alone_adds_nothing(subject: Subject) -> None:
    monitor = people.signed_in(people.a_member(Role.MONITOR))
    assert monitor.post(reverse("add", args=[subject.code]), {"log": "AE"}).status_code == 403
    assert monitor.get(reverse("new-subject")).status_code == 403
