"""Out as ODM-XML and in again: an empty registry comes to the same snapshot (CP-06)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from django.db import transaction
from lxml import etree

from analytics.exports.about import about
from analytics.exports.disclosure import Disclosure
from analytics.exports.odm.people import users_of
from analytics.exports.odm.snapshot_file import write_snapshot
from analytics.exports.odm.transactional_file import write_transactions
from analytics.locks.models import Lock
from analytics.locks.planned import planned_infusions
from analytics.locks.seal import make_lock
from patients.casebook.page import Subject
from patients.entry.deliveries import UnreadableCasebook
from patients.entry.importing import CasebookImport, Outcome
from patients.entry.odm_delivery import OdmFile
from tests.analytics.exports.odm_judges import judge, schema
from tests.analytics.exports.odm_replay import replayed, sealed
from tests.patients.entry import casebooks
from trial.people.tokens import Dates
from trial.trail.actor import Source

CUTOFF = date(2026, 6, 30)
pytestmark = pytest.mark.django_db


class _Over(Exception):
    """Ends a registry."""


@contextmanager
def another_registry() -> Iterator[None]:
    """One that is empty again afterwards; files of snapshots stay."""
    try:
        with transaction.atomic():
            yield
            raise _Over
    except _Over:
        assert not Subject.objects.exists()


def a_cut() -> Lock:
    return make_lock(CUTOFF, "round trip", by=casebooks.BY, source=Source.COMMAND)


def odm_of(lock: Lock, path: Path, to: Disclosure) -> Path:
    told = about(lock, to)
    write_snapshot(lock.snapshot.path, path, told, planned_infusions(lock), users_of(lock, told))
    return path


@pytest.mark.requirement("CP-06")
def test_the_same_snapshot_after_an_export_and_an_import(tmp_path: Path) -> None:
    with another_registry():
        casebooks.imported(casebooks.write(tmp_path / "in", casebooks.sheets()))
        first = a_cut()
        path = odm_of(first, tmp_path / "whole.xml", Disclosure(Dates.TRUE, "2025-BGH-1"))
        moved = odm_of(first, tmp_path / "moved.xml", Disclosure(filing="2025-BGH-1"))
        partly = odm_of(first, tmp_path / "partly.xml", Disclosure(Dates.TRUE))

        judge(path)
        told = about(first, Disclosure(Dates.TRUE, "2025-BGH-1"))
        write_transactions(first.snapshot.path, first.made_at, tmp_path / "acts.xml", told)
        document = etree.parse(tmp_path / "acts.xml")
        schema().assertValid(document)
        assert replayed(document) == sealed(first)

    for refused, why in ((moved, "pseudonymised"), (partly, "Genetic data were withheld")):
        with pytest.raises(UnreadableCasebook, match=why):
            CasebookImport(OdmFile(refused), casebooks.BY).run()
    assert not Subject.objects.exists()

    report = CasebookImport(OdmFile(path), casebooks.BY).run()
    assert (casebooks.refusals(report), report.born_by_age) == ([], 1)
    assert a_cut().snapshot.hash == first.snapshot.hash

    again = CasebookImport(OdmFile(path), casebooks.BY).run()
    assert again.pages == {Outcome.LEFT: report.pages.total()}
    assert again.born_by_age == 0
