"""Fifty people save at once while the trail is sealed: one event for each change, in order, none missing.

The count is made again from the tables of versions, which the trail is not read for.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, connections

from patients.casebook.page import Page
from patients.entry.refusals import Conflict
from patients.forms.demographics import Demographics
from tests.patients.entry import desk
from trial.trail import seals
from trial.trail.ledger import LedgerLeaf
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.seals import Seal, public_key, seal_trail
from trial.trail.verification import Verification

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

WRITERS = 50
SUBJECTS = 10
SECONDS = float(os.environ.get("WRITERS_SECONDS", "5"))  # a minute in `make faults`
ITEM = "hctci"


@pytest.fixture
def connections_for_all() -> Iterator[None]:
    """Every writer has a connection of its own, as under several web servers."""
    options = connection.settings_dict["OPTIONS"]
    connection.close_pool()
    options["pool"] = {"min_size": 1, "max_size": WRITERS + 4, "timeout": 60}
    yield
    connections.close_all()
    connection.close_pool()
    options["pool"] = True


class Writing:
    """What the threads have in common: the pages, when to stop, and what was acknowledged."""

    def __init__(self, pages: list[Page]) -> None:
        self.pages = pages
        self.until = time.monotonic() + SECONDS
        self.saved: dict[int, int] = defaultdict(int)
        self.failures: list[BaseException] = []
        self.lock = threading.Lock()

    def write(self, number: int) -> None:
        page = self.pages[number % len(self.pages)]
        turn = number
        try:
            while time.monotonic() < self.until:
                turn += 1
                self._save(page, str(turn % 27))
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            connections.close_all()

    def _save(self, page: Page, text: str) -> None:
        try:
            saved = desk.save(page, {ITEM: text}, why=desk.BECAUSE)
        except Conflict:
            return  # somebody was first; both values were told
        with self.lock:
            self.saved[page.pk] += saved.changed

    def seal(self) -> None:
        try:
            while time.monotonic() < self.until:
                seal_trail()
                time.sleep(0.2)
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            connections.close_all()


def written(pages: list[Page]) -> Writing:
    """Fifty writers and a sealer until the time is over."""
    writing = Writing(pages)
    threads = [threading.Thread(target=writing.write, args=(number,)) for number in range(WRITERS)]
    threads.append(threading.Thread(target=writing.seal))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=SECONDS + 60)
    assert writing.failures == []
    return writing


@pytest.mark.requirement("AT-01", "TS-03")
def test_fifty_writers_leave_one_event_for_each_change(
    connections_for_all: None, settings: Any, tmp_path: Any
) -> None:
    settings.CHIMERA_HOME = tmp_path
    pages = []
    for number in range(SUBJECTS):
        subject = desk.consented(f"HZ01-{number + 1:03}")
        pages.append(desk.page_of(subject, "DM"))
        desk.save(pages[-1], desk.DM, on=desk.CONSENT)
    writing = written(pages)
    seal_trail()
    assert sum(writing.saved.values()) > WRITERS
    for page in pages:
        told, kept = told_by_the_trail(page), told_by_the_versions(page)
        assert told == kept
        assert len(told) == writing.saved[page.pk]
        leaves = LedgerLeaf.objects.filter(event__subject=page.subject.code).order_by("seq")
        events = TrailEvent.objects.filter(subject=page.subject.code).order_by("pk")
        assert [leaf.event_id for leaf in leaves] == [event.pk for event in events]
    assert all(before.last < after.first for before, after in pairwise(Seal.objects.order_by("number")))
    assert sum(Seal.objects.values_list("count", flat=True)) == LedgerLeaf.objects.count()
    anchor = {line["number"]: line for line in seals.read_anchor(seals.anchor_file())}
    assert list(Verification([public_key()], anchor).faults()) == []


def told_by_the_trail(page: Page) -> list[tuple[str, str]]:
    """Each change of the item after the first entry, in the order of the events."""
    changes = TrailChange.objects.filter(event__subject=page.subject.code, event__form="DM", item=ITEM)
    told = changes.exclude(old="").order_by("event__id").values_list("old", "new")
    return list(told)


def told_by_the_versions(page: Page) -> list[tuple[str, str]]:
    """The same from the versions of the row alone."""
    versions = (
        Demographics.history.filter(page_id=page.pk).order_by("history_id").values_list(ITEM, flat=True)
    )
    return [(str(old), str(new)) for old, new in pairwise(versions) if old != new]
