"""Migrations of a long trail are killed before any statement while people save: whole or not there (F15)."""

import os
from collections.abc import Callable

import pytest

from tests.conftest import Registry
from tests.faults.judge import judge
from tests.faults.web import web_server
from tests.faults.writers import Writer, acknowledged_by, go_on, pages_for, writing

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db, pytest.mark.requirement("AT-01")]
MIGRATIONS = int(os.environ.get("MIGRATIONS", "2"))  # 20 in `make faults`
EVENTS = int(os.environ.get("EVENTS", "2000"))  # 100,000
WRITERS, BACK_WITHIN_S = 4, 60


def test_a_killed_migration_is_whole_or_not_there(registry: Registry, tried: Callable[..., None]) -> None:
    fill = f"from benchmarks.verification import fill; fill({EVENTS})"
    registry.run("shell", "--verbosity=0", "-c", fill)
    session, pages = pages_for(WRITERS, registry)
    with web_server(registry) as web:
        writers = [Writer(f"{web.address}/api/v1/pages/{page}", session) for page in pages]
        with writing(writers):
            code = f"from tests.faults.migrating import main; main({MIGRATIONS})"
            told = registry.run("shell", "--verbosity=0", "-c", code, timeout=3600).stdout.splitlines()
            go_on(writers, BACK_WITHIN_S)
    bad = [*told[:-1], *judge(registry, acknowledged_by(pages, writers))]
    tried(int(told[-1].split()[0]), bad=len(bad))
    assert bad == []
