"""Anchors give the visits: rules 1 to 3 and 5 to 7 of the visit schedule as pure functions of dates.

Two clocks: CAR-T (day 0 = T0, the infusion) and HSCT (day 0 = H0, the graft infusion). A window is in whole
calendar days of the site, both ends included. Each rule takes the anchors and the visits planned so far and
gives the visits planned after it, so that a later rule is one more function in `RULES`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from trial.protocol.visits import (
    AFTER_INFUSION,
    ANCHOR_FORMS,
    DAILY_COUNTS,
    DLT_CLOSURE,
    LONG_TERM,
    LYMPHODEPLETION_DAYS,
    SURVIVAL,
    VISITS,
    WITHOUT_TRANSPLANT,
    Clock,
    FormDue,
    VisitType,
    visit_type,
)

NO_TRANSPLANT_PATH_FROM_CAR_DAY = 53
"""Rule 2: without H0 on this CAR-T day the visits of the no-transplant path are created."""

DAILY_COUNTS_AFTER_ENGRAFTMENT_DAYS = 3
"""Rule 3: daily blood counts go on for three days after confirmed neutrophil engraftment."""

TRANSPLANTED = "transplanted"
ENGRAFTED = "engrafted"
RELAPSED = "relapsed"
WITHDRAWN = "withdrawn"
DIED = "died"
ENDED = "ended"
"""Why a visit is superseded: H0 was reached, neutrophils have engrafted, the disease came back or progressed,
visits were withdrawn, the subject died, or left the study."""

_GRAFT = ANCHOR_FORMS["HSCT"]
_CONTACTS = frozenset(visit.code for visit in (*SURVIVAL, *LONG_TERM))
_TREATED = tuple(visit for visit in VISITS if visit.code not in _CONTACTS and visit.code != DLT_CLOSURE)
"""Every visit but the contacts and the closure of the DLT window."""

_DAY_60 = WITHOUT_TRANSPLANT[0]
_FROM_DAY_90 = WITHOUT_TRANSPLANT[1:]


@dataclass(frozen=True, kw_only=True)
class Anchors:
    """The dates of one subject from which every visit hangs, as of a day; local dates of the site.

    `lymphodepletion_days`: the days on which lymphodepletion was given. `hsct_done`: what the transplantation
    page says, None before it does; a date of H0 counts unless it says no. `relapse`: the first that counts
    for progression-free survival. `follow_up_goes_on`: after the end of study in long-term follow-up;
    `visits_withdrawn`: by the subject, with contact and the use of data still allowed.
    """

    consent: date | None
    eligible_signed: bool
    planned_infusion: date | None
    t0: date | None
    h0: date | None
    hsct_done: bool | None
    lymphodepletion_days: tuple[date, ...] = ()
    neutrophil_engraftment: date | None = None
    death: date | None = None
    relapse: date | None = None
    end_of_study: date | None = None
    follow_up_goes_on: bool = False
    visits_withdrawn: bool = False
    long_term_consent: bool | None = None
    as_of: date

    @property
    def graft(self) -> date | None:
        """H0, unless the transplantation was not done."""
        return None if self.hsct_done is False else self.h0


@dataclass(frozen=True)
class PlannedVisit:
    """A visit of one subject: target day, window and the forms due.

    `predicted`: its clock has not started, so its dates (if any) will move. Without `opens` it may be opened
    on any day; without `closes` its window has no end. `superseded` says why it is no longer expected.
    """

    code: str
    target: date | None
    opens: date | None
    closes: date | None
    predicted: bool
    superseded: str = ""
    forms: tuple[FormDue, ...] = ()

    def holds(self, day: date) -> bool:
        """Whether its window holds this day. A visit without dates holds none."""
        return self.opens is not None and self.opens <= day and (self.closes is None or day <= self.closes)


Plan = tuple[PlannedVisit, ...]


def plan(anchors: Anchors) -> Plan:
    """The visits of a subject with these anchors, those of an earlier rule first."""
    planned: Plan = ()
    for rule in RULES:
        planned = rule(anchors, planned)
    return planned


def consented(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 1: on consent SCR, DON and ENR open. SCR is there before, since consent is entered at it.

    The donor work-up is due before leukapheresis, whose day is no anchor: it opens with consent, without end.
    """
    screening = _placed(visit_type("SCR"), anchors.consent)
    if anchors.consent is None:
        return (*planned, screening)
    donor = replace(_placed(visit_type("DON"), anchors.consent), opens=anchors.consent)
    return (*planned, screening, donor, _placed(visit_type("ENR"), anchors.consent))


def cleared_for_treatment(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 1: once eligible and signed, BL, LD, PRE and C0 have the dates that the planned infusion predicts;
    they are re-dated when T0 is saved. They are there, too, when treatment was given without."""
    if not (anchors.eligible_signed or anchors.t0 or anchors.lymphodepletion_days):
        return planned
    origin, predicted = anchors.t0 or anchors.planned_infusion, anchors.t0 is None
    baseline, check, infusion = (
        _placed(visit_type(code), origin, predicted=predicted) for code in ("BL", "PRE", "C0")
    )
    return (*planned, baseline, *_lymphodepletion(anchors, origin, predicted), check, infusion)


def _lymphodepletion(anchors: Anchors, origin: date | None, predicted: bool) -> Iterator[PlannedVisit]:
    """LD1..LDn: the n-th day on which it was given, else the planned day."""
    given = sorted(set(anchors.lymphodepletion_days))
    for number in range(1, max(len(LYMPHODEPLETION_DAYS), len(given)) + 1):
        visit = visit_type(f"LD{number}")
        if number <= len(given):
            yield _around(visit, given[number - 1])
        else:
            yield _placed(visit, origin, predicted=predicted)


def infused(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 2: on T0 come C1..C14, C14R, C21, C28 and C60. They stay when H0 is reached, all but C60."""
    if anchors.t0 is None:
        return planned
    visits = (_placed(visit, anchors.t0) for visit in (*AFTER_INFUSION, _DAY_60))
    return (*planned, *(_up_to_graft(visit, anchors) for visit in visits))


def _up_to_graft(visit: PlannedVisit, anchors: Anchors) -> PlannedVisit:
    """C14R ends with the day of H0 (day 7 to min(H0, day 31)); its target and opening are never later.

    Any other visit as it is.
    """
    if visit.code != "C14R" or anchors.graft is None:
        return visit
    ends = anchors.graft
    target, opens, closes = (day and min(day, ends) for day in (visit.target, visit.opens, visit.closes))
    return replace(visit, target=target, opens=opens, closes=closes)


def not_transplanted(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 2: C90..C730 come when transplantation is said not to be done, or no H0 exists on CAR-T day 53."""
    if anchors.t0 is None:
        return planned
    decision_day = anchors.t0 + timedelta(days=NO_TRANSPLANT_PATH_FROM_CAR_DAY)
    waited = anchors.as_of >= decision_day and (anchors.graft is None or anchors.graft > decision_day)
    if anchors.hsct_done is not False and not waited:
        return planned
    return (*planned, *(_placed(visit, anchors.t0) for visit in _FROM_DAY_90))


def transplanted(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 3: on H0 come H0..HM24, and C60 and later are superseded. From T0 until then H0 has no dates but
    is there, since the transplantation (or why there is none) is entered at it."""
    if anchors.graft is None:
        return planned if anchors.t0 is None else (*planned, _placed(visit_type("H0"), None, predicted=True))
    on_hsct_clock = (_placed(v, anchors.graft) for v in VISITS if v.clock is Clock.HSCT)
    return (*_supersede(planned, WITHOUT_TRANSPLANT, TRANSPLANTED), *on_hsct_clock)


def engrafted(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 3: the daily counts stop three days after confirmed neutrophil engraftment."""
    if anchors.neutrophil_engraftment is None:
        return planned
    last = anchors.neutrophil_engraftment + timedelta(days=DAILY_COUNTS_AFTER_ENGRAFTMENT_DAYS)
    return _supersede(planned, DAILY_COUNTS, ENGRAFTED, after=last)


def followed_for_survival(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 6: from relapse or progression on only survival is followed, every 90 days to the end of the
    second year and yearly after. The closure of the DLT window stays."""
    if anchors.relapse is None or anchors.t0 is None:
        return planned
    contacts = (_placed(visit, anchors.t0) for visit in SURVIVAL)
    later = tuple(visit for visit in contacts if visit.target and visit.target > anchors.relapse)
    return (*_supersede(planned, _TREATED, RELAPSED, after=anchors.relapse), *later)


def followed_for_years(anchors: Anchors, planned: Plan) -> Plan:
    """LT3..LT15 for those who consented to long-term follow-up and were infused."""
    if anchors.t0 is None or not anchors.long_term_consent:
        return planned
    return (*planned, *(_placed(visit, anchors.t0) for visit in LONG_TERM))


def left(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 7: end of study closes what was to come after it: all, or with long-term follow-up, or where
    visits alone were withdrawn, all but the contacts."""
    if anchors.end_of_study is None:
        return planned
    keeps_contact = anchors.follow_up_goes_on or anchors.visits_withdrawn
    closed = _TREATED if keeps_contact else VISITS
    reason = WITHDRAWN if anchors.visits_withdrawn else ENDED
    return _supersede(planned, closed, reason, after=anchors.end_of_study)


def died(anchors: Anchors, planned: Plan) -> Plan:
    """Rule 7: death closes every visit planned for a later day, also where that was a prediction, but
    for that of the graft: there it is said why there was none."""
    if anchors.death is None:
        return planned
    return tuple(
        replace(visit, superseded=DIED) if visit.predicted and visit.code != _GRAFT else visit
        for visit in _supersede(planned, VISITS, DIED, after=anchors.death)
    )


def _supersede(planned: Plan, visits: Iterable[VisitType], reason: str, *, after: date = date.min) -> Plan:
    """These visits, where planned for later than `after`, are kept and no longer expected."""
    codes = {visit.code for visit in visits}
    return tuple(
        replace(visit, superseded=reason)
        if visit.code in codes and not visit.superseded and (visit.target or after) > after
        else visit
        for visit in planned
    )


Rule = Callable[[Anchors, Plan], Plan]
RULES: tuple[Rule, ...] = (
    consented,
    cleared_for_treatment,
    infused,
    not_transplanted,
    transplanted,
    engrafted,
    followed_for_survival,
    followed_for_years,
    left,
    died,
)
"""The rules of the visit schedule that make and close visits, in the order in which they are applied."""


def event_visit(code: str, day: date) -> PlannedVisit:
    """A visit that an event opens on its day: APH, REL, HW, RLPv1, UNS1, ENDv. HW hangs on H0's day."""
    return replace(_around(visit_type(code), day), code=code)


def windows_containing(day: date, planned: Iterable[PlannedVisit]) -> list[PlannedVisit]:
    """The visits still expected whose window holds this day.

    Nearest to their target first; on a tie the HSCT clock, then the visit with more forms.
    """
    return sorted((v for v in planned if not v.superseded and v.holds(day)), key=lambda v: _distance(v, day))


def visit_on(
    form: str, day: date, planned: Iterable[PlannedVisit], *, taken: Collection[str] = ()
) -> str | None:
    """The visit at which a form dated `day` belongs, or None: then it is unscheduled (UNSn).

    A form that sets an anchor belongs to its visit whatever its day. `taken` names the visits whose page of
    this form is filled already: of two dates in a window the other is unscheduled.
    """
    open_visits = [visit for visit in planned if visit.code not in taken and _has_page(visit, form)]
    if form in ANCHOR_FORMS:
        return next((visit.code for visit in open_visits if visit.code == ANCHOR_FORMS[form]), None)
    return next((visit.code for visit in windows_containing(day, open_visits)), None)


def car_day(day: date, t0: date) -> int:
    """Day of the CAR-T clock: 0 is the day of infusion."""
    return (day - t0).days


def hsct_day(day: date, h0: date) -> int:
    """Day of the HSCT clock: 0 is the day of graft infusion."""
    return (day - h0).days


def study_day(day: date, origin: date) -> int:
    """SDTM study day: the origin is day 1 and the day before it day -1; there is no day 0."""
    days = (day - origin).days
    return days + 1 if days >= 0 else days


def clock_label(day_number: int) -> str:
    """A day of either clock as clinicians write it: D0, D+14, D−3 (with a true minus)."""
    sign = "+" if day_number > 0 else "−" if day_number < 0 else ""
    return f"D{sign}{abs(day_number)}"


def _placed(visit: VisitType, origin: date | None, *, predicted: bool = False) -> PlannedVisit:
    """The visit on a clock whose day 0 is `origin`; without dates where origin or target day is unknown."""
    if origin is None or visit.target_day is None:
        return PlannedVisit(visit.code, None, None, None, predicted, forms=visit.forms)
    return _around(visit, origin + timedelta(days=visit.target_day), predicted=predicted)


def _around(visit: VisitType, target: date, *, predicted: bool = False) -> PlannedVisit:
    opens, closes = target - timedelta(days=visit.before), target + timedelta(days=visit.after)
    return PlannedVisit(visit.code, target, opens, closes, predicted, forms=visit.forms)


def _has_page(visit: PlannedVisit, form: str) -> bool:
    return any(due.form == form and not due.page_at for due in visit.forms)


def _distance(visit: PlannedVisit, day: date) -> tuple[bool, int, bool, int]:
    days = abs((day - visit.target).days) if visit.target else 0
    on_hsct_clock = visit_type(visit.code).clock is Clock.HSCT
    return visit.target is None, days, not on_hsct_clock, -len(visit.forms)
