"""The clock of the web server is minutes off that of the database: nothing is signed or locked by it (F16).

Needs libfaketime, which turns the clock of one process.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Registry
from tests.faults.judge import judge

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
PREPARE = """
from tests.patients.entry.signing_desk import eligibility, principal_investigator, screened
from tests.patients.web import people
people.has_password(principal_investigator())
print(eligibility(screened()).pk)
"""
SIGN = """
from django.test.utils import setup_test_environment
setup_test_environment()
from allauth.mfa.models import Authenticator
from patients.casebook.page import Page
from tests.patients.entry import desk
from tests.patients.web.test_signing import Person
from patients.oversight.signatures import Signature
from tests.patients.entry.signing_desk import principal_investigator
from trial.trail.models import TrailEvent
Authenticator.objects.all().delete()  # the last step's telephone
page = Page.objects.get(pk={page})
person = Person(principal_investigator())
answer = person.sign(page)
saved = desk.save(desk.page_of(page.subject, "DM"), {{"hctci": "{score}"}}, why=desk.BECAUSE)
gaps = TrailEvent.objects.filter(action="clock.gap").count()
print(answer.status_code, Signature.objects.count(), saved.changed, gaps)
"""
STEPS = ("+5m", "-1h", "+61s", "-65s")


def turned(by: str) -> dict[str, str]:
    """The environment of a process whose clock is off by so much."""
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    return {"LD_PRELOAD": str(library), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def test_a_turned_clock_signs_and_locks_nothing(registry: Registry, tried: Callable[..., None]) -> None:
    page = registry.run("shell", "--verbosity=0", "-c", PREPARE, env=turned("-2h")).stdout.split()[-1]
    bad: list[str] = []
    for number, step in enumerate(STEPS):
        code = SIGN.format(page=page, score=number + 1)
        told = registry.run("shell", "--verbosity=0", "-c", code, env=turned(step)).stdout.split()[-4:]
        if told[:3] != ["503", "0", "1"] or int(told[3]) < number + 1:
            bad.append(f"{step}: status, signatures, saved, gaps told: {told}")
        locked = registry.run(
            "lock", "--cutoff", "2025-08-05", "--reason", "interim", check=False, env=turned(step)
        )
        if locked.returncode != 1 or "clocks" not in locked.stderr:
            bad.append(f"{step}: lock: {locked.stderr}")
    told = registry.run("shell", "--verbosity=0", "-c", SIGN.format(page=page, score=9)).stdout.split()[-4:]
    if told[:2] != ["302", "1"]:
        bad.append(f"with the right clock: {told}")
    bad += judge(registry)
    tried(2 * len(STEPS), bad=len(bad))
    assert bad == []
