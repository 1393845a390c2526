"""A worker that is killed while it makes tables or a file leaves one set of tables, and one file: the one
that its row tells of."""

import hashlib
import time
import zipfile
from datetime import date
from functools import partial

import pytest
from celery import Celery

from analytics.exports.jobs.tables.models import PLACE
from analytics.locks.snapshot import write_snapshot
from tests.analytics.casebooks import CutContent
from tests.analytics.workers import LEASE, Row, take_in, worker
from tests.conftest import Registry

pytestmark = [pytest.mark.one_engine, pytest.mark.xdist_group("exports")]
ASK = """
from analytics.exports.jobs.models import Export
from analytics.locks.models import Lock
from analytics.runs.models import Run, RunState
from trial.people.models import Account
Run.objects.update(state=RunState.RUNNING)  # elsewhere: no other tables are made ahead meanwhile
person = Account.objects.create(user_name="lin.yu", printed_name="Lin Yu")
Export.objects.create(
    lock=Lock.objects.get(), account=person, what="workbook", options={"standard": "sdtm"}, dates="shifted"
)
"""
KILLED_AFTER = (0.2, 2.0)  # seconds at work: while the tables are computed, and later


def test_a_worker_that_is_killed_leaves_one_set_of_tables_and_one_file(
    registry: Registry, redis_url: str, cohort: list[CutContent]
) -> None:
    (row,) = take_in(registry, write_snapshot(registry.home / "snapshots", date(2025, 8, 5), iter(cohort)))
    registry.run("shell", "--verbosity=0", "-c", ASK)
    bell = Celery(broker=redis_url)

    def ring() -> None:
        bell.send_task("analytics.exports.make", (1,))

    def told(column: str) -> object:
        return row.ask(f"SELECT {column} FROM analytics_export WHERE id = 1")[0]

    def tables(state: str) -> bool:
        return row.count("analytics_tablestomake", f"state = '{state}'") == 1

    def ask_for_tables() -> None:
        bell.send_task("analytics.exports.tables.asked", (1, "forms"))

    broker = {"CHIMERA_BROKER_URL": redis_url, **LEASE}
    with worker(registry, **broker) as killed:
        killed.wait_until(lambda: tables("running"), ask_for_tables)
        time.sleep(KILLED_AFTER[0])
    assert tables("running")
    for attempt, seconds in enumerate(KILLED_AFTER, 1):
        with worker(registry, **broker) as killed:
            killed.wait_until(lambda attempt=attempt: told("attempts") == attempt, ring)
            time.sleep(seconds)
        assert told("state") == "running"
    with worker(registry, **broker) as last:
        last.wait_until(lambda: told("state") == "done", ring)
        bell.send_task("analytics.exports.sweep")
        folder = registry.home / "snapshots" / "exports"
        name = f"1-{told('attempts')}"
        last.wait_until(lambda: [path.name for path in folder.iterdir()] == [name])
        making = registry.home / "snapshots" / PLACE
        last.wait_until(lambda: tables("done"), partial(bell.send_task, "analytics.exports.tables.sweep"))
        clear = partial(bell.send_task, "analytics.exports.tables.clear")
        last.wait_until(lambda: not list(making.iterdir()), clear)
    made = [path for path in (registry.home / "snapshots").glob("tables-*/*") if path.name == "forms"]
    assert len(made) == row.count("analytics_tablestomake") == 1
    content = (folder / name).read_bytes()
    assert (told("digest"), told("size")) == (hashlib.sha256(content).hexdigest(), len(content))
    assert zipfile.ZipFile(folder / name).testzip() is None
    assert Row(registry).count("analytics_export") == 1
    bell.close()
