"""The casebook as REDCap lays out a project: instruments with fields, and events that are our visits.

A name is of small letters, digits and underscores and stands once in the project: what several forms have
(`form_date`, `missing`), or REDCap has itself (`inf_complete`), carries the instrument before it,
`ae_form_date`. Names come from the declarations and not from a token, so that a script reads the same ones
whatever its token may see.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from analytics.exports.form_tables import columns_of
from analytics.exports.tables import Column, Table
from patients.casebook.form import FormRow, Repeat, declared_forms
from patients.items.item import Item
from patients.items.problems import Text
from patients.items.types import MultiItem
from trial.protocol.visits import VISITS, UnknownVisit, visit_type

RECORD = "subject_id"
EVENT, REPEAT_INSTRUMENT, REPEAT_INSTANCE = (
    "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
)  # fmt: skip
GROUP = "redcap_data_access_group"
_RESERVED = (RECORD, EVENT, REPEAT_INSTRUMENT, REPEAT_INSTANCE, GROUP)
_KEYS = (RECORD, "site", "visit_code")
_POSITIONS = {visit.code: position for position, visit in enumerate(VISITS)}


def plain(name: str) -> str:
    """A name as REDCap allows it."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a form as a field. `item` is None for what the head of a page says (date, not done)."""

    name: str
    column: Column
    item: Item | None

    @property
    def choices(self) -> dict[str, Text]:
        """Its codes with their labels."""
        return dict(self.column.codes.labels) if self.column.codes else {}

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.item, MultiItem)

    @property
    def boxes(self) -> dict[str, str]:
        """The name of the exported column of each code of a checkbox: `mutations___flt3_itd`."""
        return {code: f"{self.name}___{plain(code)}" for code in self.choices} if self.is_checkbox else {}


@dataclass(frozen=True, slots=True)
class Instrument:
    """A form as an instrument. If it `repeats`, each of its rows is a row of its own."""

    name: str
    model: type[FormRow]
    table: Table
    fields: tuple[Field, ...]

    @property
    def label(self) -> str:
        return str(self.model.form.title)

    @property
    def repeats(self) -> bool:
        return self.model.form.repeat is Repeat.ROWS

    @property
    def complete(self) -> str:
        """The field that says how complete it is."""
        return f"{self.name}_complete"


@dataclass(frozen=True, slots=True)
class Event:
    """A visit as an event."""

    code: str

    @property
    def name(self) -> str:
        """Its unique name."""
        return f"{plain(self.code) or 'log'}_arm_1"

    @property
    def label(self) -> str:
        return f"{self.code} {visit_type(self.code).label}" if self.code else "Log"

    @property
    def position(self) -> tuple[int, int, str]:
        """Where it stands: in the order of the protocol, the log last."""
        try:
            place = _POSITIONS.get(visit_type(self.code).code, len(_POSITIONS))
        except UnknownVisit:
            place = len(_POSITIONS) + 1
        return place, len(self.code), self.code


def instruments_of(tables: Mapping[str, Table]) -> tuple[Instrument, ...]:
    """The forms among the tables of a cut, with the columns that they have there."""
    return tuple(_instrument(model, tables[model.form.code]) for model in declared_forms())


def _instrument(model: type[FormRow], table: Table) -> Instrument:
    names, items = _names(), {item.name: item for item in model.items()}
    fields = (
        Field(names[table.name, column.name], column, items.get(column.name))
        for column in table.columns
        if (table.name, column.name) in names
    )
    return Instrument(plain(table.name), model, table, tuple(fields))


@cache
def _names() -> dict[tuple[str, str], str]:
    """The name of each column of each form, whether somebody may see it or not."""
    told = [(model.form.code, name) for model in declared_forms() for name in _own(model)]
    times = Counter(plain(name) for _, name in told)
    times.update((*_RESERVED, *(f"{plain(model.form.code)}_complete" for model in declared_forms())))
    return {(form, name): plain(f"{form}_{name}" if times[plain(name)] > 1 else name) for form, name in told}


def _own(model: type[FormRow]) -> Iterator[str]:
    """The columns of a form that are fields: what places a row is said by its event and instance, save the
    key of a row, which an instance counts and does not tell."""
    single = model.form.repeat is Repeat.SINGLE
    for column in columns_of(model):
        if column.name not in _KEYS and not (single and column.name == "repeat"):
            yield column.name


@dataclass(frozen=True, slots=True)
class Mapped:
    """An instrument at an event of the cut."""

    event: Event
    instrument: Instrument


def mapped(instruments: Iterable[Instrument]) -> list[Mapped]:
    """At which events a cut has which instruments, in the order of the events."""
    found = [
        Mapped(Event(code), instrument)
        for instrument in instruments
        for code in sorted(
            {code for part in instrument.table.parts() for code in part["visit_code"].unique()}
        )
    ]
    return sorted(found, key=lambda each: each.event.position)


def events_of(found: Iterable[Mapped]) -> list[Event]:
    """The events among these, each once."""
    return list(dict.fromkeys(each.event for each in found))
