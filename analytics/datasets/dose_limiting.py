"""Which criterion of dose-limiting toxicity an adverse event meets, and by which items (dataset ADDL).

The criteria are D1 to D9 of section 4.1 of the specification, as far as the configuration has them in force.
They are read from the casebook here, whatever the form of the event or the adjudication says; what is not
known yet (a relation, the end of an event of grade 3) leaves an event open, and `DLTDRV` of ADAE empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.metadata import PLACE, SUBJECT, Dataset, Variable
from analytics.datasets.story import Story
from patients.casebook.answers import Record, RowAnswers
from patients.forms.dlt_candidate import LOOKS_AT, candidate, criteria_of, is_in_window
from patients.forms.dose_limiting_toxicity import RULES
from patients.items.codelists import YES

SOURCES = tuple(f"AE.{name}" for name in LOOKS_AT if name.islower())


@dataclass(frozen=True, slots=True)
class ItemBehind:
    """One item by which an event meets a criterion. `number` is that of the event in ADAE."""

    subject: str
    number: int
    criterion: str
    start: date | None
    form: str
    visit: str
    row_key: str
    item: str


def toxicity_derived(story: Story, record: Record) -> bool | None:
    """Whether an event meets a criterion in the window; None where that cannot be told yet."""
    event = RowAnswers(record, story.casebook)
    start = record.values["ae_start"]
    if start is not None and start.is_full and not is_in_window(event):
        return False
    found = candidate(event)
    if found is None or found.value is None:
        return None
    return found.value == YES if is_in_window(event) else None


def items_behind(story: Story, numbered: list[tuple[int, Record]]) -> Iterator[ItemBehind]:
    """Of each event that meets a criterion in the window, the items behind it."""
    for number, record in numbered:
        event = RowAnswers(record, story.casebook)
        if is_in_window(event):
            start = record.values["ae_start"].earliest
            for criterion, items in criteria_of(event).items():
                for place in items:
                    yield ItemBehind(story.subject, number, criterion, start, *place)


ADDL = Dataset(
    "ADDL",
    _("Dose-Limiting Toxicity by Criterion"),
    _("one row for each item by which an adverse event in the window meets a criterion"),
    (
        SUBJECT,
        Variable(
            name="AESEQ",
            label=_("Sequence Number"),
            type=pl.Int32,
            read=lambda row: row.number,
            derivation=_("that of the event in ADAE"),
        ),
        Variable(
            name="CRIT",
            label=_("Criterion"),
            type=pl.String,
            read=lambda row: row.criterion,
            derivation=_("the criterion of section 4.1 that is met, of those in force"),
            codes=RULES,
        ),
        Variable(
            name="ASTDT",
            label=_("Analysis Start Date"),
            type=pl.Date,
            read=lambda row: row.start,
            source=("AE.ae_start",),
            derivation=_("of the event"),
        ),
        *PLACE,
        Variable(
            name="item",
            label=_("Item"),
            type=pl.String,
            read=lambda row: row.item,
            derivation=_("the item of that row"),
            length=30,
        ),
    ),
)
