"""Times from an origin to an event, a competing event or the end of observation (dataset ADTTE).

AVAL is in whole days and the day of origin is day 0, as transplant registries count. STATUS is 0 censored,
1 event, 2 competing; CNSR the CDISC flag. Each row names the item that gave its date.
"""

from dataclasses import dataclass
from datetime import date

from analytics.datasets.sourced import Sourced
from analytics.datasets.story import Story

CENSORED, EVENT, COMPETING = 0, 1, 2
RELAPSED, AT_CUTOFF = "RELAPSE/PROGRESSION", "DATA CUT-OFF"


@dataclass(frozen=True, slots=True)
class TimeToEvent:
    """One endpoint of one subject. `source` is None where the date is the cut-off or the origin itself."""

    subject: str
    paramcd: str
    start: date
    end: date
    status: int
    event: str
    censoring: str
    source: Sourced[date] | None

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class _End:
    """How the observation for an endpoint ended."""

    day: date
    status: int
    why: str
    source: Sourced[date] | None


class ImpossibleDates(ValueError):
    """An endpoint ends before it begins: a date in the casebook is wrong."""


def endpoints_of(story: Story) -> list[TimeToEvent]:
    """The endpoints from T0 of a subject who was infused, and those from H0 of one who was transplanted.

    Raises ImpossibleDates.
    """
    if story.enrolled is None or story.infused is None:
        return []
    from_infusion = _from_infusion(story, story.infused.value)
    return from_infusion if story.grafted is None else from_infusion + _from_graft(story, story.grafted.value)


def _from_infusion(story: Story, origin: date) -> list[TimeToEvent]:
    """OS, PFS, CIR, NRM and FUREV."""
    ends = {
        "OS": _dead(story, EVENT) or _last_known_alive(story, origin),
        "PFS": _relapsed(story, EVENT) or _dead(story, EVENT) or _last_assessment(story, origin),
        "CIR": _relapsed(story, EVENT)
        or _dead(story, COMPETING, "DEATH WITHOUT RELAPSE")
        or _last_assessment(story, origin),
        "NRM": _relapsed(story, COMPETING)
        or _dead(story, EVENT, "NON-RELAPSE DEATH")
        or _last_known_alive(story, origin),
        "FUREV": _dead(story, CENSORED) or _last_known_alive(story, origin, EVENT, "REVERSE EVENT"),
    }
    return [_row(story.subject, origin, code, end) for code, end in ends.items()]


def _from_graft(story: Story, origin: date) -> list[TimeToEvent]:
    """Acute GVHD after the graft: AGV14 of any grade, AGV24 and AGV34 dated by the onset of that grade, and
    AGV14R with relapse as a competing event too (the named sensitivity run). A subject with a lower grade
    stays at risk; GVHD on the day of death or relapse counts."""
    onsets = {
        "AGV14": story.toxicity.acute_onset,
        "AGV24": story.toxicity.acute_2_onset,
        "AGV34": story.toxicity.acute_3_onset,
    }
    ends = {code: _gvhd(story, onset, origin) for code, onset in onsets.items()}
    ends["AGV14R"] = _gvhd_or_relapse(story, onsets["AGV14"], origin)
    return [_row(story.subject, origin, code, end) for code, end in ends.items()]


def _gvhd(story: Story, onset: Sourced[date] | None, origin: date) -> _End:
    if onset is not None:
        return _End(onset.value, EVENT, "ACUTE GVHD", onset)
    return _dead(story, COMPETING, "DEATH WITHOUT ACUTE GVHD") or _last_known_alive(story, origin)


def _gvhd_or_relapse(story: Story, onset: Sourced[date] | None, origin: date) -> _End:
    relapse = story.relapse
    if relapse is not None and relapse.value >= origin and (onset is None or onset.value > relapse.value):
        return _End(relapse.value, COMPETING, RELAPSED, relapse)
    return _gvhd(story, onset, origin)


def _row(subject: str, origin: date, code: str, end: _End) -> TimeToEvent:
    if end.day < origin:
        raise ImpossibleDates(f"{subject}: {end.why} on {end.day}, before its origin on {origin}")
    censored = end.status == CENSORED
    return TimeToEvent(
        subject,
        code,
        start=origin,
        end=end.day,
        status=end.status,
        event="" if censored else end.why,
        censoring=end.why if censored else "",
        source=end.source,
    )


def _dead(story: Story, status: int, why: str = "DEATH") -> _End | None:
    return _End(story.died.value, status, why, story.died) if story.died else None


def _relapsed(story: Story, status: int) -> _End | None:
    """A relapse is never after death, so it is asked for first, also on the day of death."""
    return _End(story.relapse.value, status, RELAPSED, story.relapse) if story.relapse else None


def _last_known_alive(
    story: Story, origin: date, status: int = CENSORED, why: str = "LAST KNOWN ALIVE"
) -> _End:
    if story.facts.alive_at_cutoff:
        return _End(story.cutoff, status, AT_CUTOFF if status == CENSORED else why, None)
    return _not_before(origin, story.last_alive, status, why)


def _last_assessment(story: Story, origin: date) -> _End:
    """The last assessment free of disease; without one after T0 the subject is censored at T0."""
    if story.facts.progression_free_at_cutoff:
        return _End(story.cutoff, CENSORED, AT_CUTOFF, None)
    if story.last_free_of_disease is None:
        return _End(origin, CENSORED, "NO POST-BASELINE", None)
    return _not_before(origin, story.last_free_of_disease, CENSORED, "LAST DISEASE ASSESSMENT")


def _not_before(origin: date, found: Sourced[date] | None, status: int, why: str) -> _End:
    if found is None or found.value < origin:
        return _End(origin, status, why, None)
    return _End(found.value, status, why, found)
