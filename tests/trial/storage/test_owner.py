"""A prefix of a bucket is of one registry: the first that used it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from trial.installation.finding import Verdict
from trial.storage import kept, owner
from trial.storage.access import Access
from trial.storage.bucket import Bucket
from trial.storage.look import snapshot_store
from trial.storage.problems import StoreOfAnother
from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Place, record_event
from trial.trail.seals import seal_trail

Host = Callable[[str], Path]


@pytest.fixture
def another_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """One that has not used the store yet."""
    return lambda: monkeypatch.setattr(owner, "_OURS", set())


@pytest.mark.django_db
@pytest.mark.requirement("LK-07")
def test_a_prefix_of_another_registry_is_refused_and_a_restored_one_is_the_same(
    host: Host, another_process: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = host("first") / "notes"
    path.write_text("what a lock sealed")
    kept.put(path)
    assert owner.identity() == "", "nothing is sealed yet"
    with acting(system_actor("test", Source.COMMAND)):
        record_event("backup.made", Place())
    seal_trail()
    kept.put(path)
    another_process()
    assert kept.names_in_store() == {"notes"}, "restored from a backup it has the same seals"
    another_process()
    for identity in ("f" * 64, ""):  # the second has sealed nothing yet
        monkeypatch.setattr(owner, "identity", lambda identity=identity: identity)
        for act in (lambda: kept.put(path), lambda: kept.remove([path]), kept.names_in_store):
            with pytest.raises(StoreOfAnother, match="belongs to another registry"):
                act()
    (found,) = snapshot_store()
    assert (found.verdict, "prefix of its own" in found.text) == (Verdict.WRONG, True)
    with pytest.raises(CommandError, match="belongs to another registry"):
        call_command("fill_store")


def test_of_two_that_come_at_once_one_is_the_first(host: Host, access: Access) -> None:
    begun, bucket = Barrier(2), Bucket(access)

    def note(us: bytes) -> bytes:
        begun.wait()
        return bucket.first_note(owner.NOTE, us)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(note, (b"one", b"other"))
    assert one == other


def test_storage_that_knows_no_condition_takes_the_note_as_well(access: Access) -> None:
    with knowing_no_condition() as endpoint:
        assert Bucket(replace(access, endpoint=endpoint)).first_note(owner.NOTE, b"us") == b"us"


class KnowsNoCondition(BaseHTTPRequestHandler):
    """Keeps one object."""

    protocol_version = "HTTP/1.1"
    kept = b""

    def do_HEAD(self) -> None:
        self._answer(200)

    def do_GET(self) -> None:
        if KnowsNoCondition.kept:
            self._answer(206, KnowsNoCondition.kept)
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if "If-None-Match" in self.headers:
            self._answer(501, b"<Error><Code>NotImplemented</Code></Error>")
        else:
            KnowsNoCondition.kept = content
            self._answer(200)

    def _answer(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *told: Any) -> None:
        pass


@contextmanager
def knowing_no_condition() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), KnowsNoCondition) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
