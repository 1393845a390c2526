"""The database of the registry as one file, and such a file as a database, by the means of each engine."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from trial.backup.fingerprints import Fingerprints, of_postgresql, of_sqlite
from trial.backup.problems import BackupRefused

_WHOLE = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
DEBIAN = Path("/usr/lib/postgresql")
"""Debian keeps each version's programs in a folder of its own, off the path."""


def write_database(path: Path) -> Fingerprints:
    """Write the database as of one moment into a new file, while others go on writing; what stands in it.

    Raises BackupRefused where a page of the database, or of the file, is damaged.
    """
    if connection.vendor != "postgresql":
        _copy(_sqlite_file(), path)
        check_sqlite(path)
        return of_sqlite(path)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (instant,) = cursor.fetchone()
        _run("pg_dump", "--format=custom", "--compress=0", f"--snapshot={instant}", f"--file={path}")
        _run("pg_restore", "--list", path)
        return of_postgresql()


def _copy(origin: Path, path: Path) -> None:
    with closing(sqlite3.connect(origin)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)


def fingerprints() -> Fingerprints:
    """What stands in the database now."""
    if connection.vendor == "postgresql":
        return of_postgresql()
    return of_sqlite(_sqlite_file())


def check_sqlite(path: Path) -> None:
    """Raises BackupRefused for a file that SQLite finds damaged."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
            found = [row[0] for row in copy.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as problem:
        found = [str(problem)]
    if found != ["ok"]:
        raise BackupRefused(f"the database is damaged: {found[0]}")


def is_empty() -> bool:
    """Whether there is no table yet."""
    return not connection.introspection.table_names()


def read_database(path: Path) -> None:
    """Make the empty database what the file holds: all of it, or nothing. Raises BackupRefused."""
    if connection.vendor == "postgresql":
        _run("pg_restore", f"--dbname={connection.settings_dict['NAME']}", *_WHOLE, path)
        return
    check_sqlite(path)
    connection.close()
    home = _sqlite_file()
    for left in (home, *(home.with_name(f"{home.name}-{end}") for end in ("wal", "shm"))):
        left.unlink(missing_ok=True)
    shutil.move(path, home)


def _sqlite_file() -> Path:
    return Path(connection.settings_dict["NAME"])


# --- the programs of PostgreSQL ----------------------------------------------------------------------------
def _run(program: str, *arguments: str | Path) -> None:
    """Run a program of PostgreSQL; where the database is goes by the environment. Raises BackupRefused."""
    try:
        done = subprocess.run(  # noqa: S603  no word of it comes from outside
            [_program(program), *arguments],
            env={**os.environ, **_where(connection.settings_dict)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as problem:
        raise BackupRefused(f"{program} is missing: install the client of PostgreSQL") from problem
    if done.returncode:
        raise BackupRefused(f"{program}: {done.stderr.strip()[-500:]}")


def _where(told: dict[str, Any]) -> dict[str, str]:
    """A password in a list of arguments is seen by everybody on the machine. What else the address asks for,
    as TLS, libpq names in the environment as there, in capitals and without the lines."""
    where = {f"PG{name}": told[name] for name in ("HOST", "PORT", "USER", "PASSWORD") if told.get(name)}
    asked = {
        f"PG{name.replace('_', '').upper()}": value
        for name, value in told["OPTIONS"].items()
        if isinstance(value, str)
    }
    return {name: str(value) for name, value in {**asked, **where, "PGDATABASE": told["NAME"]}.items()}


def _program(name: str) -> str:
    """That of the newest version that is installed: it reads servers of its own and of older ones."""
    found = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: float(path.parent.parent.name))
    return str(found[-1]) if found else name
