"""What of a table must be the same before and after: how many rows, and a hash over all of them.

Rows are read in the order of their key and as the database writes them as text, so that a hash says the same
of two databases of one engine; it is not meant to compare engines (the hash of a snapshot does that).
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from django.db import connection

LEFT_OUT = frozenset({"django_session", "usersessions_usersession"})
"""Who was signed in: a restore ends that."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of one table."""

    rows: int
    sha256: str


Fingerprints = dict[str, Fingerprint]
"""By the name of the table."""


def of_sqlite(path: Path) -> Fingerprints:
    """Of every table of a database file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = sorted({name for (name,) in names if not name.startswith("sqlite_")} - LEFT_OUT)
        return {table: _fingerprint(_rows_of_sqlite(database, table)) for table in tables}


def _rows_of_sqlite(database: sqlite3.Connection, table: str) -> Iterator[bytes]:
    for row in database.execute(f'SELECT * FROM "{table}" ORDER BY rowid'):
        yield repr(row).encode()


def of_postgresql() -> Fingerprints:
    """Of every table of the database, at the instant of the transaction around it."""
    tables = sorted(set(connection.introspection.table_names()) - LEFT_OUT)
    return {table: _fingerprint(_rows_of_postgresql(table)) for table in tables}


def _rows_of_postgresql(table: str) -> Iterator[bytes]:
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        columns = connection.introspection.get_primary_key_columns(cursor, table) or ["1"]
        order = ", ".join(map(connection.ops.quote_name, columns))
        with cast(_Copies, cursor).copy(f"COPY (SELECT * FROM {name} ORDER BY {order}) TO STDOUT") as rows:
            yield from (bytes(row) for row in rows)


def _fingerprint(rows: Iterable[bytes]) -> Fingerprint:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(row)
        count += 1
    return Fingerprint(count, digest.hexdigest())


class _Copies(Protocol):
    """The cursor of psycopg, which Django's lets through."""

    def copy(self, statement: str) -> AbstractContextManager[Iterable[Any]]: ...
