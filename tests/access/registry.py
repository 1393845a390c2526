"""One registry for all tests of access: two sites, a subject at each, a lock, and everybody signed in.

What must be seen at Hangzhou alone carries words that stand nowhere else (`CANARIES`).
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from analytics.exports.jobs.asking import ask_for
from analytics.exports.jobs.making import make_export
from analytics.exports.jobs.models import Asker, What
from analytics.exports.jobs.wish import Wish
from analytics.locks import seal
from analytics.locks.models import Lock
from analytics.runs.compute import compute_run
from analytics.runs.start import run_of
from patients.casebook.page import Page, PageState, Subject
from patients.entry import query_act
from patients.entry.asking import raise_query
from patients.entry.attachments import Attachment, Described, add_attachment
from patients.entry.closing_visit import Shown, Told, close_visit
from patients.entry.register import register_identity
from patients.oversight.casebook_locks import Unlocking
from patients.oversight.monitoring_visits import Whose, period_since
from tests.analytics.casebooks import content, cut_instead, infused
from tests.patients.entry import desk, locking_desk
from tests.patients.entry.uploaded import pdf
from tests.patients.web import people
from tests.trial.trail.claiming import claim
from trial.people.access import SystemPerson, actor_at
from trial.people.models import Account, Site
from trial.people.roles import Permission, Role
from trial.people.routes import Route
from trial.people.tokens import ExportToken, issue_token
from trial.protocol.study import STUDY
from trial.trail.actor import Source, acting

OWN, OTHER = "HZ01", "HZ02"
HERE, ELSEWHERE = "HZ01-001", "HZ02-001"
CANARIES = {"name": "Canary Zhaolin", "hospital number": "H7745531", "birth date": "1977-03-09"}
ANONYMOUS, TOKEN = "anonymous", "token"
Who = str  # a role, or one of these two
CUTOFF = date(2025, 8, 5)
STATES = (PageState.IN_PROGRESS, PageState.FROZEN, PageState.LOCKED)
ABSENT = 987654


@dataclass
class Registry:
    """What the addresses name, and who asks."""

    subject: Subject
    pages: dict[PageState, Page]
    lock: Lock
    somebody: Account
    laboratory: dict[PageState, Page]
    """Pages of LAB, for what is done on these alone."""
    attached: dict[int, int]
    query: int
    term: int
    visit: int
    """The number of a closed monitoring visit."""
    asked_for: int
    """The number of a request for a lock of Hangzhou's second subject, whose casebook is unlocked."""
    unlocking: int
    export: int = 0
    """The number of a file that the token of Hangzhou asked for."""
    own_export: int = 0
    """The number of one that the data manager of Hangzhou asked for."""
    sessions: dict[tuple[Role, str], str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


def built_registry() -> Registry:
    """Both sites with their subjects, pages of Hangzhou in each state, a lock of it, and all who sign in."""
    subject = people.a_subject(HERE, infused=True)
    people.a_subject(ELSEWHERE, infused=True)
    named = {"full_name": CANARIES["name"], "hospital_number": CANARIES["hospital number"]}
    register_identity(subject, **named, by=people.SETUP, source=Source.COMMAND)
    pages = dict(
        zip(STATES, (people.page_of(subject, form, "SCR") for form in ("RESP", "DM", "DX")), strict=True)
    )
    laboratory = dict(
        zip(STATES, (people.page_of(subject, "LAB", visit) for visit in ("SCR", "C0", "C7")), strict=True)
    )
    people.save(pages[PageState.FROZEN], {"birth_date": CANARIES["birth date"]})
    attached = {page.pk: an_attachment(page).pk for page in pages.values()}
    for state, page in (*pages.items(), *laboratory.items()):
        put_in_state(page, state)
    somebody = people.a_member(Role.COORDINATOR, OWN, name="some.body")
    asked, term = _a_query(subject), _a_term(subject)
    unlocking = an_unlocking()
    found = Registry(
        subject, pages, a_lock(), somebody, laboratory, attached, asked, term, a_closed_visit(),
        unlocking.decision.request_id, unlocking.pk,
    )  # fmt: skip
    for site in (OWN, OTHER):
        for role in Role:
            found.sessions[role, site] = session_of(people.signed_in(people.a_member(role, site)))
        at = [Site.objects.get(code=site)]
        carries = [Permission.READ_RESULTS, Permission.EXPORT, Permission.READ, Permission.REVIEW_TRAIL]
        found.tokens[site] = issue_token(site, by="test", sites=at, permissions=carries)
    found.export = an_export(found.lock, ExportToken.objects.get(name=OWN))
    manager = Account.objects.get(user_name=f"{Role.DATA_MANAGER}.{OWN}".lower())
    found.own_export = an_export(found.lock, manager)
    return found


def an_export(lock: Lock, by: Asker) -> int:
    """The number of a file of the lock that somebody asked for, made."""
    export = ask_for(lock, Wish(What.ODM, {"kind": "metadata"}), by=by).export
    make_export(export.pk)
    return export.pk


def put_in_state(page: Page, state: PageState) -> None:
    with transaction.atomic(), acting(actor_at(people.SETUP, site=OWN, source=Source.COMMAND)):
        page.refresh_from_db()
        page.state = page.stored_state = state  # past the table of moves
        page.save()
        claim()


def an_attachment(page: Page) -> Attachment:
    """A source attached to the page, with a title that says nothing."""
    file = SimpleUploadedFile("x.pdf", pdf())
    said = Described("Report", "emr", is_redacted=True)
    return add_attachment(page, file, said, by=people.SETUP)


def _a_query(subject: Subject) -> int:
    """The number of a query about a subject."""
    target, question = query_act.Target(subject=subject), query_act.Question("Please check.")
    return raise_query(target, question, by=people.SETUP).pk


def _a_term(subject: Subject) -> int:
    """The number of a row with an adverse event, whose term is to be coded."""
    page = desk.logged(subject, "AE")
    desk.save(page, rows={"1": {"ae_term": "fever"}})
    return desk.row_of(page).pk


def an_unlocking() -> Unlocking:
    """The second subject of Hangzhou, locked and unlocked for a while."""
    second = desk.consented("HZ01-002")
    locking_desk.locked(second)
    return locking_desk.unlocked(second)


def a_closed_visit() -> int:
    """The number of a visit to Hangzhou."""
    period = period_since(None, OWN)
    told = Told("remote", CUTOFF, CUTOFF)
    return close_visit(Shown(period, Whose.ANY, period.acts), told, by=people.SETUP).pk


def a_lock() -> Lock:
    """A finished lock of one subject of Hangzhou."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal, "_cut", cut_instead([content(infused(), CUTOFF, HERE)]))
        lock = seal.make_lock(CUTOFF, "interim", by=SystemPerson("lock"), source=Source.COMMAND)
    assert compute_run(run_of(lock.snapshot).pk)
    return lock


def session_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


# --- addresses --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Target:
    """A route with what it names: the page's state where it names one, and its twin that does not exist."""

    url: str
    state: PageState | None = None
    absent: str = ""


def targets_of(route: Route, registry: Registry) -> list[Target]:
    """The addresses of a route: one, or one for each state of a page.

    Raises KeyError for a parameter of which nothing is known here: a new kind of record has to be named.
    """
    if not route.parameters:
        return [Target(route.address)]
    room = route.address.split("/")[1]
    if route.name.startswith("figure-"):
        figures = {"figure-subjects": "flow", "figure-data": "crs"}
        drawn = {"figure": figures.get(route.name, "survival"), "part": "screened"}
        return [_target(route, {"pk": registry.lock.pk, **drawn})]
    if route.name == "token":
        return [_target(route, {"pk": ExportToken.objects.earliest("pk").pk})]
    if route.name == "relock":
        return [_target(route, {"pk": registry.unlocking})]
    if route.name == "paste":
        return [_target(route, {"pk": page.pk}, state) for state, page in registry.laboratory.items()]
    if room == "pages" or route.name == "page-resource":
        return [
            _target(route, {"pk": page.pk, "number": registry.attached[page.pk]}, state)
            for state, page in registry.pages.items()
        ]
    named: dict[str, dict[str, Any]] = {
        "subjects": {"code": HERE},
        "trail": {"site": OWN, "code": HERE, "kind": "csv"},
        "log": {"site": OWN},
        "sites": {"site": OWN, "number": registry.visit},
        "visits": {"pk": registry.pages[PageState.IN_PROGRESS].visit_id},
        "study-file": {"name": "approvals"},
        "worklist": {"kind": "overdue"},
        "queries": {"pk": registry.query},
        "coding": {"pk": registry.term, "form": "AE"},
        "dictionary": {"code": "RESP"},
        "handbook": {"name": "monitor"},
        "people": {"pk": registry.somebody.pk},
        "locks": {
            "pk": registry.lock.pk,
            "figure": "saf_n",
            "earlier": registry.lock.pk,
            "number": registry.own_export,
        },
        "lock-desk": {"code": HERE, "pk": registry.asked_for},
        "api": {
            "lock": registry.lock.pk,
            "name": "ADSL",
            "suffix": "csv",
            "standard": "analysis",
            "export": registry.export,
        },
        "dataset-json": {
            "study": STUDY.registry_id,
            "dataset": "IG.ADSL",
            "snapshot": registry.lock.pk,
            "label": "ADaMIG",
        },
        "set-password": {"secret": "none"},  # pragma: allowlist secret
    }
    return [_target(route, named[room])]


def _target(route: Route, named: dict[str, Any], state: PageState | None = None) -> Target:
    given = {name: named[name] for name in route.parameters}
    first = route.parameters[0]
    twin = given | {first: "HZ01-999" if first == "code" else ABSENT}
    return Target(_filled(route, given), state, _filled(route, twin))


def _filled(route: Route, given: dict[str, Any]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(given[found[1]]), route.address)
