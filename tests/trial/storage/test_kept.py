"""A kept file is put into the store, fetched by another host, and noticed where it is damaged."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from trial.installation.finding import Verdict
from trial.storage import kept
from trial.storage.access import Access, access_from_environment
from trial.storage.look import snapshot_store
from trial.storage.problems import StoredFileDamaged, StoreUnavailable

Host = Callable[[str], Path]
CONTENT = b"what a lock sealed\n"
HASH = hashlib.sha256(CONTENT).hexdigest()


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
    assert (path.exists(), kept.is_kept(path), kept.size_of(path)) == (False, True, len(CONTENT))
    assert kept.at_hand(path).read_bytes() == CONTENT
    assert [one.name for one in path.parent.iterdir()] == [path.name], "no draft is left"
    assert path.stat().st_mode & 0o777 == 0o440
    assert not kept.is_kept(path.with_name("f" * 64)), "and what nobody has put is not there"
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


def test_what_expires_lies_in_the_store_alone_and_goes_there(host: Host) -> None:
    first = host("first")
    kept.move(file(first, "exports/.draft-4-1"), first / "exports" / "4")
    assert list((first / "exports").iterdir()) == []
    path = host("second") / "exports" / "4"
    assert b"".join(kept.read(path, 5, 6)) == CONTENT[5:11]
    assert [one.name for one, _at in kept.lying_in(path.parent)] == ["4"]
    kept.remove([path])
    assert not kept.is_kept(path)
    assert not path.exists()


def test_a_store_that_is_away_says_so(host: Host, store_is_down: Callable[[], None]) -> None:
    path = file(host("first"))
    store_is_down()
    for act in (
        lambda: kept.put(path),
        lambda: kept.at_hand(path.with_name("a" * 64)),
        lambda: kept.is_kept(path.with_name("a" * 64)),
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
    settings.SNAPSHOT_STORE = Access("nobody-made-it", "", access.endpoint, key="a", secret="b")
    (found,) = snapshot_store()
    assert (found.verdict, "NoSuchBucket" in found.text) == (Verdict.WRONG, True)
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
    monkeypatch.setenv("CHIMERA_SNAPSHOT_STORE", "/a/folder")
    with pytest.raises(ImproperlyConfigured, match="s3://bucket/prefix"):
        access_from_environment()
