"""The answers of the lists are what the document says, whatever is asked (long: `check_rest.py`)."""

from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.analytics.exports.live.conftest import a_token
from tests.analytics.exports.schema_testing import judged
from tests.patients.entry import desk
from trial.people.token_rates import AskedRate
from trial.trail.seals import seal_trail

LISTS = "v1/items$"


@pytest.mark.one_engine
@pytest.mark.django_db(transaction=True)
def test_no_question_is_answered_otherwise_than_the_document_says(
    live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AskedRate, "most", 1_000_000)
    desk.infused()
    seal_trail()
    told = judged(live_server.url, a_token(), tmp_path, LISTS, "--phases", "coverage")
    assert "Tested: 1" in told
