"""The days on which a patient is seen, and the visit of each: for what is measured at most of them."""

from collections.abc import Iterator
from datetime import date, timedelta

from patients.builder.counts import count
from patients.builder.story import Story
from patients.grading.counts import Count
from patients.grading.engraftment import neutrophil_engraftment
from patients.schedule.plan import DAILY_COUNTS_AFTER_ENGRAFTMENT_DAYS, PlannedVisit
from trial.protocol.visits import DAILY_COUNTS, Clock, visit_type

_DAILY = {visit.code for visit in DAILY_COUNTS}


def encounters(story: Story, form: str) -> dict[date, str]:
    """The visits at which a form is due, one a day, from consent to the last contact. Where two visits fall
    on one day, what they share is entered at that of the transplant clock."""
    last, found = story.facts.last_contact_date, dict[date, str]()
    for day, visit in sorted(_due(story, form), key=lambda pair: (pair[0], not _is_transplant(pair[1]))):
        if story.consented_on <= day <= last and visit.code not in found.values():
            found.setdefault(day, visit.code)
    return found


def _due(story: Story, form: str) -> Iterator[tuple[date, PlannedVisit]]:
    counted_to = daily_counts_to(story)
    for visit in story.expected_visits(form):
        if visit.predicted or visit.target is None:
            continue
        day = visit.target if visit.code.startswith("LD") else story.day_of_visit(visit)
        if visit.code not in _DAILY or (counted_to is not None and day <= counted_to):
            yield day, visit


def _is_transplant(visit: PlannedVisit) -> bool:
    return visit_type(visit.code).clock is Clock.HSCT


def engrafted_on(story: Story) -> date | None:
    """When the engine finds neutrophils engrafted in daily counts; None without a graft, or by day 28."""
    grafted = story.facts.hsct_date
    if grafted is None:
        return None
    days = range(0, len(DAILY_COUNTS) + 1)
    counts = [Count(day, count(story, "NEUT", grafted + timedelta(day))) for day in days]
    found = neutrophil_engraftment(counts).number
    return None if found is None else grafted + timedelta(found)


def daily_counts_to(story: Story) -> date | None:
    """The last day of the daily counts: three days after engraftment, else day 28."""
    grafted, engrafted = story.facts.hsct_date, engrafted_on(story)
    if grafted is None:
        return None
    if engrafted is None:
        return grafted + timedelta(len(DAILY_COUNTS))
    return engrafted + timedelta(DAILY_COUNTS_AFTER_ENGRAFTMENT_DAYS)
