"""How an item is entered: its widget, its choices, the hints beside it; all of it from the declaration."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from patients.items.codelists import CodeList
from patients.items.item import Item
from patients.items.limits import Between, Compare, Fixed, Limit
from patients.items.missing import MissingReason
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    GridItem,
    IntegerItem,
    MultiItem,
    MultiReferenceItem,
    PartialDateItem,
    ReferenceItem,
    TextItem,
    TimeItem,
    UserItem,
)
from patients.items.units import unit_in_words

_REASONS = frozenset(MissingReason.values)
MOST_SEGMENTS = 4
MOST_SEGMENT_LETTERS = 34  # more do not fit in one line beside the label
ONE_LINE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer on offer. In a grid it stands for a cell, with what was entered there."""

    value: str
    label: str
    chosen: bool = False
    entered: str = ""


def in_brackets(missing: str) -> str:
    return f"[{missing}]"


@dataclass(frozen=True, slots=True)
class Entered:
    """What stands in an item, as text: a value, or the reason for having none, or nothing."""

    value: str = ""
    missing: str = ""

    @property
    def text(self) -> str:
        """Both in one, as the page hands them back and forth: a missing reason stands in brackets."""
        return in_brackets(self.missing) if self.missing else self.value

    @property
    def missing_label(self) -> str:
        return str(MissingReason(self.missing).label) if self.missing in _REASONS else ""


def typed_text(item: Item, value: object) -> str:
    """A stored value as a person would type it."""
    if isinstance(item, DateTimeItem) and value is not None and not value.second and not value.microsecond:  # type: ignore[attr-defined]
        return item.shown(value)
    return item.text(value)


Labels = Mapping[str, str]


def labels_of(item: Item) -> Labels:
    """What may be answered, by its code; empty where it is typed. Asked once for each field: some lists are
    read from the database."""
    offered = _offered(item)
    if offered is None:
        return {}
    return _in_words_once(item, get_language()) if offered.is_fixed else _in_words(offered)


def _offered(item: Item) -> CodeList | None:
    if isinstance(item, GridItem):
        return item.cells
    return item.codes if isinstance(item, BooleanItem | ChoiceItem | MultiItem) else None


def _in_words(offered: CodeList | None) -> Labels:
    return {code: str(label) for code, label in offered.labels.items()} if offered else {}


@cache
def _in_words_once(item: Item, language: str | None) -> Labels:
    """Put into words once in each language: there are as many as items."""
    return _in_words(_offered(item))


def widget_of(item: Item, labels: Labels, text: str = "") -> str:
    """The name of the widget; `text` is what stands in it (text of several lines needs several)."""
    if item.is_derived:
        return "derived"
    if isinstance(item, BooleanItem):
        return "seg"
    if isinstance(item, ChoiceItem):
        return "seg" if _is_short(labels) else "select"
    if isinstance(item, MultiItem):
        return "checks"
    if isinstance(item, GridItem):
        return "grid"
    if isinstance(item, TextItem) and (item.length > ONE_LINE_CHARACTERS or "\n" in text):
        return "area"
    return "input"


def _is_short(labels: Labels) -> bool:
    return 0 < len(labels) <= MOST_SEGMENTS and sum(map(len, labels.values())) <= MOST_SEGMENT_LETTERS


def input_class(item: Item) -> str:
    """The width of a one-line input, by what goes into it."""
    if isinstance(item, DateTimeItem):
        return "w-dt"
    if isinstance(item, DateItem | PartialDateItem | TimeItem):
        return "w-date"
    if isinstance(item, IntegerItem | DecimalItem):
        return "w-num"
    is_short = isinstance(item, UserItem | ReferenceItem) or (
        isinstance(item, TextItem) and item.length <= 40
    )
    return "w-sel" if is_short else "w-full"


def input_mode(item: Item) -> str:
    if isinstance(item, IntegerItem):
        return "numeric"
    return "decimal" if isinstance(item, DecimalItem) else ""


def choices_of(item: Item, labels: Labels, text: str) -> list[Choice]:
    """What may be answered, with what is chosen; the cells of a grid with what stands in them."""
    if isinstance(item, GridItem):
        cells = dict(part.partition("=")[::2] for part in text.split("|") if part)
        return [Choice(code, label, entered=cells.get(code, "")) for code, label in labels.items()]
    chosen = set(text.split("|")) if isinstance(item, MultiItem) else {text}
    return [Choice(code, label, code in chosen) for code, label in labels.items()]


def grid_choices(item: Item) -> list[Choice]:
    """What may stand in a cell of a grid; none where text does."""
    if isinstance(item, GridItem) and item.codes:
        return [Choice(code, str(label)) for code, label in item.codes.labels.items()]
    return []


_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def unit_of(item: Item) -> str:
    """The unit with raised exponents: 10⁹/L."""
    return _unit_once(item, get_language())


@cache
def _unit_once(item: Item, language: str | None) -> str:
    return re.sub(r"\^(-?\d+)", lambda found: found[1].translate(_RAISED), unit_in_words(item.declared.unit))


def shown_value(item: Item, value: object, labels: Labels) -> str:
    """The value as it is read, with its unit."""
    if labels and not isinstance(item, GridItem):
        return "; ".join(labels.get(code, code) for code in item.text(value).split("|") if code)
    shown, unit = item.shown(value), unit_of(item)
    return f"{shown} {unit}" if shown and unit else shown


# --- hints -----------------------------------------------------------------------------------------------
def hint_of(item: Item) -> str:
    """What helps to fill the item in: its own hint, how it is written, its limits."""
    parts = [str(item.declared.hint), how_written(item), limits_in_words(item)]
    return "; ".join(part for part in parts if part)


def how_written(item: Item) -> str:
    if isinstance(item, DateTimeItem):
        return _("2025-08-05 14:30")
    if isinstance(item, DateItem):
        return _("2025-08-05 or 05 Aug 2025")
    if isinstance(item, PartialDateItem):
        return _("2025-08-05, 2025-08 or 2025")
    if isinstance(item, TimeItem):
        return _("14:30")
    if isinstance(item, UserItem):
        return _("user name")
    return _("several: A | B") if isinstance(item, MultiReferenceItem) else ""


def limits_in_words(item: Item) -> str:
    """`0–100, usually ≥ 50`: the limits that are numbers; the others speak when they are broken."""
    hard = [text for limit in item.declared.hard if (text := _limit(limit))]
    soft = [_("usually %s") % text for limit in item.declared.soft if (text := _limit(limit))]
    return ", ".join([*hard, *soft])


_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}


def _limit(limit: Limit) -> str:
    if isinstance(limit, Between):
        return f"{_number(limit.low)}–{_number(limit.high)}"
    if (
        isinstance(limit, Compare)
        and isinstance(limit.bound, Fixed)
        and isinstance(limit.bound.number, Decimal)
    ):
        return f"{_SIGNS[limit.sign]} {_number(limit.bound.number)}"
    return ""


def _number(number: Decimal) -> str:
    """As it is declared, with a true minus and groups of three."""
    return f"{number:,f}".replace("-", "−")


MISSING_CHOICES = tuple(MissingReason)
MISSING_TEXTS = frozenset(in_brackets(reason) for reason in MissingReason.values)
"""The reasons as they stand in an item."""
