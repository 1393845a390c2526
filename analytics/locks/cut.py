"""The data cut: which rows and values count on a cut-off, and in which canonical form they are sealed.

A row is in the cut if its date (the dating item of its form, else the date of its page) is on or before the
cut-off; a partial date counts by its earliest day. Later dates inside such a row are blanked and flagged.
Derived values are left out: they are computed again from the rows of the cut. Identity is left out; of the
birth date the age in days at enrolment remains.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from patients.casebook.answers import Casebook, Record, local_day
from patients.casebook.form import declared_forms, form_model
from patients.forms.age import birthday_of
from patients.forms.eligibility import recorded
from patients.forms.relapse import COUNTING
from patients.items.partial_date import PartialDate
from patients.items.types import DateItem, DateTimeItem, PartialDateItem

AFTER_CUTOFF = "after_cutoff"
FORM_DATE = "form_date"
HEADER_ITEMS = ("not_done", "not_done_reason", "src_doc")


class Value(NamedTuple):
    """One value of a cut by natural keys, as text; `missing` says why it is empty."""

    subject: str
    visit: str
    form: str
    row_key: str
    item: str
    value: str
    unit: str
    missing: str


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """What a cut holds of a subject beside its rows.

    `age_days_at_enrolment`: days from birth to `enrol_dt`, None if either is unknown or the latter lies after
    the cut-off. `alive_at_cutoff`: a contact, relapse or death dated after the cut-off proves it.
    `progression_free_at_cutoff`: a disease assessment or first relapse dated after the cut-off proves it. The
    later date itself is not kept.
    """

    subject: str
    site: str
    age_days_at_enrolment: int | None
    alive_at_cutoff: bool
    progression_free_at_cutoff: bool


def cut_records(records: Iterable[Record], cutoff: date) -> Iterator[Record]:
    """The rows that are in the cut, with later dates blanked."""
    for record in records:
        if (day := dated_or_page(record)) is not None and day <= cutoff:
            yield blank_later(record, cutoff)


def all_records(casebook: Casebook) -> list[Record]:
    """Every row of a subject."""
    return [record for model in declared_forms() for record in recorded(casebook, model.form.code)]


def dated_or_page(record: Record) -> date | None:
    """The date that places a row: its dating item, else the date of its page."""
    return record.dated or record.form_date


def blank_later(record: Record, cutoff: date) -> Record:
    """The record without its dates after the cut-off, its page's included, each flagged in its place."""
    dates = chain(
        [(FORM_DATE, record.form_date)], ((i, record.values.get(i)) for i in _dates_of(record.form))
    )
    later = {name for name, value in dates if (day := local_day(value)) and day > cutoff}
    if not later:
        return record
    return replace(
        record,
        form_date=None if FORM_DATE in later else record.form_date,
        values={name: None if name in later else value for name, value in record.values.items()},
        missing={**record.missing, **dict.fromkeys(later, AFTER_CUTOFF)},
    )


@cache
def _dates_of(form: str) -> tuple[str, ...]:
    """The items of a form that are dates or moments."""
    kinds = DateItem | DateTimeItem | PartialDateItem
    return tuple(item.name for item in form_model(form).items() if isinstance(item, kinds))


def values_of(subject: str, records: Iterable[Record]) -> Iterator[Value]:
    """The values of rows in canonical form: entered items that have a value or a reason for having none. They
    come in the order of their natural keys."""
    for record in sorted(records, key=_place):
        place = (subject, record.visit, record.form, record.row_key)
        told = {**record.header, **record.values, FORM_DATE: record.form_date}
        for item, text_of, unit in _sealed_items(record.form):
            value, missing = told.get(item), record.missing.get(item, "")
            if value is not None or missing:
                text = "" if value is None else text_of(value)
                if text or missing:  # thousands for each subject: in half of the time that `Value(…)` takes
                    yield tuple.__new__(Value, (*place, item, text, unit, missing))


def _place(record: Record) -> tuple[str, str, str]:
    return record.visit, record.form, record.row_key


_SealedItem = tuple[str, Callable[[Any], str], str]


@cache
def _sealed_items(form: str) -> tuple[_SealedItem, ...]:
    """What a cut holds of each row of a form, by name: the header of its page, and the items that are entered
    and do not say who somebody is, each with what makes its text, and its unit. How a page came in is no
    data: the same casebook has the same hash."""
    items = [item for item in form_model(form).items() if not item.is_derived and not item.declared.identity]
    held: list[_SealedItem] = [(item.name, item.text, item.declared.unit) for item in items]
    held += [(FORM_DATE, date.isoformat, ""), *((name, str, "") for name in HEADER_ITEMS)]
    return tuple(sorted(held, key=itemgetter(0)))


def facts_of(subject: str, site: str, casebook: Casebook, cutoff: date) -> SubjectFacts:
    """What the whole casebook of a subject, later dates included, says about it on the cut-off."""
    return SubjectFacts(
        subject,
        site,
        _age_days_at_enrolment(casebook, cutoff),
        alive_at_cutoff=any(day > cutoff for day in _proofs_of_life(casebook)),
        progression_free_at_cutoff=_progression_free(casebook, cutoff),
    )


def _first(casebook: Casebook, form: str, item: str) -> Any:
    records = casebook.records(form)
    return records[0].values.get(item) if records else None


def _age_days_at_enrolment(casebook: Casebook, cutoff: date) -> int | None:
    """From the day that a partial birth date counts as, as for the age at consent."""
    born, enrolled = _first(casebook, "DM", "birth_date"), _first(casebook, "ELIG", "enrol_dt")
    if not isinstance(born, PartialDate) or enrolled is None or enrolled > cutoff:
        return None
    days: int = (enrolled - birthday_of(born)).days
    return days


def _proofs_of_life(casebook: Casebook) -> Iterator[date]:
    for record in casebook.records("FU"):
        if record.values["fu_status"] == "ALIVE" and record.values["fu_dt"]:
            yield record.values["fu_dt"]
    yield from _dates(casebook, "RLP", "rlp_dt")
    yield from _dates(casebook, "DTH", "dth_dt")


def _dates(casebook: Casebook, form: str, item: str) -> Iterator[date]:
    return (record.values[item] for record in casebook.records(form) if record.values[item])


def _progression_free(casebook: Casebook, cutoff: date) -> bool:
    relapses = [
        record.values["rlp_dt"]
        for record in casebook.records("RLP")
        if record.values["rlp_dt"] and record.values["rlp_type"] in COUNTING
    ]
    if any(day <= cutoff for day in relapses):
        return False
    return any(day > cutoff for day in (*relapses, *_dates(casebook, "FU", "fu_dz_dt")))
