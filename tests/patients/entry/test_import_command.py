"""`import_casebook DIR` as people run it: what it prints, how it ends, what stands in the registry then."""

import os
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from django.db import connection

from patients.casebook.files import write_casebook
from tests import services
from tests.conftest import Registry
from tests.patients.entry import casebooks
from tests.patients.entry.casebooks import Sheets, planted, row, sheets, write


def spoiled(found: Sheets) -> None:
    """Two pages that are refused and one that is not complete."""
    row(found, "DX").update(relapse_n="three", lip_markers="wife 13800138000")
    row(found, "FU")["visit_code"] = "HM99"
    row(found, "DM")["hctci"] = "27"


def lines(text: str) -> dict[str, str]:
    """What is printed before and after the first colon of each line."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


@pytest.mark.one_engine
@pytest.mark.requirement("DI-10")
def test_an_import_its_repetition_and_its_correction(registry: Registry, tmp_path: Path) -> None:
    pages, rows = casebooks.pages_in(sheets()), casebooks.rows_in(sheets())
    first = registry.run("import_casebook", write(tmp_path / "first", sheets()))
    assert lines(first.stdout)["kept"] == f"{pages} pages, {rows} rows"
    assert first.stdout.splitlines()[-1] == f"rows in: {rows}"
    assert first.stderr == ""

    again = registry.run("import_casebook", tmp_path / "first")
    assert lines(again.stdout)["left as it was"] == f"{pages} pages, {rows} rows"

    other = planted(tmp_path / "other", lambda found: row(found, "DX").update(relapse_n="5"))
    conflict = registry.run("import_casebook", other, check=False)
    assert conflict.returncode == 1
    assert conflict.stderr.startswith("refused: DX.csv line 2, DX: The page exists with other content")

    changed = registry.run("import_casebook", other, "--reason", "second delivery of the source")
    assert lines(changed.stdout)["kept"] == "1 pages, 1 rows"
    assert lines(changed.stdout)["left as it was"] == f"{pages - 1} pages, {rows - 1} rows"


@pytest.mark.requirement("DI-10")
def test_an_import_that_is_killed_is_run_again(registry: Registry, tmp_path: Path) -> None:
    """Wherever it stood, the registry ends as if nothing had happened."""
    found = sheets(3)
    write_casebook(tmp_path / "in", found)
    for seconds in (1.5, 2.5, 4):
        with suppress(subprocess.TimeoutExpired):
            registry.run("import_casebook", tmp_path / "in", timeout=seconds)  # then killed
    last = registry.run("import_casebook", tmp_path / "in")
    counted = [int(lines(last.stdout)[name].split()[0]) for name in ("kept", "left as it was")]
    assert sum(counted) == casebooks.pages_in(found)
    registry.run("export_casebook", tmp_path / "out")
    files_in, files_out = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("in", "out")
    )
    assert files_out == files_in


@pytest.mark.one_engine
@pytest.mark.requirement("DI-10")
def test_refusals_are_named_and_kept_or_undone_as_asked(registry: Registry, tmp_path: Path) -> None:
    pages, rows = casebooks.pages_in(sheets()), casebooks.rows_in(sheets())
    folder = planted(tmp_path / "in", spoiled)
    for option in ("--dry-run", "--all-or-nothing"):
        undone = registry.run("import_casebook", folder, option, check=False)
        assert undone.returncode == 1
        assert undone.stdout.splitlines()[-1] == f"rows in: {rows}; nothing was kept"

    kept = registry.run("import_casebook", folder, check=False)
    assert kept.returncode == 1
    said = kept.stderr.splitlines()
    assert "refused: DX.csv line 2, relapse_n “three”: three is not a whole number." in said
    assert any(one.startswith("refused: FU.csv line") and "visit_code “HM99”" in one for one in said)
    assert any(one.startswith("not complete: DM.csv line 2, hctci “27”") for one in said)
    assert lines(kept.stdout)["left as it was"] == "0 pages, 0 rows"  # nothing of the undone ones is there
    assert lines(kept.stdout)["refused"] == "2 pages, 2 rows"
    counted = [int(text.split()[0]) for name, text in lines(kept.stdout).items() if name != "rows in"]
    assert sum(counted) == pages


def test_what_is_no_casebook_ends_with_two(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = registry.run("import_casebook", tmp_path / "empty", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds no SUBJECTS.csv" in done.stderr


def test_the_first_command_makes_the_registry(tmp_path: Path) -> None:
    """An import may be the first thing that happens in an empty home."""
    home = tmp_path / "new"
    with ExitStack() as stack:
        url = f"sqlite:///{home}/chimera.sqlite3"
        if connection.vendor == "postgresql":
            url = stack.enter_context(services.fresh_database(os.environ["DATABASE_URL"]))
        done = Registry(home, url).run("import_casebook", write(tmp_path / "in", sheets()))
    assert lines(done.stdout)["refused"] == "0 pages, 0 rows"
    assert (home / "keys" / "identity_key").is_file()
