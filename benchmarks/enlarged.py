"""A registry of any size for the benchmarks of locks: the invented cohort imported once, then copied in SQL.

What a cut and an approval read of a subject is copied under other numbers and another code: the subject and
its identity, visits, pages, rows of forms and queries, and the versions of each. Trail and ledger are not, so
that nobody can verify such a registry. It is one of SQLite.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import django

from benchmarks.journey import DEMO, ROOT

COHORT = 19
"""Subjects of the invented cohort."""
APART = 10_000_000
"""Between the numbers of a row and of its copy."""


def environment_of(folder: Path) -> dict[str, str]:
    """The environment of commands on the registry in a folder."""
    others = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    return others | {"CHIMERA_HOME": str(folder / "home")}


def import_cohort(folder: Path) -> None:
    """The invented cohort of 19 in a registry of its own."""
    for command in (
        ("build_casebook", str(DEMO), f"{folder}/casebook"),
        ("import_casebook", f"{folder}/casebook"),
    ):
        arguments = [sys.executable, "manage.py", *command]
        subprocess.run(arguments, cwd=ROOT, env=environment_of(folder), check=True, stdout=2)


def enlarge(folder: Path, copies: int) -> None:
    """Copy each subject so often; in a process of its own, whose memory is not that of what is measured."""
    command = [sys.executable, "-m", "benchmarks.enlarged", str(copies)]
    subprocess.run(command, cwd=ROOT, env=environment_of(folder), check=True)


def copy(database: Path, copies: int) -> None:
    """The copies, in one transaction. Django must be set up."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for pragma in ("foreign_keys", "journal_mode", "synchronous"):
            connection.execute(f"PRAGMA {pragma} = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        connection.execute("BEGIN")
        for name, _sql in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        for table, columns in _copied():
            connection.execute(_statement(table, columns), (copies,))
        for _name, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode = WAL")


def _statement(table: str, columns: Mapping[str, str]) -> str:
    copy = f"WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c WHERE n < ?) INSERT INTO {table}"
    into, values = ", ".join(columns), ", ".join(columns.values())
    return f"{copy} ({into}) SELECT {values} FROM c CROSS JOIN {table} t"


def _copied() -> Iterator[tuple[str, dict[str, str]]]:
    """The tables with what each column of a copy is."""
    from patients.casebook.form import declared_forms
    from patients.casebook.identity import Identity
    from patients.casebook.page import Page, Subject, Visit
    from patients.oversight.queries import Query

    models: list[Any] = [Subject, Identity, Visit, Page, Query, *declared_forms()]
    for model in (*models, *(each.history.model for each in models)):
        columns = model._meta.concrete_fields
        yield model._meta.db_table, {f'"{column.column}"': _value(column) for column in columns}


def _value(column: Any) -> str:
    target = column.related_model._meta.model_name if column.related_model else ""
    if column.name in ("id", "history_id") or target in ("subject", "visit", "page", "identity", "query"):
        return f't."{column.column}" + c.n * {APART}'
    if column.name == "code" and column.model._meta.model_name.endswith("subject"):
        return "substr(t.code, 1, 5) || printf('%06d', c.n * 100 + CAST(substr(t.code, 6) AS integer))"
    return f't."{column.column}"'


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "trial.settings"
    django.setup()
    copy(Path(os.environ["CHIMERA_HOME"]) / "chimera.sqlite3", int(sys.argv[1]))
