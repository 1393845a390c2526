"""The elements of a subject: what it went through and when, and the epoch in which a day lies.

Screening begins with the main consent, lymphodepletion with its first dose, the cells and the graft with
their infusion. A treatment ends after as many days as adverse events are counted to it (`periods`: 90 from
T0, 100 from H0); then follow-up begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.datasets.periods import CAR_T_DAYS, GRAFT_DAYS
from analytics.datasets.sourced import first
from analytics.datasets.story import Story, value
from patients.casebook.answers import local_day

SCREENING, TREATMENT, FOLLOW_UP = "SCREENING", "TREATMENT", "FOLLOW-UP"


@dataclass(frozen=True, slots=True)
class Element:
    """A planned element of the arm; `order` is its place in it."""

    code: str
    name: str
    order: int
    epoch: str
    begins: str
    ends: str


ELEMENTS = (
    Element("SCRN", "Screening", 1, SCREENING, "Main informed consent", "First dose of lymphodepletion"),
    Element(
        "LD", "Lymphodepletion", 2, TREATMENT, "First dose of lymphodepletion", "Infusion of the CAR-T cells"
    ),
    Element(
        "CART",
        "CD7 CAR-T cells",
        3,
        TREATMENT,
        "Infusion of the CAR-T cells",
        f"Infusion of the graft, or {CAR_T_DAYS} days after the infusion of the CAR-T cells",
    ),
    Element(
        "HSCT",
        "Haploidentical transplantation",
        4,
        TREATMENT,
        "Infusion of the graft",
        f"{GRAFT_DAYS} days after the infusion of the graft",
    ),
    Element("FU", "Follow-up", 5, FOLLOW_UP, "End of the treatment before it", "End of participation"),
)
_BY_CODE = {one.code: one for one in ELEMENTS}


@dataclass(frozen=True, slots=True)
class Passed:
    """An element that a subject went through; the last has no end while the subject is in the study."""

    element: Element
    start: date
    end: date | None


def elements_of(story: Story) -> list[Passed]:
    """The elements in their order; one that began on the day of the next is left out."""
    starts = list(_starts(story))
    ends: list[date | None] = [start for _code, start in starts[1:]]
    ends.append(end_of_participation(story))
    return [
        Passed(_BY_CODE[code], start, end)
        for (code, start), end in zip(starts, ends, strict=bool(starts))
        if end is None or end >= start
    ]


def _starts(story: Story) -> Iterator[tuple[str, date]]:
    """Each later than what stands before it."""
    last = date.min
    begun = (
        ("SCRN", consented(story)),
        ("LD", value(story.first_dose)),
        ("CART", value(story.infused)),
        ("HSCT", value(story.grafted)),
        ("FU", _treated_until(story)),
    )
    for code, day in begun:
        if day is not None and day <= story.cutoff and day >= last:
            last = day
            yield code, day


def _treated_until(story: Story) -> date | None:
    if story.grafted is not None:
        return story.grafted.value + timedelta(GRAFT_DAYS + 1)
    return story.infused.value + timedelta(CAR_T_DAYS + 1) if story.infused is not None else None


def consented(story: Story) -> date | None:
    """The day of the main consent."""
    found = first(story.casebook, "ELIG", "icf_main_dt")
    return local_day(found.value) if found else None


def end_of_participation(story: Story) -> date | None:
    """Death or the end of the study, if they are in the cut."""
    ended = first(story.casebook, "EOS", "eos_dt")
    return min((day for day in (value(story.died), value(ended)) if day is not None), default=None)


def reference_start(story: Story) -> date | None:
    """Day 1: the first dose of lymphodepletion, else the infusion."""
    begun = story.first_dose or story.infused
    return begun.value if begun is not None else None


def study_day(day: date | None, start: date | None) -> int | None:
    """The day of study: there is no day 0."""
    if day is None or start is None:
        return None
    days = (day - start).days
    return days + 1 if days >= 0 else days


def epoch_of(day: date | None, passed: list[Passed]) -> str | None:
    """The epoch in which a day lies; None before the consent."""
    begun = [one for one in passed if day is not None and one.start <= day]
    return begun[-1].element.epoch if begun else None
