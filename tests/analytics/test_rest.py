"""`GET /api/v1/locks/{id}/estimates`: the estimates of a lock, for a program that shows a token."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from analytics.exports.problems import MEDIA_TYPE
from analytics.exports.views import REFUSALS
from analytics.locks import seal
from analytics.locks.cut import all_records
from analytics.locks.models import Lock
from analytics.runs.compute import compute_run
from analytics.runs.start import run_of
from patients.builder.timeline import Timeline
from patients.entry.register import register_site
from tests.analytics.casebooks import CutContent, built, content, cut_instead, without_database
from trial.people.access import SystemPerson
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.people.tokens import ExportToken, digest_of, issue_token
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
CUTOFF = date(2025, 8, 5)
NO_SUCH_LOCK = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not found."}


@pytest.fixture(scope="module")
def told(demo_timelines: list[Timeline]) -> list[CutContent]:
    """Two subjects of the site HZ01, as a data cut holds them."""
    with without_database():
        casebooks = built(demo_timelines[:2])
        return [content(all_records(book), CUTOFF, subject) for subject, book in casebooks.items()]


@pytest.fixture
def lock(told: list[CutContent], monkeypatch: pytest.MonkeyPatch) -> Lock:
    """A finished lock of the two subjects."""
    return finished_lock(told, monkeypatch)


def finished_lock(told: list[CutContent], monkeypatch: pytest.MonkeyPatch) -> Lock:
    made = unfinished_lock(told, monkeypatch, CUTOFF)
    assert compute_run(run_of(made.snapshot).pk)
    return made


def unfinished_lock(told: list[CutContent], monkeypatch: pytest.MonkeyPatch, cutoff: date) -> Lock:
    with monkeypatch.context() as patch:
        patch.setattr(seal, "_cut", cut_instead(told))
        return seal.make_lock(cutoff, "interim", by=SystemPerson("lock"), source=Source.COMMAND)


def token(*sites: str, permission: Permission = Permission.READ_RESULTS, days: int = 5) -> str:
    by = SystemPerson("test")
    found = [register_site(code, code, by=by, source=Source.COMMAND) for code in sites]
    return issue_token("sponsor", by=by.user_name, sites=found, permissions=[permission], days=days)


def get(lock: object, clear: str | None, **headers: str) -> HttpResponse:
    if clear is not None:
        headers["Authorization"] = f"Token {clear}"
    return Client().get(f"/api/v1/locks/{lock}/estimates", headers=headers)


def printed_by_endpoints(lock: Lock) -> dict[str, Any]:
    out = StringIO()
    call_command("endpoints", str(lock.pk), json=True, stdout=out)
    return json.loads(out.getvalue())


def assert_refused(response: HttpResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["Content-Type"] == MEDIA_TYPE
    assert response.headers["Cache-Control"] == "no-store"
    problem = json.loads(response.content)
    assert problem.keys() == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    return problem


def exports() -> Iterator[TrailEvent]:
    return TrailEvent.objects.filter(action="results.exported").iterator()


# --- what is handed out -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["id", "latest"])
def test_the_estimates_are_those_that_the_command_prints(lock: Lock, name: str) -> None:
    response = get(lock.pk if name == "id" else "latest", token("HZ01"))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    run = run_of(lock.snapshot)
    content = json.loads(response.content)
    assert content.pop("estimates") == printed_by_endpoints(lock)
    assert content == {
        "lock": lock.pk,
        "cutoff": "2025-08-05",
        "snapshot": lock.snapshot.hash,
        "code_version": run.code_version,
        "result_hash": run.result_hash,
    }


def test_numbers_counts_and_reasons_keep_their_kind(lock: Lock) -> None:
    estimates = json.loads(get(lock.pk, token("HZ01")).content)["estimates"]
    assert estimates["enrolled_n"]["value"] == 2
    assert isinstance(estimates["enrolled_n"]["value"], int)
    assert isinstance(estimates["age_median"]["value"], float)
    assert estimates["os_24m"]["value"] is None
    assert estimates["os_24m"]["reason"] == "beyond the longest observed time"
    assert "reason" not in estimates["age_median"]


def test_a_reading_is_an_event_of_the_token(lock: Lock) -> None:
    clear = token("HZ01")
    get(lock.pk, clear)
    get("latest", clear)
    assert [(event.actor, event.actor_role, event.source, event.about) for event in exports()] == [
        ("sponsor", "token", "api", f"lock {lock.pk}")
    ] * 2
    assert ExportToken.objects.get(digest=digest_of(clear)).last_used is not None


def test_a_token_for_more_sites_than_the_lock_has_sees_it(lock: Lock) -> None:
    assert get(lock.pk, token("HZ01", "HZ02")).status_code == 200


def test_a_scheme_in_any_case_is_the_same_scheme(lock: Lock) -> None:
    response = Client().get(
        f"/api/v1/locks/{lock.pk}/estimates", headers={"Authorization": f"TOKEN {token('HZ01')}"}
    )
    assert response.status_code == 200


# --- who is refused ---------------------------------------------------------------------------------------
def outdated(**changes: Any) -> str:
    clear = token("HZ01")
    ExportToken.objects.filter(digest=digest_of(clear)).update(**changes)
    return clear


NOBODY = {
    "no token": lambda: None,
    "an unknown token": lambda: "0" * 32,
    "an empty token": lambda: "",
    "an expired token": lambda: outdated(expires=timezone.now() - timedelta(seconds=1)),
    "a revoked token": lambda: outdated(revoked=timezone.now()),
}


@pytest.mark.parametrize("shown", NOBODY.values(), ids=NOBODY)
def test_without_a_token_in_force_nobody_reads(lock: Lock, shown: Any) -> None:
    response = get(lock.pk, shown())
    problem = assert_refused(response, 401)
    assert response.headers["WWW-Authenticate"] == "Token"
    assert str(lock.pk) not in problem["detail"]
    assert list(exports()) == []


def test_a_person_who_is_signed_in_is_not_a_token(lock: Lock) -> None:
    client = Client()
    client.force_login(Account.objects.create_account("dm", "Data Manager"))
    assert_refused(client.get(f"/api/v1/locks/{lock.pk}/estimates"), 401)


@pytest.mark.parametrize("permission", sorted(set(Permission) - {Permission.READ_RESULTS}))
def test_a_token_with_another_permission_is_refused(lock: Lock, permission: Permission) -> None:
    clear = token("HZ01", permission=permission)
    assert_refused(get(lock.pk, clear), 403)
    assert_refused(get(4711, clear), 403)
    assert list(exports()) == []


@pytest.mark.parametrize("name", ["4711", "0", "x", "9" * 40, "%C2%B2"])
def test_an_unknown_lock_is_absent(lock: Lock, name: str) -> None:
    assert assert_refused(get(name, token("HZ01")), 404) == NO_SUCH_LOCK


@pytest.mark.parametrize("name", ["id", "latest"])
@pytest.mark.parametrize("sites", [[], ["HZ02"]], ids=["no site", "another site"])
def test_a_lock_of_other_sites_looks_absent(lock: Lock, name: str, sites: list[str]) -> None:
    found = assert_refused(get(lock.pk if name == "id" else "latest", token(*sites)), 404)
    assert found == NO_SUCH_LOCK
    assert list(exports()) == []


@pytest.mark.parametrize(("sites", "status"), [(["HZ01"], 404), (["HZ02"], 404), (["HZ01", "HZ02"], 200)])
def test_a_result_mixes_its_sites_so_it_is_for_who_may_see_all(
    told: list[CutContent], monkeypatch: pytest.MonkeyPatch, sites: list[str], status: int
) -> None:
    (facts, values), other = told
    lock = finished_lock([(replace(facts, site="HZ02"), values), other], monkeypatch)
    assert get(lock.pk, token(*sites)).status_code == status


def test_latest_of_nothing_finished_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished_lock([], monkeypatch, CUTOFF)
    assert assert_refused(get("latest", token("HZ01")), 404) == NO_SUCH_LOCK


def test_estimates_that_are_not_finished_are_a_conflict(
    lock: Lock, told: list[CutContent], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = unfinished_lock(told, monkeypatch, CUTOFF + timedelta(1))
    problem = assert_refused(get(later.pk, token("HZ01")), 409)
    assert problem["detail"] == f"the estimates of lock {later.pk} are not finished"
    assert json.loads(get("latest", token("HZ01")).content)["lock"] == lock.pk
    assert_refused(get(later.pk, token("HZ02")), 404)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_written_through_this_door(lock: Lock, method: str) -> None:
    headers = {"Authorization": f"Token {token('HZ01')}"}
    response = getattr(Client(), method)(f"/api/v1/locks/{lock.pk}/estimates", headers=headers)
    assert_refused(response, 405)


def test_only_json_is_spoken(lock: Lock) -> None:
    assert_refused(get(lock.pk, token("HZ01"), Accept="text/html"), 406)


# --- the document -----------------------------------------------------------------------------------------
def document() -> dict[str, Any]:
    response = Client().get("/api/v1/schema", headers={"Authorization": f"Token {token('HZ01')}"})
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    return json.loads(response.content)


def test_the_document_is_for_tokens() -> None:
    assert_refused(Client().get("/api/v1/schema"), 401)


def test_the_document_tells_every_answer() -> None:
    described = document()
    assert described["openapi"] == "3.1.1"
    (operation,) = described["paths"]["/api/v1/locks/{lock}/estimates"].values()
    assert operation["responses"].keys() == {"200", *(str(status) for status in REFUSALS)}
    assert operation["security"] == [{"token": []}]


def test_the_answers_are_as_the_document_says(lock: Lock) -> None:
    described = document()

    def validate(name: str, response: HttpResponse) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        Draft202012Validator(schema).validate(json.loads(response.content))

    clear = token("HZ01")
    validate("Estimates", get(lock.pk, clear))
    for refused in (get(lock.pk, None), get(4711, clear)):
        validate("Problem", refused)


# --- the command ------------------------------------------------------------------------------------------
def issue(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("issue_token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_token_is_printed_once_and_works(lock: Lock) -> None:
    Site.objects.create(code="HZ01", name="HZ01")
    out, err = issue("cro", "--site", "HZ01", "--permission", "read_results", "--days", "3")
    clear = out.strip()
    assert (out, len(clear)) == (f"{clear}\n", 32)
    assert clear not in err
    assert get(lock.pk, clear).status_code == 200
    kept = ExportToken.objects.get(name="cro")
    assert kept.digest == digest_of(clear)
    assert kept.expires <= timezone.now() + timedelta(days=3)


def test_a_token_leaves_an_event_without_the_token() -> None:
    for code in ("HZ01", "HZ02"):
        Site.objects.create(code=code, name=code)
    rights = ["--permission", "read_results", "--permission", "export"]
    out, _ = issue("cro", "--site", "HZ02", "--site", "HZ01", *rights)
    event = TrailEvent.objects.get(action="token.issued")
    assert (event.about, event.source) == ("cro", "command")
    assert event.actor.startswith("system:issue_token@")
    changes = {change.item: change.new for change in event.changes.all()}
    carried = {"sites": "HZ01 HZ02", "permissions": "read_results export"}
    assert changes == {**carried, "days": "90", "dates": "shifted"}
    assert out.strip() not in str([*changes.values(), event.about, event.reason])


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--site", "HZ01", "--site", "XX99", "--permission", "export"], "there is no site XX99"),
        (["--site", "HZ01", "--permission", "export", "--days", "91"], "1 to 90 days, not 91"),
        (["--site", "HZ01", "--permission", "export", "--days", "0"], "1 to 90 days, not 0"),
        (["--site", "HZ01", "--permission", "everything"], "invalid choice: 'everything'"),
        (["--site", "HZ01"], "--permission"),
        (["--permission", "export"], "--site"),
    ],
    ids=["unknown site", "too long", "no day", "unknown permission", "no permission", "no site"],
)
def test_what_cannot_be_issued_leaves_nothing(arguments: list[str], why: str) -> None:
    Site.objects.create(code="HZ01", name="HZ01")
    with pytest.raises(CommandError, match=why):
        issue("cro", *arguments)
    assert not ExportToken.objects.exists()
    assert not TrailEvent.objects.filter(action="token.issued").exists()
