"""The values of a snapshot as its reader may have them, and how they are written into XML.

What is said once for each item (its OID, its unit, whether its dates are moved) is prepared once: a file of a
million values is then a million joins of text. That it is the document an XML library would have written is
shown by the tests.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from analytics.exports.disclosure import AGES, OLDEST, Disclosure, days_of, moved_back
from analytics.exports.odm.metadata import is_told
from analytics.locks.cut import Value
from patients.casebook.header import DATA
from patients.casebook.odm import FLAGGED, PAGE, group_oid, item_oid, items_under, unit_oid
from patients.items.item import Item
from patients.items.types import DateItem, DateTimeItem, PartialDateItem
from trial.people.tokens import Dates

_MOVED = (DateItem, DateTimeItem, PartialDateItem)
_SPECIAL = re.compile('[&<>"\\x00-\\x1f\ufffe\uffff]')
_REFUSED = dict.fromkeys([*range(0x20), 0xFFFE, 0xFFFF], "\ufffd")
"""Characters that no XML can hold, written as the sign for one that is lost."""
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

Move = Callable[[str, int], str]


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


class Telling:
    """Writes the values of a snapshot for a reader."""

    def __init__(self, to: Disclosure, missing_list: str, flag_list: str) -> None:
        self.moves = to.dates != Dates.TRUE
        self.to, self._lists = to, (missing_list, flag_list)
        self._told: dict[tuple[str, str], Told | None] = {}

    def days(self, subject: str) -> int:
        """By how many days the dates of a subject are moved back."""
        return days_of(subject) if self.moves else 0

    def told(self, form: str, name: str) -> Told | None:
        """How an item is written; None for one that its reader does not get, or that is no more."""
        key = form, name
        if key not in self._told:
            self._told[key] = self._prepared(form, name)
        return self._told[key]

    def item(self, form: str, name: str, text: str, missing: str, days: int) -> str:
        """An ItemData; empty for an item that its reader does not get."""
        told = self.told(form, name)
        if told is None:
            return ""
        if missing:
            return f"{told.before_reason}{escaped(missing)}{told.after_reason}"
        if told.move is not None:
            text = told.move(text, days)
        return f"{told.before}{escaped(text)}{told.after}"

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
            move=self._move(item),
        )

    def _move(self, item: Item) -> Move | None:
        if not self.moves:
            return None
        if item.name in AGES:
            return _oldest
        return moved_back if isinstance(item, _MOVED) else None


def unit_ref(item: Item) -> str:
    """The element that names the unit of an item; empty without one."""
    unit = item.declared.unit
    return f'<MeasurementUnitRef MeasurementUnitOID="{escaped(unit_oid(unit))}"/>' if unit else ""


def _oldest(text: str, days: int) -> str:
    return str(OLDEST + 1) if float(text) > OLDEST else text


def group_of(value: Value) -> str:
    """The item group in which a value of a snapshot stands: that of its form, or of the header."""
    return PAGE if value.item in DATA else value.form
