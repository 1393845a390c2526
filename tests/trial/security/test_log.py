"""What the log of the application says, and what it never says (SE-08, PV-02)."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from celery.app.trace import logger as celery_log
from django.test import Client
from django.urls import reverse

from trial.logs import LogLine

SECRET = "Zhang-Wei-330106199001011234"  # pragma: allowlist secret


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The lines that production would write."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LogLine())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, object]]:
    """Each line read as JSON."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.requirement("SE-08")
def test_a_line_break_in_a_message_makes_no_second_line(written: io.StringIO) -> None:
    logging.getLogger("chimera").warning("wu\r\nlevel=admin %s", "a\nb\u2028c")
    assert [line["message"] for line in lines(written)] == ["wu\r\nlevel=admin a\nb\u2028c"]


@pytest.mark.requirement("SE-08")
def test_an_exception_is_told_by_its_class_and_place_alone(written: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("chimera").exception("a run failed")
    (line,) = lines(written)
    assert "builtins.ValueError" in str(line["raised"])
    assert "test_log.py" in str(line["raised"])
    assert SECRET not in written.getvalue()


@pytest.mark.requirement("SE-08", "PV-02")
def test_a_task_that_fails_is_told_by_its_name(written: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as raised:
        context = {"name": "trial.trail.seal", "id": "1", "description": "raised", "exc": repr(raised)}
        celery_log.error("Task %(name)s[%(id)s] %(description)s: %(exc)s", context, exc_info=True)
    (line,) = lines(written)
    assert line["message"] == "task trial.trail.seal failed"
    assert SECRET not in written.getvalue()


@pytest.mark.django_db
@pytest.mark.requirement("SE-08", "PV-02")
@pytest.mark.parametrize(
    "address",
    [
        reverse("set-password", args=[SECRET]),
        f"{reverse('subjects')}?q={SECRET}",
        f"/nowhere/{SECRET}/",
    ],
)
def test_a_request_is_told_by_its_route(client: Client, written: io.StringIO, address: str) -> None:
    answer = client.get(address)
    told = [line for line in lines(written) if line["logger"] == "chimera.requests"]
    assert [line["status"] for line in told] == [answer.status_code]
    assert str(told[0]["route"]).startswith("GET /")
    assert told[0]["number"]
    assert SECRET not in written.getvalue()


@pytest.mark.django_db
@pytest.mark.requirement("SE-07", "SE-08", "PV-02")
def test_a_fault_shows_a_number_to_the_person_and_its_place_to_the_log(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("trial.people.account_pages.is_locked", fail)
    answer = Client(raise_request_exception=False).get(reverse("set-password", args=[SECRET]))
    assert answer.status_code == 500
    assert SECRET not in answer.content.decode()
    assert SECRET not in written.getvalue()
    failed = next(line for line in lines(written) if line["message"] == "failed")
    assert str(failed["number"]) in answer.content.decode()
    assert "RuntimeError" in str(failed["raised"])
