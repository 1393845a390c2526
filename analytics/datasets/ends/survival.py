"""Death, relapse, new therapy, the graft itself, and until when a subject is known to be alive or free of
disease."""

from datetime import date, timedelta
from functools import partial

from analytics.datasets.ends.ending import (
    AT_CUTOFF,
    CENSORED,
    EVENT,
    NO_POST_BASELINE,
    End,
    Otherwise,
    Outcome,
    at,
)
from analytics.datasets.sourced import Sourced, days, earliest, latest, sourced_day
from analytics.datasets.story import Day, Story
from analytics.locks.cut import FORM_DATE
from patients.casebook.answers import Record
from patients.grading.response import REMISSIONS

RELAPSED, ALIVE = "RELAPSE/PROGRESSION", "LAST KNOWN ALIVE"
SECOND_GRAFT = "second_hsct"
RESPONSE_BY_DAY = 31  # the last day of the visit at day 28
NOT_EVALUABLE = frozenset({None, "NE", "not_done"})


# --- outcomes ---------------------------------------------------------------------------------------------
def _relapse_of(kind: str) -> Outcome:
    """By the CD7 status of the first relapse; one that was not negative, or not tested, is another."""

    def first(story: Story, origin: date) -> Day:
        negative = story.relapse_cd7 is not None and story.relapse_cd7.value == "negative"
        return story.relapse if negative == (kind == "negative") else None

    return Outcome("CD7-NEGATIVE RELAPSE" if kind == "negative" else "OTHER RELAPSE", first)


def _second_graft(story: Story, origin: date) -> Day:
    second = days(story.casebook, "SUBTX", "stx_start", lambda row: row.values["stx_type"] == SECOND_GRAFT)
    return earliest(day for day in second if day.value > origin)


def _other_therapy(story: Story, origin: date) -> Day:
    """Therapy for a stated reason other than relapse."""

    def counts(record: Record) -> bool:
        return record.values["stx_ind"] not in (None, "relapse")

    therapies = days(story.casebook, "SUBTX", "stx_start", counts)
    return earliest(day for day in therapies if day.value >= origin)


def _treatment_failure(story: Story, origin: date) -> Day:
    """No CR, CRh or CRi by day 31: the last assessment until then, of a subject who was alive and without
    progression on that day. Whoever was not assessed has not failed."""
    last_day = origin + timedelta(RESPONSE_BY_DAY)
    if not _is_free_on(last_day, story, origin):
        return None
    assessed = [
        record
        for record in story.casebook.records("RESP")
        if record.values["resp_dt"] and origin < record.values["resp_dt"] <= last_day
        if record.values["resp_protocol"] not in NOT_EVALUABLE
    ]
    if any(record.values["resp_protocol"] in REMISSIONS for record in assessed):
        return None
    return latest(Sourced(record.values["resp_dt"], *record.place, "resp_dt") for record in assessed)


def _is_free_on(day: date, story: Story, origin: date) -> bool:
    """Known to be alive on a day, neither relapsed nor dead by it."""
    ended = [one.value for one in (story.relapse, story.died) if one is not None]
    lived = [*ended, last_known_alive(story, origin).day]
    return max(lived) >= day and all(end > day for end in ended)


def _not_grafted(story: Story, origin: date) -> Day:
    """The last page of the form says that there will be no transplantation."""
    pages = story.casebook.records("HSCT")
    if story.grafted is not None or not pages or pages[-1].values["hsct_done"] is not False:
        return None
    page = pages[-1]
    if page.form_date is None:
        return sourced_day(page, "hsct_start_dt")
    return Sourced(page.form_date, *page.place, FORM_DATE) if page.form_date >= origin else None


DEATH = Outcome("DEATH", lambda story, origin: story.died)
NON_RELAPSE_DEATH = Outcome("NON-RELAPSE DEATH", lambda story, origin: story.died)
RELAPSE = Outcome(RELAPSED, lambda story, origin: story.relapse)
RELAPSE_BY_GRAFT = Outcome(RELAPSED, lambda story, origin: story.relapse, prevalent=True)
RELAPSE_AFTER_GRAFT = Outcome(RELAPSED, lambda story, origin: story.relapse_from(origin))
MRD_RELAPSE = Outcome("MRD RELAPSE", lambda story, origin: story.mrd_relapse)
CD7_NEGATIVE_RELAPSE, OTHER_RELAPSE = _relapse_of("negative"), _relapse_of("other")
TREATMENT_FAILURE = Outcome("TREATMENT FAILURE", _treatment_failure)
SECOND_TRANSPLANTATION = Outcome("SECOND TRANSPLANTATION", _second_graft)
OTHER_THERAPY = Outcome("SUBSEQUENT THERAPY", _other_therapy, status=CENSORED)
TRANSPLANTATION = Outcome("TRANSPLANTATION", lambda story, origin: story.grafted)
NO_TRANSPLANTATION = Outcome("NO TRANSPLANTATION", _not_grafted)
LOST_TO_DEATH = Outcome("DEATH", lambda story, origin: story.died, status=CENSORED)  # reverse Kaplan-Meier


# --- until when -------------------------------------------------------------------------------------------
def last_known_alive(story: Story, origin: date, status: int = CENSORED, why: str = ALIVE) -> End:
    if story.facts.alive_at_cutoff:
        return End(story.cutoff, status, AT_CUTOFF if status == CENSORED else why, None)
    found = story.last_alive
    if found is None or found.value < origin:
        return End(origin, status, why, None)
    return End(found.value, status, why, found)


def last_assessment(story: Story, origin: date) -> End:
    """The last assessment free of disease; without one after T0 the subject is censored at the origin."""
    if story.facts.progression_free_at_cutoff:
        return End(story.cutoff, CENSORED, AT_CUTOFF, None)
    found = story.last_free_of_disease
    if found is None or found.value < origin:
        return End(origin, CENSORED, NO_POST_BASELINE, None)
    return at(found, LAST_ASSESSMENT.why)


LAST_KNOWN_ALIVE = Otherwise(ALIVE, last_known_alive)
LAST_ASSESSMENT = Otherwise("LAST DISEASE ASSESSMENT", last_assessment)
STILL_FOLLOWED = Otherwise("REVERSE EVENT", partial(last_known_alive, status=EVENT, why="REVERSE EVENT"))
