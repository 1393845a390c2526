"""A row of a dataset that is a row of the casebook: its number, its day on both clocks, and its items.

Such a row names its place; which item a column is read from stands in the metadata, so that the trace of a
value needs no row of its own. The dates that place these forms are whole, and nothing of them is filled in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.metadata import SUBJECT, PolarsType, Variable
from analytics.datasets.sourced import Sourced
from analytics.datasets.story import Story
from patients.casebook.answers import Record, local_day
from patients.casebook.form import form_model
from patients.items.problems import Text


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the casebook of a subject. `number` counts those of its dataset; `day` is its day at the site,
    None where it has none."""

    story: Story
    record: Record
    number: int
    day: date | None

    @property
    def subject(self) -> str:
        return self.story.subject

    @property
    def form(self) -> str:
        return self.record.form

    @property
    def visit(self) -> str:
        return self.record.visit

    @property
    def row_key(self) -> str:
        return self.record.row_key

    @property
    def day_from_infusion(self) -> int | None:
        return self._days_from(self.story.infused)

    @property
    def day_from_graft(self) -> int | None:
        return self._days_from(self.story.grafted)

    def _days_from(self, origin: Sourced[date] | None) -> int | None:
        return None if origin is None or self.day is None else (self.day - origin.value).days


def rows_of(story: Story, *forms: str) -> list[Row]:
    """The rows of some forms, form by form in the order of the casebook; of a page without values, none."""
    records = (record for form in forms for record in story.casebook.records(form) if _is_filled(record))
    return [
        Row(story, record, number, local_day(record.values[form_model(record.form).form.dated_by]))
        for number, record in enumerate(records, 1)
    ]


def _is_filled(record: Record) -> bool:
    return any(value is not None for value in record.values.values())


# --- variables --------------------------------------------------------------------------------------------
def of_item(name: str, label: Text, kind: PolarsType, source: str, derivation: Text = "") -> Variable:
    """A variable that is an item as it stands; a row of another form does not have it."""
    form, _dot, item = source.partition(".")

    def read(row: Row) -> Any:
        return row.record.values[item] if row.record.form == form else None

    return Variable(name=name, label=label, type=kind, read=read, source=(source,), derivation=derivation)


def score_of(name: str, label: Text, source: str) -> Variable:
    """A score or grade that is chosen as a code: as a number, where it is one."""
    form, _dot, item = source.partition(".")

    def read(row: Row) -> int | None:
        code = row.record.values[item] if row.record.form == form else None
        return int(code) if code is not None and code.isdigit() else None

    derivation = _("the code as a number; empty for a code that is none")
    return Variable(name=name, label=label, type=pl.Int8, read=read, source=(source,), derivation=derivation)


def numbered_and_dated(*dating: str) -> Iterable[Variable]:
    """The variables that each of these datasets begins with; `dating` are the items that date its rows."""
    yield SUBJECT
    yield Variable(
        name="ASEQ",
        label=_("Analysis Sequence Number"),
        type=pl.Int32,
        read=lambda row: row.number,
        derivation=_("number of the row of the subject, in the order of the casebook"),
    )
    yield Variable(
        name="ADT",
        label=_("Analysis Date"),
        type=pl.Date,
        read=lambda row: row.day,
        source=dating,
        derivation=_("the day at the site; nothing is filled in"),
    )
    yield Variable(
        name="ADY",
        label=_("Analysis Relative Day"),
        type=pl.Int32,
        read=lambda row: row.day_from_infusion,
        source=(*dating, "INF.inf_start_dt"),
        derivation=_("ADT - T0: the day of infusion is day 0"),
    )
    yield Variable(
        name="HSCTDY",
        label=_("Day from the Graft"),
        type=pl.Int32,
        read=lambda row: row.day_from_graft,
        source=(*dating, "HSCT.hsct_start_dt"),
        derivation=_("ADT - H0: the day of the graft is day 0"),
    )
