"""`/api/v1/exports`: a file is asked for, made by a worker, taken, and removed."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from analytics.exports.disclosure import Disclosure
from analytics.exports.document import openapi
from analytics.exports.jobs import making, places
from analytics.exports.jobs.asking import MOST_GOING, expire_what_is_over
from analytics.exports.jobs.making import make_export
from analytics.exports.jobs.models import Export, ExportState
from analytics.exports.jobs.ring import ring_waiting
from analytics.locks.models import Lock
from analytics.runs.failure import LOST_AT_MOST, RETRIES
from analytics.runs.models import Run, RunState
from tests.analytics.exports.conftest import a_key
from tests.analytics.exports.test_cut_rest import body, get, taken
from trial.people.models import Site
from trial.people.roles import Permission
from trial.people.token_rates import TAKEN_IN_AN_HOUR
from trial.people.tokens import ExportToken, digest_of, issue_token

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("exports")]
TABLE = {"lock": "latest", "what": "table", "name": "ADSL", "suffix": "csv"}


@pytest.fixture(autouse=True)
def _empty_folder() -> None:
    """Files are not undone with the rows of a test."""
    for path in places.folder().iterdir():
        path.unlink()


def post(told: Any, key: str, **headers: str) -> Any:
    sent = {"Authorization": f"Token {key}", **headers}
    return Client().post("/api/v1/exports", json.dumps(told), content_type="application/json", headers=sent)


def delete(number: int, key: str) -> int:
    answer = Client().delete(f"/api/v1/exports/{number}", headers={"Authorization": f"Token {key}"})
    return answer.status_code


def asked(key: str, told: Any = TABLE, **headers: str) -> int:
    """The number of a file that is asked for."""
    answer = post(told, key, **headers)
    assert answer.status_code == 202, answer.content
    return int(answer.json()["id"])


def made(key: str, told: Any = TABLE) -> int:
    make_export(number := asked(key, told))
    assert Export.objects.get(pk=number).state == ExportState.DONE
    return number


def files() -> list[str]:
    return sorted(path.name for path in places.folder().iterdir())


# --- asked for, made, taken ---------------------------------------------------------------------------------
@pytest.mark.requirement("CP-03")
@pytest.mark.one_engine
def test_an_archive_is_made_by_a_worker_and_taken_with_its_act_on_the_trail(lock: Lock, key: str) -> None:
    answer = post({"lock": str(lock.pk), "formats": ["odm", "csv"]}, key)
    number = answer.json()["id"]
    address = f"exports/{number}"
    assert (answer.status_code, answer["Location"]) == (202, f"http://testserver/api/v1/{address}")
    waiting = get(address, key)
    assert (waiting.json()["state"], waiting["Retry-After"]) == ("waiting", "5")  # type: ignore[attr-defined]
    assert get(f"{address}/file", key).status_code == 409
    assert not make_export(number)
    done: dict[str, Any] = get(address, key).json()  # type: ignore[attr-defined]
    assert (done["state"], done["error"]) == ("done", "")
    assert done["progress"]["done"] == done["progress"]["of"] > 80
    response = get(f"{address}/file", key)
    content = body(response)
    digest = hashlib.sha256(content).hexdigest()
    assert (response["ETag"], response["Cache-Control"]) == (f'"{digest}"', "no-store")
    assert (done["file"]["sha256"], done["file"]["size"]) == (digest, len(content))
    assert done["options"] == {"formats": ["csv", "odm"]}
    at_once = zipfile.ZipFile(io.BytesIO(body(get(f"locks/{lock.pk}/bundle.zip?formats=csv,odm", key))))
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert sorted(archive.namelist()) == sorted(at_once.namelist())
    assert archive.read("csv/LAB.csv") == at_once.read("csv/LAB.csv")
    told = {change.item: change.new for change in taken()[0].changes.all()}
    assert (told["sha256"], int(told["entries"])) == (digest, done["file"]["rows"])


def test_a_transfer_goes_on_and_who_has_the_file_does_not_get_it(lock: Lock, key: str) -> None:
    path = f"exports/{made(key)}/file"
    whole = body(response := get(path, key))
    part = get(path, key, Range="bytes=100-", **{"If-Range": response["ETag"]})
    assert (part.status_code, body(part)) == (206, whole[100:])
    assert get(path, key, **{"If-None-Match": response["ETag"]}).status_code == 304
    assert len(taken()) == 2


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "told",
    [
        TABLE,
        {"lock": "latest", "what": "workbook", "standard": "analysis"},
        {"lock": "latest", "what": "odm", "kind": "metadata"},
    ],
)
def test_a_single_file_is_that_of_its_own_address(lock: Lock, key: str, told: dict[str, str]) -> None:
    addresses = {
        "table": "tables/ADSL/csv",
        "workbook": "workbooks/analysis.xlsx",
        "odm": "odm.xml?kind=metadata",
    }
    number = made(key, told)
    at_once = get(f"locks/{lock.pk}/{addresses[told['what']]}", key)
    later = get(f"exports/{number}/file", key)
    assert body(later) == body(at_once)
    assert later["Content-Type"] == at_once["Content-Type"]


def test_a_key_names_a_request(lock: Lock, key: str) -> None:
    first = asked(key, **{"Idempotency-Key": "night"})
    assert asked(key, **{"Idempotency-Key": "night"}) == first
    other = post({**TABLE, "name": "ADAE"}, key, **{"Idempotency-Key": "night"})
    assert (other.status_code, Export.objects.count()) == (422, 1)
    assert asked(a_key(), **{"Idempotency-Key": "night"}) != first


def test_what_there_is_not_is_refused_in_a_sentence(lock: Lock, key: str) -> None:
    for told in (
        [],
        {**TABLE, "what": "everything"},
        {**TABLE, "name": "NOTHING"},
        {**TABLE, "suffix": "exe"},
        {**TABLE, "formats": ["csv"]},
        {"lock": "latest", "formats": []},
        {"lock": "latest", "formats": "csv"},
        {"lock": "latest", "what": "odm", "kind": "transactional"},
    ):
        answer = post(told, key)
        assert (answer.status_code, bool(answer.json()["detail"])) == (400, True), told
    assert post({"lock": "99"}, key).status_code == 404
    assert Export.objects.count() == 0


def test_a_token_sees_its_own_files_alone(lock: Lock, key: str) -> None:
    number = made(key)
    other_site = [Site.objects.create(code="HZ02", name="Ningbo")]
    for other in (a_key(), issue_token("b", by="test", sites=other_site, permissions=[Permission.EXPORT])):
        assert get("exports", other).json() == {"exports": []}  # type: ignore[attr-defined]
        assert {get(f"exports/{number}{end}", other).status_code for end in ("", "/file")} == {404}
        assert delete(number, other) == 404
    assert post(TABLE, other).status_code == 404
    assert post(TABLE, a_key(Permission.READ_RESULTS)).status_code == 403
    ExportToken.objects.filter(digest=digest_of(key)).update(dates="true")
    assert get(f"exports/{number}/file", key).status_code == 404


@pytest.mark.requirement("PV-04")
def test_who_must_not_know_the_site_gets_no_codes(lock: Lock, key: str) -> None:
    """The terms of the token go with what it asked for, to the worker that makes it."""
    sites = [Site.objects.get(code="HZ01"), Site.objects.create(code="SH01", name="Shanghai")]
    issued = issue_token("several", by="test", sites=sites, permissions=[Permission.EXPORT])
    number = made(issued, TABLE | {"name": "DM"})
    export = Export.objects.get(pk=number)
    assert export.to == Disclosure.to(ExportToken.objects.get(name="several"))
    content = export.made.path.read_text(encoding="utf-8")
    assert "S-" in content
    assert "HZ01-001" not in content
    assert get(f"exports/{number}", issued).status_code == 200


@pytest.mark.requirement("SE-06")
def test_so_many_are_made_at_a_time_and_asked_for_in_an_hour(lock: Lock, key: str) -> None:
    for _each in range(MOST_GOING):
        asked(key)
    refused = post(TABLE, key)
    assert (refused.status_code, refused["Retry-After"]) == (429, "5")
    Export.objects.update(state=ExportState.FAILED)
    asked(key)
    ExportToken.objects.filter(digest=digest_of(key)).update(taken_count=TAKEN_IN_AN_HOUR)
    assert int(post(TABLE, key)["Retry-After"]) > 3000


def test_a_cut_that_is_not_computed_yet_is_409(lock: Lock, key: str) -> None:
    Run.objects.update(state=RunState.RUNNING)
    assert post({**TABLE, "lock": lock.pk}, key).status_code == 409


# --- what becomes of it -------------------------------------------------------------------------------------
def test_a_file_is_removed_when_its_time_is_over(lock: Lock, key: str) -> None:
    number = made(key)
    assert files() == [f"{number}-1"]
    Export.objects.update(expires_at=timezone.now())
    assert expire_what_is_over() == 1
    places.remove(Export.objects.get())  # what the end of the transaction does
    assert files() == []
    assert get(f"exports/{number}", key).json()["state"] == "expired"  # type: ignore[attr-defined]
    assert get(f"exports/{number}/file", key).status_code == 410


def test_what_is_cancelled_is_not_made(lock: Lock, key: str, django_capture_on_commit_callbacks: Any) -> None:
    waiting, done = asked(key), made(key)
    with django_capture_on_commit_callbacks(execute=True):
        assert [delete(number, key) for number in (waiting, done, done)] == [204] * 3
    make_export(waiting)
    states = list(Export.objects.order_by("pk").values_list("state", flat=True))
    assert (states, files()) == (["cancelled", "expired"], [])


def test_who_was_given_up_writes_nothing(lock: Lock, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled while it is made, and made by a second worker while the first one slept."""
    cancelled, doubled = asked(key), asked(key)

    def meanwhile(export: Export, path: Any, watch: Any, write: Any = making.write_wished) -> Any:
        found = write(export, path, watch)
        if export.pk == cancelled:
            delete(cancelled, key)
        elif export.attempts == 1:
            silent = timezone.now() - timedelta(hours=1)
            Export.objects.filter(pk=doubled).update(heartbeat=silent)
            make_export(doubled)
        return found

    monkeypatch.setattr(making, "write_wished", meanwhile)
    for number in (cancelled, doubled):
        make_export(number)
    assert Export.objects.get(pk=cancelled).state == ExportState.CANCELLED
    second = Export.objects.get(pk=doubled)
    assert files() == [f"{cancelled}-1", f"{doubled}-1", f"{doubled}-2"]
    places.clear_what_was_left()
    assert (second.state, second.attempts, files()) == (ExportState.DONE, 2, [f"{doubled}-2"])
    assert hashlib.sha256(second.place.read_bytes()).hexdigest() == second.digest


def test_a_passing_trouble_is_tried_again_and_any_other_says_why(
    lock: Lock, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing, other = asked(key), asked(key)

    def fails(export: Export, path: Any, watch: Any) -> Any:
        raise OSError("the share is gone") if export.pk == passing else ValueError("no such day")

    monkeypatch.setattr(making, "write_wished", fails)
    make_export(other)
    failed: dict[str, Any] = get(f"exports/{other}", key).json()  # type: ignore[attr-defined]
    assert (failed["state"], failed["error"]) == ("failed", "ValueError: no such day")
    assert "no such day" in get(f"exports/{other}/file", key).json()["detail"]  # type: ignore[attr-defined]
    for failure in range(1, RETRIES + 1):
        make_export(passing)
        found = Export.objects.get(pk=passing)
        assert (found.state, found.failures, found.trouble) == (
            "waiting",
            failure,
            "OSError: the share is gone",
        )
        assert not Export.objects.claimable().filter(pk=passing).exists()
        Export.objects.update(not_before=timezone.now())
    make_export(passing)
    assert Export.objects.get(pk=passing).error == "OSError: the share is gone (tried 4 times)"


@pytest.mark.one_engine
def test_a_worker_leaves_a_long_one_for_other_work_and_goes_on_later(lock: Lock, key: str) -> None:
    number = asked(key, {"lock": "latest"})
    assert make_export(number, seconds=0)
    left = Export.objects.get(pk=number)
    assert (left.state, left.turns, left.done) == (ExportState.WAITING, 1, 1)
    assert ring_waiting() == 1
    assert not make_export(number)
    assert Export.objects.get(pk=number).state == ExportState.DONE


def test_what_takes_every_worker_down_is_blamed_at_last(lock: Lock, key: str) -> None:
    number = asked(key)
    Export.objects.update(attempts=LOST_AT_MOST + 1)
    make_export(number)
    assert "workers were lost" in Export.objects.get(pk=number).error


def test_what_killed_workers_left_behind_is_removed(lock: Lock, key: str) -> None:
    number = made(key)
    for left in (f".draft-{number}-1", ".draft-987-1", "986-1", f"{number}-2", f"{number}", "notes"):
        (places.folder() / left).write_text("half")
    places.clear_what_was_left()
    assert files() == [f"{number}-1"]


def test_what_is_answered_is_what_the_document_says(lock: Lock, key: str) -> None:
    shapes = openapi()["components"]["schemas"]
    content = get("exports", key).json(), post(TABLE, key).json(), get("exports", key).json()  # type: ignore[attr-defined]
    for told, shape in zip(content, ("ExportList", "ExportStatus", "ExportList"), strict=True):
        Draft202012Validator({"components": {"schemas": shapes}, **shapes[shape]}).validate(told)
