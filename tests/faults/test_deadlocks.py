"""Somebody else locks what a save needs in the other order: the save is undone, and done again (F21)."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.conftest import Registry
from tests.faults.judge import judge
from tests.faults.web import ask, web_server
from tests.faults.writers import pages_for

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db, pytest.mark.requirement("DI-02")]
DEADLOCKS = int(os.environ.get("DEADLOCKS", "5"))  # 1,000 in `make faults`
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
PAGE = "SELECT subject_id FROM patients_page WHERE id = %s FOR UPDATE"
SUBJECT = "SELECT 1 FROM patients_subject WHERE id = %s FOR UPDATE"


@contextmanager
def holding(registry: Registry, page: int) -> Iterator[psycopg.Connection]:
    """A transaction that holds a page, and is not the one that gives way."""
    with psycopg.connect(registry.database_url) as other:
        other.execute("SET LOCAL deadlock_timeout = '60s'")
        yield other
        other.rollback()


def crossed(registry: Registry, page: int, save: Callable[[], int]) -> int:
    """The version that a save comes to. It holds the subject and waits for the page, while somebody holds the
    page and waits for the subject."""
    with ThreadPoolExecutor(1) as pool, holding(registry, page) as other:
        (subject,) = other.execute(PAGE, [page]).fetchone()
        saved = pool.submit(save)
        while other.execute(WAITS).fetchone()[0] == 0:
            time.sleep(0.002)
        other.execute(SUBJECT, [subject])
        other.rollback()
        return saved.result(timeout=30)


def test_who_saves_is_told_nothing_of_it(registry: Registry, tried: Callable[..., None]) -> None:
    session, (page,) = pages_for(1, registry)
    name = registry.database_url.rpartition("/")[2]
    with psycopg.connect(registry.database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '200ms'")
    acknowledged: list[str] = []
    with web_server(registry) as web:
        for number in range(DEADLOCKS):
            body = {"base_version": number, "rows": {"": {"mol_marker": f"M{number + 1}"}}}
            if number:
                body["reasons"] = {"": {"mol_marker": {"code": "late_source"}}}

            def save(body: object = body, number: int = number) -> int:
                url = f"{web.address}/api/v1/pages/{page}"
                return ask(url, session, body, f"save-{number}")["version"]

            assert crossed(registry, page, save) == number + 1
            acknowledged.append(f"M{number + 1}")
    bad = judge(registry, {page: acknowledged})
    tried(DEADLOCKS, bad=len(bad))
    assert bad == []
    assert deadlocks(registry) >= DEADLOCKS


def deadlocks(registry: Registry) -> int:
    """How many PostgreSQL has counted; it tells them some time after."""
    told, end = 0, time.monotonic() + 10
    while told < DEADLOCKS and time.monotonic() < end:
        with psycopg.connect(registry.database_url) as connection:
            found = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            told = int(connection.execute(found).fetchone()[0])
        time.sleep(0.2)
    return told
