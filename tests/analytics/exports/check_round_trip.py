"""The whole cohort out and in again (`make check-external`): what a token of its site takes as ODM-XML, and
the casebook as a directory, make the same registry of an empty one (CP-06)."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from analytics.locks.models import Lock
from patients.casebook.page import Subject
from patients.entry.deliveries import CasebookFolder
from patients.entry.exporting import export_registry
from patients.entry.importing import CasebookImport
from patients.entry.odm_delivery import OdmFile
from tests.analytics.exports.conftest import a_key
from tests.analytics.exports.odm_judges import judge
from tests.analytics.exports.test_odm_round_trip import a_cut, another_registry
from tests.patients.entry import casebooks
from trial.people.tokens import Dates

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("CP-06")]
SUBJECTS = 19


def _taken(lock: Lock, path: Path) -> Path:
    """What a program of the site takes."""
    key = a_key(dates=Dates.TRUE, filing="2025-BGH-1")
    answer = Client().get(f"/api/v1/locks/{lock.pk}/odm.xml", headers={"Authorization": f"Token {key}"})
    assert answer.status_code == 200
    path.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    return path


def test_the_cohort_comes_back_from_odm_and_from_its_directory(demo_casebook: Path, tmp_path: Path) -> None:
    with another_registry():
        report = CasebookImport(CasebookFolder(demo_casebook), casebooks.BY).run()
        assert (casebooks.refusals(report), Subject.objects.count()) == ([], SUBJECTS)
        first = a_cut()
        path = _taken(first, tmp_path / "cohort.xml")
        export_registry(tmp_path / "out")
    judge(path)

    with another_registry():
        report = CasebookImport(OdmFile(path), casebooks.BY).run()
        assert casebooks.refusals(report) == []
        assert a_cut().snapshot.hash == first.snapshot.hash

    call_command("import_casebook", tmp_path / "out")
    assert a_cut().snapshot.hash == first.snapshot.hash
    export_registry(tmp_path / "again")
    assert _content(tmp_path / "again") == _content(tmp_path / "out") != {}


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
