"""Response assessments: the components of marrow, MRD, nodes and blood, from which the engine must arrive at
the response of the timeline by itself. The response is never written, but for the investigator's own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from patients.builder.counts import counts_on
from patients.builder.screening import SCREENING, blood_blasts_at_screening, marrow_blasts_at_screening
from patients.builder.story import PageRow, Story
from patients.builder.timeline import Diagnosis, RelapseType
from patients.forms.response import PET_EXPECTED_AT
from patients.forms.transplantation import RESPONSE_HOLDS_DAYS
from patients.grading.response import ResponseInput, protocol_response
from patients.schedule.plan import PlannedVisit
from trial.protocol.visits import visit_type

RELAPSE_VISIT = "RLPv1"
TRANSPLANT_WORK_UP = "HW"
REMISSION_CHECK = "C14R"
WITHOUT_RESPONSE_AT_LEAST = Decimal("0.7")  # of the marrow blasts at screening: above half, so never a PR
ACTIVE_FROM_PCT = Decimal("5.0")


class Finding(StrEnum):
    """What an assessment finds; the value is the investigator's response."""

    ACTIVE = "NR"
    MARROW_NOT_DONE = "NE"
    REMISSION = "CRi"
    RELAPSE = "RELAPSE"


@dataclass(frozen=True, slots=True)
class Assessment:
    """One page: its day, its visit (None: unscheduled) and what it finds."""

    day: date
    visit: str | None
    finding: Finding


def response_assessment(story: Story) -> Iterator[PageRow]:
    """RESP: at screening, at the visits until relapse, on the day of the first CRi, before the graft, at
    relapse."""
    for assessment in assessments(story):
        yield PageRow(
            form="RESP", day=assessment.day, visit=assessment.visit, values=_Page(story, assessment).values()
        )


def assessments(story: Story) -> list[Assessment]:
    """All assessments of a patient, by day."""
    found = [
        Assessment(story.screened_on, SCREENING, Finding.ACTIVE),
        *_first_remission(story),
        *_at_relapse(story),
    ]
    found += _at_visits(story, {assessment.visit for assessment in found})
    found += _before_graft(story, found)
    return sorted(found, key=lambda assessment: assessment.day)


def _first_remission(story: Story) -> Iterator[Assessment]:
    day = story.facts.cri_date
    if day is not None:
        yield Assessment(day, _visit_on(story, day), Finding.REMISSION)


def _visit_on(story: Story, day: date) -> str | None:
    """After the infusion the baseline is there, so its visit, however near, takes no other assessment."""
    return story.visit_on("RESP", day, taken=[SCREENING])


def _at_relapse(story: Story) -> Iterator[Assessment]:
    """On the day of relapse; on the next if the graft was given on it, which needs a remission that day."""
    facts = story.facts
    if facts.relapse_date is None:
        return
    day = facts.relapse_date + timedelta(facts.relapse_date == facts.hsct_date)
    if day <= facts.last_contact_date:
        yield Assessment(day, RELAPSE_VISIT, Finding.RELAPSE if facts.cri_date else Finding.ACTIVE)


def _at_visits(story: Story, taken: set[str | None]) -> Iterator[Assessment]:
    """At the expected visits up to relapse or last contact. Before the first CRi the marrow is not done, so
    that its day is the first on which a remission can be seen."""
    for visit in story.visits_after_infusion("RESP"):
        day = _day_of_visit(story, visit)
        if visit.code in taken or day is None or day == story.facts.cri_date:
            continue
        if _visit_on(story, day) == visit.code:
            yield Assessment(day, visit.code, _finding_on(story, day))


def _day_of_visit(story: Story, visit: PlannedVisit) -> date | None:
    """The remission check is brought forward where the patient is not followed so long."""
    day, latest = story.day_of_visit(visit), _last_day_at_visits(story)
    if visit.code == REMISSION_CHECK:
        day = min(day, latest)
    return day if day <= latest and visit.holds(day) else None


def _last_day_at_visits(story: Story) -> date:
    """The day before relapse or death, or the last contact."""
    facts = story.facts
    if facts.relapse_date:
        return facts.relapse_date - timedelta(1)
    return facts.last_contact_date - timedelta(story.died)


def _finding_on(story: Story, day: date) -> Finding:
    if story.in_cri_by(day):
        return Finding.REMISSION
    return Finding.ACTIVE if story.never_responded else Finding.MARROW_NOT_DONE


def _before_graft(story: Story, found: list[Assessment]) -> Iterator[Assessment]:
    """A remission in the 14 days up to the graft, and nothing else after it: where no other assessment says
    so, the transplant work-up does."""
    h0 = story.facts.hsct_date
    if h0 is None:
        return
    last = max((one for one in found if one.day <= h0), key=lambda one: one.day)
    if last.finding is Finding.REMISSION and (h0 - last.day).days <= RESPONSE_HOLDS_DAYS:
        return
    opens = h0 - timedelta(visit_type(TRANSPLANT_WORK_UP).before)
    day = story.day_between("RESP HW", max(opens, last.day + timedelta(1)), h0)
    yield Assessment(day, TRANSPLANT_WORK_UP, Finding.REMISSION)


@dataclass(frozen=True)
class _Page:
    """The answers of one assessment."""

    story: Story
    assessment: Assessment

    def values(self) -> dict[str, Any]:
        finding = self.assessment.finding
        marrow = {"bm_done": False} if finding is Finding.MARROW_NOT_DONE else self._marrow()
        response = {"resp_inv": self._investigator()}
        return {"resp_dt": self.assessment.day} | marrow | self._elsewhere() | self._nodes() | response

    def _investigator(self) -> str:
        """Without a marrow, the lymphoma that is still there is no response."""
        if self._in_remission:
            return remission_on(self.story, self.assessment.day)
        not_done = self.assessment.finding is Finding.MARROW_NOT_DONE
        return Finding.ACTIVE.value if not_done and self.story.has_lymphoma else self.assessment.finding.value

    @property
    def _in_remission(self) -> bool:
        return self.assessment.finding is Finding.REMISSION

    @property
    def _is_baseline(self) -> bool:
        return self.assessment.visit == SCREENING

    def _draw(self, item: str) -> str:
        return f"RESP {self.assessment.day} {item}"

    # --- marrow and blood ----------------------------------------------------------------------------------
    def _marrow(self) -> dict[str, Any]:
        low, high = (15, 40) if self._in_remission else (50, 90)
        values: dict[str, Any] = {
            "bm_done": True,
            "bm_adequate": "yes",
            "bm_blast": self._marrow_blasts(),
            "bm_cellularity": 5 * self.story.number(self._draw("bm_cellularity"), low // 5, high // 5),
        }
        values |= self._residual_disease() if self._in_remission else {"mrd_done": False}
        if not self._in_remission or not self.story.is_mrd_negative:
            values["cd7_relapse_resp"] = self._cd7()
        return values

    def _marrow_blasts(self) -> Decimal:
        story, baseline = self.story, marrow_blasts_at_screening(self.story)
        if self._in_remission:
            return story.decimal(self._draw("bm_blast"), "0.0", "3.5")
        if self._is_baseline:
            return baseline
        if self.assessment.visit == RELAPSE_VISIT:
            return relapsed_marrow_blasts(story)
        share = story.decimal(self._draw("bm_blast"), str(WITHOUT_RESPONSE_AT_LEAST), "1.1")
        return max(ACTIVE_FROM_PCT, (baseline * share).quantize(Decimal("0.1")))

    def _cd7(self) -> str:
        at_relapse = self.assessment.visit == RELAPSE_VISIT
        escaped = self.story.facts.relapse_type is RelapseType.CD7_NEGATIVE
        return "negative" if at_relapse and escaped else "positive"

    def _residual_disease(self) -> dict[str, Any]:
        """MRD of a remission: the same class on every page, so that the first says what the best was."""
        story = self.story
        negative = ("0.000", "0.000", "0.002", "0.005")
        value = (
            Decimal(story.one_of(self._draw("mrd_value"), negative))
            if story.is_mrd_negative
            else story.decimal(self._draw("mrd_value"), "0.020", "0.900")
        )
        return {
            "mrd_done": True,
            "mrd_method": ["multiparameter_flow"],
            "mrd_sample": True,
            "mrd_value": value,
            "mrd_lod": Decimal("0.002"),
            "mrd_events": 10_000 * story.number(self._draw("mrd_events"), 60, 150),
        }

    def _elsewhere(self) -> dict[str, Any]:
        """Blood, extramedullary sites, CNS. After a remission a relapse shows in the marrow alone."""
        never_in_remission = self.assessment.finding is Finding.ACTIVE
        values: dict[str, Any] = {
            "pb_blast": blood_blasts_at_screening(self.story) if never_in_remission else Decimal("0.0"),
            "emd_resp": self._extramedullary(),
            "cns_resp": "CNS1",
        }
        if self.story.facts.diagnosis is Diagnosis.AML:
            values["auer"] = False
        return values

    # --- nodes ---------------------------------------------------------------------------------------------
    def _extramedullary(self) -> str:
        if not self.story.has_lymphoma:
            return "none_ever"
        if self.assessment.finding in (Finding.REMISSION, Finding.RELAPSE):
            return "resolved"
        return "progressive" if self.assessment.visit == RELAPSE_VISIT else "stable"

    def _nodes(self) -> dict[str, Any]:
        """PET-CT of a lymphoma: at screening, at the first CRi and where the protocol expects it."""
        if not self.story.has_lymphoma:
            return {}
        if not self._has_pet():
            return {"pet_done": False}
        if self._in_remission:
            return {
                "pet_done": True,
                "deauville": self.story.one_of(self._draw("deauville"), ("1", "2", "3")),
            }
        return {"pet_done": True, "deauville": "5", "pet_change": "unchanged"}

    def _has_pet(self) -> bool:
        day, visit, finding = self.assessment.day, self.assessment.visit, self.assessment.finding
        if finding is Finding.MARROW_NOT_DONE:
            return False
        return self._is_baseline or day == self.story.facts.cri_date or visit in PET_EXPECTED_AT


def remission_on(story: Story, day: date) -> str:
    """CR, CRh or CRi by the protocol's policy, with the counts of the day."""
    neutrophils, platelets = counts_on(story, day)
    given = ResponseInput(
        disease=story.diagnosis,
        marrow_done=True,
        marrow_blast=Decimal(0),
        anc=neutrophils,
        platelets=platelets,
    )
    return str(protocol_response(given).value)


def relapsed_marrow_blasts(story: Story) -> Decimal:
    """In %, at relapse or progression: more than at screening where there was no remission."""
    if story.facts.cri_date is None:
        baseline = marrow_blasts_at_screening(story)
        return baseline + story.decimal("RLP rlp_bm_blast", "5.0", "25.0")
    return story.decimal("RLP rlp_bm_blast", "8.0", "70.0")
