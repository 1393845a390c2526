"""A registry as it stands: casebooks at two sites, one of them signed, verified and locked, queries, a row
that was entered by mistake; built once for a module, what a test changed is undone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from patients.casebook.page import Page, Subject
from patients.entry.asking import raise_query
from patients.entry.query_act import Question, Target
from tests.patients.entry import desk, locking_desk
from trial.people.models import Site
from trial.people.roles import Permission
from trial.people.tokens import Dates, issue_token
from trial.trail.seals import seal_trail

OWN, OTHER = "HZ01", "HZ02"
NAME, NUMBER = "Canary Zhaolin", "H7745531"
ASKED = "Was the visit of 2024-01-07 or the one of 8 Jan 2024 meant?"
RIGHTS = [Permission.READ, Permission.REVIEW_TRAIL, Permission.EXPORT]


@dataclass
class Registry:
    """A subject who died, the log of events of it, and a subject of each other kind."""

    died: Subject
    log: Page
    locked: Subject
    foreign: Subject


@pytest.fixture(scope="module")
def registry(django_db_setup: None, django_db_blocker: Any) -> Iterator[Registry]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield built_registry()
        transaction.set_rollback(True)


def built_registry() -> Registry:
    died = desk.died()
    log = desk.logged(died, "AE")
    first = {"ae_term": "fever", "ae_start": "2024-01", "ae_serious": "N"}
    desk.save(log, rows={"1": first, "2": {"ae_term": "rash"}})
    desk.save(log, rows={"2": {"void": "Y"}}, why=desk.BECAUSE)
    dm = desk.page_of(died, "DM")
    raise_query(Target(page=dm, item="hctci"), Question(ASKED), by=desk.SYSTEM)
    dx = desk.page_of(died, "DX")
    raise_query(Target(page=dx, item="karyotype_iscn"), Question("Is 46,XY right?"), by=desk.SYSTEM)
    second, foreign = locking_desk.spotless("HZ01-002"), desk.consented("HZ02-001")
    locking_desk.locked(second)
    seal_trail()
    return Registry(died, log, second, foreign)


def a_token(
    *sites: str, rights: list[Permission] | None = None, dates: Dates = Dates.TRUE, filing: str = "2025-BGH-1"
) -> str:
    """A token for these sites, the own one if none is named, that has everything unless it is said."""
    at = list(Site.objects.filter(code__in=sites or [OWN]))
    return issue_token(
        "sponsor", by="test", sites=at, permissions=rights or RIGHTS, dates=dates, filing=filing
    )


def get(address: str, key: str, **headers: str) -> Any:
    """The answer to a program; the address may be a whole one, as `next` has it."""
    path = address.partition("testserver")[2] or f"/api/v1/{address}"
    return Client().get(path, headers={"Authorization": f"Token {key}", **headers})


def walked(address: str, key: str) -> list[dict[str, Any]]:
    """All entries of a list, page after page."""
    entries, following = [], address
    while following:
        answer = get(following, key)
        assert answer.status_code == 200, answer.content
        entries += answer.json()["entries"]
        following = answer.json()["next"]
    return entries
