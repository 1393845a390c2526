"""schemathesis over all that tokens can ask of a registry with a cut (`make check-external`)."""

import re
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from analytics.exports.document import openapi
from analytics.locks.models import Lock
from tests.analytics.exports.live.conftest import a_token
from tests.analytics.exports.schema_testing import judged
from tests.patients.entry import desk
from trial.people.roles import Permission
from trial.people.token_rates import AskedRate, TakenRate
from trial.trail.seals import seal_trail

OF_TOKENS = "v1/(?!pages/)"


@pytest.mark.django_db(transaction=True)
def test_every_answer_is_what_the_document_says(
    lock: Lock, live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rate in (AskedRate, TakenRate):
        monkeypatch.setattr(rate, "most", 1_000_000)
    desk.infused()
    seal_trail()
    key = a_token(rights=list(Permission))
    told = judged(
        live_server.url, key, tmp_path, OF_TOKENS, "--phases", "coverage,fuzzing", "--max-examples", "10"
    )
    asked = [
        path
        for path, methods in openapi()["paths"].items()
        if "get" in methods and re.search(OF_TOKENS, path)
    ]
    assert f"Tested: {len(asked)}" in told
