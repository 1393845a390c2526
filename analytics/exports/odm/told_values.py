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
from patients.casebook.header import DATA
from patients.casebook.odm import FLAGGED, PAGE, group_oid, item_oid, items_under, unit_oid
from patients.items.item import Item
from trial.people.tokens import Dates

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


def escaped(text: str) -> str:
    """A text as it stands in an attribute, its line ends kept."""
    return text.translate(_ENTITIES) if _SPECIAL.search(text) else text


class Told(NamedTuple):
    """How an item is written: what stands before and after its value, what before and after the reason for
    having none, how a value is moved, and whether it stands in the header of the page."""

    before: str
    after: str
    before_reason: str
    after_reason: str
    move: Move | None
    is_header: bool

    def missing(self, reason: str) -> str:
        """The item without a value."""
        return f"{self.before_reason}{escaped(reason)}{self.after_reason}"


class Telling:
    """Writes the values of a snapshot for a reader."""

    def __init__(self, to: Disclosure, missing_list: str, flag_list: str) -> None:
        self.moves = to.dates != Dates.TRUE
        self.to, self._lists = to, (missing_list, flag_list)
        self._told: dict[str, dict[str, Told | None]] = {}

    def days(self, subject: str) -> int:
        """By how many days the dates of a subject are moved back."""
        return days_of(subject) if self.moves else 0

    def told(self, form: str) -> Mapping[str, Told | None]:
        """How the items of a form and of its header are written; None for one that its reader does not get,
        or that is no more."""
        if form not in self._told:
            self._told[form] = _Prepared(partial(self._prepared, form))
        return self._told[form]

    def _prepared(self, form: str, name: str) -> Told | None:
        is_header = name in DATA
        group = PAGE if is_header else form
        item = items_under(group_oid(group)).get(item_oid(group, name))
        if item is None or not is_told(item, self.to):
            return None
        oid, unit = escaped(item_oid(group, name)), unit_ref(item)
        missing, flags = self._lists
        return Told(
            before=f'<ItemData ItemOID="{oid}" Value="',
            after=f'">{unit}</ItemData>' if unit else '"/>',
            before_reason=f'<ItemData ItemOID="{oid}" IsNull="Yes"><Annotation SeqNum="1"><Flag>'
            f'<FlagValue CodeListOID="{missing}">',
            after_reason=f'</FlagValue><FlagType CodeListOID="{flags}">{FLAGGED}</FlagType></Flag>'
            "</Annotation></ItemData>",
            move=move_of(item.name, kind_of(item), self.to),
            is_header=is_header,
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


class Texts(dict[tuple[Move | None, str], str]):
    """The texts of a subject as they are written: the same codes and days come again and again."""

    def __init__(self, days: int) -> None:
        super().__init__()
        self._days = days

    def __missing__(self, key: tuple[Move | None, str]) -> str:
        move, text = key
        self[key] = escaped(move(text, self._days) if move else text)
        return self[key]
