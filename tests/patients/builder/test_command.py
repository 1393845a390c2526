"""The command that builds a cohort: the same table gives the same bytes, and a refusal leaves nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.builder.timeline import Timeline
from patients.casebook import files
from patients.management.commands.build_casebook import Command
from tests.conftest import ROOT
from tests.patients.builder.reading import DEMO
from tests.patients.builder.strategies import cells_of, cohorts, table, write_timelines


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def built(table_file: Path, out_dir: Path) -> dict[str, bytes]:
    call_command("build_casebook", table_file, out_dir)
    return content(out_dir)


def test_two_builds_are_byte_identical(tmp_path: Path) -> None:
    assert built(DEMO, tmp_path / "one") == built(DEMO, tmp_path / "two")


def test_a_build_is_the_same_in_another_process(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "build_casebook", str(DEMO), str(tmp_path / "other")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"19 subjects in {tmp_path / 'other'}\n"
    assert done.stderr == ""
    assert content(tmp_path / "other") == built(DEMO, tmp_path / "one")


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(cohorts(max_size=4), st.randoms(use_true_random=False))
def test_shuffled_rows_and_crlf_give_the_same_casebook(
    tmp_path_factory: pytest.TempPathFactory, cohort: list[Timeline], chance: Any
) -> None:
    folder = tmp_path_factory.mktemp("build")
    write_timelines(folder / "as_written.csv", cohort)
    rows = [cells_of(timeline) for timeline in cohort]
    chance.shuffle(rows)
    (folder / "shuffled.csv").write_bytes(table(rows, end="\r\n", mark="\ufeff"))
    assert built(folder / "as_written.csv", folder / "a") == built(folder / "shuffled.csv", folder / "b")


# --- what it refuses ------------------------------------------------------------------------------
def test_the_command_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        Command().run_from_argv(["manage.py", "build_casebook", "--help"])
    assert "Build the casebook of an invented cohort." in capsys.readouterr().out


def test_refusals_are_printed_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = DEMO.read_text().replace("2024-04-11", "2024-03-12").replace(",F,AML,1,", ",X,AML,1,")
    (tmp_path / "timelines.csv").write_text(rows)
    with pytest.raises(SystemExit) as stopped:
        call_command("build_casebook", tmp_path / "timelines.csv", tmp_path / "out")
    assert stopped.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "line 3, cri_date: 2024-03-12 is not after cart_infusion_date (2024-03-12).",
        "line 8, sex: X is not one of: M, F.",
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["absent.csv", "broken.csv", "."])
def test_an_unreadable_table_is_exit_2(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError) as problem:
        call_command("build_casebook", tmp_path / name, tmp_path / "out")
    assert problem.value.returncode == 2
    assert not (tmp_path / "out").exists()


def test_a_directory_with_anything_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".hidden").touch()
    with pytest.raises(CommandError, match="not an empty directory") as problem:
        call_command("build_casebook", DEMO, tmp_path / "out")
    assert problem.value.returncode == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".hidden"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError, SystemExit])
def test_an_interrupted_build_leaves_nothing_and_runs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    write_sheet = files.write_sheet

    def interrupted(path: Path, sheet: str, rows: Any) -> None:
        write_sheet(path, sheet, rows)
        if sheet == "RESP":
            raise interruption

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_sheet", interrupted)
        with pytest.raises((interruption, CommandError)):
            call_command("build_casebook", DEMO, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    assert "RESP.csv" in built(DEMO, tmp_path / "out")


def test_a_build_that_is_told_to_stop_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(files, "write_sheet", lambda *sheet: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit) as stopped:
        call_command("build_casebook", DEMO, tmp_path / "out")
    assert stopped.value.code == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before
