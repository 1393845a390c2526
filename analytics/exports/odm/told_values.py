"""The values of a snapshot as its reader may have them, and how they are written into XML.

What is said once for each item (its OID, its unit, whether its dates are moved) is prepared once, and what
was written once is looked up as it is sealed: a file of a million values is then a million looks into
dictionaries. That it is the document an XML library would have written is shown by the tests.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from analytics.exports.disclosure import Disclosure, Move, days_of, move_of
from analytics.exports.form_tables import kind_of
from analytics.exports.odm.metadata import is_told
from analytics.exports.odm.texts import escaped
from analytics.locks.sealed_rows import cells_of
from patients.casebook.header import DATA
from patients.casebook.odm import FLAGGED, PAGE, group_oid, item_oid, items_under, unit_oid
from patients.items.item import Item
from trial.people.tokens import Dates

MOST_KEPT = 100_000
"""Values as they are written that are kept for the next subject: some 40 MiB."""
LONGEST_KEPT = 200
"""Bytes of a value that is kept: a longer one is free text, which never comes again."""


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


class Written(dict[bytes, bytes]):
    """The items of a form as they are written, by their values as they are sealed; empty for one that is not
    told. Most of them come again and again, and are then one look into this dictionary."""

    def __init__(
        self, told: Mapping[str, Told | None], of_page: Mapping[str, Told | None], days: int
    ) -> None:
        super().__init__()
        self._told, self._of_page, self._days = told, of_page, days
        self._header, self._moved = dict[bytes, bytes](), list[bytes]()

    def header(self, values: Iterable[bytes]) -> bytes:
        """Those of these that are of the header of the page; they have been looked up."""
        return b"".join(filter(None, map(self._header.get, values)))

    def __missing__(self, value: bytes) -> bytes:
        item, text, _unit, missing = cells_of(value)
        if item in DATA:
            self._header[value] = self._of(self._of_page[item], value, text, missing)
        written = self._of(self._told[item], value, text, missing)
        if len(value) <= LONGEST_KEPT:
            self[value] = written
        return written

    def _of(self, told: Told | None, value: bytes, text: str, missing: str) -> bytes:
        if told is None:
            return b""
        if told.move:
            self._moved.append(value)
        return told.of(text, missing, self._days).encode()

    def begin(self, days: int) -> None:
        """Move dates by so many days from here on, and forget those that were moved by others."""
        for value in self._moved:
            self.pop(value, None)
            self._header.pop(value, None)
        self._days, self._moved = days, []


class Telling:
    """Writes the values of a snapshot for a reader."""

    def __init__(self, to: Disclosure, missing_list: str, flag_list: str) -> None:
        self.moves = to.dates != Dates.TRUE
        self.to, self._lists, self.days = to, (missing_list, flag_list), 0
        self._told: dict[str, dict[str, Told | None]] = {}
        self._written: dict[str, Written] = {}

    def begin(self, subject: str) -> None:
        """Write the values of this subject from here on. What was written is kept for the next one but for
        dates that are moved, as far as memory stays flat."""
        if sum(map(len, self._written.values())) > MOST_KEPT:
            self._written.clear()
        if self.moves:
            self.days = days_of(subject)
            for written in self._written.values():
                written.begin(self.days)

    def written(self, form: str) -> Written:
        """The items of a form as they are written."""
        if form not in self._written:
            self._written[form] = Written(self.told(form), self.told(PAGE), self.days)
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
