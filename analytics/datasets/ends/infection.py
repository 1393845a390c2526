"""Infection and viral reactivation after the infusion, and the last day on which they were asked for."""

from datetime import date

from analytics.datasets.ends.ending import End, Otherwise, Outcome, last_of
from analytics.datasets.sourced import days, earliest, sourced_day
from analytics.datasets.story import Day, Story
from patients.casebook.answers import Record

CMV, REVIEWED = "cytomegalovirus", "LAST INFECTION REVIEW"
SEVERE_FROM_GRADE, FATAL_GRADE = 3, 5


def _cmv(story: Story, origin: date) -> Day:
    """The first positive sample of a CMV episode that crossed the threshold of treatment; where it is not
    known, the onset. An episode from before the infusion is none."""
    above = [
        record
        for record in story.casebook.records("INFX")
        if record.values["inf_org"] == CMV and record.values["vir_thr"]
    ]
    found = (sourced_day(record, "vir_first_dt") or sourced_day(record, "inf_onset") for record in above)
    return earliest(day for day in found if day is not None and day.value >= origin)


def _severe(story: Story, origin: date) -> Day:
    def counts(record: Record) -> bool:
        grade = int(record.values["inf_ctcae"] or 0)
        later = grade == FATAL_GRADE and story.facts.alive_at_cutoff  # its grade until then is not recorded
        return grade >= SEVERE_FROM_GRADE and not later

    found = days(story.casebook, "INFX", "inf_onset", counts)
    return earliest(day for day in found if day.value >= origin)


CMV_REACTIVATION = Outcome("CMV ABOVE THRESHOLD", _cmv)
SEVERE_INFECTION = Outcome("INFECTION GRADE 3 OR MORE", _severe)


def _last_review(story: Story, origin: date) -> End:
    """The last contact with the subject alive, which asks for new events, or the last day that an infection
    names."""
    alive = days(story.casebook, "FU", "fu_dt", lambda record: record.values["fu_status"] == "ALIVE")
    named = (*days(story.casebook, "INFX", "inf_onset"), *days(story.casebook, "INFX", "inf_end"))
    return last_of((*alive, *named), origin, REVIEWED)


LAST_REVIEW = Otherwise(REVIEWED, _last_review)
