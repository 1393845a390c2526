"""The adverse events of a subject, one row each (dataset ADAE).

A row of AE is an event. A row of INFX is none: an infection of grade 3 or worse stands in AE as well
(X-INFX-03), and no reference says which of the two are one.

A partial date counts by its earliest day, an end never before the start, and ASTDTF and AENDTF say what was
filled in: D the day, M the month and the day. ASTDY and HSCTDY are whole days from T0 and H0, which are day
0; a partial date has neither. APERIODC: the period in which it began (LD from the first dose, CART for 90
days from T0, HSCT for 100 from H0; section 4.1 of the specification). TRTEMFL: it began in one of them.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from analytics.datasets.sourced import Sourced, sourced, sourced_day
from analytics.datasets.story import Story
from analytics.locks.cut import AFTER_CUTOFF
from patients.casebook.answers import Record
from patients.casebook.form import form_model
from patients.items.partial_date import PartialDate

FORM = "AE"
FATAL_GRADE, FATAL = 5, "FATAL"
# Which variable is which item, as it was entered or derived.
_ITEMS = {
    "AETERM": "ae_term",
    "AEDECOD": "ae_pt",  # missing until terms are coded
    "AETOX": "ae_ctcae_term",
    "AESCAT": "ae_special",
    "ASTDY": "ae_day_car",
    "HSCTDY": "ae_day_hsct",
    "AESER": "ae_serious",
    "AEREL": "ae_rel_cart",
    "DLTFL": "ae_dlt",
}


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """One event. `number` counts those of the subject in the order of the casebook; `facts` are its variables
    that were read from an item; `emergent` is None where its start is not known."""

    subject: str
    number: int
    place: tuple[str, str, str]
    facts: dict[str, Sourced[Any] | None]
    start_filled_in: str | None
    end_filled_in: str | None
    emergent: bool | None


def adverse_events_of(story: Story) -> list[AdverseEvent]:
    """The events that began on or before the cut-off."""
    entered = (record for record in story.casebook.records(FORM) if _is_entered(record))
    return [_event(story, number, record) for number, record in enumerate(entered, 1)]


def _is_entered(record: Record) -> bool:
    """A page without events is in the cut with an empty row."""
    return any(
        record.values.get(item.name) is not None for item in form_model(FORM).items() if not item.is_derived
    )


def _event(story: Story, number: int, record: Record) -> AdverseEvent:
    facts = _facts(story, record)
    return AdverseEvent(
        story.subject,
        number,
        record.place,
        facts,
        start_filled_in=_filled_in(record.values["ae_start"]),
        end_filled_in=_filled_in(record.values["ae_end"]) if facts["AENDT"] else None,
        emergent=None if record.values["ae_start"] is None else facts["APERIODC"] is not None,
    )


def _facts(story: Story, record: Record) -> dict[str, Sourced[Any] | None]:
    """The variables that are read from an item; what came after the cut-off has not happened."""
    ends_later = _ends_later(story, record)
    grade = _as(int, sourced(record, "ae_grade"))
    return {
        **{name: sourced(record, item) for name, item in _ITEMS.items()},
        "AETOXGR": None if ends_later and grade and grade.value == FATAL_GRADE else grade,
        "APERIODC": _as(" ".join, sourced(record, "ae_trtem")),
        "ASTDT": sourced_day(record, "ae_start"),
        "AENDT": None if ends_later else _end(record),
        "AEOUT": None if ends_later else sourced(record, "ae_outcome"),
    }


def _ends_later(story: Story, record: Record) -> bool:
    """Whether the end, and with it the outcome, lies after the cut-off. A death does if its day was cut, or
    if the subject is known to have been alive; the grade until then is not recorded."""
    fatal = record.values["ae_outcome"] == FATAL or record.values["ae_grade"] == str(FATAL_GRADE)
    return record.missing.get("ae_end") == AFTER_CUTOFF or (fatal and story.facts.alive_at_cutoff)


def _end(record: Record) -> Sourced[date] | None:
    """The last day; of a partial one the earliest that is not before the start."""
    found, start, end = sourced_day(record, "ae_end"), record.values["ae_start"], record.values["ae_end"]
    if found is None or start is None or end.is_full or start.earliest > end.latest:
        return found
    return replace(found, value=max(found.value, start.earliest))


def _filled_in(day: PartialDate | None) -> str | None:
    if day is None or day.is_full:
        return None
    return "D" if day.month else "M"


def _as(kind: Any, found: Sourced[Any] | None) -> Sourced[Any] | None:
    """The fact with its value read otherwise; an empty text is none."""
    read = None if found is None else kind(found.value)
    return None if found is None or read == "" else replace(found, value=read)
