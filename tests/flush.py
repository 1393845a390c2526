"""Emptying the test database between tests that commit: the triggers of append-only tables step aside for it.

Only the flush that Django runs after such a test is let through; what a test itself does still meets them.
"""

from collections.abc import Iterable

from django.db import connections
from django.db.backends.base.operations import BaseDatabaseOperations

_flush = BaseDatabaseOperations.execute_sql_flush


def _sqlite_triggers(alias: str) -> list[tuple[str, str]]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return list(cursor.fetchall())


def execute_sql_flush(self: BaseDatabaseOperations, sql_list: Iterable[str]) -> None:
    """Django's flush, in the same transaction as what sets the triggers aside."""
    if self.connection.vendor == "postgresql":
        _flush(self, ["SET LOCAL session_replication_role = replica", *sql_list])  # needs a superuser
        return
    triggers = _sqlite_triggers(self.connection.alias)
    drops = [f"DROP TRIGGER {self.quote_name(name)}" for name, _ in triggers]
    _flush(self, [*drops, *sql_list, *(sql for _, sql in triggers)])
