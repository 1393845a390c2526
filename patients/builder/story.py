"""One patient's timeline as the builder tells it: subject code, days of screening, visits, and chance.

Whatever the timeline leaves open is drawn from a hash of the patient's identifier and of the purpose of the
draw. So the same table always gives the same casebook, and a form that is added later changes no other.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cached_property
from typing import Any, TypeVar

from patients.builder.timeline import DeathCause, Diagnosis, Response, Timeline
from patients.forms.age import ADULT_YEARS
from patients.forms.demographics import DAYS_PER_YEAR
from patients.items.codelists import slug
from patients.schedule.plan import Anchors, Plan, PlannedVisit, plan, visit_on
from trial.protocol.configuration import SETTINGS
from trial.protocol.study import SITE_ZONE
from trial.protocol.visits import Clock, visit_type

T = TypeVar("T")

CONSENT_BEFORE_ENROLMENT_DAYS = (1, 7)
CONSENT_BEFORE_LYMPHODEPLETION_DAYS = 28  # later a consent is asked about, and so is the CD7 test
ADULT_FROM_DAYS = int(ADULT_YEARS * DAYS_PER_YEAR) + 1
LYMPHODEPLETION_DAYS = 3
LYMPHODEPLETION_TO_INFUSION_DAYS = 6  # planned, where no infusion happened
NO_TRANSPLANT_DECIDED_ON_CAR_DAY = 53
VISIT_JITTER_DAYS = 2  # a visit falls so near its target
DAY_TO_DAY = Decimal("1.20")  # so far a steady value swings


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One row of a form before it is text. `visit` is None for an unscheduled one, whose number follows from
    its day; it is empty on a log form."""

    form: str
    day: date
    visit: str | None
    values: Mapping[str, Any]
    row_key: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """A patient under the subject's code."""

    subject: str
    facts: Timeline

    # --- chance --------------------------------------------------------------------------------------------
    def number(self, purpose: str, low: int, high: int) -> int:
        """A whole number from low to high."""
        digest = hashlib.sha256(f"{self.facts.patient_id}\n{purpose}".encode()).digest()
        return low + int.from_bytes(digest[:8]) % (high - low + 1)

    def decimal(self, purpose: str, low: str, high: str) -> Decimal:
        """A number from low to high with the decimals in which they are written."""
        places = Decimal(low).as_tuple().exponent
        return Decimal(self.number(purpose, _units(low), _units(high))).scaleb(int(places))

    def steady(self, purpose: str, state: int, day: date, low: str, high: str) -> Decimal:
        """A number from low to high that keeps to one level while the state lasts, from day to day by a fifth
        at most."""
        most = max(Decimal(low), (Decimal(high) / DAY_TO_DAY).quantize(Decimal(low), ROUND_DOWN))
        level = self.decimal(f"{purpose} {state}", low, str(most))
        swung = level * self.decimal(f"{purpose} {day}", "1.00", str(DAY_TO_DAY))
        return min(swung.quantize(Decimal(low), ROUND_DOWN), Decimal(high))

    def one_of(self, purpose: str, options: Sequence[T]) -> T:
        return options[self.number(purpose, 0, len(options) - 1)]

    def moment(self, purpose: str, day: date, *, from_hour: int, to_hour: int) -> datetime:
        """A time of that day at the site, on a whole five minutes."""
        minutes = 5 * self.number(purpose, from_hour * 12, to_hour * 12 - 1)
        return datetime.combine(day, time(minutes // 60, minutes % 60), SITE_ZONE)

    def day_between(self, purpose: str, first: date, last: date) -> date:
        return first + timedelta(self.number(purpose, 0, (last - first).days))

    # --- what the facts say --------------------------------------------------------------------------------
    @property
    def diagnosis(self) -> str:
        """As the forms code it."""
        return slug(self.facts.diagnosis)

    @property
    def has_lymphoma(self) -> bool:
        return self.facts.diagnosis is Diagnosis.T_LBL

    @property
    def died(self) -> bool:
        return self.facts.death_date is not None

    @property
    def never_responded(self) -> bool:
        return self.facts.response is Response.NO_RESPONSE

    @property
    def is_mrd_negative(self) -> bool:
        return self.facts.response is Response.MRD_NEG_CRI

    @property
    def died_of_relapse(self) -> bool:
        return self.facts.death_cause is DeathCause.RELAPSE

    def relapsed_by(self, day: date) -> bool:
        return self.facts.relapse_date is not None and self.facts.relapse_date <= day

    def in_cri_by(self, day: date) -> bool:
        return self.facts.cri_date is not None and self.facts.cri_date <= day

    # --- days of screening ---------------------------------------------------------------------------------
    @cached_property
    def consented_on(self) -> date:
        """A few days before enrolment; never before adulthood or the opening of the study, and where it can
        be, not more than 28 days before lymphodepletion."""
        facts = self.facts
        days = self.number("consent", *CONSENT_BEFORE_ENROLMENT_DAYS)
        not_before = [facts.date_of_birth + timedelta(ADULT_FROM_DAYS), _study_start()]
        if facts.ld_start_date:
            not_before.append(facts.ld_start_date - timedelta(CONSENT_BEFORE_LYMPHODEPLETION_DAYS))
        return min(max(facts.enrolment_date - timedelta(days), *not_before), facts.enrolment_date)

    @cached_property
    def screened_on(self) -> date:
        return self.day_between("screening", self.consented_on, self.facts.enrolment_date)

    @property
    def planned_infusion(self) -> date | None:
        """The day of infusion, else the day for which it was planned."""
        facts = self.facts
        if facts.cart_infusion_date or not facts.ld_start_date:
            return facts.cart_infusion_date
        return facts.ld_start_date + timedelta(LYMPHODEPLETION_TO_INFUSION_DAYS)

    @property
    def lymphodepletion_days(self) -> list[date]:
        """Three days in a row from the start, all before the infusion and in the time of follow-up."""
        start, infused = self.facts.ld_start_date, self.facts.cart_infusion_date
        if start is None:
            return []
        given = [start + timedelta(step) for step in range(LYMPHODEPLETION_DAYS)]
        return [
            day for day in given if day <= self.facts.last_contact_date and (not infused or day < infused)
        ]

    @property
    def no_transplant_on(self) -> date | None:
        """The day on which it is recorded that there is no transplantation: none without an infusion, or
        where nothing is known of the days after it."""
        facts = self.facts
        t0, last = facts.cart_infusion_date, facts.last_contact_date
        if t0 is None or facts.hsct_date or last == t0:
            return None
        return min(t0 + timedelta(NO_TRANSPLANT_DECIDED_ON_CAR_DAY), last)

    # --- visits --------------------------------------------------------------------------------------------
    @cached_property
    def plan(self) -> Plan:
        facts = self.facts
        transplanted = True if facts.hsct_date else False if self.no_transplant_on else None
        return plan(
            Anchors(
                consent=self.consented_on,
                eligible_signed=True,
                planned_infusion=self.planned_infusion,
                lymphodepletion_days=tuple(self.lymphodepletion_days),
                t0=facts.cart_infusion_date,
                h0=facts.hsct_date,
                hsct_done=transplanted,
                relapse=facts.relapse_date,
                death=facts.death_date,
                as_of=facts.last_contact_date,
            )
        )

    def expected_visits(self, form: str) -> list[PlannedVisit]:
        """The visits on the clocks of treatment at which the form is due and that are still expected, in the
        order of their days."""
        due = [v for v in self.plan if _is_treatment(v) and not v.superseded and _is_due(form, v)]
        return sorted(due, key=lambda visit: (visit.opens or date.min, visit.code))

    def visits_after_infusion(self, form: str) -> list[PlannedVisit]:
        """Those of them that open after the infusion."""
        t0 = self.facts.cart_infusion_date
        return [visit for visit in self.expected_visits(form) if t0 and visit.opens and visit.opens > t0]

    def day_of_visit(self, visit: PlannedVisit) -> date:
        """Near the target and within the window: one day for all forms of the visit."""
        target = visit.target
        if target is None or visit.opens is None or visit.closes is None:
            raise ValueError(f"{visit.code} has no window")
        first = max(visit.opens, target - timedelta(VISIT_JITTER_DAYS))
        last = min(visit.closes, target + timedelta(VISIT_JITTER_DAYS))
        return self.day_between(f"visit {visit.code}", first, last)

    def visit_on(self, form: str, day: date, taken: Iterable[str] = ()) -> str | None:
        """The visit to which a page of the form belongs by its day; None if it is unscheduled."""
        return visit_on(form, day, self.plan, taken=tuple(taken))


def _is_treatment(visit: PlannedVisit) -> bool:
    return visit.opens is not None and visit_type(visit.code).clock in (Clock.CAR_T, Clock.HSCT)


def _is_due(form: str, visit: PlannedVisit) -> bool:
    return any(due.form == form and not due.page_at for due in visit.forms)


def _study_start() -> date:
    """The default: what a registry has configured stands in its database, which is none of the builder's."""
    opened = SETTINGS["study_start"].default
    return opened if isinstance(opened, date) else date.min


def _units(number: str) -> int:
    """1.50 → 150."""
    return int(number.replace(".", ""))
