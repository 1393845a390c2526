"""Answers for every item of the dictionary, on and beside each boundary of its limits."""

import re
from collections.abc import Iterator
from decimal import Decimal

from patients.casebook.form import FormRow
from patients.items.item import Item
from patients.items.types import DecimalItem, GridItem, IntegerItem

_NUMBER = r"-?\d+(?:\.\d+)?(?:e\d+)?"
_RANGE = re.compile(rf"({_NUMBER})-({_NUMBER})")
_BOUND = re.compile(rf"(?:>=|<=|<|>) ?({_NUMBER})")
DAY = "2024-02-01"

_PLAIN = {
    "bool": "Y",
    "date": DAY,
    "pdate": "2024-02",
    "datetime": f"{DAY}T09:30:00+08:00",
    "time": "09:30",
    "user": "pi.hz01",
    "coded text": "Fever",
    "ref": "1",
    "multi ref": "1",
}


def boundaries(item: Item) -> list[Decimal]:
    """The numbers in the limits of an item, as the dictionary prints them."""
    found: set[Decimal] = set()
    for limit in (*item.declared.hard, *item.declared.soft):
        if between := _RANGE.fullmatch(str(limit)):
            found |= {Decimal(between[1]), Decimal(between[2])}
        elif bound := _BOUND.fullmatch(str(limit)):
            found.add(Decimal(bound[1]))
    return sorted(found)


def answers(item: Item) -> list[str]:
    """What to type: for a number each boundary, one step below and one above, where its type can hold it; for
    a choice the first and the last code; else one plain answer."""
    if isinstance(item, DecimalItem | IntegerItem):
        step = Decimal(1).scaleb(-item.places) if isinstance(item, DecimalItem) else Decimal(1)
        around = {bound + by for bound in boundaries(item) for by in (-step, Decimal(0), step)} or {
            Decimal(1)
        }
        return [text for text in (_written(item, number) for number in sorted(around)) if text]
    if isinstance(item, GridItem):
        content = next(iter(item.codes.labels)) if item.codes else "A*02:01"
        return ["|".join(f"{cell}={content}" for cell in sorted(item.cells.labels))]
    if codes := getattr(item, "codes", None):
        offered = [code for code in codes.labels if code not in getattr(item, "exclusive", ())]
        return ["Y", "N"] if item.type_name == "bool" else [offered[0], offered[-1]]
    if item.type_name.startswith("text"):
        return ["ok", "x" * getattr(item, "length", 1)]
    return [_PLAIN[item.type_name]]


def _written(item: Item, number: Decimal) -> str:
    """The number as it is typed; empty where the type of the item cannot hold it."""
    text = f"{number:f}"
    try:
        return item.text(item.read(text))
    except ValueError:
        return ""


def entered(model: type[FormRow]) -> list[Item]:
    """The items that a person answers."""
    return [item for item in model.items() if not item.is_derived]


def rounds(model: type[FormRow]) -> Iterator[dict[str, str]]:
    """Rows that together give every answer of every item of a form."""
    by_item: dict[str, list[str]] = {item.name: answers(item) for item in entered(model)}
    longest = max(map(len, by_item.values()))
    for number in range(longest):
        yield {name: texts[number % len(texts)] for name, texts in by_item.items()}
