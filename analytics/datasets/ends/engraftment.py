"""Neutrophils and platelets: engraftment after the graft, recovery after the infusion, and the last count.

The engines are those of the form of engraftment, asked here of the counts themselves: a cut may come before
its page. The source of a date is the sample of that day.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from analytics.datasets.blood_counts import Sample, lowest_on
from analytics.datasets.ends.ending import End, Otherwise, Outcome, last_of
from analytics.datasets.story import Day, Story
from patients.casebook.answers import RowAnswers
from patients.forms import graft_course
from patients.grading.counts import Count, lowest_by_day
from patients.grading.engraftment import CONSECUTIVE_TESTS, NEUTROPHIL_TESTS_WITHIN_DAYS
from patients.grading.result import Graded
from patients.items.conditions import Answers

COUNTED = "LAST BLOOD COUNT"
NEUTROPHIL_LAST_DAY, PLATELET_LAST_DAY = 42, 180
LOW_10E9_PER_L = Decimal("0.5")  # section 3.6: runs at or below it, recovery at or above it


Engine = Callable[[Answers, date], Graded]
Counts = Callable[[Story], list[Sample]]


def _engrafted(counts: Counts, engine: Engine) -> Callable[[Story, date], Day]:
    def first(story: Story, origin: date) -> Day:
        page = story.casebook.records("HSCT")[0]
        day = graft_course.dated(engine(RowAnswers(page, story.casebook), origin), origin)
        return None if day is None else lowest_on(counts(story), day)

    return first


def _last_count(counts: Counts) -> Otherwise:
    def end(story: Story, origin: date) -> End:
        return last_of((sample.taken for sample in counts(story)), origin, COUNTED)

    return Otherwise(COUNTED, end)


def first_low(story: Story) -> Day:
    """The first day from the infusion on with neutrophils at or below 0.5."""
    infused = story.infused_in_set
    if infused is None:
        return None
    samples = story.neutrophils
    low = (one.taken for one in samples if one.value <= LOW_10E9_PER_L and one.taken.value >= infused.value)
    return next(low, None)


def _recovered(story: Story, origin: date) -> Day:
    """The first of three consecutive tests at or above 0.5, on days after the first low one and within 4
    days of each other."""
    low = first_low(story)
    if low is None:
        return None
    samples = [one for one in story.neutrophils if one.taken.value >= low.value]
    day = _first_run(samples, low.value)
    return None if day is None else lowest_on(samples, day)


def _first_run(samples: list[Sample], low: date) -> date | None:
    lowest = lowest_by_day(Count((one.taken.value - low).days, one.value) for one in samples)
    tests = [(day, value) for day, value in lowest.items() if day > 0]
    for window in zip(*(tests[start:] for start in range(CONSECUTIVE_TESTS)), strict=False):
        near = window[-1][0] - window[0][0] <= NEUTROPHIL_TESTS_WITHIN_DAYS
        if near and all(value >= LOW_10E9_PER_L for _day, value in window):
            return low + timedelta(window[0][0])
    return None


def _neutrophils(story: Story) -> list[Sample]:
    return story.neutrophils


def _platelets(story: Story) -> list[Sample]:
    return story.platelets


NEUTROPHILS = Outcome("NEUTROPHIL ENGRAFTMENT", _engrafted(_neutrophils, graft_course.neutrophils))
PLATELETS = Outcome("PLATELET ENGRAFTMENT", _engrafted(_platelets, graft_course.platelets))
RECOVERY = Outcome("NEUTROPHIL RECOVERY", _recovered)
LAST_NEUTROPHILS, LAST_PLATELETS = _last_count(_neutrophils), _last_count(_platelets)
