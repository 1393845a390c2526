"""A run tells how far it is, is cancelled and started again, and says on the trail what computed what."""

import json
import platform
from datetime import date
from importlib.metadata import version
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.locks import seal
from analytics.locks.models import Lock
from analytics.locks.seal import make_lock
from analytics.runs import parts
from analytics.runs.compute import compute_run
from analytics.runs.models import Estimate, Run, RunPart, RunState
from analytics.runs.start import run_of, waiting_run
from analytics.runs.stopping import TooLate, cancel_run, restart_run
from tests.analytics.casebooks import CutContent, content, cut_instead, infused
from tests.patients.web import people
from trial.people.access import SystemPerson
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
CUTOFF = date(2025, 8, 5)


@pytest.fixture
def lock(db: None, monkeypatch: pytest.MonkeyPatch) -> Lock:
    """A lock of six subjects of Hangzhou; its run tells of each."""
    people.a_site("HZ01")
    several: list[CutContent] = [content(infused(), CUTOFF, f"HZ01-00{number}") for number in range(1, 7)]
    monkeypatch.setattr(seal, "_cut", cut_instead(several))
    monkeypatch.setattr(parts, "TOLD_EVERY", 1)
    return make_lock(CUTOFF, "interim analysis", by=SystemPerson("lock"), source=Source.COMMAND)


@pytest.fixture
def manager(lock: Lock) -> Account:
    return people.a_member(Role.DATA_MANAGER)


def test_a_run_tells_how_many_subjects_are_read(
    lock: Lock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    run, told = run_of(lock.snapshot), []
    settings.RUN_SLICE_SUBJECTS = 4
    tell = parts.tell

    def listened(held: RunPart, done: int) -> None:
        tell(held, done)
        told.append(Run.objects.get(pk=run.pk).progress)

    monkeypatch.setattr(parts, "tell", listened)
    assert compute_run(run.pk)
    assert told == [{"step": "datasets", "done": done, "of": 6, "trouble": ""} for done in range(1, 7)]
    run.refresh_from_db()
    assert (run.state, run.progress) == (RunState.DONE, {})


@pytest.mark.requirement("LK-07")
def test_the_trail_says_what_was_computed_from_what_by_what(lock: Lock) -> None:
    run = run_of(lock.snapshot)
    compute_run(run.pk)
    run.refresh_from_db()
    changes = TrailEvent.objects.get(action="run.finished").changes.all()
    told = {change.item: change.new for change in changes}
    assert json.loads(told.pop("environment")) == run.environment
    assert told == {
        "snapshot": lock.snapshot.hash,
        "code_version": run.code_version,
        "result_hash": run.result_hash,
    }
    assert run.environment["python"] == platform.python_version()
    assert run.environment["numpy"] == version("numpy")


def test_a_run_that_is_cancelled_while_it_is_computed_writes_nothing(
    lock: Lock, manager: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, read, tell = run_of(lock.snapshot), [], parts.tell

    def cancelled_at_the_third(held: RunPart, done: int) -> None:
        read.append(done)
        if done == 3:
            cancel_run(held.run, by=manager, site="HZ01")
        tell(held, done)

    monkeypatch.setattr(parts, "tell", cancelled_at_the_third)
    assert compute_run(run.pk) is False
    run.refresh_from_db()
    assert (run.state, read, Estimate.objects.count()) == (RunState.CANCELLED, [1, 2, 3], 0)
    assert TrailEvent.objects.filter(action="run.failed").count() == 0
    assert compute_run(run.pk) is False, "nobody claims it"
    monkeypatch.setattr(parts, "tell", tell)
    restart_run(run, by=manager, site="HZ01")
    assert compute_run(run.pk)
    with pytest.raises(TooLate):
        cancel_run(run, by=manager, site="HZ01")
    with pytest.raises(TooLate):
        restart_run(run, by=manager, site="HZ01")


def test_the_same_cut_again_lets_a_cancelled_run_wait_again(lock: Lock, manager: Account) -> None:
    run = run_of(lock.snapshot)
    cancel_run(run, by=manager, site="HZ01")
    assert waiting_run(lock.snapshot) == run
    run.refresh_from_db()
    assert run.state == RunState.QUEUED


def test_it_is_seen_cancelled_and_started_again_in_the_browser(lock: Lock, manager: Account) -> None:
    client: Client = people.signed_in(manager)
    url, run = reverse("results", args=[lock.pk]), run_of(lock.snapshot)
    Run.objects.filter(pk=run.pk).update(progress={"step": "datasets", "done": 2, "of": 6})
    shown = client.get(url).content.decode()
    assert "2 of 6 subjects read" in shown
    assert "Now: making the datasets." in shown
    assert 'http-equiv="refresh"' in shown
    troubled = {"step": "figures", "done": 6, "of": 6, "trouble": "OSError: the share is gone"}
    Run.objects.filter(pk=run.pk).update(progress=troubled)
    shown = client.get(url).content.decode()
    assert "Something went wrong and is tried again: OSError: the share is gone" in shown
    client.post(reverse("stop-run", args=[lock.pk]), {"do": "cancel"})
    shown = client.get(url).content.decode()
    assert "The analysis was cancelled." in shown
    assert 'http-equiv="refresh"' not in shown
    assert client.post(reverse("stop-run", args=[lock.pk]), {"do": "cancel"}).status_code == 302
    client.post(reverse("stop-run", args=[lock.pk]), {"do": "restart"})
    assert compute_run(run.pk)
    assert "Results paragraph" in client.get(url).content.decode()
    reader = people.signed_in(people.a_member(Role.STATISTICIAN))
    assert reader.post(reverse("stop-run", args=[lock.pk]), {"do": "cancel"}).status_code == 403


def test_where_it_failed_is_shown_to_who_may_start_it_again(lock: Lock, manager: Account) -> None:
    failed = {"error": "ValueError: no such figure", "traceback": 'File "x.py", line 1\nValueError\n'}
    Run.objects.filter(pk=run_of(lock.snapshot).pk).update(state=RunState.FAILED, **failed)
    url = reverse("results", args=[lock.pk])
    shown = people.signed_in(manager).get(url).content.decode()
    assert "ValueError: no such figure" in shown
    assert "line 1\nValueError" in shown
    reader = people.signed_in(people.a_member(Role.STATISTICIAN)).get(url).content.decode()
    assert "ValueError: no such figure" in reader
    assert "line 1" not in reader
