"""Code lists of ODM-XML: each of those that items offer stands once."""

from collections.abc import Iterator
from typing import Any

from analytics.exports.odm.elements import alias, element, translated
from patients.items.codelists import NY, CodeList
from patients.items.item import Item
from patients.items.types import BooleanItem, ChoiceItem


class CodeLists:
    """The lists that items were found to draw on, by what they hold: two items with the same codes share one,
    and two lists of one name with other codes are numbered."""

    def __init__(self) -> None:
        self._oids: dict[tuple[str, tuple[str, ...]], str] = {}
        self._lists: dict[str, CodeList] = {}

    def of_item(self, item: Item) -> str:
        """The OID of the list of which an answer is one code; empty where there is none, or it is empty."""
        codes = codes_of(item)
        return self.oid(codes) if codes is not None and codes.codes else ""

    def oid(self, codes: CodeList) -> str:
        """The OID of a list, which is among them from now on."""
        key = (codes.name, tuple(codes.labels))
        if key not in self._oids:
            number = sum(name == codes.name for name, _codes in self._oids) + 1
            oid = f"CL.{codes.name}" if number == 1 else f"CL.{codes.name}.{number}"
            self._oids[key], self._lists[oid] = oid, codes
        return self._oids[key]

    def elements(self) -> Iterator[Any]:
        for oid, codes in self._lists.items():
            found = element("CodeList", {"OID": oid, "Name": oid.removeprefix("CL."), "DataType": "text"})
            found.extend(_code(number, code) for number, code in enumerate(codes.codes, 1))
            if codes.nci:
                found.append(alias("nci:ExtCodeID", codes.nci))
            yield found


def codes_of(item: Item) -> CodeList | None:
    """The list of which the answer to an item is one code. Several codes at once are text."""
    if isinstance(item, BooleanItem):
        return NY
    return item.codes if isinstance(item, ChoiceItem) else None


def _code(number: int, code: Any) -> Any:
    found = element("CodeListItem", {"CodedValue": code.code, "OrderNumber": number})
    found.append(translated("Decode", code.label))
    if code.nci:
        found.append(alias("nci:ExtCodeID", code.nci))
    return found
