"""A folder is put into the store as one archive, and fetched whole by hosts that have it not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.trial.storage.test_kept import without_seals
from trial.storage import kept, kept_folders
from trial.storage.access import Access
from trial.storage.bucket import Bucket
from trial.storage.problems import BeingFetched

__all__ = ["without_seals"]
Host = Callable[[str], Path]
FILES = {"ADSL-000000.parquet": b"of each subject", "LAB-000000.parquet": b"", "LAB-000001.parquet": b"more"}


def folder(at: Path, files: dict[str, bytes] = FILES) -> Path:
    made = at / "tables-of-a-cut" / "forms"
    made.mkdir(parents=True)
    for name, content in files.items():
        (made / name).write_bytes(content)
    return made


def content(of: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in of.iterdir()}


def test_another_host_fetches_the_folder_that_one_has_put(host: Host) -> None:
    made = folder(host("first"))
    kept_folders.put(made)
    path = host("second") / made.relative_to(made.parents[1])
    assert (path.exists(), kept_folders.is_kept(path), kept_folders.kept_in(path.parent)) == (
        False,
        True,
        {"forms"},
    )
    assert kept_folders.fetch(path)
    assert content(path) == FILES
    assert [*path.parent.iterdir()] == [path], "no draft is left"
    assert not kept_folders.fetch(path.with_name("sdtm"))
    assert not kept_folders.is_kept(path.with_name("form"))


def test_without_a_store_the_folder_is_all_there_is(settings: Any, tmp_path: Path) -> None:
    settings.SNAPSHOT_STORE, settings.SNAPSHOT_DIR = None, tmp_path
    made = folder(tmp_path)
    kept_folders.put(made)
    for path, is_there in ((made, True), (made.with_name("sdtm"), False)):
        assert (kept_folders.is_kept(path), kept_folders.fetch(path)) == (is_there, is_there)
    assert kept_folders.kept_in(made.parent) == {"forms"}
    assert kept_folders.kept_in(made) == FILES.keys()
    assert kept_folders.kept_in(tmp_path / "none") == set()


def test_hosts_that_put_and_fetch_at_once_have_one_folder(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put as one object, since it says nothing but the bytes, and fetched once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_folders, "is_kept", lambda folder: False)  # neither sees the other's
        for name in ("first", "second"):
            kept_folders.put(folder(host(name)))
    assert len(kept.names_in_store()) == 1
    path, begun, fetched = host("third") / "tables-of-a-cut" / "forms", Barrier(3), list[str]()

    def counted(bucket: Bucket, name: str, *told: Any, fetch: Any = Bucket.fetch) -> None:
        fetched.append(name)
        fetch(bucket, name, *told)

    def need(_number: int) -> bool:
        begun.wait()
        return kept_folders.fetch(path) and content(path) == FILES

    monkeypatch.setattr(Bucket, "fetch", counted)
    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(need, range(3))] == [True] * 3
    assert len(fetched) == 1
    assert [*path.parent.iterdir()] == [path]


def test_who_does_not_wait_is_told_that_another_one_fetches(host: Host) -> None:
    kept_folders.put(folder(host("first")))
    path = host("second") / "tables-of-a-cut" / "forms"
    with kept.alone(path):
        with pytest.raises(BeingFetched):
            kept_folders.fetch(path, waits=False)
        assert not kept_folders.fetch(path.with_name("sdtm"), waits=False)
    assert kept_folders.fetch(path, waits=False)


@pytest.mark.requirement("LK-07")
def test_an_archive_that_is_damaged_is_removed_and_one_of_others_is_not_taken(
    host: Host, access: Access
) -> None:
    made = folder(host("first"))
    kept_folders.put(made)
    (archive,) = kept_folders.archives("tables-")
    bucket = kept.store()
    assert bucket is not None
    place = {"Bucket": access.bucket, "Key": f"{access.prefix}/{archive.name}"}
    bucket._client.put_object(**place, Body=b"half of it")  # type: ignore[arg-type]
    path = host("second") / "tables-of-a-cut" / "forms"
    assert not kept_folders.fetch(path)
    assert [*path.parent.iterdir()] == []
    assert kept.names_in_store() == set(), "so that it is made again"
    foreign = archive.name.replace(archive.name[-68:-4], "0" * 64)
    bucket._client.put_object(Bucket=access.bucket, Key=f"{access.prefix}/{foreign}", Body=b"")
    assert not kept_folders.is_kept(path)
    kept_folders.remove(kept_folders.archives(""))
    assert kept.names_in_store() == {foreign}, "and is not ours to remove"
