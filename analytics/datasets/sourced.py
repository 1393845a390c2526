"""Values that remember where they were entered."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from patients.casebook.answers import Casebook, Record, local_day
from patients.casebook.form import form_model
from patients.casebook.header import FORM_DATE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T]):
    """A value and the place of the item that it was read from; a derived one names its form's row."""

    value: T
    form: str
    visit: str
    row_key: str
    item: str


def item_label(form: str, item: str) -> str:
    """The label of the item of a place; the date of the page is the header's."""
    declared = FORM_DATE.declared if item == FORM_DATE.name else form_model(form).item(item).declared
    return str(declared.label)


def sourced(record: Record, item: str) -> Sourced[Any] | None:
    """The value of an item of a row, None where it is missing."""
    value = record.values.get(item)
    return None if value is None else Sourced(value, *record.place, item)


def sourced_day(record: Record, item: str) -> Sourced[date] | None:
    """The local day of an item of a row."""
    day = local_day(record.values.get(item))
    return None if day is None else Sourced(day, *record.place, item)


def first(casebook: Casebook, form: str, item: str) -> Sourced[Any] | None:
    """The value of an item on a single form."""
    records = casebook.records(form)
    return sourced(records[0], item) if records else None


def days(
    casebook: Casebook, form: str, item: str, where: Callable[[Record], bool] = lambda record: True
) -> Iterator[Sourced[date]]:
    """The days of an item on every row of a form that fits."""
    for record in casebook.records(form):
        if where(record) and (day := sourced_day(record, item)) is not None:
            yield day


def earliest(found: Iterable[Sourced[date]]) -> Sourced[date] | None:
    """The first by date; on one day the first entered in the order of the casebook."""
    return min(found, key=lambda one: one.value, default=None)


def latest(found: Iterable[Sourced[date]]) -> Sourced[date] | None:
    return max(found, key=lambda one: one.value, default=None)
