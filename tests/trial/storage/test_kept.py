"""A kept file is put into the store, fetched by another host, and noticed where it is damaged."""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from trial.installation.finding import Verdict
from trial.storage import kept, owner
from trial.storage.access import Access, access_from_environment
from trial.storage.bucket import Bucket, bucket_of
from trial.storage.look import snapshot_store
from trial.storage.problems import StoredFileDamaged, StoreUnavailable

Host = Callable[[str], Path]
CONTENT = b"what a lock sealed\n"
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def without_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    """These registries have no database, and so no seal by which they are known."""
    monkeypatch.setattr(owner, "own_bucket", bucket_of)


def file(folder: Path, name: str = f"{HASH}.jsonl", content: bytes = CONTENT) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.requirement("LK-07")
@pytest.mark.parametrize(
    "name", [f"{HASH}.jsonl", f"codes-{HASH}.jsonl", f"parts/7-{HASH}", "sources-3.parquet"]
)
def test_another_host_fetches_what_one_has_put(host: Host, name: str) -> None:
    kept.put(file(host("first"), name))
    path = host("second") / name
    assert (path.exists(), kept.is_kept(path, HASH), kept.size_of(path)) == (False, True, len(CONTENT))
    assert kept.at_hand(path).read_bytes() == CONTENT
    assert [one.name for one in path.parent.iterdir()] == [path.name], "no draft is left"
    assert path.stat().st_mode & 0o777 == 0o440
    assert not kept.is_kept(path.with_name("f" * 64), HASH), "and what nobody has put is not there"
    with pytest.raises(FileNotFoundError):
        kept.at_hand(path.with_name("f" * 64)).open()


@pytest.mark.parametrize("name", [f"{HASH}.jsonl", "sources-3.parquet"])
def test_an_object_that_is_not_what_was_put_is_not_taken(host: Host, access: Access, name: str) -> None:
    """One has its hash as its name; of the other it goes with the object."""
    kept.put(file(host("first"), name))
    bucket = kept.store()
    assert bucket is not None
    client, place = bucket._client, {"Bucket": access.bucket, "Key": f"{access.prefix}/{name}"}
    told = client.head_object(**place)["Metadata"]  # type: ignore[arg-type]
    client.put_object(**place, Body=CONTENT.upper(), Metadata=told)  # type: ignore[arg-type]
    path = host("second") / name
    with pytest.raises(StoredFileDamaged, match=name):
        kept.at_hand(path)
    assert list(path.parent.iterdir()) == []


def test_of_several_who_need_a_file_one_fetches_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.put(file(host("first")))
    path, begun, fetched = host("second") / f"{HASH}.jsonl", Barrier(4), list[str]()
    fetch = Bucket.fetch

    def counted(bucket: Bucket, name: str, *told: Any) -> None:
        fetched.append(name)
        fetch(bucket, name, *told)

    def need(_number: int) -> bytes:
        begun.wait()
        return kept.at_hand(path).read_bytes()

    monkeypatch.setattr(Bucket, "fetch", counted)
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(need, range(4))] == [CONTENT] * 4
    assert fetched == [path.name]
    assert [*path.parent.iterdir()] == [path]


def test_what_a_killed_process_left_goes_after_a_day(host: Host) -> None:
    folder = host("first")
    names = {".draft-a", ".fetch-a", f"{HASH}.jsonl"}
    for name in (*names, ".draft-b", ".fetch-b"):
        file(folder, name)
    for name in names:
        os.utime(folder / name, (0, 0))
    kept.clear_what_was_left()
    assert {path.name for path in folder.iterdir()} == {f"{HASH}.jsonl", ".draft-b", ".fetch-b"}


@pytest.mark.requirement("SE-09")
def test_names_that_lead_out_of_the_folder_are_not_read(host: Host, access: Access) -> None:
    """Nor those of objects that a console puts for a folder."""
    folder, bucket = host("second"), kept.store()
    assert bucket is not None
    names = {"../out", "parts/../../out", "/etc/out", "parts//out", "./out", "parts/", "", "parts/7-a"}
    for name in names:
        bucket._client.put_object(Bucket=access.bucket, Key=f"{access.prefix}/{name}", Body=b"")
    told = bucket._client.list_objects_v2(Bucket=access.bucket, Prefix=f"{access.prefix}/")["Contents"]
    assert {one["Key"].removeprefix(f"{access.prefix}/") for one in told} == names
    assert kept.names_in_store() == {"parts/7-a"}
    assert [*kept.lying_in(folder / "parts")] == [folder / "parts" / "7-a"]


def test_an_object_that_breaks_off_at_each_try_is_told_as_a_store_that_is_away(
    host: Host, access: Access, settings: Any
) -> None:
    folder = host("second")
    with breaking_off() as endpoint:
        settings.SNAPSHOT_STORE = replace(access, endpoint=endpoint)
        with pytest.raises(StoreUnavailable, match="does not serve"):
            kept.at_hand(folder / f"{HASH}.jsonl")
        with pytest.raises(StoreUnavailable, match="does not serve"):
            b"".join(kept.read(folder / f"{HASH}.jsonl", 0, len(CONTENT)))
    assert list(folder.iterdir()) == []


class BreakingOff(BaseHTTPRequestHandler):
    """Sends half of each object."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.send_header("ETag", '"one"')
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(CONTENT[: len(CONTENT) // 2])

    def log_message(self, *told: Any) -> None:
        pass


@contextmanager
def breaking_off() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), BreakingOff) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_expires_lies_in_the_store_alone_and_goes_there(host: Host) -> None:
    first = host("first")
    kept.move(file(first, "exports/.draft-4-1"), first / "exports" / "4")
    assert list((first / "exports").iterdir()) == []
    path = host("second") / "exports" / "4"
    assert b"".join(kept.read(path, 5, 6)) == CONTENT[5:11]
    assert [*kept.lying_in(path.parent)] == [path]
    kept.remove([path])
    assert not kept.is_kept(path, HASH)
    assert not path.exists()


def test_a_store_that_is_away_says_so(host: Host, store_is_down: Callable[[], None]) -> None:
    path = file(host("first"))
    store_is_down()
    for act in (
        lambda: kept.put(path),
        lambda: kept.at_hand(path.with_name("a" * 64)),
        lambda: kept.is_kept(path.with_name("a" * 64), HASH),
        lambda: kept.remove([path]),
        kept.names_in_store,
    ):
        with pytest.raises(StoreUnavailable, match="does not serve"):
            act()
    (found,) = snapshot_store()
    assert (found.verdict, "does not serve" in found.text) == (Verdict.WRONG, True)


@pytest.mark.requirement("VD-03")
def test_a_store_is_looked_at(host: Host, access: Access, settings: Any) -> None:
    host("first")
    (found,) = snapshot_store()
    assert found.verdict is Verdict.RIGHT
    assert kept.names_in_store() == set(), "nothing is left of the look"
    settings.SNAPSHOT_STORE = Access("nobody-made-it", "us", access.endpoint, key="a", secret="b")
    (found,) = snapshot_store()
    assert (found.verdict, "NoSuchBucket" in found.text) == (Verdict.WRONG, True)
    with pytest.raises(StoreUnavailable, match="no bucket nobody-made-it"):
        kept.at_hand(settings.SNAPSHOT_DIR / f"{HASH}.jsonl")
    settings.SNAPSHOT_STORE = None
    assert list(snapshot_store()) == [], "without a store there is nothing to look at"


@pytest.mark.django_db
def test_a_store_is_filled_with_what_a_folder_has(host: Host, capsys: Any) -> None:
    folder = host("first")
    for name in (f"{HASH}.jsonl", "sources-3.parquet", "tables-1/ADSL-0.parquet", "sdtm-tables-1/DM.parquet"):
        file(folder, name)
    file(folder, ".draft-1")
    call_command("fill_store")
    assert kept.names_in_store() == {f"{HASH}.jsonl", "sources-3.parquet"}
    assert len(capsys.readouterr().out.splitlines()) == 2
    file(folder, f"codes-{'0' * 64}.jsonl")
    with pytest.raises(CommandError, match="is not what it was"):
        call_command("fill_store")


def test_a_store_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert access_from_environment() is None
    monkeypatch.setenv("CHIMERA_SNAPSHOT_STORE", "s3://kept/of/us/")
    monkeypatch.setenv("CHIMERA_STORE_ENDPOINT", "http://store:9000")
    (tmp_path / "secret").write_text("known\n")
    monkeypatch.setenv("CHIMERA_STORE_KEY", "chimera")
    monkeypatch.setenv("CHIMERA_STORE_SECRET_FILE", str(tmp_path / "secret"))
    found = access_from_environment()
    assert found == Access("kept", "of/us", "http://store:9000", "", "chimera", "known")
    assert found.is_in_clear
    assert "known" not in repr(found)
    monkeypatch.delenv("CHIMERA_STORE_SECRET_FILE")
    with pytest.raises(ImproperlyConfigured, match="belong together"):
        access_from_environment()
    for place, why in (("/a/folder", "s3://bucket/prefix"), ("s3://kept/", "with a prefix that no other")):
        monkeypatch.setenv("CHIMERA_SNAPSHOT_STORE", place)
        with pytest.raises(ImproperlyConfigured, match=why):
            access_from_environment()
