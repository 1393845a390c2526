"""Backups that are made, damaged, put back and compared, by the commands and on the engine of this run."""

import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.db import connection

from tests import services
from tests.conftest import Registry
from trial.backup.age_files import add_bytes, make_key, new_archive
from trial.backup.contents import Contents
from trial.backup.problems import BackupRefused
from trial.backup.restoring import opened

DRILLS = int(os.environ.get("DRILLS", "1"))  # 10 in `make faults` (F14)
SNAPSHOT = "ab" * 32 + ".jsonl"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The private key; `recipient` reads its public half."""
    make_key(tmp_path / "backup.key")
    return tmp_path / "backup.key"


def recipient(key: Path) -> dict[str, str]:
    return {"CHIMERA_BACKUP_RECIPIENTS": key.read_text().splitlines()[0].rpartition(" ")[2]}


def back_up(registry: Registry, key: Path, *to: str | Path) -> Path:
    done = registry.run("back_up", *(to or (key.parent,)), env=recipient(key))
    return Path(done.stdout.strip())


@contextmanager
def empty_machine(of: Registry, folder: Path) -> Iterator[Registry]:
    """A home and a database with nothing in them."""
    if connection.vendor != "postgresql":
        yield Registry(folder, f"sqlite:///{folder}/chimera.sqlite3")
        return
    with services.fresh_database(of.database_url, template="template0") as url:
        yield Registry(folder, url)


def in_clear(backup: Path, key: Path) -> tarfile.TarFile:
    """As any program for age opens it."""
    identity = pyrage.x25519.Identity.from_str(key.read_text().splitlines()[1])
    return tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(backup.read_bytes(), [identity])))


@pytest.mark.requirement("RB-03", "RB-04")
@pytest.mark.parametrize("drill", range(DRILLS))
def test_a_registry_comes_back_on_an_empty_machine(
    registry: Registry, key: Path, tmp_path: Path, drill: int
) -> None:
    registry.run("account", "create", "mei.zhang", "Mei Zhang")
    (registry.home / "snapshots").mkdir(exist_ok=True)
    (registry.home / "snapshots" / SNAPSHOT).write_text("what a lock sealed")
    keys = back_up(registry, key, "--keys", tmp_path / "keys.age")
    backup = back_up(registry, key)
    made = json.load(in_clear(backup, key).extractfile("contents.json"))  # type: ignore[arg-type]
    assert made["tables"]["trial_account"]["rows"] == 1
    assert set(made["files"]) == {"database", "anchor/seals.jsonl", f"snapshots/{SNAPSHOT}"}
    assert b"identity_key" not in b"".join(name.encode() for name in in_clear(backup, key).getnames())

    with empty_machine(registry, tmp_path / "machine") as machine:
        machine.run("restore_backup", keys, "--key", key, "--keys", machine.home / "keys")
        back = machine.run(
            "restore_backup", backup, "--key", key, "--anchor", registry.home / "anchor" / "seals.jsonl"
        )
        assert "outcome whole" in back.stdout
        assert (machine.home / "snapshots" / SNAPSHOT).read_text() == "what a lock sealed"
        for name in ("identity_key", "seal_key"):
            old, new = ((each.home / "keys" / name).read_bytes() for each in (registry, machine))
            assert old == new
        again = machine.run("restore_backup", backup, "--key", key, check=False)
        assert (again.returncode, "is not empty" in again.stderr) == (1, True), "never over a registry"
        assert machine.run("account", "create", "mei.zhang", "M", check=False).returncode


@pytest.mark.requirement("RB-05")
def test_an_older_copy_is_noticed_by_the_seals_outside(registry: Registry, key: Path, tmp_path: Path) -> None:
    backup = back_up(registry, key)
    registry.run("seal_trail")  # the making of the backup is itself an act
    with empty_machine(registry, tmp_path / "machine") as machine:
        shutil.copytree(registry.home / "keys", machine.home / "keys")
        newest = registry.home / "anchor" / "seals.jsonl"
        late = machine.run("restore_backup", backup, "--key", key, "--anchor", newest, check=False)
    assert late.returncode == 1
    assert "an old backup restored: seal=1" in late.stdout
    assert "outcome altered" in late.stdout


@pytest.mark.one_engine
@pytest.mark.requirement("RB-03")
def test_a_damaged_backup_is_refused(registry: Registry, key: Path, tmp_path: Path, settings: Any) -> None:
    backup, other = back_up(registry, key), tmp_path / "other.key"
    settings.CHIMERA_HOME = tmp_path
    whole = backup.read_bytes()
    make_key(other)
    assert "no key opens it" in refused(backup, other)
    for where in (0, 30, len(whole) // 2, len(whole) - 1):
        backup.write_bytes(whole[:where] + bytes([whole[where] ^ 1]) + whole[where + 1 :])
        refused(backup, key)
    for length in (0, 100, len(whole) * 9 // 10):
        backup.write_bytes(whole[:length])
        refused(backup, key)
    assert "No such file" in refused(tmp_path / "nowhere", key)
    assert "no private key" in refused(backup, backup)
    backup.write_bytes(whole)
    with opened(backup, key) as clear:
        assert clear.contents.tables["django_migrations"].rows > 0
    assert [path.name for path in tmp_path.glob(".restore-*")] == []


def refused(backup: Path, key: Path) -> str:
    with pytest.raises(BackupRefused) as problem, opened(backup, key):
        pytest.fail("it was opened")
    return str(problem.value)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("../keys/identity_key", b"x", "has no place in a backup"),
        ("static/x", b"x", "has no place in a backup"),
        ("snapshots/x", b"x", "is not what was written"),
        ("contents.json", b"[]", "cannot be read"),
    ],
)
def test_an_archive_that_somebody_else_packed_is_refused(
    key: Path, tmp_path: Path, settings: Any, name: str, content: bytes, why: str
) -> None:
    settings.CHIMERA_HOME = tmp_path
    listed = Contents("2025-08-05T02:00:00+00:00", "sqlite", {}, 0, {}, {}, {})
    with new_archive(tmp_path / "made", list(recipient(key).values())) as archive:
        add_bytes(archive, "contents.json", listed.as_json())
        add_bytes(archive, name, content)
    assert why in refused(tmp_path / "made", key)
    assert not (tmp_path / "keys").exists()


@pytest.mark.one_engine
@pytest.mark.requirement("RB-03")
def test_no_backup_is_left_of_a_damaged_database(registry: Registry, key: Path, tmp_path: Path) -> None:
    (folder := tmp_path / "out").mkdir()
    nobody = registry.run("back_up", folder, check=False)
    assert "CHIMERA_BACKUP_RECIPIENTS names no public key" in nobody.stderr
    damage(registry.home / "chimera.sqlite3", table="trial_site")
    broken = registry.run("back_up", folder, env=recipient(key), check=False)
    assert (broken.returncode, "the database is damaged" in broken.stderr) == (1, True), broken.stderr
    assert list(folder.iterdir()) == []
    assert [path.name for path in registry.home.glob(".backup-*")] == []


def damage(database: Path, table: str) -> None:
    """Write over the first page of a table."""
    with closing(sqlite3.connect(database)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = file.execute("PRAGMA page_size").fetchone()
        (page,) = file.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
    with database.open("r+b") as pages:
        pages.seek((page - 1) * size)
        pages.write(b"\xff" * size)
