"""How an observation ends: by an event, a competing event, or as the last that is known.

An outcome is looked for from the origin of its endpoint on, and of several the first decides; of those on one
day, the one that its endpoint names first. Otherwise the subject is censored. An end before its origin is a
wrong date, and is refused by name.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from analytics.datasets.sourced import Sourced, latest
from analytics.datasets.story import Day, Story
from patients.items.problems import Text

CENSORED, EVENT, COMPETING = 0, 1, 2
AT_CUTOFF, NO_POST_BASELINE = "DATA CUT-OFF", "NO POST-BASELINE"


@dataclass(frozen=True, slots=True)
class End:
    """`source` is None where the date is the cut-off, the origin or the last day of the endpoint."""

    day: date
    status: int
    why: str
    source: Sourced[date] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something that may happen, in the words of EVNTDESC or CNSDTDSC: the first day of it, for a subject and
    an origin."""

    why: str
    first: Callable[[Story, date], Day]
    status: int = EVENT
    prevalent: bool = False  # what was there before the origin stands on it

    def end(self, story: Story, origin: date) -> End | None:
        found = self.first(story, origin)
        if found is None:
            return None
        day = max(found.value, origin) if self.prevalent else found.value
        return End(day, self.status, self.why, found)


def competing(outcome: Outcome, why: str = "") -> Outcome:
    """The same as a competing event, with other words if its endpoint has them."""
    return replace(outcome, status=COMPETING, why=why or outcome.why)


@dataclass(frozen=True, slots=True)
class Origin:
    """Day 0 of an endpoint, which is none for those who are not in its set."""

    name: str
    set: Text
    day: Callable[[Story], Day]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What ends the observation of who has none of the outcomes, in the words of CNSDTDSC (of EVNTDESC, if it
    is an event); without anything from the origin on, and at the cut-off, the words of these."""

    why: str
    end: Callable[[Story, date], End]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One endpoint of section 4.4. `outcomes` stand in the order that decides on one day; `otherwise` ends
    what none of them ends. `cut_short_by` censors whoever has it before that end, `last_day` whoever has no
    end by it."""

    code: str
    label: Text
    origin: Origin
    outcomes: tuple[Outcome, ...]
    otherwise: Otherwise
    cut_short_by: Outcome | None = None
    last_day: int | None = None

    def end(self, story: Story, origin: date) -> End:
        ends = (outcome.end(story, origin) for outcome in self.outcomes)
        in_time = (end for end in ends if end is not None and not self._is_late(end, origin))
        first = min(in_time, key=lambda end: end.day, default=None) or self.otherwise.end(story, origin)
        cut_short = self._cut_short(first, story, origin)
        return self._last_day_of(origin) if self._is_late(cut_short, origin) else cut_short

    def words(self, status: int) -> tuple[str, ...]:
        """What ends it with a status, each in the words of its rows."""
        ended = (outcome for outcome in (*self.outcomes, self.cut_short_by) if outcome is not None)
        return tuple(outcome.why for outcome in ended if outcome.status == status)

    def _cut_short(self, end: End, story: Story, origin: date) -> End:
        by = self.cut_short_by.end(story, origin) if self.cut_short_by else None
        return by if by is not None and by.day < end.day else end

    def _is_late(self, end: End, origin: date) -> bool:
        return self.last_day is not None and (end.day - origin).days > self.last_day

    def _last_day_of(self, origin: date) -> End:
        return End(origin + timedelta(self.last_day or 0), CENSORED, f"DAY {self.last_day}", None)


def since(found: Iterable[Sourced[date]], origin: date) -> Iterator[Sourced[date]]:
    """Those on the day of origin or later."""
    return (one for one in found if one.value >= origin)


def last_of(found: Iterable[Sourced[date]], origin: date, why: str) -> End:
    """Censored at the latest of these days; without one from the origin on, at the origin."""
    last = latest(since(found, origin))
    return End(origin, CENSORED, NO_POST_BASELINE, None) if last is None else at(last, why)


def at(found: Sourced[date], why: str) -> End:
    """Censored on a day."""
    return End(found.value, CENSORED, why, found)
