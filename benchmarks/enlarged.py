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
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import django

from benchmarks.journey import DEMO, ROOT

COHORT = 19
"""Subjects of the invented cohort."""
HOLD_A_CODE = {"screen_no": 3, "donor_id": 1, "ptx_donor_id": 1, "aph_donor_id": 1, "hsct_donor": 1}
"""Items that are made of the code of their subject, and from which letter on it stands in them: else they
would differ from what the rules make, and be in the way of a lock."""
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


def enlarge(folder: Path, copies: int, *, for_a_cut: bool = False) -> None:
    """Copy each subject so often; in a process of its own, whose memory is not that of what is measured.
    `for_a_cut`: nothing but what a cut as known now reads, without the queries and the versions of pages and
    visits, a third less."""
    command = [sys.executable, "-m", "benchmarks.enlarged", str(copies), *(["cut"] if for_a_cut else [])]
    subprocess.run(command, cwd=ROOT, env=environment_of(folder), check=True)


def copy(database: Path, copies: int, *, for_a_cut: bool) -> None:
    """The copies, in one transaction. Django must be set up."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in ("foreign_keys", "journal_mode", "synchronous"):
            connection.execute(f"PRAGMA {pragma} = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        with taken_away(connection):
            for table, columns in _copied(for_a_cut):
                connection.execute(_statement(table, columns), (copies,))
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def taken_away(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction without the triggers, which refuse such writing, and the indexes, which are made faster
    at its end."""
    wanted = (
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
    )
    found = connection.execute(wanted).fetchall()
    connection.execute("BEGIN")
    for kind, name, _sql in found:
        connection.execute(f'DROP {kind} "{name}"')
    yield
    for _kind, _name, sql in found:
        connection.execute(sql)
    connection.execute("COMMIT")


def _statement(table: str, columns: Mapping[str, str]) -> str:
    copy = f"WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c WHERE n < ?) INSERT INTO {table}"
    into, values = ", ".join(columns), ", ".join(columns.values())
    return f"{copy} ({into}) SELECT {values} FROM c CROSS JOIN {table} t"


def _copied(for_a_cut: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """The tables with what each column of a copy is."""
    from patients.casebook.form import declared_forms
    from patients.casebook.identity import Identity
    from patients.casebook.page import Page, Subject, Visit
    from patients.oversight.queries import Query

    frame: list[Any] = [Subject, Identity, Visit, Page, *([] if for_a_cut else [Query])]
    with_versions = [*([] if for_a_cut else frame), *declared_forms()]
    for model in (*frame, *declared_forms(), *(each.history.model for each in with_versions)):
        columns = model._meta.concrete_fields
        yield model._meta.db_table, {f'"{column.column}"': _value(column) for column in columns}


def _value(column: Any) -> str:
    target = column.related_model._meta.model_name if column.related_model else ""
    if column.name in ("id", "history_id") or target in ("subject", "visit", "page", "identity", "query"):
        return f't."{column.column}" + c.n * {APART}'
    if column.name == "code" and column.model._meta.model_name.endswith("subject"):
        return _other_code("code", 1)
    if column.name in HOLD_A_CODE:
        return _other_code(column.column, HOLD_A_CODE[column.name])
    return f't."{column.column}"'


def _other_code(column: str, first: int) -> str:
    """A text with the code of a subject in it, from this letter on: that of the copy takes its place."""
    before, number, after = f"1, {first + 4}", f"{first + 5}, 3", f"{first + 8}"
    copied = f"c.n * 1000 + CAST(substr(t.{column}, {number}) AS integer)"
    return f"substr(t.{column}, {before}) || printf('%06d', {copied}) || substr(t.{column}, {after})"


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "trial.settings"
    django.setup()
    copy(Path(os.environ["CHIMERA_HOME"]) / "chimera.sqlite3", int(sys.argv[1]), for_a_cut="cut" in sys.argv)
