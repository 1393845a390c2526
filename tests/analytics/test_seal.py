"""What a lock seals is what is recorded; who changed it when, and how often, is outside of its hash."""

from datetime import date
from typing import Any

import pytest

from analytics.locks.seal import make_lock
from patients.casebook.page import Page
from tests.patients.entry import desk
from trial.people.access import SystemPerson
from trial.trail.actor import Source
from trial.trail.models import TrailEvent
from trial.trail.seals import Seal

pytestmark = pytest.mark.django_db


def sealed() -> str:
    """The hash of what is recorded now."""
    lock = make_lock(date(2025, 1, 1), "interim", by=SystemPerson("lock"), source=Source.COMMAND)
    return str(lock.snapshot.hash)


def test_a_header_changed_and_changed_back_gives_the_same_hash() -> None:
    page = desk.page_of(desk.infused(), "DX")
    header = {"form_date": desk.CONSENT, "src_doc": "emr"}
    desk.save(page, header=header)
    before, versions = sealed(), Page.objects.get(pk=page.pk).header_versions
    desk.save(page, header={"form_date": "2023-12-10", "src_doc": ""}, why=desk.BECAUSE)
    assert sealed() != before
    desk.save(page, header=header, why=desk.BECAUSE)
    assert Page.objects.get(pk=page.pk).header_versions != versions
    assert sealed() == before


def test_the_trail_is_sealed_with_the_lock(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sealed()
    last = Seal.objects.last()
    assert last is not None
    locked = TrailEvent.objects.get(action="lock.made")
    assert last.first <= locked.leaf.seq <= last.last
