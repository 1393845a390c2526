"""The commands of the read-outs as a person or a script runs them, each in a process of its own."""

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.core.management import CommandError, call_command

from analytics.endpoints.catalogue import catalogue
from analytics.endpoints.listed import ROSTER, Roster, kept_roster
from analytics.locks.seal import make_lock
from analytics.runs.compute import compute_run
from analytics.runs.start import run_of
from patients.builder.timeline import Timeline
from tests.analytics.casebooks import built, figures_at, without_database
from tests.analytics.computing import comes_to
from tests.analytics.conftest import DEMO_CUTOFF
from tests.conftest import Registry
from trial.people.access import SystemPerson
from trial.trail.actor import Source

R_ANSWERS = Path(__file__).parent / "expected" / "demo_figures.json"


def lock(registry: Registry, cutoff: str = DEMO_CUTOFF) -> tuple[str, str]:
    """The id of a new lock with finished estimates, and the hash of its snapshot."""
    done = registry.run("lock", "--cutoff", cutoff, "--reason", "interim analysis", "--wait")
    (said,) = (line for line in done.stderr.splitlines() if line.startswith("cut-off"))
    assert said.startswith(f"cut-off {cutoff}, snapshot ")
    return done.stdout.splitlines()[-1], said.rpartition(" ")[2]


def endpoints(registry: Registry, name: str) -> dict[str, Any]:
    return json.loads(registry.run("endpoints", name, "--json").stdout)


def edit(folder: Path, sheet: str, change: Callable[[dict[str, str]], None]) -> None:
    """Change rows of a sheet of a casebook directory."""
    path = folder / f"{sheet}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change(row)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


# --- an empty registry ------------------------------------------------------------------------------------
@pytest.mark.one_engine
def test_without_a_lock_there_is_nothing_to_show(registry: Registry) -> None:
    for arguments in (["endpoints", "latest", "--json"], ["verify_figures"]):
        done = registry.run(*arguments, check=False)
        assert (done.returncode, done.stdout) == (3, "")
        assert "no " in done.stderr


@pytest.mark.one_engine
def test_a_lock_of_nobody_counts_nobody(registry: Registry) -> None:
    number, _ = lock(registry)
    found = endpoints(registry, number)
    assert found["enrolled_n"] == {
        "value": 0,
        "text": "0",
        "n": 0,
        "N": 0,
        "kind": "count",
        "set": "ENR",
        "definition": "enrolment_date <= cut-off",
    }
    assert (found["os_12m"]["value"], found["os_12m"]["reason"]) == (None, "nobody is in the set")


# --- the invented cohort ----------------------------------------------------------------------------------
def test_a_lock_says_its_id_alone_and_the_same_content_has_the_same_result(demo_registry: Registry) -> None:
    done = demo_registry.run("lock", "--cutoff", DEMO_CUTOFF, "--reason", "once more", "--wait")
    assert done.stdout == "2\n"
    found = endpoints(demo_registry, "latest")
    assert found == endpoints(demo_registry, "1")
    assert found["pfs_12m"]["text"] == "48.7"
    assert found["pfs_12m"]["value"] == pytest.approx(48.6979166666667)
    assert (found["pfs_12m"]["n"], found["pfs_12m"]["N"]) == (8, 19)
    assert "pfs_12m\t48.7\n" in demo_registry.run("endpoints", "1").stdout


def test_the_published_figures_agree(demo_registry: Registry) -> None:
    compared = demo_registry.run("verify_figures").stdout
    assert compared.splitlines()[0].split() == ["figure", "published", "computed", "agrees"]
    assert compared.endswith("\n79 of 79 published figures agree\n")
    assert [line.split()[-1] for line in compared.splitlines()[1:-1]] == ["yes"] * 79


def test_every_figure_is_given_with_its_counts_and_a_value_or_a_reason(demo_registry: Registry) -> None:
    found = endpoints(demo_registry, "latest")
    assert list(found) == list(catalogue())
    for id, estimate in found.items():
        missing = {"reason"} if estimate["value"] is None else set()
        assert estimate.keys() == {"value", "text", "n", "N", "kind", "set", "definition"} | missing, id
        assert estimate["reason"] if missing else estimate["text"], id
        assert 0 <= estimate["n"] <= estimate["N"] <= 19, id
    differing = {
        id: (found[id]["value"], found[id]["text"])
        for id, (value, text) in json.loads(R_ANSWERS.read_text()).items()
        if found[id]["value"] != (value if value is None else pytest.approx(value, rel=0, abs=1e-9))
        or found[id]["text"] != text
    }
    assert differing == {}


@pytest.mark.django_db
@pytest.mark.parametrize("lost", ["os_12m", "enrolled_n", "agvhd_cif_3m"])
def test_a_published_figure_that_was_not_computed_is_exit_1(
    monkeypatch: pytest.MonkeyPatch, demo_timelines: list[Timeline], lost: str
) -> None:
    """A run of an older version may lack it."""
    with without_database():
        figures = figures_at(built(demo_timelines), date.fromisoformat(DEMO_CUTOFF))
    roster = kept_roster(Roster(pl.Series(sorted(figures["enrolled_n"].subjects))))
    comes_to(monkeypatch, ([figures[id] for id in figures if id != lost], {ROSTER: roster}))
    lock = make_lock(
        date.fromisoformat(DEMO_CUTOFF), "interim", by=SystemPerson("lock"), source=Source.COMMAND
    )
    compute_run(run_of(lock.snapshot).pk)
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("verify_figures", stdout=out)
    assert left.value.code == 1
    (line,) = (line for line in out.getvalue().splitlines() if line.endswith("NO"))
    assert (line.split()[0], line.split()[2]) == (lost, "absent")
    assert "78 of 79 published figures agree" in out.getvalue()


@pytest.mark.one_engine
def test_a_correction_shows_in_the_next_lock_and_not_in_the_last(
    demo_registry: Registry, demo_casebook: Path, tmp_path: Path
) -> None:
    corrected = tmp_path / "corrected"
    shutil.copytree(demo_casebook, corrected)

    def died_of_something_else(row: dict[str, str]) -> None:
        row["dth_primary"] = "other" if row["subject_id"] == "HZ01-002" else row["dth_primary"]

    edit(corrected, "DTH", died_of_something_else)
    demo_registry.run("import_casebook", corrected, "--reason", "source says otherwise")
    _, sealed = lock(demo_registry)
    assert sealed != sealed_by_lock_1(demo_registry)
    disagreeing = demo_registry.run("verify_figures", check=False)
    assert disagreeing.returncode == 1
    (line,) = (line for line in disagreeing.stdout.splitlines() if line.endswith("NO"))
    assert line.split() == ["deaths_infection", "3", "2", "NO"]
    assert demo_registry.run("verify_figures", "1").returncode == 0


@pytest.mark.one_engine
def test_a_lock_that_waits_exits_1_where_its_run_fails(
    demo_registry: Registry, demo_casebook: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    shutil.copytree(demo_casebook, wrong)

    def before_infusion(row: dict[str, str]) -> None:
        row["rlp_dt"] = "2024-09-17" if row["subject_id"] == "HZ01-005" else row["rlp_dt"]

    edit(wrong, "RLP", before_infusion)
    demo_registry.run("import_casebook", wrong, "--reason", "a slip of the pen")
    done = demo_registry.run("lock", "--cutoff", DEMO_CUTOFF, "--reason", "too early", "--wait", check=False)
    assert (done.returncode, done.stdout) == (1, "2\n")
    failed = "the run failed: ImpossibleDates: HZ01-005: RELAPSE/PROGRESSION on 2024-09-17"
    assert failed in done.stderr.splitlines()[-1]
    assert failed.removeprefix("the run failed: ") in (demo_registry.home / "worker.log").read_text()
    assert demo_registry.run("endpoints", "2", check=False).returncode == 3


def sealed_by_lock_1(registry: Registry) -> str:
    return min((registry.home / "snapshots").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns).stem


@pytest.mark.postgresql
def test_export_and_import_give_the_same_snapshot_on_any_engine(
    demo_registry: Registry, sqlite_registry: Registry, tmp_path: Path
) -> None:
    """The first registry is on PostgreSQL, the second on SQLite."""
    demo_registry.run("export_casebook", tmp_path / "exported")
    keep_some(tmp_path / "exported")
    sqlite_registry.run("import_casebook", tmp_path / "exported")
    _, sealed = lock(sqlite_registry)
    first, *told = lines_of(demo_registry, sealed_by_lock_1(demo_registry))
    assert lines_of(sqlite_registry, sealed) == [
        first,
        *(line for line in told if line_subject(line) in SOME),
    ]


@pytest.mark.one_engine
def test_a_lock_is_exported_as_of_its_cutoff_without_identity(
    demo_registry: Registry, sqlite_registry: Registry, tmp_path: Path
) -> None:
    cutoff, out = "2025-02-01", tmp_path / "as-of-lock"
    number, sealed = lock(demo_registry, cutoff)
    assert f" rows in {out}" in demo_registry.run("export_casebook", out, "--lock", number).stdout
    assert not (out / "IDENTITY.csv").exists()
    cells = [cell for path in out.glob("*.csv") for cell in path.read_text(encoding="utf-8").split(",")]
    assert "after_cutoff" not in cells
    assert not [cell for cell in cells if cutoff < cell[:10] < "2026" and cell[:2] == "20"]
    keep_some(out)
    # Demographics lack the birth date; and what is older than a later consent cannot be entered without it.
    sqlite_registry.run("import_casebook", out, check=False)
    _, sealed_again = lock(sqlite_registry, cutoff)
    cut = [value for value in values_in(demo_registry, sealed) if value[0] in SOME]
    consented = {subject for subject, *_, item, value, _, _ in cut if item == "icf_main_dt" and value}
    assert SOME - consented == {"HZ01-017"}, "consented later"
    known = [value for value in cut if value[0] in consented and value[-1] != "after_cutoff"]
    assert values_in(sqlite_registry, sealed_again) == known


SOME = {"HZ01-001", "HZ01-004", "HZ01-009", "HZ01-013", "HZ01-017"}


def keep_some(folder: Path) -> None:
    """Leave in a casebook directory the rows of a few subjects, and whatever belongs to none."""
    for path in folder.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            sheet = csv.DictReader(file)
            columns, rows = sheet.fieldnames or [], list(sheet)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(row for row in rows if row.get("subject_id", "HZ01-001") in SOME)


def lines_of(registry: Registry, sealed: str) -> list[str]:
    return (registry.home / "snapshots" / f"{sealed}.jsonl").read_text(encoding="utf-8").splitlines()


def line_subject(line: str) -> str:
    """Whose line of a snapshot it is: an object says what is known of a subject, an array is a value."""
    told = json.loads(line)
    return str(told["subject"] if isinstance(told, dict) else told[0])


def values_in(registry: Registry, sealed: str) -> list[list[str]]:
    """The values of a snapshot without what it knows of the subjects beside their rows."""
    return [json.loads(line) for line in lines_of(registry, sealed) if line.startswith("[")]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["7", "latest"])
def test_an_export_of_no_lock_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError) as problem:
        call_command("export_casebook", tmp_path / "out", lock=name)
    assert problem.value.returncode == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.django_db
def test_an_export_is_not_written_over_anything(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(CommandError, match="not an empty directory"):
        call_command("export_casebook", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
