"""Saves by the pages of the browser in processes that are killed (F04): `python manage.py shell` runs it.

Each save sends a text of its own. What stands in row, version and trail after a kill is what stood before or
what was sent, in all of them alike.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.test import Client

from patients.casebook.form import form_model
from patients.casebook.page import Page
from tests.faults.killed import Act, killed_after, killed_before
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.roles import Role
from trial.trail.models import TrailChange, TrailEvent

LONGEST_S = 0.08  # about as long as a save takes


@dataclass
class Desk:
    """Somebody at the response page of a subject."""

    client: Client
    page: Page
    texts: int = 0

    def next_save(self) -> tuple[str, Act]:
        """A text that nobody has sent yet, and the act that sends it."""
        self.texts += 1
        url, text = self.page.get_absolute_url(), f"M{self.texts}"
        why = {"mol_marker__reason": "late_source"} if self.stored else {}
        sent = form_of(self.client.get(url), mol_marker=text, **why)

        def act() -> None:
            answer = self.client.post(url, sent)
            if answer.status_code != 302:
                raise RuntimeError(f"answered {answer.status_code}")

        return text, act

    @property
    def stored(self) -> str:
        row = form_model("RESP").objects.filter(page=self.page).first()
        return row.mol_marker if row else ""

    def halves(self, before: str, sent: str, *, done: bool) -> Iterator[str]:
        """What is neither all nor nothing of a save."""
        version = Page.objects.get(pk=self.page.pk).version
        newest = form_model("RESP").history.filter(page=self.page).order_by("history_id").last()
        change = (
            TrailChange.objects.filter(event__form="RESP", item="mol_marker").order_by("event__id").last()
        )
        saves = TrailEvent.objects.filter(action="page.saved", form="RESP").count()
        found = (self.stored, newest.mol_marker if newest else "", change.new if change else "")
        if len(set(found)) > 1 or found[0] not in (before, sent) or saves != version:
            yield f"{before} -> {sent}: row, version, trail {found}, {saves} saves of version {version}"
        if done and found[0] != sent:
            yield f"{before} -> {sent}: acknowledged, and not there"


def at_the_desk() -> Desk:
    member = people.a_member(Role.COORDINATOR)
    return Desk(people.signed_in(member), people.page_of(people.a_subject(), "RESP", "SCR"))


def before_each_statement(desk: Desk) -> Iterator[list[str]]:
    """A save is killed before its first statement, then before its second … until one is done."""
    number, killed = 0, True
    while killed:
        number += 1
        killed, bad = _tried(desk, lambda act, number=number: killed_before(number, act))
        yield bad


def at_moments(desk: Desk, moments: int) -> Iterator[list[str]]:
    """So many saves, each killed at a moment of its own."""
    drawn = random.Random(1)
    for _moment in range(moments):
        seconds = drawn.uniform(0, LONGEST_S)
        yield _tried(desk, lambda act, seconds=seconds: killed_after(seconds, act))[1]


def _tried(desk: Desk, kill: Callable[[Act], bool]) -> tuple[bool, list[str]]:
    before = desk.stored
    sent, act = desk.next_save()
    killed = kill(act)
    return killed, list(desk.halves(before, sent, done=not killed))


def main(moments: int) -> None:
    """Prints how often it was tried, then what came out badly."""
    desk = at_the_desk()
    tries = [*before_each_statement(desk), *at_moments(desk, moments)]
    print(len(tries), *(line for bad in tries for line in bad), sep="\n")
