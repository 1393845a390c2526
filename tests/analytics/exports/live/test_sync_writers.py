"""Twenty people save while the trail is sealed and a program asks what has changed: at the end it has what
the registry has, each act once and in order."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections

from patients.casebook.page import Page
from patients.entry.refusals import Conflict
from tests.analytics.exports.live.conftest import a_token, get, walked
from tests.analytics.exports.live.replica import Replica, of_lists
from tests.patients.entry import desk
from trial.people.tokens import ExportToken
from trial.trail.models import TrailEvent
from trial.trail.seals import seal_trail

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

WRITERS = 20
SUBJECTS = 5
SECONDS = float(os.environ.get("SYNC_SECONDS", "3"))  # a minute in `make faults`


@pytest.fixture
def connections_for_all() -> Iterator[None]:
    """Everybody has a connection of their own, as under several web servers."""
    options = connection.settings_dict["OPTIONS"]
    connection.close_pool()
    options["pool"] = {"min_size": 1, "max_size": WRITERS + 6, "timeout": 60}
    yield
    connections.close_all()
    connection.close_pool()
    options["pool"] = True


class Threads:
    """Acts that are done again and again until the time is over."""

    def __init__(self) -> None:
        self.until = time.monotonic() + SECONDS
        self.failures: list[BaseException] = []
        self.done = 0

    def run(self, acts: list[Callable[[int], None]]) -> None:
        threads = [threading.Thread(target=self._repeat, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=SECONDS + 60)
        assert self.failures == []

    def _repeat(self, act: Callable[[int], None]) -> None:
        turn = 0
        try:
            while time.monotonic() < self.until:
                turn += 1
                act(turn)
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            connections.close_all()


def writer(number: int, pages: list[Page], logs: list[Page]) -> Callable[[int], None]:
    """Somebody who corrects a value, adds a row, or makes one void and restores it."""
    page, log = pages[number % SUBJECTS], logs[number % SUBJECTS]
    key = str(number)

    def act(turn: int) -> None:
        try:
            if turn % 3 == 0:
                void = "Y" if turn % 2 else "N"
                desk.save(
                    log, rows={key: {"void": void} if turn > 3 else {"ae_term": "first"}}, why=desk.BECAUSE
                )
            else:
                desk.save(page, {"hctci": str((turn + number) % 27)}, why=desk.BECAUSE)
        except Conflict:
            return  # somebody was first

    return act


def test_who_follows_while_twenty_save_has_what_the_registry_has(
    connections_for_all: None, settings: Any, tmp_path: Any
) -> None:
    settings.CHIMERA_HOME = tmp_path
    pages, logs = [], []
    for number in range(SUBJECTS):
        subject = desk.consented(f"HZ01-{number + 1:03}")
        pages.append(desk.page_of(subject, "DM"))
        desk.save(pages[-1], desk.DM, on=desk.CONSENT)
        logs.append(desk.logged(subject, "AE"))
    key, replica, polls = a_token(), Replica(), []

    def poll(_turn: int) -> None:
        ExportToken.objects.update(asked_count=0)  # 600 a minute are too few here
        while replica.follow(lambda address: get(address, key).json()):
            polls.append(replica.after)

    def seal(_turn: int) -> None:
        seal_trail()
        time.sleep(0.05)

    Threads().run([*(writer(number, pages, logs) for number in range(WRITERS)), seal, poll])
    grown = len(replica.seen)
    seal_trail()
    poll(0)
    assert grown > WRITERS  # it read while they wrote
    assert polls == sorted(set(polls))
    of_subjects = TrailEvent.objects.exclude(subject="").order_by("leaf__seq")
    assert replica.seen == list(of_subjects.values_list("leaf__seq", flat=True))
    values, states = of_lists(walked("items?limit=1000", key), walked("pages?limit=1000", key))
    assert replica.standing == values
    assert replica.states == states
