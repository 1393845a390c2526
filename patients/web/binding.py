"""From the form that the browser sends to what a person changed.

Each field brings along the text that stood in it when the page was shown. Only what differs from it is
handed to the save, so that what others have changed in the meantime is left alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import QueryDict

from patients.casebook.form import FormRow, Repeat
from patients.casebook.header import HEADER
from patients.entry.edits import MISSING_SUFFIX as MISSING
from patients.entry.edits import next_key
from patients.entry.reasons import Reason
from patients.items.item import Item
from patients.items.types import GridItem, MultiItem
from patients.web.widgets import Entered

BASE, REASON, WHY = "__base", "__reason", "__why"
"""Suffixes of a field's name: the text that stood in it, and the reason for its change."""

Place = tuple[str, str]
"""Row key and item. The items of the header belong to no row: their key is empty, as is that of the row of a
single form, which has no item of their names."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A row as the page holds it: the beginning of its fields' names, and its key."""

    prefix: str
    key: str
    is_new: bool = False


@dataclass
class Draft:
    """What a person changed on a page and has not saved."""

    base_version: int
    slots: list[Slot] = field(default_factory=list)
    entered: dict[Place, Entered] = field(default_factory=dict)
    bases: dict[Place, str] = field(default_factory=dict)
    reasons: dict[Place, Reason] = field(default_factory=dict)
    action: str = "save"

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        """What `save_page` is given."""
        rows: dict[str, dict[str, str]] = {}
        for (key, item), entered in self.entered.items():
            if not is_of_header((key, item)):
                row = rows.setdefault(key, {})
                row[item], row[f"{item}{MISSING}"] = entered.value, entered.missing
        return rows

    @property
    def header(self) -> dict[str, str]:
        """What `save_page` is given of the header."""
        found = self.entered.items()
        return {place[1]: entered.value for place, entered in found if is_of_header(place)}

    @property
    def items(self) -> set[str]:
        """The items that were changed, in whichever row."""
        return {item for _key, item in self.entered}

    @property
    def is_empty(self) -> bool:
        return not self.entered


def is_of_header(place: Place) -> bool:
    key, item = place
    return not key and item in HEADER


def read_draft(post: QueryDict, model: type[FormRow], kept_keys: set[str], *, identify: bool) -> Draft:
    """What was changed. Raises BadRequest for a form that no page of ours sends, PermissionDenied where an
    identifying item is entered without the right."""
    draft = Draft(version_of(post), _slots(post, model, kept_keys), action=post.get("do", "save"))
    buttons = _buttons(post)
    for name, item in HEADER.items():
        if f"{name}{BASE}" in post:
            _read_field(draft, post, ("", name), name, Entered(read_entered(post, item, name).value))
    for slot in draft.slots:
        for item, name in fields_of(slot, model):
            if f"{name}{BASE}" in post:
                if item.declared.identity and not identify:
                    raise PermissionDenied(f"{item.name} is withheld")
                entered = buttons.get(name) or read_entered(post, item, name)
                _read_field(draft, post, (slot.key, item.name), name, entered)
    _resolve(draft, post, model)
    return draft


def fields_of(slot: Slot, model: type[FormRow]) -> Iterator[tuple[Item, str]]:
    """The items of a row that are entered, each with the name of its field."""
    return ((item, f"{slot.prefix}{item.name}") for item in model.items() if not item.is_derived)


def number_in(text: str) -> int:
    """A number as forms carry one. Raises BadRequest for what is none, and for one that no row has."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadRequest(f"no number: {text[:20]}")
    return int(text)


def version_of(post: QueryDict) -> int:
    """The version of the page that the person read. Raises BadRequest."""
    return number_in(post.get("base_version", ""))


def pages_seen(post: QueryDict, name: str) -> dict[int, str]:
    """The pages that were chosen in a list, by number, each with what was shown of it (`NUMBER:SHOWN`).
    Raises BadRequest."""
    told = (each.partition(":") for each in post.getlist(name))
    return {number_in(number): shown for number, _sep, shown in told}


def _slots(post: QueryDict, model: type[FormRow], kept_keys: set[str]) -> list[Slot]:
    """The rows of the form. A new row gets the next free number as its key, whoever else added one."""
    if model.form.repeat is Repeat.SINGLE:
        return [Slot("", "")]
    slots: list[Slot] = []
    taken = set(kept_keys)
    for prefix in post.getlist("row"):
        is_new = f"{prefix}__new" in post
        key = next_key(taken) if is_new else post.get(f"{prefix}__key", "")
        taken.add(key)
        slots.append(Slot(prefix, key, is_new))
    return slots


def _buttons(post: QueryDict) -> dict[str, Entered]:
    """Buttons that answer a field at once: why it is missing, or that it is cleared."""
    found = {}
    for pressed in post.getlist("missing"):
        name, _, code = pressed.rpartition(":")
        found[name] = Entered(missing=code)
    return found | {name: Entered() for name in post.getlist("clear")}


def _read_field(draft: Draft, post: QueryDict, place: Place, name: str, entered: Entered) -> None:
    base = tidy(post.get(f"{name}{BASE}", ""))
    if entered.text == base:
        return
    draft.entered[place], draft.bases[place] = entered, base
    reason = Reason(post.get(f"{name}{REASON}", ""), tidy(post.get(f"{name}{WHY}", "")))
    if reason.code or reason.text:
        draft.reasons[place] = reason


def read_entered(post: Mapping[str, str] | QueryDict, item: Item, name: str) -> Entered:
    """What stands in a field. A value takes the place of a reason for its absence."""
    value = _value(post, item, name)
    return Entered(value) if value else Entered(missing=post.get(f"{name}{MISSING}", ""))


def _value(post: Mapping[str, str] | QueryDict, item: Item, name: str) -> str:
    if isinstance(item, MultiItem) and isinstance(post, QueryDict):
        return "|".join(sorted({part for text in post.getlist(name) for part in text.split("|") if part}))
    if isinstance(item, GridItem) and name not in post:
        cells = ((cell, tidy(post.get(f"{name}.{cell}", ""))) for cell in item.cells.labels)
        return "|".join(sorted(f"{cell}={text}" for cell, text in cells if text))
    return tidy(post.get(name, ""))


def tidy(text: str) -> str:
    """Text as the save reads it; browsers send line ends as CR LF."""
    return text.replace("\r\n", "\n").strip()


# --- after a conflict ------------------------------------------------------------------------------------
def _resolve(draft: Draft, post: QueryDict, model: type[FormRow]) -> None:
    """Take the choices made between two versions: theirs drops an edit, mine keeps it with its reason.

    Without a choice for each of them the page stays at the version at which the person began, so that the
    save asks again instead of deciding.
    """
    names = post.getlist("clash")
    if not names:
        return
    keep_theirs = draft.action == "theirs"
    places = {name: (slot.key, item.name) for slot in draft.slots for item, name in fields_of(slot, model)}
    places |= {name: ("", name) for name in HEADER}
    reason = Reason(post.get("why-code", ""), tidy(post.get("why", "")))
    for name in names:
        place = places.get(name)
        choice = "theirs" if keep_theirs else post.get(f"choose-{name}", "")
        if place is None or choice not in ("mine", "theirs"):
            draft.base_version = min(draft.base_version, _began(post))
        elif choice == "theirs":
            for kept in (draft.entered, draft.bases, draft.reasons):
                kept.pop(place, None)
        elif place in draft.entered and (reason.code or reason.text):
            draft.reasons[place] = reason


def _began(post: QueryDict) -> int:
    text = post.get("began_version", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
