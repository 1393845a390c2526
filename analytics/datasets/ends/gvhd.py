"""Acute and chronic GVHD as outcomes, and the last day on which they were looked for."""

from collections.abc import Callable, Iterator
from datetime import date

from analytics.datasets.ends.ending import End, Otherwise, Outcome, last_of
from analytics.datasets.ends.survival import last_assessment, last_known_alive
from analytics.datasets.sourced import Sourced, days, earliest, sourced_day
from analytics.datasets.story import Day, Story
from analytics.locks.cut import AFTER_CUTOFF
from patients.casebook.answers import Record

CHECKED = "LAST GVHD ASSESSMENT"
SEVERE_ENOUGH = ("moderate", "severe")


def _before_graft(story: Story, origin: date) -> Day:
    """The onset of the first episode that began before the graft, whenever it was assessed."""
    return earliest(day for day in _onsets(story) if day.value >= origin and _is_before_graft(day, story))


def _is_before_graft(day: Sourced[date], story: Story) -> bool:
    return story.grafted is None or day.value < story.grafted.value


def _onsets(story: Story) -> Iterator[Sourced[date]]:
    """Of each assessment with a grade: the onset of its episode, else its own day."""
    for record in story.casebook.records("AGVHD"):
        onset = sourced_day(record, "ag_onset_dt") or sourced_day(record, "ag_dt")
        if record.values["ag_grade"] and onset is not None:
            yield onset


def _chronic(counts: Callable[[Record], bool]) -> Callable[[Story, date], Day]:
    """The first day with chronic GVHD that counts."""

    def first(story: Story, origin: date) -> Day:
        found = days(
            story.casebook, "CGVHD", "cg_dt", lambda row: bool(row.values["cg_present"]) and counts(row)
        )
        return earliest(day for day in found if day.value >= origin)

    return first


def _systemic(story: Story, origin: date) -> Day:
    """The start of systemic treatment; where it is not known, the day on which it was said. A start that the
    cut blanked has not happened."""
    treated = (
        sourced_day(row, "cg_tx_start") or sourced_day(row, "cg_dt")
        for row in story.casebook.records("CGVHD")
        if row.values["cg_present"] and row.values["cg_systemic_tx"]
        if row.missing.get("cg_tx_start") != AFTER_CUTOFF
    )
    return earliest(day for day in treated if day is not None and day.value >= origin)


ACUTE_1 = Outcome("ACUTE GVHD", lambda story, origin: story.toxicity.acute_onset)
ACUTE_2 = Outcome("ACUTE GVHD", lambda story, origin: story.toxicity.acute_2_onset)
ACUTE_3 = Outcome("ACUTE GVHD", lambda story, origin: story.toxicity.acute_3_onset)
SEVERE_ACUTE = Outcome("ACUTE GVHD III-IV", lambda story, origin: story.toxicity.acute_3_onset)
BEFORE_GRAFT = Outcome("ACUTE GVHD BEFORE TRANSPLANTATION", _before_graft)
CHRONIC = Outcome("CHRONIC GVHD", _chronic(lambda row: True))
MODERATE_CHRONIC = Outcome("CHRONIC GVHD", _chronic(lambda row: row.values["cg_global"] in SEVERE_ENOUGH))
SYSTEMIC_CHRONIC = Outcome("CHRONIC GVHD ON SYSTEMIC TREATMENT", _systemic)


def _last_acute_check(story: Story, origin: date) -> End:
    return last_of(days(story.casebook, "AGVHD", "ag_dt"), origin, CHECKED)


def _last_chronic_check(story: Story, origin: date) -> End:
    return last_of(days(story.casebook, "CGVHD", "cg_dt"), origin, CHECKED)


def _last_free_of_all(story: Story, origin: date) -> End:
    """The oldest of the last check of GVHD, assessment of the disease and contact."""
    checks = (*days(story.casebook, "AGVHD", "ag_dt"), *days(story.casebook, "CGVHD", "cg_dt"))
    last = (
        last_of(checks, origin, CHECKED),
        last_assessment(story, origin),
        last_known_alive(story, origin),
    )
    return min(last, key=lambda end: end.day)


LAST_ACUTE_CHECK = Otherwise(CHECKED, _last_acute_check)
LAST_CHRONIC_CHECK = Otherwise(CHECKED, _last_chronic_check)
LAST_FREE_OF_ALL = Otherwise("OLDEST OF GVHD, DISEASE AND CONTACT", _last_free_of_all)
