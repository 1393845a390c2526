"""The values of a snapshot as its reader may have them, and how they are written into XML.

What is said once for each item (its OID, its unit, whether its dates are moved) is prepared once: a file of a
million values is then a million joins of text. That it is the document an XML library would have written is
shown by the tests.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from analytics.exports.disclosure import Disclosure, Move, days_of, move_of
from analytics.exports.form_tables import kind_of
from analytics.exports.odm.metadata import is_told
from analytics.locks.snapshot import cells_of
from patients.casebook.odm import FLAGGED, group_oid, item_oid, items_under, unit_oid
from patients.items.item import Item
from trial.people.tokens import Dates

_SPECIAL = re.compile('[&<>"\\x00-\\x1f\ufffe\uffff]')
_REFUSED = dict.fromkeys([*range(0x20), 0xFFFE, 0xFFFF], "\ufffd")
"""Characters that no XML can hold, written as the sign for one that is lost."""
MOST_KEPT = 100_000
"""Values as they are written that are kept for the next subject: some 20 MiB."""
_ENTITIES = _REFUSED | {
    ord(sign): text
    for sign, text in {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }.items()
}


def escaped(text: str) -> str:
    """A text as it stands in an attribute, its line ends kept."""
    return text.translate(_ENTITIES) if _SPECIAL.search(text) else text


class Told(NamedTuple):
    """How an item is written: what stands before and after its value, what before and after the reason for
    having none, and how a value is moved."""

    before: str
    after: str
    before_reason: str
    after_reason: str
    move: Move | None

    def of(self, text: str, missing: str, days: int) -> str:
        """The item with its text, moved by so many days, or with the reason for having none."""
        if missing:
            return f"{self.before_reason}{escaped(missing)}{self.after_reason}"
        return f"{self.before}{escaped(self.move(text, days) if self.move else text)}{self.after}"


class Written(dict[bytes, str]):
    """The items of a form as they are written, by their cells as they are sealed; empty for one that is not
    told. Most of them come again and again, and are then one look into this dictionary."""

    def __init__(self, told: Mapping[str, Told | None], days: int) -> None:
        super().__init__()
        self._told, self._days = told, days

    def __missing__(self, key: bytes) -> str:
        item, text, _unit, missing = cells_of(key)
        told = self._told[item]
        self[key] = written = "" if told is None else told.of(text, missing, self._days)
        return written


class Telling:
    """Writes the values of a snapshot for a reader."""

    def __init__(self, to: Disclosure, missing_list: str, flag_list: str) -> None:
        self.moves = to.dates != Dates.TRUE
        self.to, self._lists, self.days = to, (missing_list, flag_list), 0
        self._told: dict[str, dict[str, Told | None]] = {}
        self._written: dict[str, Written] = {}

    def begin(self, subject: str) -> None:
        """Write the values of this subject from here on. What was written is kept for the next one where
        dates are not moved, as far as memory stays flat."""
        if self.moves:
            self.days = days_of(subject)
        if self.moves or sum(map(len, self._written.values())) > MOST_KEPT:
            self._written = {}

    def written(self, form: str) -> Written:
        """The items of a form, or as those of PAGE those of the header of any page, as they are written."""
        if form not in self._written:
            self._written[form] = Written(self.told(form), self.days)
        return self._written[form]

    def told(self, form: str) -> Mapping[str, Told | None]:
        """How the items of a form are written, or as those of PAGE those of the header of any page; None for
        one that its reader does not get, or that is no more."""
        if form not in self._told:
            self._told[form] = _Prepared(partial(self._prepared, form))
        return self._told[form]

    def _prepared(self, form: str, name: str) -> Told | None:
        item = items_under(group_oid(form)).get(item_oid(form, name))
        if item is None or not is_told(item, self.to):
            return None
        oid, unit = escaped(item_oid(form, name)), unit_ref(item)
        missing, flags = self._lists
        return Told(
            before=f'<ItemData ItemOID="{oid}" Value="',
            after=f'">{unit}</ItemData>' if unit else '"/>',
            before_reason=f'<ItemData ItemOID="{oid}" IsNull="Yes"><Annotation SeqNum="1"><Flag>'
            f'<FlagValue CodeListOID="{missing}">',
            after_reason=f'</FlagValue><FlagType CodeListOID="{flags}">{FLAGGED}</FlagType></Flag>'
            "</Annotation></ItemData>",
            move=move_of(item.name, kind_of(item), self.to),
        )


def unit_ref(item: Item) -> str:
    """The element that names the unit of an item; empty without one."""
    unit = item.declared.unit
    return f'<MeasurementUnitRef MeasurementUnitOID="{escaped(unit_oid(unit))}"/>' if unit else ""


class _Prepared(dict[str, Told | None]):
    """Each item by its name, prepared when it is first asked for."""

    def __init__(self, prepare: Callable[[str], Told | None]) -> None:
        super().__init__()
        self._prepare = prepare

    def __missing__(self, name: str) -> Told | None:
        self[name] = self._prepare(name)
        return self[name]
