"""One item as the page shows it: what stands in it, how it is entered, and what is to say about it."""

import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from patients.casebook.answers import RowAnswers
from patients.casebook.form import FormRow
from patients.entry.reasons import ReasonCode
from patients.items.item import Item, Requirement
from patients.items.problems import Finding, NotAnAnswer, Severity
from patients.web.binding import Draft, Place, Slot, fields_of
from patients.web.coded_words import shows_a_code
from patients.web.flags import flag_label
from patients.web.query_flags import QueryFlag
from patients.web.reveal import Data, is_settled, reveal_data
from patients.web.widgets import (
    MISSING_CHOICES,
    MISSING_TEXTS,
    Choice,
    Entered,
    Labels,
    choices_of,
    grid_choices,
    hint_of,
    input_class,
    input_mode,
    labels_of,
    shown_value,
    typed_text,
    unit_of,
    widget_of,
)

REQUIRED = "X-SYS-05"
REASON_MISSING = "X-SYS-03"


@dataclass(frozen=True, slots=True)
class Message:
    """A finding beside its item. `kind` is error (refused), hard, due (an answer that is missing), soft, or
    note (what the system puts on record)."""

    kind: str
    text: str
    check: str = ""

    @property
    def stops(self) -> bool:
        """Whether it keeps the save out or the page from being complete."""
        return self.kind not in ("soft", "note")


@dataclass(frozen=True, slots=True)
class ReasonBox:
    """Why a saved value changes: what is chosen and typed so far."""

    code: str = ""
    text: str = ""
    choices: tuple[ReasonCode, ...] = tuple(ReasonCode)


@dataclass(slots=True)
class Field:
    """An item on the page. `name` is that of its control and of its parts (`NAME__base`, `i-NAME`)."""

    name: str
    item: str
    label: str
    widget: str
    entered: Entered = field(default_factory=Entered)
    base: str = ""
    shown: str = ""
    was: str = ""
    unit: str = ""
    hint: str = ""
    proposal: str = ""
    """What the hint proposes from other answers."""
    size: str = "w-full"
    mode: str = ""
    day: str = ""
    choices: list[Choice] = field(default_factory=list)
    cell_choices: list[Choice] = field(default_factory=list)
    missing_choices: tuple[Any, ...] = MISSING_CHOICES
    messages: list[Message] = field(default_factory=list)
    reason: ReasonBox | None = None
    reveal: str = ""
    waits_for: str = ""
    trail_url: str = ""
    verified: str = ""
    flag: QueryFlag | None = None
    code: str = ""
    """What the term that stands in it is coded as."""
    is_code: bool = False
    """Whether it is there for the code of another item."""
    is_conditional: bool = False
    is_hidden: bool = False
    is_orphan: bool = False
    is_optional: bool = False
    is_saved: bool = False
    is_changed: bool = False
    is_locked: bool = False

    @property
    def label_for(self) -> str:
        """The id of the one control that carries its label; empty where there are several or none."""
        if self.is_orphan and not self.is_locked:
            return f"{self.name}-shown"
        return self.name if self.widget in ("select", "input", "area") and not self.is_locked else ""

    @property
    def has_error(self) -> bool:
        return any(message.kind == "error" for message in self.messages)

    @property
    def has_stop(self) -> bool:
        return any(message.kind in ("error", "hard") for message in self.messages)

    @property
    def described_by(self) -> str:
        parts = [f"h-{self.name}"] if self.hint or self.waits_for else []
        return " ".join([*parts, *(name for name, _message in self.said)])

    @property
    def said(self) -> list[tuple[str, Message]]:
        """Its messages, each with an id that its control can point to."""
        return [(f"m-{self.name}-{number}", message) for number, message in enumerate(self.messages, 1)]

    @property
    def has_more(self) -> bool:
        return bool(self.messages or self.reason)

    @property
    def is_declared(self) -> bool:
        """Whether all that it says beside its marks stands in its declaration: nothing is in it, or one of
        its own choices or a reason for having none, and no more is to say than that an answer is due."""
        if self.reason or self.proposal or self.code or self.is_changed or self.is_orphan:
            return False
        is_due = all(message.kind == "due" for message in self.messages)
        return is_due and self._says_a_choice(self.entered.text) and self._says_a_choice(self.base)

    def _says_a_choice(self, text: str) -> bool:
        """Of an item that is derived or typed, nothing is one."""
        offered = self.choices if self.widget in ("seg", "select") else ()
        return not text or text in MISSING_TEXTS or any(choice.value == text for choice in offered)

    @property
    def declared_parts(self) -> tuple[Hashable, ...]:
        """All that is said of a declared item beside its marks, in the language of the reader."""
        return (
            self.name,
            self.item,
            self.label,
            self.widget,
            self.entered,
            self.base,
            self.shown,
            self.was,
            self.unit,
            self.hint,
            self.size,
            self.mode,
            self.day,
            tuple(self.choices),
            tuple(self.cell_choices),
            self.missing_choices,
            tuple(self.messages),
            self.reveal,
            self.waits_for,
            self.is_code,
            self.is_conditional,
            self.is_hidden,
            self.is_optional,
            self.is_saved,
            self.is_locked,
        )

    @property
    def state_class(self) -> str:
        """The classes of its row: what a person should see of it first."""
        names = {"is-changed": self.is_changed, "has-error": self.has_error, "item-orphan": self.is_orphan}
        return " ".join(name for name, holds in names.items() if holds)


@dataclass(frozen=True, slots=True)
class RowContext:
    """What the fields of one row are made from."""

    slot: Slot
    model: type[FormRow]
    answers: RowAnswers
    """The stored answers, with what was typed laid over them."""
    stored: Mapping[str, Any]
    missing: Mapping[str, str]
    versions: Mapping[str, int]
    grades: Mapping[str, Any] = field(default_factory=dict)
    """Which rule of an engine gave a grade, by item."""
    findings: tuple[Finding, ...] = ()
    draft: Draft | None = None
    identify: bool = False
    locked: bool = False
    not_theirs: frozenset[str] = frozenset()
    """The items that somebody else enters."""
    trail_url: str = ""
    today: str = ""
    verified: Mapping[str, str] = field(default_factory=dict)
    """Who compared a value with its source, by item."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """What terms are coded as, by the item that shows it."""


def fields_of_row(row: RowContext) -> list[Field]:
    """The fields of a row that are shown, or may be as soon as another is answered."""
    names = {item.name: name for item, name in fields_of(row.slot, row.model)}
    found = (_field(item, row, names) for item in row.model.items())
    return [each for each in found if each is not None]


def _field(item: Item, row: RowContext, names: Mapping[str, str]) -> Field | None:
    name = names.get(item.name, f"{row.slot.prefix}{item.name}")
    if item.declared.identity and not row.identify:
        return _withheld(item, name)
    reveal = _reveal(item, row, names)
    asked = item.asked(row.answers)
    made = _derived(item, row, name) if item.is_derived else _entered(item, row, name)
    idle = not asked and not made.is_changed and not made.entered.text
    if idle and is_settled(reveal):
        return None
    made.is_conditional = not item.is_always_asked
    made.is_hidden = idle
    made.is_orphan = not asked and bool(made.base) and not made.is_changed and not item.is_derived
    made.reveal = "" if is_settled(reveal) else json.dumps(reveal)
    made.messages = list(_messages(row.findings, item, row.slot.key))
    made.reason = made.reason or open_reason(made)
    made.is_locked = row.locked or item.name in row.not_theirs
    made.verified = row.verified.get(item.name, "")
    return made


def _reveal(item: Item, row: RowContext, names: Mapping[str, str]) -> Data:
    own = row.model.form.code

    def name_of(operand: str) -> str | None:
        form, _, name = operand.rpartition(".")
        can_change = form in ("", own) and name not in row.not_theirs
        return names.get(name) if can_change else None

    return reveal_data(item.declared.when, row.answers, name_of)


def _withheld(item: Item, name: str) -> Field:
    """An identifying item for a person without the right to see it: that it exists, and no more."""
    return Field(name, item.name, str(item.declared.label), "withheld")


def _derived(item: Item, row: RowContext, name: str) -> Field:
    value = row.stored.get(item.name)
    text, said = item.text(value), _declared(item, get_language())
    waits = item.declared.waits_for if item.waits(row.answers) else ""
    return Field(
        name,
        item.name,
        said.label,
        "derived",
        entered=Entered(text),
        shown=row.codes.get(item.name) or item.shown(value),
        unit=said.unit,
        hint=rule_in_words(row.grades.get(item.name)),
        waits_for=waits,
        trail_url=_trail_of(item, row) if text else "",
        is_code=shows_a_code(item),
    )


def rule_in_words(graded: Mapping[str, Any] | None) -> str:
    """`CRS-3 (crs 1)`: the rule and its engine, and what a reader must know beside the grade."""
    if not graded or not graded["rule"]:
        return ""
    return " · ".join((f"{graded['rule']} ({graded['engine']})", *map(flag_label, graded["flags"])))


def _entered(item: Item, row: RowContext, name: str) -> Field:
    place = (row.slot.key, item.name)
    kept = Entered(typed_text(item, row.stored.get(item.name)), row.missing.get(item.name, ""))
    typed = row.draft.entered.get(place) if row.draft else None
    entered = kept if typed is None else typed
    is_changed = typed is not None and typed.text != kept.text
    labels = labels_of(item)
    made = entry_field(item, name, entered, labels)
    made.base = kept.text
    made.proposal = _proposal(item, row, entered)
    made.hint = "; ".join(part for part in (made.hint, made.proposal) if part)
    made.code = row.codes.get(item.name, "")
    made.is_changed = is_changed
    made.is_saved = row.versions.get(item.name, 0) > 0
    made.was = kept.missing_label or shown_value(item, row.stored.get(item.name), labels)
    made.shown = made.was if not is_changed else _typed_aloud(item, entered, labels)
    made.day = row.today if made.size in ("w-date", "w-dt") else ""
    made.waits_for = item.declared.waits_for if item.waits(row.answers) else ""
    made.trail_url = _trail_of(item, row) if made.is_saved else ""
    made.reason = given_reason(made, row.draft, place)
    return made


def _proposal(item: Item, row: RowContext, entered: Entered) -> str:
    """What the rule of the item proposes, as long as nothing stands in it."""
    proposed = None if entered.text else item.proposed(row.answers)
    return "" if proposed is None else _("proposed: %s") % item.shown(proposed)


def entry_field(item: Item, name: str, entered: Entered, labels: Labels, label: str = "") -> Field:
    """The field of an item with what stands in it, from the declaration alone. `label` is for an item that
    belongs to no form."""
    said = _declared(item, get_language())
    return Field(
        name,
        name if label else item.name,
        label or said.label,
        widget_of(item, labels, entered.value),
        entered=entered,
        unit=said.unit,
        hint=said.hint,
        size=input_class(item),
        mode=input_mode(item),
        choices=choices_of(item, labels, entered.value),
        cell_choices=grid_choices(item),
        is_optional=item.declared.requirement is Requirement.OPTIONAL,
    )


@dataclass(frozen=True, slots=True)
class _Declared:
    """What the declaration of an item says in a language."""

    label: str
    unit: str
    hint: str


@cache
def _declared(item: Item, language: str | None) -> _Declared:
    """Put into words once in each language: there are as many as items."""
    return _Declared(str(item.declared.label), unit_of(item), hint_of(item))


def _typed_aloud(item: Item, entered: Entered, labels: Labels) -> str:
    if entered.missing:
        return entered.missing_label
    try:
        return shown_value(item, item.read(entered.value) if entered.value else None, labels)
    except NotAnAnswer:
        return entered.value


def given_reason(made: Field, draft: Draft | None, place: Place) -> ReasonBox | None:
    """The reason as far as it was given with the draft."""
    given = draft.reasons.get(place) if draft and made.is_changed and made.is_saved else None
    return ReasonBox(given.code, given.text) if given else None


def open_reason(made: Field) -> ReasonBox | None:
    """The question for a reason, where the save has asked for one."""
    return ReasonBox() if any(message.check == REASON_MISSING for message in made.messages) else None


def _trail_of(item: Item, row: RowContext) -> str:
    """Where the trail of this item stands, on a repeating form that of its row alone."""
    if not row.trail_url:
        return ""
    of_row = f"&row={quote(row.slot.key, safe='')}" if row.slot.key else ""
    return f"{row.trail_url}&item={item.name}{of_row}"


# --- findings --------------------------------------------------------------------------------------------
def _messages(findings: Iterable[Finding], item: Item, key: str) -> list[Message]:
    return [message_of(found) for found in findings if (found.row_key, found.item) == (key, item.name)]


def message_of(found: Finding) -> Message:
    if found.check == REQUIRED:
        return Message("due", _("needed to complete the page"), found.check)
    kind = "error" if found.severity is Severity.REFUSED else found.severity.value
    return Message(kind, str(found.message), found.check)
