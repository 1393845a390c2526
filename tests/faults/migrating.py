"""Migrations that are killed before a statement (F15): `python manage.py shell` runs it, on PostgreSQL."""

import random
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db import connection

from tests.faults.killed import killed_before

APP, BEFORE = "analytics", "0001_squashed_0003"
SHAPE = """
SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
ORDER BY 1
"""
NEWEST = "SELECT max(name) FROM django_migrations WHERE app = %s"


def migrate(*to: str) -> None:
    call_command("migrate", APP, *to, verbosity=0)


def shape() -> list[str]:
    """Every column, index, trigger and constraint."""
    with connection.cursor() as cursor:
        cursor.execute(SHAPE)
        return [line for (line,) in cursor.fetchall()]


def applied() -> str:
    """The newest migration that the database says it has."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [APP])
        return str(cursor.fetchone()[0])


def known_shapes() -> dict[str, list[str]]:
    """What the database looks like after each migration; it ends at the newest."""
    newest = applied()
    migrate(BEFORE)
    found = {applied(): shape()}
    for number in range(int(applied_number(BEFORE)) + 1, int(newest[:4]) + 1):
        migrate(f"{number:04}")
        found[applied()] = shape()
    return found


def applied_number(name: str) -> str:
    """The number up to which a migration reaches, squashed or not."""
    return name.rpartition("squashed_")[2][:4]


def statements_of_a_migration() -> int:
    """How many there are on the way from before to the newest."""
    with connection.execute_wrapper(counter := _Counter()):
        migrate()
    return counter.sent


class _Counter:
    def __init__(self) -> None:
        self.sent = 0

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        self.sent += 1
        return execute(sql, *args)


def main(times: int) -> None:
    """Prints what came out badly, and last how often it was tried."""
    known = known_shapes()
    migrate(BEFORE)
    most, drawn = statements_of_a_migration(), random.Random(1)
    between = set()
    for number in drawn.sample(range(2, most + 1), min(times, most - 1)):
        migrate(BEFORE)
        killed_before(number, migrate)
        between.add(applied())
        if shape() != known[applied()]:
            print(f"killed before statement {number} of {most}: not as after {applied()}")
        migrate()
        if shape() != known[max(known)]:
            print(f"killed before statement {number} of {most}: the next one did not end it")
    print(times, len(between))
