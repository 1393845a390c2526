"""PostgreSQL is stopped at once while people save, and comes back by itself (F06)."""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import services
from tests.analytics.workers import until
from tests.conftest import Registry
from tests.faults.web import ask, web_server

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db, pytest.mark.requirement("DI-02")]
STOPS = int(os.environ.get("STOPS", "1"))  # 20 in `make faults`
WRITERS = int(os.environ.get("WRITERS", "8"))  # 50
BACK_WITHIN_S = 15
FILL = """
from tests.patients.web import people
from trial.people.roles import Role
person = people.signed_in(people.a_member(Role.COORDINATOR))
print(person.cookies["sessionid"].value)
for number in range({writers}):
    print(people.page_of(people.a_subject(f"HZ01-{{number:03d}}"), "RESP", "SCR").pk)
"""


@dataclass
class Writer:
    """Somebody who saves one page again and again, and sends what was not answered again, with its key."""

    url: str
    session: str
    acknowledged: list[str] = field(default_factory=list)
    repeated: int = 0

    def write(self, over: threading.Event) -> None:
        version = 0
        while not over.is_set():
            text = f"M{version + 1}"
            reasons = {"": {"mol_marker": {"code": "late_source"}}} if version else {}
            body = {"base_version": version, "rows": {"": {"mol_marker": text}}, "reasons": reasons}
            version = self._sent_until_answered(body)
            self.acknowledged.append(text)

    def _sent_until_answered(self, body: object) -> int:
        key = str(uuid.uuid4())
        while True:
            try:
                return int(ask(self.url, self.session, body, key)["version"])
            except OSError:
                self.repeated += 1
                time.sleep(0.1)


@contextmanager
def writing(writers: list[Writer]) -> Iterator[None]:
    """All of them save until the block ends; what is under way then is sent until it is answered."""
    over = threading.Event()
    threads = [threading.Thread(target=one.write, args=(over,), daemon=True) for one in writers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=60)


def test_no_save_that_was_acknowledged_is_lost_and_none_is_done_twice(
    registry_template: Registry, tmp_path: Path
) -> None:
    with services.cluster({}) as cluster, ExitStack() as power:
        power.enter_context(cluster.running())
        registry = filled(cluster.url, registry_template, tmp_path)
        told = registry.run("shell", "--verbosity=0", "-c", FILL.format(writers=WRITERS)).stdout
        session, *pages = told.split()
        with web_server(registry) as address:
            writers = [Writer(f"{address}/api/v1/pages/{page}", session) for page in pages]
            with writing(writers):
                for _stop in range(STOPS):
                    go_on(writers)
                    power.close()
                    power.enter_context(cluster.running())
                    go_on(writers)
        assert sum(one.repeated for one in writers) >= STOPS
        for page, writer in zip(pages, writers, strict=True):
            assert kept(registry, page) == writer.acknowledged, "each once, in order"


def filled(server: str, template: Registry, home: Path) -> Registry:
    """A registry on a server of its own, as the template."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE registry")
    url = urlsplit(server)._replace(path="/registry").geturl()
    services.copy_database(template.database_url, url)
    return Registry(home, url)


def go_on(writers: list[Writer]) -> None:
    """Everybody is answered within the time in which the registry must be back."""
    before = [len(one.acknowledged) for one in writers]
    until(
        lambda: all(len(one.acknowledged) > count for one, count in zip(writers, before, strict=True)),
        BACK_WITHIN_S,
    )


def kept(registry: Registry, page: str) -> list[str]:
    """What the versions of the row say, which must be what the trail says."""
    with psycopg.connect(registry.database_url) as connection:
        versions = connection.execute(
            "SELECT mol_marker FROM patients_historicalresponseassessment"
            " WHERE page_id = %s AND mol_marker <> '' ORDER BY history_id",
            [page],
        ).fetchall()
        told = connection.execute(
            "SELECT change.new FROM trial_trailchange change JOIN trial_trailevent event"
            " ON event.act = change.event_id JOIN patients_page page ON page.id = %s"
            " JOIN patients_subject subject ON subject.id = page.subject_id"
            " WHERE event.subject = subject.code AND event.form = 'RESP' AND change.item = 'mol_marker'"
            " ORDER BY event.id",
            [page],
        ).fetchall()
    assert versions == told
    return [text for (text,) in versions]
