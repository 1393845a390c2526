"""`check_data`: what time alone brings, and what stands in the casebook as a list."""

import csv
import io

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from patients.casebook.page import Subject
from patients.entry.tasks import check_all
from patients.oversight.queries import Query
from tests.patients.entry import desk
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def checked(*arguments: str) -> list[dict[str, str]]:
    out, err = io.StringIO(), io.StringIO()
    call_command("check_data", *arguments, stdout=out, stderr=err)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_what_stands_is_listed_by_its_place(subject: Subject) -> None:
    desk.save(desk.page_of(subject, "DX"), {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    found = [line for line in checked() if line["check"] == "X-DX-06"]
    assert [(one["subject"], one["visit"], one["form"], one["item"], one["severity"]) for one in found] == [
        ("HZ01-001", "SCR", "DX", "cd7_pct", "soft")
    ]
    assert "42.5" in found[0]["message"]


def test_a_second_look_changes_nothing(subject: Subject) -> None:
    desk.save(desk.page_of(subject, "DX"), {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    checked()
    events, versions = TrailEvent.objects.count(), Query.history.count()
    checked()
    assert (TrailEvent.objects.count(), Query.history.count()) == (events, versions)


def test_it_finds_what_saves_have_found_already(subject: Subject) -> None:
    """Saves look at what they can affect; the whole casebook shows nothing that they have missed."""
    desk.save(desk.page_of(subject, "DX"), {"cd7_pct": "42.5", "relapse_n": "7"}, why=desk.BECAUSE)
    before = set(Query.objects.filter(state="open").values_list("page", "item", "check_id"))
    checked()
    assert set(Query.objects.filter(state="open").values_list("page", "item", "check_id")) == before


def test_only_the_named_subjects_are_looked_at(subject: Subject) -> None:
    desk.infused("HZ01-002")
    assert {line["subject"] for line in checked("HZ01-002")} <= {"HZ01-002"}
    with pytest.raises(CommandError, match="HZ01-099"):
        checked("HZ01-099")


def test_quiet_prints_no_findings(subject: Subject) -> None:
    desk.save(desk.page_of(subject, "DX"), {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    assert checked("--quiet") == []


def test_a_date_that_was_in_the_future_is_no_finding_any_more() -> None:
    with time_machine.travel("2024-01-07 12:00+08:00", tick=False):
        subject = desk.infused()
        page = desk.opened(subject, "FU", "UNS1", "2024-01-07")
        desk.save(page, desk.FU | {"fu_dt": "2024-01-09"}, on="2024-01-07")
        assert any(line["item"] == "fu_dt" and line["check"] == "X-SYS-01" for line in checked())
    with time_machine.travel("2024-01-09 12:00+08:00", tick=False):
        assert not any(line["item"] == "fu_dt" and line["check"] == "X-SYS-01" for line in checked())


def test_time_alone_brings_the_visits_of_those_who_were_not_transplanted() -> None:
    with time_machine.travel("2024-02-01 12:00+08:00", tick=False):
        subject = desk.infused()
        assert not subject.visits.filter(code="C90").exists()
    with time_machine.travel("2024-03-01 12:00+08:00", tick=False):
        checked()
        assert subject.visits.filter(code="C90").exists()


def test_the_worker_looks_every_night() -> None:
    with time_machine.travel("2024-02-01 12:00+08:00", tick=False):
        desk.infused()
    with time_machine.travel("2024-03-01 12:00+08:00", tick=False):
        check_all()
    event = TrailEvent.objects.filter(action="subject.checked").latest("id")
    assert (event.actor.startswith("system:check_data"), event.subject) == (True, "HZ01-001")
    assert settings.CELERY_BEAT_SCHEDULE["check-data"]["task"] == check_all.name
