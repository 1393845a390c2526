"""What a change of the trail is a change of. Its item is a name within the page of the act, or names another
page before it (`FORM@VISIT.item`)."""

import re
from dataclasses import dataclass

from analytics.exports.live.telling import item_of
from patients.casebook.form import form_model, is_declared
from patients.casebook.header import HEADER
from patients.casebook.identity import Identity
from patients.entry.voiding import VOID
from patients.items.item import Item
from patients.items.missing import MissingReason
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.reading import STATE

IDENTIFYING = frozenset(column.name for column in Identity._meta.concrete_fields) - {"id", "subject"}
"""What the trail holds of these are hashes; they leave neither as values nor as such."""
_ELSEWHERE = re.compile(r"(?P<form>[A-Z0-9]+)@(?P<visit>[^.]*)\.(?P<name>.+)", re.DOTALL)
_NAMED = {"query": "query", "verified": "verification", "visit": "visit"}
_MISSING = {f"[{reason}]": str(reason) for reason in MissingReason.values}


@dataclass(frozen=True, slots=True)
class Place:
    """What was changed: a `kind` of thing at a page, row and item. The kind is empty where the change is of
    none that is told by itself."""

    kind: str
    form: str
    visit: str
    row: str
    name: str

    @property
    def item(self) -> Item | None:
        """The item, where a value of it changed or the words are about it."""
        return item_of(self.form, self.name) if self.name else None


def place_of(change: TrailChange, event: TrailEvent) -> Place:
    """Where a change is, and what it is of."""
    form, visit, name = event.form, event.visit, change.item
    if found := _ELSEWHERE.fullmatch(name):
        form, visit, name = found["form"], found["visit"], found["name"]
    kind, *about = name.split(".")
    if kind in _NAMED and not item_of(form, name):
        if kind == "visit":
            return Place(kind, "", "".join(about), "", "")
        says = "words" in about
        item = "".join(part for part in about if part != "words")
        return Place("" if says else _NAMED[kind], form, visit, change.row_key, item)
    return Place(_kind_of(form, name), form, visit, change.row_key, name)


def _kind_of(form: str, name: str) -> str:
    if name in (VOID.name, STATE, "signature"):
        return {VOID.name: "row", STATE: "page"}.get(name, name)
    if name in HEADER:
        return "header"
    if name in IDENTIFYING:
        return "identity"
    return "value" if is_declared(form) and name in {item.name for item in form_model(form).items()} else ""


def is_missing(text: str) -> str:
    """The reason that stands in the place of a value; empty where it is a value."""
    return _MISSING.get(text, "")
