"""A disk that is full, mounted for it (which takes root): a refused save is told, all can be read (F07)."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from tests import services
from tests.conftest import Registry
from tests.faults.judge import judge
from tests.faults.test_database import filled
from tests.faults.web import ask, web_server
from tests.faults.writers import pages_for

pytestmark = pytest.mark.django_db
MOST_SAVES = 2000
NO_JOURNAL_BEFORE_LONG = {"max_wal_size": "48MB", "min_wal_size": "32MB", "checkpoint_timeout": "1h"}


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A disk of memory of this size, where other accounts may pass. Fails where it may not be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="chimera-disk-", dir=os.environ.get("TMPDIR", "/tmp")))
    size = f"size={megabytes}m,mode=711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


@contextmanager
def on_a_small_disk(template: Registry, disk: Path, home: Path) -> Iterator[Registry]:
    """A registry whose database lies on this disk, on the engine of the run."""
    if connection.vendor == "postgresql":
        home.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", str(disk))
            with services.cluster(NO_JOURNAL_BEFORE_LONG) as cluster, cluster.running():
                yield filled(cluster.url, template, home)
        return
    shutil.copytree(template.home, home)
    shutil.move(home / "chimera.sqlite3", disk)
    yield Registry(home, f"sqlite:///{disk}/chimera.sqlite3")


def fill(disk: Path) -> Path:
    """A file that takes all the room that is left."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    return ballast


def saved_until_refused(url: str, session: str, version: int) -> tuple[int, int, str]:
    """The version at the end, and with which status and words the next save was refused."""
    while version < MOST_SAVES:
        try:
            version = save(url, session, version)
        except urllib.error.HTTPError as refused:
            return version, refused.code, json.loads(refused.read())["detail"]
    pytest.fail("the disk is never full")


def save(url: str, session: str, version: int) -> int:
    body = {"base_version": version, "rows": {"": {"mol_marker": f"M{version + 1}"}}}
    if version:
        body["reasons"] = {"": {"mol_marker": {"code": "late_source"}}}
    return int(ask(url, session, body)["version"])


def test_a_full_disk_costs_nobody_a_save_that_was_acknowledged(
    registry_template: Registry, tmp_path: Path, tried: Callable[..., None]
) -> None:
    with (
        small_disk(220) as disk,
        on_a_small_disk(registry_template, disk, tmp_path / "home") as registry,
    ):
        session, (page,) = pages_for(1, registry)
        with web_server(registry) as web:
            url = f"{web.address}/api/v1/pages/{page}"
            version = save(url, session, 0)
            ballast = fill(disk)
            version, status, detail = saved_until_refused(url, session, version)
            assert (status, "take this as not done" in detail) == (503, True)
            assert ask(url, session)["version"] == version, "it can be read"
            assert "ERROR" in web.log.read_text().upper(), "the log says so"
            ballast.unlink()
            version = save(url, session, version)
        bad = judge(registry, {page: [f"M{number}" for number in range(1, version + 1)]})
        tried(version + 1, bad=len(bad))
        assert bad == []
