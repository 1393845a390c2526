"""The pack says what the run said, and no more."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tracing import requirements
from tests.validation.__main__ import ROOT, main

RUN = """
import pytest

@pytest.mark.requirement("AT-01")
@pytest.mark.parametrize("channel", ["browser", "API"])
def test_holds(channel): pass

@pytest.mark.requirement("AT-02", "AT-03")
def test_does_not_hold(): assert False

def test_shows_nothing(): pass
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Of two real runs of pytest, the same tests as on two engines."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "test_run.py").write_text(RUN)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = requirement(*ids): shown\n")
    found = []
    for engine in ("sqlite", "postgresql"):
        report = folder / f"{engine}.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.tracing",
            f"--junitxml={report}",
            folder,
        ]
        own = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        subprocess.run(command, cwd=folder, env=own, check=False, capture_output=True)
        found.append(str(report))
    return found


@pytest.mark.requirement("VD-02")
def test_a_pack_has_the_counts_and_the_commit_of_its_run(reports: list[str], tmp_path: Path) -> None:
    assert main([str(tmp_path / "pack.zip"), *reports]) == 1, "not every requirement has a test that passed"
    with zipfile.ZipFile(tmp_path / "pack.zip") as pack:
        files = {name: pack.read(name) for name in pack.namelist()}
    sums = dict(reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines())
    assert {name: hashlib.sha256(text).hexdigest() for name, text in files.items()} == sums

    told = json.loads(files["summary.json"])
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told["commit"] == head.stdout.strip()
    assert told["tests"] == {engine: {"passed": 3, "failed": 1} for engine in ("sqlite", "postgresql")}
    lacking = told["requirements_without_a_passing_test"]
    assert set(lacking) == {one.id for one in requirements()} - {"AT-01"}

    lines = list(csv.DictReader(io.StringIO(files["matrix.csv"].decode())))
    assert [(line["engine"], line["outcome"]) for line in lines if line["requirement"] == "AT-03"] == [
        ("sqlite", "failed"),
        ("postgresql", "failed"),
    ]
    assert len([line for line in lines if line["requirement"] == "AT-01"]) == 4
    assert {line["requirement"] for line in lines} == {one.id for one in requirements()}

    against = list(csv.DictReader(io.StringIO(files["risks.csv"].decode())))
    assert [line["controls_not_shown"].split()[0] for line in against if line["id"] == "R04"] == ["AT-02"]
    found = json.loads(files["installation.json"])
    assert not [one for one in found if one["verdict"] == "wrong"]
    assert b"Django==" in files["packages.txt"]
    assert b"# 67." in files["limits.md"]
