"""The quick-start in Python says what the lock says."""

import sys

import pytest
from pytest_django.live_server_helper import LiveServer

from analytics.locks.models import Lock
from analytics.runs.results import estimates_of
from tests.analytics.exports.quickstarts import FOLDER, said

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.one_engine,
    pytest.mark.xdist_group("exports"),
]


def test_python_reads_the_newest_cut(lock: Lock, key: str, live_server: LiveServer) -> None:
    told = said(sys.executable, FOLDER / "survival.py", live_server.url, key)
    values = {one.figure: one.value for one in estimates_of(lock)}
    assert told.startswith(f"{values['saf_n']:.0f} infused, {values['os_events_n']:.0f} died, ")
