"""A page of the study file: what is on record, what may be recorded, and its history in the trail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.forms import BaseForm
from django.utils.functional import Promise

from patients.web.queries import people_at
from patients.web.study_file.register import Act, Register, Row
from patients.web.study_file.registers import REGISTERS
from patients.web.study_file.typed import EndForm
from trial.people.access import sites_where
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.trail.kinds import ACCOUNT_ACTS
from trial.trail.models import TrailEvent

EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Typing:
    """A form as it is shown: which act, its button, and what was typed."""

    name: str
    button: Promise
    form: BaseForm


@dataclass(frozen=True, slots=True)
class StudyFileScreen:
    """A page of the study file; the other pages are `tabs` (name, title, whether it is this one)."""

    register: Register
    tabs: list[tuple[str, Promise, bool]]
    rows: list[Row]
    forms: list[Typing]
    may_end: bool
    end: BaseForm | None
    events: list[TrailEvent]
    refused: list[str] = field(default_factory=list)


def study_file_screen(
    name: str, reader: Account, typed: Mapping[str, BaseForm] | None = None, refused: Sequence[str] = ()
) -> StudyFileScreen:
    """The page of a register for a reader, with what was typed and why it was refused."""
    register, given = REGISTERS[name], typed or {}
    sites = sites_where(reader, Permission.READ)
    writing = sites_where(reader, register.writes)
    offered = {
        key: act for key, act in register.acts.items() if key != "end" and writing and act.is_offered()
    }
    return StudyFileScreen(
        register=register,
        tabs=[(key, each.title, key == name) for key, each in REGISTERS.items()],
        rows=list(register.rows(sites)),
        forms=[
            Typing(key, act.button, given.get(key) or empty_form(key, act, writing))
            for key, act in offered.items()
        ],
        may_end="end" in register.acts and bool(writing),
        end=given.get("end"),
        events=_history(register, sites),
        refused=list(refused),
    )


def empty_form(name: str, act: Act, sites: Sequence[Site]) -> BaseForm:
    return act.form(prefix=name, sites=sites)  # type: ignore[call-arg]


def filled_form(name: str, act: Act, sites: Sequence[Site], data: Any) -> BaseForm:
    """What was posted for an act; an end stands in the line that it ends, without a prefix."""
    return EndForm(data) if name == "end" else act.form(data, prefix=name, sites=sites)  # type: ignore[call-arg]


def _history(register: Register, sites: Sequence[Site]) -> list[TrailEvent]:
    """The newest events about what stands on the page, of the study and of the reader's sites; those about a
    person where the person has, or had, a role at one of them."""
    codes = [site.code for site in sites]
    known = [user_name for user_name, _printed in people_at(codes)]
    study = Q(site="") & ~Q(action__in=ACCOUNT_ACTS)
    here = study | Q(site__in=codes) | Q(site="", action__in=ACCOUNT_ACTS, about__in=known)
    events = TrailEvent.objects.filter(here, action__in=register.told_by)
    return list(events.prefetch_related("changes").order_by("-id")[:EVENTS_SHOWN])
