"""Every role, anonymous and token × own and other site × every route × every method × every state of a page.

Routes come from the URL configuration, what each asks for from its declaration, what a role holds from the
table. `policy.txt` pins all three as people read them: it changes only where somebody meant it to.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from patients.casebook.page import PageState
from tests.access.registry import ANONYMOUS, HERE, OTHER, OWN, TOKEN, Registry, Target, Who, targets_of
from trial.people.needs import At, Door, Need
from trial.people.policy import policy, roles_with
from trial.people.roles import FORMS_ENTERED, SENTENCES, TABLE, Permission, Role
from trial.people.routes import Route, routes

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PRINCIPALS = [(who, site) for who in (*Role, TOKEN) for site in (OWN, OTHER)] + [(ANONYMOUS, OWN)]
SIGN_IN = reverse("sign-in")
LET_IN = {200, 302, 400, 409, 410, 422}
CLOSED = (PageState.FROZEN, PageState.LOCKED)
SAVING = ("page", "page-check", "page-resource", "paste", "void-row")
WRITING = (*SAVING, "attachments")
NAMING = ("my-sessions", "second-factor")
"""Where a form names what is one's own; an empty one names nothing, which is absent."""
ASKED_FOR = ("lock-export",)
"""What who asked for it sees alone: here the data manager did."""


@dataclass(frozen=True)
class Cell:
    """One question: may this one do this, there?"""

    route: Route
    target: Target
    method: str


def cells(registry: Registry, *, beyond: bool = False) -> Iterator[Cell]:
    """By the methods that a route has; `beyond`: by all of them."""
    for route in routes():
        had = route.need.by_method if route.need else METHODS
        for target in targets_of(route, registry):
            for method in METHODS:
                if beyond or method in had:
                    yield Cell(route, target, method)


ASKING_BEYOND = {
    (Role.COORDINATOR, OWN),
    (Role.DATA_MANAGER, OTHER),
    (ANONYMOUS, OWN),
    (TOKEN, OWN),
    (TOKEN, OTHER),
}
"""Who also asks by the methods that a route does not have: it answers them to everybody alike."""


# --- what the policy says ---------------------------------------------------------------------------------
def expected(who: Who, site: str, cell: Cell) -> set[int] | str:
    """The answers that the policy allows; `sign in` is to be sent there."""
    need = cell.route.need
    assert need is not None
    if need.door is Door.TOKEN:
        return _of_token(who, site, cell.method, need)
    if need.door is Door.FORM:
        return {403}  # whoever it is: a key counts in the form alone, and none is sent here
    if need.door is Door.MONITORING:
        return {404} if cell.method in need.by_method else {405}  # nobody here has its key
    if need.door is Door.HEADER:
        return {422}  # a key counts in its own header alone, and an answer tells nothing of who asked
    if need.door is Door.SESSION and who in (ANONYMOUS, TOKEN):
        return {401}
    if need.door is Door.PERSON and who in (ANONYMOUS, TOKEN):
        return "sign in"
    if cell.method not in need.by_method:
        return {405}
    if need.door is Door.ANYONE:
        return LET_IN
    return _of_role(Role(who), site, cell, need)


def _of_token(who: Who, site: str, method: str, need: Need) -> set[int]:
    if who != TOKEN:
        return {401}
    if method not in need.by_method:
        return {405}
    outside = (need.at is At.ALL_ITS_SITES or method == "POST") and site != OWN
    done = {"POST": 202, "DELETE": 204}.get(method, 200)
    return {done} if method == "OPTIONS" or not outside else {404}


def _of_role(role: Role, site: str, cell: Cell, need: Need) -> set[int]:
    permission, held = need.permission(cell.method), TABLE[role]
    if need.at is At.ITS_SITE and (site != OWN or Permission.READ not in held):
        return {404}
    if permission is not None and permission not in held:
        return {403}
    if permission is Permission.ENTER and role in FORMS_ENTERED and cell.route.name != "add":
        return {403}  # none of the pages here is of their forms; what is added they choose themselves
    if need.at is At.ALL_ITS_SITES and site != OWN:
        return {404}
    if cell.route.name in ASKED_FOR and role is not Role.DATA_MANAGER:
        return {404}
    if cell.method == "POST" and cell.target.state in CLOSED and cell.route.name in WRITING:
        return {423}
    return LET_IN | {404} if cell.method == "POST" and cell.route.name in NAMING else LET_IN


# --- what Chimera does ------------------------------------------------------------------------------------
def sent(cell: Cell, registry: Registry) -> dict[str, str] | str:
    """What a form, or a program, without any change would send."""
    if cell.route.name == "exports":
        return json.dumps({"lock": registry.lock.pk})
    if cell.target.state is None or cell.route.name not in SAVING:
        return {}
    pages = registry.laboratory if cell.route.name == "paste" else registry.pages
    version = pages[cell.target.state].version
    if cell.route.name == "page-resource":
        return json.dumps({"base_version": version, "rows": {}})
    return {"base_version": str(version), "do": "save"}


@pytest.mark.requirement("AC-01", "AC-02", "AC-05")
@pytest.mark.parametrize(("who", "site"), PRINCIPALS)
def test_every_cell_is_answered_as_the_policy_says(registry: Registry, ask: Any, who: Who, site: str) -> None:
    """By status; and whoever is of another site reads nowhere of the subject, whatever the status says."""
    wrong = []
    for cell in cells(registry, beyond=(who, site) in ASKING_BEYOND):
        answer = ask(who, site, cell.method, cell.target.url, sent(cell, registry))
        wanted, location = expected(who, site, cell), answer.get("Location", "")
        led = location.startswith(f"{SIGN_IN}?next=")
        if led != (wanted == "sign in") or (not led and answer.status_code not in wanted):
            wrong.append(f"{cell.method} {cell.target.url}: {answer.status_code} {location}, not {wanted}")
        if site == OTHER and HERE in text_of(answer) + location.partition("?next=")[0]:
            wrong.append(f"{cell.method} {cell.target.url}: tells of {HERE}")
    assert "\n".join(wrong) == ""


@pytest.mark.requirement("AC-02")
@pytest.mark.parametrize("role", Role)
def test_no_filter_finds_a_subject_of_another_site(registry: Registry, ask: Any, role: Role) -> None:
    asked = [f"{url}?q=-001&before=ZZ&site=&on=2025-08-05" for url in fetchable(registry)]
    assert [url for url in asked if HERE in text_of(ask(role, OTHER, "GET", url))] == []


@pytest.mark.requirement("AC-02")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", Role)
def test_outside_the_own_sites_is_as_if_it_did_not_exist(
    registry: Registry, ask: Any, role: Role, method: str
) -> None:
    """The same status, the same words, and the same statements, so that no clock tells them apart."""
    for cell in cells(registry):
        if cell.method == method and cell.route.parameters and cell.route.need.at is not At.ONE_SITE:
            outside, absent = (_told(ask, role, cell, url) for url in (cell.target.url, cell.target.absent))
            assert outside == absent, cell


def _told(ask: Any, role: Role, cell: Cell, url: str) -> tuple[int, str, list[str]]:
    """Status, words and statements, without what is of this very request."""
    with CaptureQueriesContext(connection) as queries:
        answer = ask(role, OTHER, cell.method, url, {"base_version": "0", "do": "save"})
    own = "|".join(map(re.escape, (url, answer.wsgi_request.request_id)))
    words = re.sub(rf"{own}|\w{{64}}|\d+", "#", text_of(answer))
    statements = [re.sub(r"'[^']*'|s\d+_x\d+|\d+", "#", query["sql"]) for query in queries]
    return answer.status_code, words, statements


def text_of(answer: HttpResponse) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


def fetchable(registry: Registry) -> list[str]:
    """Every address that answers to GET."""
    return [cell.target.url for cell in cells(registry) if cell.method == "GET" and gets(cell.route)]


def gets(route: Route) -> bool:
    return route.need is not None and "GET" in route.need.by_method


# --- the policy as a document -----------------------------------------------------------------------------
def test_the_policy_changes_only_where_somebody_meant_it_to() -> None:
    """A change of who may do what is a change of this file, for somebody to look at."""
    rights = [f"{permission}: {', '.join(roles_with(permission))}" for permission in Permission]
    pinned = (Path(__file__).parent / "policy.txt").read_text(encoding="utf-8")
    assert "\n".join([*rights, "", *map(str, policy()), ""]) == pinned


def test_the_page_of_the_policy_shows_every_right_and_every_route(registry: Registry, ask: Any) -> None:
    roles, addresses = text_of(ask(Role.MONITOR, OWN, "GET", reverse("who-may"))).split('id="h-routes"')
    for role, row in zip(Role, table_rows(roles), strict=True):
        assert f">{escape(str(role.label))}</th>" in row
        rights = {right for right in Permission if f"<li>{escape(str(SENTENCES[right]))}</li>" in row}
        assert rights == TABLE[role]
    for line, row in zip(policy(), table_rows(addresses), strict=True):
        assert f"<code>{escape(line.address)}</code>" in row
        lets_in = "all" if len(line.roles) == len(Role) else ", ".join(str(role.label) for role in line.roles)
        assert f"<td>{lets_in or '–'}</td></tr>" in row


def table_rows(text: str) -> list[str]:
    return re.findall(r'<tr><th scope="row".*?</tr>', text)
