"""The trail of a subject: who changed what, from what to what, when and why; newest first.

The trail keeps frozen English text. In another language its labels and coded values are said again from the
declaration, where that still knows them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from patients.casebook.form import declared_forms, form_model, is_declared
from patients.casebook.page import PageState, Subject
from patients.entry.header import HEADER
from patients.entry.reasons import ReasonCode
from patients.items.item import Item
from patients.items.missing import MissingReason
from patients.items.problems import NotAnAnswer
from patients.web.clocks import moment
from trial.people.roles import Role
from trial.trail.models import TrailChange, TrailEvent

EVENTS_ON_A_PAGE = 25
FIRST_ENTRIES_IN_LINE = 8
ZONE = "UTC+8"  # of the site (trial.protocol.study.SITE_ZONE), which knows no summer time

ACTS: dict[str, Promise] = {
    "page.saved": gettext_lazy("saved"),
    "page.signed": gettext_lazy("signed"),
    "subject.registered": gettext_lazy("subject registered"),
    "visit.opened": gettext_lazy("visit opened"),
    "identity.recorded": gettext_lazy("identity recorded"),
}
_OWN_LABELS: dict[str, Promise] = {
    "entry_state": gettext_lazy("Workflow state"),
    "signature": gettext_lazy("Signature"),
}
_IDENTIFYING = ("full_name", "hospital_number", "birth_date")
_ENGINES: dict[str, Promise] = {"derivation": gettext_lazy("derived"), "schedule": gettext_lazy("schedule")}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One item changed. `engine` names the step that made it, where no person did."""

    label: str
    old: str
    new: str
    is_first: bool
    why: str
    engine: str
    is_withheld: bool


@dataclass(frozen=True, slots=True)
class EventBlock:
    """One act with all that it changed."""

    place: str
    url: str
    act: str
    who: str
    role: str
    at: str
    iso: str
    count: str
    reason: str
    changes: list[ChangeRow]
    first_entries: list[ChangeRow]
    """Kept apart where they are many, so that what was changed is seen first."""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class TrailScreen:
    """Everything that the template of a trail says."""

    subject: Subject
    events: list[EventBlock]
    forms: list[Option]
    people: list[Option]
    filters: dict[str, str]
    newer_url: str
    older_url: str
    zone: str = ZONE

    @property
    def is_filtered(self) -> bool:
        return any(self.filters.values())


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of events: up to the newest of them there are newer ones, below the oldest older ones."""

    events: list[TrailEvent]
    has_newer: bool
    has_older: bool


def window(events: "QuerySet[TrailEvent]", before: int | None, after: int | None) -> Window:
    """The events older than `before` or newer than `after`, else the newest; found by key, never counted."""
    size = EVENTS_ON_A_PAGE
    if after is not None:
        found = list(events.filter(id__gt=after).order_by("id")[: size + 1])
        return Window(found[:size][::-1], has_newer=len(found) > size, has_older=True)
    older = events.filter(id__lt=before) if before is not None else events
    found = list(older[: size + 1])
    return Window(found[:size], has_newer=before is not None, has_older=len(found) > size)


class TrailPresenter:
    """Makes the trail screen of a subject."""

    def __init__(self, subject: Subject, filters: dict[str, str]) -> None:
        self.subject = subject
        self.filters = filters

    def screen(self, shown: Window, people: Iterable[tuple[str, str]]) -> TrailScreen:
        prefetch_related_objects(shown.events, "changes")
        urls = self._page_urls() if shown.events else {}
        return TrailScreen(
            subject=self.subject,
            events=[event_block(event, urls.get((event.form, event.visit), "")) for event in shown.events],
            forms=self._form_options(),
            people=[Option(name, label, name == self.filters["actor"]) for name, label in people],
            filters=self.filters,
            newer_url=self._url(after=shown.events[0].pk) if shown.has_newer and shown.events else "",
            older_url=self._url(before=shown.events[-1].pk) if shown.has_older and shown.events else "",
        )

    def _page_urls(self) -> dict[tuple[str, str], str]:
        pages = self.subject.pages.values_list("form_code", "visit__code", "pk")
        return {(form, visit or ""): reverse("page", args=[pk]) for form, visit, pk in pages}

    def _form_options(self) -> list[Option]:
        chosen = self.filters["form"]
        return [
            Option(model.form.code, f"{model.form.code} · {model.form.title}", model.form.code == chosen)
            for model in declared_forms()
        ]

    def _url(self, **key: int) -> str:
        named = {name: value for name, value in self.filters.items() if value} | {
            k: str(v) for k, v in key.items()
        }
        return f"{reverse('trail', args=[self.subject.code])}?{urlencode(named)}"


def event_block(event: TrailEvent, url: str) -> EventBlock:
    """An act as the trail shows it; its changes are at hand."""
    changes = list(event.changes.all())
    rows = [_row(change, event) for change in changes]
    first = [row for row in rows if row.is_first]
    are_many = len(first) > FIRST_ENTRIES_IN_LINE
    return EventBlock(
        place=" · ".join(part for part in (event.subject, event.form, event.visit) if part),
        url=url,
        act=str(ACTS.get(event.action, event.action)),
        who=event.actor_name or event.actor,
        role=_role(event.actor_role),
        at=moment(event.at),
        iso=event.at.isoformat(),
        count=_count(changes),
        reason=event.reason,
        changes=[row for row in rows if not row.is_first] if are_many else rows,
        first_entries=first if are_many else [],
    )


def _role(roles: str) -> str:
    """The roles that the event keeps by their codes, in words."""
    words = [str(Role(role).label) if role in list(Role) else role for role in roles.split(", ") if role]
    return ", ".join(words)


def _count(changes: Sequence[TrailChange]) -> str:
    return ngettext("%(count)s item", "%(count)s items", len(changes)) % {"count": len(changes)}


def _row(change: TrailChange, event: TrailEvent) -> ChangeRow:
    item = _item_of(change, event)
    withheld = change.item in _IDENTIFYING or (item is not None and item.declared.identity)
    return ChangeRow(
        label=_label(change, item),
        old="" if withheld else _value(change, item, change.old, change.old_shown),
        new="" if withheld else _value(change, item, change.new, change.new_shown),
        is_first=not change.old,
        why=_why(change),
        engine=_engine(change.author) if change.author != event.actor else "",
        is_withheld=withheld,
    )


def _item_of(change: TrailChange, event: TrailEvent) -> Item | None:
    """The declaration of what changed: an item of the event's form, of its header, or `FORM@VISIT.item`."""
    where, _, name = change.item.rpartition(".")
    form = where.partition("@")[0] or event.form
    try:
        return form_model(form).item(name) if is_declared(form) else None
    except KeyError:
        return HEADER.get(name)


def _label(change: TrailChange, item: Item | None) -> str:
    name = change.item.rpartition(".")[2]
    label = str(item.declared.label) if item is not None and not _is_english() else change.label
    if item is None and name in _OWN_LABELS:
        label = str(_OWN_LABELS[name])
    place = change.item.rpartition(".")[0].replace("@", " ") if "@" in change.item else ""
    key = _("Row %s") % change.row_key if change.row_key else ""
    return " · ".join(part for part in (place, key, label) if part)


def _value(change: TrailChange, item: Item | None, text: str, shown: str) -> str:
    if change.item.rpartition(".")[2] == "entry_state":
        return str(PageState(text).label) if text in PageState.values else text
    if item is None or _is_english():
        return shown or text
    return _said_again(item, text) or shown or text


def _said_again(item: Item, text: str) -> str:
    """A stored value in the active language; empty where the declaration no longer knows it."""
    if text.startswith("[") and text[1:-1] in MissingReason.values:
        return str(MissingReason(text[1:-1]).label)
    try:
        return item.with_unit(item.read(text)) if text else ""
    except (NotAnAnswer, KeyError):
        return ""


def _why(change: TrailChange) -> str:
    code = str(ReasonCode(change.reason_code).label) if change.reason_code in ReasonCode.values else ""
    return (
        _("%(code)s: %(words)s") % {"code": code, "words": change.reason}
        if code and change.reason
        else (code or change.reason)
    )


def _engine(author: str) -> str:
    name = author.removeprefix("system:").partition("@")[0]
    return str(_ENGINES.get(name, name))


def _is_english() -> bool:
    return (get_language() or "en").startswith("en")
