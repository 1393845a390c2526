"""A migration and the record that it was applied are one transaction (F15)."""

import signal

import pytest

from tests.conftest import Registry

KILLED_BEFORE_IT_IS_RECORDED = """
import os, signal
from django.core.management import call_command
from django.db import connection
call_command("migrate", "analytics", "0001_squashed_0003", verbosity=0)
def kill(execute, sql, *args):
    if sql.startswith('INSERT INTO "django_migrations"'):
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, *args)
with connection.execute_wrapper(kill):
    call_command("migrate", "analytics", "0004", verbosity=0)
"""


@pytest.mark.django_db
def test_a_migration_that_is_killed_before_it_is_recorded_is_not_there(registry: Registry) -> None:
    """It adds a reference, which Django leaves to the end."""
    done = registry.run("shell", "--verbosity=0", "-c", KILLED_BEFORE_IT_IS_RECORDED, check=False)
    assert done.returncode == -signal.SIGKILL
    registry.run("migrate", "--verbosity=0")
    listed = registry.run("showmigrations", "--plan").stdout.splitlines()
    assert [line for line in listed if not line.startswith("[X]")] == []
