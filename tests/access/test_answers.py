"""What every answer carries, whichever the address: the policy of the browser, no copy in a cache, no detail
of a fault; and that looking changes nothing (SE-02, SE-03, SE-07, SE-15, PV-08)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.urls import reverse

from tests.access.registry import ANONYMOUS, HERE, OTHER, OWN, TOKEN, Registry, Target, Who, targets_of
from trial.edition import EDITION
from trial.people.needs import Door
from trial.people.policy import roles_with
from trial.people.roles import Role
from trial.people.routes import Route, routes

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]

POLICY = {
    "default-src 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}
WRITING = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)"?', re.IGNORECASE)
OF_THE_SESSION = {"django_session", "usersessions_usersession"}
COUNTED = {"axes_accessattempt", "trial_exporttoken"}
"""A link that is void counts as a failure (AC-11); of a token the last use is kept (AC-13)."""
ON_RECORD = {"trial_trailevent", "trial_trailchange", "trial_identityread"}
"""That somebody saw an identity, or was refused, is itself on record (PV-07, AT-09)."""
FAULT = "canary of the database"


def fetched(registry: Registry) -> Iterator[tuple[Route, Target]]:
    """Every address that answers to GET."""
    for route in routes():
        if route.need is not None and "GET" in route.need.by_method:
            yield from ((route, target) for target in targets_of(route, registry))


def reader_of(route: Route) -> Who:
    """Somebody whom the route lets in."""
    assert route.need is not None
    if route.need.door is Door.TOKEN:
        return TOKEN
    if route.need.door is Door.ANYONE:
        return ANONYMOUS
    permission = route.need.permission("GET")
    return roles_with(permission)[0] if permission else Role.COORDINATOR


def answers(registry: Registry, ask: Any) -> Iterator[tuple[str, HttpResponse]]:
    """One answer for each address, and those of addresses that are not there or not allowed."""
    for route, target in fetched(registry):
        yield target.url, ask(reader_of(route), OWN, "GET", target.url)
    for url in ("/nothing/", reverse("subject", args=["HZ01-999"]), reverse("people")):
        yield url, ask(Role.COORDINATOR, OWN, "GET", url)
    yield "/static/chimera.css", ask(ANONYMOUS, OWN, "GET", "/static/chimera.css")


@pytest.mark.requirement("SE-02")
def test_every_answer_carries_the_whole_policy_and_nothing_else(registry: Registry, ask: Any) -> None:
    for url, answer in answers(registry, ask):
        assert {part.strip() for part in answer["Content-Security-Policy"].split(";")} == POLICY, url
        assert answer["X-Content-Type-Options"] == "nosniff", url
        assert answer["Referrer-Policy"] == "same-origin", url
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", url


@pytest.mark.requirement("PV-08", "SE-15")
def test_what_somebody_is_shown_is_kept_by_no_cache_and_for_nobody_else(registry: Registry, ask: Any) -> None:
    for route, target in fetched(registry):
        answer = ask(reader_of(route), OWN, "GET", target.url)
        if route.need is not None and route.need.door is not Door.ANYONE:
            assert "no-store" in answer.get("Cache-Control", ""), target.url
        if route.need is not None and route.need.door is Door.PERSON:
            assert "Cookie" in answer.get("Vary", ""), target.url


@pytest.mark.requirement("VD-04")
def test_the_version_and_schema_stand_on_every_screen_and_file(registry: Registry, ask: Any) -> None:
    for route, target in fetched(registry):
        answer = ask(reader_of(route), OWN, "GET", target.url)
        if route.need is None or route.need.door is Door.ANYONE or answer.status_code >= 400:
            assert "Chimera-Edition" not in answer, target.url
            continue
        assert answer["Chimera-Edition"] == EDITION, target.url
        if answer["Content-Type"].startswith("text/html") and b'class="shell"' in answer.content:
            assert f"Chimera {EDITION}" in answer.content.decode(), target.url


@pytest.mark.requirement("SE-15")
def test_two_people_at_one_address_never_see_each_others_data(registry: Registry, ask: Any) -> None:
    url = reverse("subjects")
    for turn in range(100):
        here = ask((Role.COORDINATOR, Role.MONITOR)[turn % 2], OWN, "GET", url).content.decode()
        there = ask(Role.COORDINATOR, OTHER, "GET", url).content.decode()
        assert (HERE in here, HERE in there) == (True, False), turn


@pytest.mark.requirement("PV-08")
def test_signing_out_clears_what_the_browser_holds(ask: Any) -> None:
    answer = ask(Role.COORDINATOR, OWN, "POST", reverse("sign-out"), {})
    assert answer["Clear-Site-Data"] == '"cache", "cookies", "storage"'


@pytest.mark.requirement("SE-03")
@pytest.mark.parametrize("who", [*Role, TOKEN, ANONYMOUS])
def test_looking_changes_nothing(registry: Registry, ask: Any, who: Who) -> None:
    """Every address by GET and HEAD, whatever the answer."""
    written: dict[str, set[str]] = {}

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if (found := WRITING.match(sql)) and found[1] not in OF_THE_SESSION | COUNTED | ON_RECORD:
            written.setdefault(found[1], set()).add(url)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        for _route, target in fetched(registry):
            url = target.url
            for method in ("GET", "HEAD"):
                ask(who, OWN, method, url)
    assert written == {}


@pytest.mark.requirement("SE-07")
def test_a_fault_of_the_database_shows_a_number_alone(registry: Registry, ask: Any) -> None:
    """Each page that reads of the casebook or of locks, while every such reading fails."""

    def fail(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("SELECT") and ('FROM "patients_' in sql or 'FROM "analytics_' in sql):
            raise RuntimeError(FAULT)
        return execute(sql, *rest)

    failed = []
    for route, target in fetched(registry):
        with connection.execute_wrapper(fail):
            answer = ask(reader_of(route), OWN, "GET", target.url, raises=False)
        if answer.status_code == 500:
            failed.append(target.url)
            text = answer.content.decode()
            assert FAULT not in text, target.url
            assert answer.wsgi_request.request_id in text, target.url
    assert len(failed) > 10
    assert not settings.DEBUG
