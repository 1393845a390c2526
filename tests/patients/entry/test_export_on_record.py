"""A casebook that leaves the registry is on record: of which sites, how many rows, the hash of its files."""

import hashlib
from pathlib import Path

import pytest

from patients.entry import exporting
from patients.entry.exporting import export_registry, record_export
from tests.patients.entry import desk

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AT-09")]


@pytest.mark.parametrize(("codes", "site"), [(("HZ01-001",), "HZ01"), (("HZ01-001", "HZ02-001"), "")])
def test_the_event_names_sites_rows_and_hash(tmp_path: Path, codes: tuple[str, ...], site: str) -> None:
    for code in codes:
        desk.a_subject(code)
    rows = export_registry(tmp_path / "out")
    record_export("casebook", tmp_path / "out", rows, by=desk.SYSTEM)
    event = desk.last_event()
    told = {change.item: change.new for change in event.changes.all()}
    files = sorted((tmp_path / "out").iterdir())
    lines = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    assert (event.action, event.site, event.about) == ("casebook.exported", site, "casebook")
    assert told["sites"] == "|".join(code[:4] for code in codes)
    assert (told["entries"], told["sha256"]) == (str(rows), hashlib.sha256(lines.encode()).hexdigest())


def test_without_a_record_there_is_no_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise OSError("disk full")

    desk.a_subject()
    rows = export_registry(tmp_path / "out")
    monkeypatch.setattr(exporting, "record_event", full)
    with pytest.raises(OSError, match="disk full"):
        record_export("casebook", tmp_path / "out", rows, by=desk.SYSTEM)
    assert not (tmp_path / "out").exists()
