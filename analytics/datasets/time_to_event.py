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
    """OS, PFS, CIR, NRM and FUREV from T0, of a subject who was infused; none of another.

    Raises ImpossibleDates.
    """
    if story.enrolled is None or story.infused is None:
        return []
    origin = story.infused.value
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


def _row(subject: str, origin: date, code: str, end: _End) -> TimeToEvent:
    if end.day < origin:
        raise ImpossibleDates(f"{subject}: {end.why} on {end.day}, before the infusion on {origin}")
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
