"""The broker is down while a lock is made, and comes back with an empty memory (F05)."""

import os
from collections.abc import Callable
from datetime import date

import pytest

from tests import services
from tests.analytics.workers import LEASE, Row, worker
from tests.conftest import Registry

OUTAGES = int(os.environ.get("OUTAGES", "2"))  # 20 in `make faults`
# What a person's request does: the lock, and the page on which it is waited for.
LOCK = """
import time
from datetime import date
from django.test import Client
from django.urls import reverse
from analytics.locks.seal import make_lock
from tests.patients.web import people
from trial.people.access import SystemPerson
from trial.people.roles import Role
from trial.trail.actor import Source
for cutoff in {cutoffs}:
    begun = time.monotonic()
    lock = make_lock(date.fromisoformat(cutoff), "interim", by=SystemPerson("lock"), source=Source.WEB)
    print(lock.pk, time.monotonic() - begun)
reader = people.signed_in(people.a_member(Role.STATISTICIAN))
answer = reader.get(reverse("results", args=[lock.pk]))
print(answer.status_code, "The analysis is pending." in answer.content.decode())
"""


@pytest.mark.postgresql
@pytest.mark.requirement("LK-07")
@pytest.mark.django_db
def test_locks_that_are_made_without_a_broker_are_computed_when_it_is_back(
    registry: Registry, tried: Callable[[int], None]
) -> None:
    tried(OUTAGES)
    cutoffs = [str(date(2025, 8, 1 + number)) for number in range(OUTAGES)]
    port = services.free_port()
    dead = {"CHIMERA_BROKER_URL": f"redis://127.0.0.1:{port}/0"}
    done = registry.run("shell", "--verbosity=0", "-c", LOCK.format(cutoffs=cutoffs), env=dead)
    *locks, page = [line.split() for line in done.stdout.splitlines()]
    assert page == ["200", "True"]
    assert len(locks) == OUTAGES
    assert max(float(seconds) for _lock, seconds in locks) <= 3, "a dead broker holds no request up"
    assert done.stderr.count("could not be rung") == OUTAGES
    rows = [Row(registry, number) for number in range(1, OUTAGES + 1)]
    assert {row.state for row in rows} == {"queued"}
    with services.redis(port), worker(registry, **dead, **LEASE) as running:
        registry.run("run_pending", env=dead)  # what the clock does every quarter of a minute
        running.wait_until(lambda: all(row.state == "done" for row in rows))
    assert rows[0].count("trial_trailevent", "action = 'run.finished'") == OUTAGES
