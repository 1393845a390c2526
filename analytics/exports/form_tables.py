"""The forms of the casebook as tables: a row of a form is a row, an item is a column under its own name.

Derived items stand beside those that were entered; what identifies a subject is in no snapshot and so in no
table. Why an item is empty stands in one column for the whole row, `missing`: `ITEM=REASON` joined by `|`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.story import Story
from analytics.exports.tables import TYPES, Column, Kind, Origin
from patients.casebook.answers import Record
from patients.casebook.form import FormRow
from patients.casebook.odm import told_items
from patients.items.codelists import NY
from patients.items.item import Item
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    GridItem,
    IntegerItem,
    MultiItem,
    PartialDateItem,
    TextItem,
    TimeItem,
)

KEYS = ("subject_id", "visit_code", "repeat")
_KINDS: tuple[tuple[type[Item], Kind], ...] = (
    (IntegerItem, Kind.INTEGER),
    (DecimalItem, Kind.DECIMAL),
    (BooleanItem, Kind.BOOLEAN),
    (DateItem, Kind.DATE),
    (PartialDateItem, Kind.PARTIAL_DATE),
    (DateTimeItem, Kind.DATETIME),
    (TimeItem, Kind.TIME),
)
_AS_IT_IS = (Kind.INTEGER, Kind.DATE, Kind.DATETIME)
PLACE = (
    Column(name="subject_id", label=_("Subject"), kind=Kind.TEXT, origin=Origin.ASSIGNED, length=12),
    Column(name="site", label=_("Site"), kind=Kind.TEXT, origin=Origin.ASSIGNED, length=8),
    Column(name="visit_code", label=_("Visit"), kind=Kind.TEXT, origin=Origin.ASSIGNED, length=12),
    Column(name="repeat", label=_("Row"), kind=Kind.TEXT, origin=Origin.ASSIGNED, length=60),
    Column(name="form_date", label=_("Date of assessment"), kind=Kind.DATE, origin=Origin.COLLECTED),
    Column(name="not_done", label=_("Not done"), kind=Kind.TEXT, origin=Origin.COLLECTED, length=1),
    Column(name="not_done_reason", label=_("Reason"), kind=Kind.TEXT, origin=Origin.COLLECTED, length=40),
)
MISSING = Column(
    name="missing", label=_("Why items have no answer"), kind=Kind.TEXT, origin=Origin.COLLECTED, length=2000
)


def columns_of(model: type[FormRow]) -> tuple[Column, ...]:
    """The columns of a form: its place, its items, and why some of them are empty."""
    items = (_column(item, f"{model.form.code}.{item.name}") for item in exported_items(model))
    return (*PLACE, *items, MISSING)


def exported_items(model: type[FormRow]) -> list[Item]:
    """The items of a form that leave the registry: none that identifies, none that only shows a code."""
    return told_items(model)


def rows_of(model: type[FormRow], stories: Iterable[Story]) -> pl.DataFrame:
    """The rows of a form of some subjects, as many as are in the cut."""
    columns = columns_of(model)
    told = [(item.name, _teller(item)) for item in exported_items(model)]
    rows = [
        _cells(story, record, told)
        for story in stories
        for record in story.casebook.records(model.form.code)
        if record.form_date is not None or any(value is not None for value in record.values.values())
    ]
    found = zip(*rows, strict=True) if rows else ((),) * len(columns)
    series = (
        pl.Series(one.name, values, dtype=TYPES[one.kind]) for one, values in zip(columns, found, strict=True)
    )
    return pl.DataFrame(list(series))


def _cells(story: Story, record: Record, told: Iterable[tuple[str, "_Teller"]]) -> list[Any]:
    header, values = record.header, record.values
    place = [story.subject, story.facts.site, record.visit, record.row_key, record.form_date]
    why = "|".join(f"{item}={reason}" for item, reason in sorted(record.missing.items()))
    return [
        *place,
        header.get("not_done") or None,
        header.get("not_done_reason") or None,
        *(None if (value := values.get(name)) is None else tell(value) for name, tell in told),
        why or None,
    ]


_Teller = Callable[[Any], Any]


def _teller(item: Item) -> _Teller:
    """What makes a cell of an answer, found once for all rows."""
    kind = kind_of(item)
    if kind in _AS_IT_IS:
        return _as_it_is
    return float if kind is Kind.DECIMAL else lambda value: item.text(value) or None


def _as_it_is(value: Any) -> Any:
    return value


def kind_of(item: Item) -> Kind:
    """What stands in the column of an item."""
    return next((kind for of, kind in _KINDS if isinstance(item, of)), Kind.TEXT)


def _column(item: Item, source: str) -> Column:
    said = item.declared
    return Column(
        name=item.name,
        label=said.label,
        kind=kind_of(item),
        origin=Origin.DERIVED if item.is_derived else Origin.COLLECTED,
        length=_length(item),
        places=item.places if isinstance(item, DecimalItem) else 0,
        codes=_codes(item),
        unit=said.unit,
        source=(source,),
        derivation=said.derivation.formula if said.derivation else "",
        is_genetic=said.genetic,
    )


def _codes(item: Item) -> Any:
    if isinstance(item, BooleanItem):
        return NY
    return item.codes if isinstance(item, ChoiceItem | MultiItem) else None


_LENGTHS: tuple[tuple[type[Item], Callable[[Any], int]], ...] = (
    (TextItem, lambda item: item.length),
    (BooleanItem, lambda item: 1),
    (PartialDateItem, lambda item: 10),
    (TimeItem, lambda item: 5),
    (MultiItem, lambda item: sum(len(code) + 1 for code in item.codes.labels)),
    (GridItem, lambda item: 2000),
)


def _length(item: Item) -> int:
    of_kind = next((length(item) for of, length in _LENGTHS if isinstance(item, of)), None)
    return of_kind if of_kind is not None else item.max_length or 200
