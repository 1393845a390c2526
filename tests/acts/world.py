"""The table of acts: how each is made ready and done, its name, its actor and its object (AT-09)."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from patients.casebook.page import Page, Subject
from tests.patients.web import people
from trial.people.access import SystemPerson
from trial.people.models import Account

TEST = people.SETUP.user_name
OTHER = SystemPerson("other", on_behalf_of="somebody else")


@dataclass
class World:
    """A site with a subject and people; what an act needs is made before it is looked at."""

    subject: Subject
    coordinator: Account
    manager: Account
    secret: str
    folder: Path
    monkeypatch: Any

    @property
    def page(self) -> Page:
        return people.page_of(self.subject, "DM", "SCR")

    def request(self, person: Account) -> HttpRequest:
        request = RequestFactory().post("/")
        request.user, request.session = person, SessionStore()
        request.session.create()
        return request


Deed = Callable[[], object]
Prepare = Callable[[World], Deed]


@dataclass(frozen=True)
class Act:
    """`prepare` makes an act ready and gives what then does it."""

    prepare: Prepare
    name: str
    actor: str
    about: str
    marks: tuple[Any, ...] = ()


ACTS: list[Act] = []


def act(name: str, actor: str, about: str, *marks: Any) -> Callable[[Prepare], Prepare]:
    """Put a row into the table."""

    def keep(prepare: Prepare) -> Prepare:
        ACTS.append(Act(prepare, name, actor, about, marks))
        return prepare

    return keep
