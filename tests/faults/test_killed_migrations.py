"""Migrations of a long trail are killed at any moment while people save: each is whole or not there (F15)."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.analytics.workers import until
from tests.conftest import ROOT, Registry
from tests.faults.judge import judge
from tests.faults.web import web_server
from tests.faults.writers import Writer, acknowledged_by, go_on, pages_for, writing

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db, pytest.mark.requirement("AT-01")]
MIGRATIONS = int(os.environ.get("MIGRATIONS", "1"))  # 20 in `make faults`
EVENTS = int(os.environ.get("EVENTS", "2000"))  # 100,000
APP, BEFORE, WRITERS, BACK_WITHIN_S = "trial", "0011", 4, 60
LONGEST_S = 4.0
NAME = "killed-migration"
SHAPE = """
SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
ORDER BY 1
"""


def shape(registry: Registry) -> list[str]:
    """Every column, index, trigger and constraint."""
    with psycopg.connect(registry.database_url) as connection:
        return [line for (line,) in connection.execute(SHAPE)]


def applied(registry: Registry) -> str:
    """The newest migration that the database says it has."""
    with psycopg.connect(registry.database_url) as connection:
        newest = "SELECT max(name) FROM django_migrations WHERE app = %s AND name NOT LIKE '%%squashed%%'"
        return str(connection.execute(newest, [APP]).fetchone()[0])


def killed_migration(registry: Registry, seconds: float) -> None:
    """`migrate`, ended by SIGKILL after so long; its server process has noticed when this returns."""
    command = [sys.executable, "manage.py", "migrate", APP, "--verbosity=0"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **registry.env, "PGAPPNAME": NAME}) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
    mine = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    with psycopg.connect(registry.database_url, autocommit=True) as connection:
        until(lambda: connection.execute(mine, [NAME]).fetchone()[0] == 0, BACK_WITHIN_S)


def known_shapes(registry: Registry) -> dict[str, list[str]]:
    """What the database looks like after each migration; it ends at the newest."""
    found = {}
    for number in names_after(registry):
        registry.run("migrate", APP, number, "--verbosity=0")
        found[applied(registry)] = shape(registry)
    return found


def names_after(registry: Registry) -> Iterator[str]:
    listed = registry.run("showmigrations", APP, "--format=list").stdout.split()
    numbers = sorted({word[:4] for word in listed if word[:4].isdigit() and "squashed" not in word})
    yield from (number for number in numbers if number >= BEFORE)


def test_a_killed_migration_is_whole_or_not_there(registry: Registry, tried: Callable[..., None]) -> None:
    fill = f"from benchmarks.verification import fill; fill({EVENTS})"
    registry.run("shell", "--verbosity=0", "-c", fill)
    session, pages = pages_for(WRITERS, registry)
    registry.run("migrate", APP, BEFORE, "--verbosity=0")
    known, chance, bad = known_shapes(registry), random.Random(1), []
    with web_server(registry) as web:
        writers = [Writer(f"{web.address}/api/v1/pages/{page}", session) for page in pages]
        with writing(writers):
            for _migration in range(MIGRATIONS):
                registry.run("migrate", APP, BEFORE, "--verbosity=0")
                killed_migration(registry, chance.uniform(LONGEST_S / 4, LONGEST_S))
                if shape(registry) != known[applied(registry)]:
                    bad.append(f"not as after {applied(registry)}")
                go_on(writers, BACK_WITHIN_S)
                registry.run("migrate", APP, "--verbosity=0")
                if shape(registry) != known[max(known)]:
                    bad.append("the next one did not end it")
    bad += judge(registry, acknowledged_by(pages, writers))
    tried(MIGRATIONS, bad=len(bad))
    assert bad == []
