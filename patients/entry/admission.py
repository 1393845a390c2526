"""The way of a subject into the trial: consent, eligibility, signature, enrolment, lymphodepletion, infusion.

It says which step is done and what would refuse the next one today (hard stops 1, 2 and 4 of section 5.1 of
the specification). No rule is written here: the gates of a save, the limits of the items and the approvals of
the site are asked as a save on this day would ask them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Record, RowAnswers, StoredCasebook, local_day
from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.checks import blocking
from patients.entry.edits import Edit
from patients.entry.following import findings_on
from patients.entry.gates import ENROLMENT, approval_findings, gate_findings
from patients.entry.watching import forms_shown
from patients.forms.anchors import first_dose_day
from patients.forms.eligibility import attested
from patients.items.problems import Finding, Severity
from patients.oversight.queries import Query, QueryState
from trial.protocol.visits import ANCHOR_FORMS

SIGNED_FIRST = "X-ELIG-12"
NOT_ELIGIBLE = "X-ELIG-05"


class Step(StrEnum):
    """The steps, in their order."""

    CONSENT = "consent"
    ELIGIBILITY = "eligibility"
    SIGNATURE = "signature"
    ENROLMENT = "enrolment"
    LYMPHODEPLETION = "lymphodepletion"
    INFUSION = "infusion"


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a step stands: whether it is done, on which day, signed by whom (a user name); on which page it
    is taken, and what would refuse it today, which is asked of the next step alone."""

    step: Step
    is_done: bool
    on: date | datetime | None = None
    by: str = ""
    page: Page | None = None
    is_next: bool = False
    stops: list[Finding] = field(default_factory=list)


def forms_of_admission() -> set[str]:
    """The forms that are asked, to be loaded together."""
    return {"EOS", "DTH", "REL"}.union(*(forms_shown(form) for form in ("ELIG", "LD", "INF")))


def admission_of(casebook: StoredCasebook, now: datetime) -> list[Taken]:
    """Every step of a subject, in order."""
    return _Admission(casebook, now).steps()


class _Admission:
    """The steps of one subject, as a save at this moment would find them."""

    def __init__(self, casebook: StoredCasebook, now: datetime) -> None:
        self.casebook, self.now, self.today = casebook, now, local_day(now) or now.date()
        self.page = casebook.page_at("ELIG", ANCHOR_FORMS["ELIG"])
        self.record = self._record("ELIG", ANCHOR_FORMS["ELIG"])
        self.standing = blocking(findings_on(self.page, casebook)) if self.page else []

    def steps(self) -> list[Taken]:
        found: list[Taken] = []
        for step in Step:
            taken = self._taken(step)
            is_next = not taken.is_done and all(each.is_done for each in found)
            stops = self._stops(step) if is_next else []
            found.append(
                Taken(step, taken.is_done, taken.on, taken.by, taken.page, is_next=is_next, stops=stops)
            )
        return found

    # --- what is done ------------------------------------------------------------------------------------
    def _taken(self, step: Step) -> Taken:
        values = self.record.values
        if step is Step.CONSENT:
            return Taken(step, bool(values["icf_main_signed"]), values["icf_main_dt"], page=self.page)
        if step is Step.ELIGIBILITY:
            is_done = bool(values["eligible"]) and not self._against_eligibility()
            return Taken(step, is_done, page=self.page)
        if step is Step.SIGNATURE:
            return self._signature()
        if step is Step.ENROLMENT:
            day = values[ENROLMENT]
            is_done = day is not None and not self._on_enrolment(self.standing)
            return Taken(step, is_done, day, page=self.page)
        if step is Step.LYMPHODEPLETION:
            day = first_dose_day(RowAnswers(self.record, self.casebook))
            return Taken(step, day is not None, day, page=self.casebook.page_at("LD", "LD1"))
        begun = self._record("INF", ANCHOR_FORMS["INF"]).values["inf_start_dt"]
        page = self.casebook.page_at("INF", ANCHOR_FORMS["INF"])
        return Taken(step, begun is not None, begun, page=page)

    def _signature(self) -> Taken:
        approvals = self.page.approved if self.page else ()
        signed = attested(self.record, approvals).values
        on = signed["signed_in_source_on"]
        return Taken(Step.SIGNATURE, on is not None, on, signed["signed_in_source_by"] or "", self.page)

    # --- what would refuse it ----------------------------------------------------------------------------
    def _stops(self, step: Step) -> list[Finding]:
        ask = {
            Step.CONSENT: lambda: [],
            Step.ELIGIBILITY: self._against_eligibility,
            Step.SIGNATURE: self._against_signature,
            Step.ENROLMENT: self._against_enrolment,
            Step.LYMPHODEPLETION: lambda: self._against("LD", "ld_date", self.today),
            Step.INFUSION: self._against_infusion,
        }[step]
        treated = Page(subject=self.casebook.subject, form_code="LD")
        return [*gate_findings(treated, (), [], self.casebook), *ask()]

    def _against_eligibility(self) -> list[Finding]:
        """What keeps the page from being complete, but for the enrolment; and that the subject is not
        eligible."""
        refused = [
            found for found in self._against("LD", "ld_date", self.today) if found.check == NOT_ELIGIBLE
        ]
        return [*refused, *(found for found in self.standing if found.item != ENROLMENT)]

    def _against_signature(self) -> list[Finding]:
        """All that stands against the page or is asked of it, but for what the signature itself settles."""
        standing = [found for found in self.standing if found.check != SIGNED_FIRST]
        named = {(found.item, found.check) for found in standing}
        asked = Query.objects.filter(page=self.page, state=QueryState.OPEN).exclude(check_id=SIGNED_FIRST)
        return [
            *standing,
            *(
                Finding(query.item, query.text, Severity.HARD, query.row_key, check=query.check_id)
                for query in asked.with_question().order_by("pk")
                if not query.is_automatic or (query.item, query.check_id) not in named
            ),
        ]

    def _against_enrolment(self) -> list[Finding]:
        if self.page is None:
            return []
        item = form_model("ELIG").item(ENROLMENT)
        edit = Edit("", item, self.today, "", None, "", 0)
        return [*approval_findings(self.page, [edit]), *self._against("ELIG", ENROLMENT, self.today)]

    def _against_infusion(self) -> list[Finding]:
        """The limits of T0, and that no batch may be infused now."""
        return [*self._against("INF", "inf_start_dt", self.now), *self._against_every_batch()]

    def _against_every_batch(self) -> list[Finding]:
        batches = [row.values["batch_no"] for row in self.casebook.records("REL") if row.values["batch_no"]]
        if not batches:
            return [Finding("inf_batch", _("No batch of the product is recorded."), Severity.HARD)]
        refused = [self._against("INF", "inf_batch", batch) for batch in batches]
        return [] if not all(refused) else [found for each in refused for found in each]

    def _against(self, form: str, item: str, value: Any) -> list[Finding]:
        """What the limits of an item would refuse, if this were entered now."""
        record = self._record(form, ANCHOR_FORMS.get(form, ""))
        values = record.values | {"inf_start_dt": self.now} if form == "INF" else record.values
        answers = RowAnswers(Record(form, record.visit, "", record.form_date, values), self.casebook)
        return blocking(form_model(form).item(item).findings(value, answers))

    @staticmethod
    def _on_enrolment(findings: Iterable[Finding]) -> list[Finding]:
        return [found for found in findings if found.item == ENROLMENT]

    def _record(self, form: str, visit: str) -> Record:
        """The answers of the page of a form that a subject has once; all empty before there are any."""
        found = [record for record in self.casebook.records(form) if record.visit == visit]
        empty = dict.fromkeys(item.name for item in form_model(form).items())
        return found[0] if found else Record(form, visit, "", None, empty)
