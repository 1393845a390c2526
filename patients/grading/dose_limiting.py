"""Whether an adverse event is a candidate for a dose-limiting toxicity: rules D1 to D9 of section 4.1.

The list is the convention of this class of products, from memory; the protocol's own was not available. So
which of the rules hold, and their limits in days, are given by whoever asks (`Criteria`). The rules propose:
what care was given, and what else explains an event, is for the committee to judge, which confirms or rejects
each candidate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from patients.grading.result import Graded

VERSION = "dlt-1"
SEVERE, LIFE_THREATENING, FATAL = 3, 4, 5
RELATED = ("possible", "probable", "definite")
RELATED_AFTER_GRAFT = ("probable", "definite")  # an open question of the specification, answered so


class Kind(StrEnum):
    """What rule an event belongs to."""

    CRS = "CRS"
    ICANS = "ICANS"
    IEC_HS = "IEC-HS"
    AGVHD = "acute GVHD"
    INFECTION = "infection"
    CYTOPENIA = "cytopenia"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ToxicEvent:
    """An event that began in the window.

    `relation` to the CAR-T cells is a code of the form. `course` holds the grades by day that the form of its
    kind has (of acute GVHD: the MAGIC grade before the graft). `lasted_days` is None while it goes on, or
    where its dates are partial. `spared` events do not count at grade 3: fever, nausea, fatigue, laboratory
    values without symptoms, tumour lysis. `from_disease` is None where no cause of death is recorded.
    """

    kind: Kind
    grade: int
    relation: str | None
    after_graft: bool = False
    course: tuple[tuple[date, int], ...] = ()
    lasted_days: int | None = None
    spared: bool = False
    steroid_refractory: bool = False
    aplasia: bool = False
    from_disease: bool | None = None


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which rules hold, and their limits: days within which a grade 3 of CRS or ICANS has improved (72 h, as
    days of daily assessment show it) and IEC-HS has, and for how many another grade 3 may last."""

    rules: frozenset[str] = frozenset(f"D{number}" for number in range(1, 10))
    improved_days: int = 3
    iec_hs_days: int = 7
    lasting_days: int = 7


SPECIFIED = Criteria()
"""Section 4.1 of the specification."""


def dlt_candidate(event: ToxicEvent, criteria: Criteria = SPECIFIED) -> Graded:
    """Y or N, or None where it cannot be told yet; the rule is the first that is met."""
    if event.relation is None:
        return Graded(None, "DLT-RELATION", VERSION, ("relation",))
    if not _is_related(event):
        return Graded("N", "DLT-UNRELATED", VERSION, ("relation",))
    for rule in criteria_met(event, criteria):
        return Graded("Y", rule, VERSION, ("kind", "grade"))
    if _may_still_last(event) and "D5" in criteria.rules:
        return Graded(None, "DLT-LASTS", VERSION, ("lasted_days",))
    return Graded("N", "DLT-NONE", VERSION, ("kind", "grade"))


def criteria_met(event: ToxicEvent, criteria: Criteria = SPECIFIED) -> tuple[str, ...]:
    """All rules that an event meets; none unless it is related."""
    if event.relation is None or not _is_related(event):
        return ()
    return tuple(
        rule for rule, is_met in _RULES.items() if rule in criteria.rules and is_met(event, criteria)
    )


def _is_related(event: ToxicEvent) -> bool:
    return event.relation in (RELATED_AFTER_GRAFT if event.after_graft else RELATED)


def persists(course: tuple[tuple[date, int], ...], grade: int, days: int) -> bool:
    """Whether a grade was reached and not left within so many days. A day counts by its worst grade."""
    worst = {day: max(now for at, now in course if at == day) for day, _now in course}
    return any(
        reached >= grade and _stays(worst, start, grade, days) for start, reached in sorted(worst.items())
    )


def _stays(worst: dict[date, int], start: date, grade: int, days: int) -> bool:
    left = min((day for day, now in worst.items() if day > start and now < grade), default=None)
    if left is None:
        return (max(worst) - start).days >= days
    return (left - start).days > days


Rule = Callable[[ToxicEvent, Criteria], bool]


def _neurologic_or_crs(event: ToxicEvent, criteria: Criteria) -> bool:
    return event.grade == LIFE_THREATENING or persists(event.course, SEVERE, criteria.improved_days)


def _hyperinflammation(event: ToxicEvent, criteria: Criteria) -> bool:
    return persists(event.course, SEVERE, criteria.iec_hs_days)


def _life_threatening(event: ToxicEvent, _criteria: Criteria) -> bool:
    return event.grade == LIFE_THREATENING


def _lasting(event: ToxicEvent, criteria: Criteria) -> bool:
    return event.grade == SEVERE and not event.spared and (event.lasted_days or 0) > criteria.lasting_days


def _gvhd(event: ToxicEvent, _criteria: Criteria) -> bool:
    return event.steroid_refractory or any(grade >= SEVERE for _day, grade in event.course)


def _fatal(event: ToxicEvent, _criteria: Criteria) -> bool:
    return event.grade == FATAL and not event.from_disease


def _of_kind(kind: Kind, is_met: Rule) -> Rule:
    return lambda event, criteria: event.kind is kind and is_met(event, criteria)


def _may_still_last(event: ToxicEvent) -> bool:
    lasting = event.kind is Kind.OTHER and event.grade == SEVERE and not event.spared
    return lasting and event.lasted_days is None


_RULES: dict[str, Rule] = {
    "D1": _of_kind(Kind.CRS, _neurologic_or_crs),
    "D2": _of_kind(Kind.ICANS, _neurologic_or_crs),
    "D3": _of_kind(Kind.IEC_HS, _hyperinflammation),
    "D4": _of_kind(Kind.OTHER, _life_threatening),
    "D5": _of_kind(Kind.OTHER, _lasting),
    "D6": _of_kind(Kind.AGVHD, _gvhd),
    "D7": _fatal,
    "D8": _of_kind(Kind.INFECTION, _life_threatening),
    "D9": _of_kind(Kind.CYTOPENIA, lambda event, _criteria: event.aplasia),
}
