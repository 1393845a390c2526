"""Adverse events, reports of serious ones, and deaths of the same subjects, held side by side.

Edit checks look at one row while it is entered; here they are read together, as the lock asks
(specification 5.4: reconciled before a subject is locked). Nothing is written.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from patients.casebook.answers import local_day
from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.forms.adverse_event import ENDED, is_pregnancy, is_second_malignancy
from patients.forms.serious_adverse_event import FINAL
from patients.items.partial_date import PartialDate

FATAL_GRADE, FATAL = "5", "FATAL"
HOSPITAL, DISEASE = "hospitalisation_prolongation", "relapse_progression"


class Kind(StrEnum):
    """What does not agree."""

    UNREPORTED = "unreported"
    NOT_SERIOUS = "not_serious"
    NO_EVENT = "no_event"
    AWARE_BEFORE = "aware_before"
    NO_ADMISSION = "no_admission"
    NO_DEATH = "no_death"
    NO_FATAL_EVENT = "no_fatal_event"
    OTHER_DAY = "other_day"
    RELATED_OTHERWISE = "related_otherwise"
    MALIGNANCY_NOT_SERIOUS = "malignancy_not_serious"
    MALIGNANCY_WITHOUT_EVENT = "malignancy_without_event"
    PREGNANCY_NOT_SERIOUS = "pregnancy_not_serious"
    PREGNANCY_WITHOUT_OUTCOME = "pregnancy_without_outcome"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Two records of a subject that do not agree. `rows` are those it is about; `named` is said of them."""

    kind: Kind
    subject: str
    rows: tuple[Any, ...]
    named: dict[str, str] = field(default_factory=dict)


@dataclass
class Recorded:
    """What one subject has of these forms, the rows that stand."""

    subject: str
    events: dict[str, Any] = field(default_factory=dict)
    reports: list[Any] = field(default_factory=list)
    deaths: list[Any] = field(default_factory=list)
    contacts: list[Any] = field(default_factory=list)
    """Those at which a second malignancy was found."""

    def reports_of(self, key: str) -> list[Any]:
        return [report for report in self.reports if report.sae_ae == key]

    def listed(self, form: str) -> list[Any]:
        """The rows of a form that are told apart by nothing."""
        return {"SAE": self.reports, "DTH": self.deaths, "FU": self.contacts}[form]

    @property
    def malignant(self) -> list[Any]:
        return [e for e in self.events.values() if is_second_malignancy(e.ae_special, e.ae_ctcae_term)]

    @property
    def fatal(self) -> list[Any]:
        return [event for event in self.events.values() if is_fatal(event)]


def is_fatal(event: Any) -> bool:
    return bool(event.ae_grade == FATAL_GRADE or event.ae_outcome == FATAL)


def reconcile(pages: "QuerySet[Page, Any]") -> list[Mismatch]:
    """What does not agree among the events, reports, deaths and contacts on these pages, by subject; in four
    statements however many there are."""
    return [
        found
        for _code, recorded in sorted(_by_subject(pages).items())
        for rule in RULES
        for found in rule(recorded)
    ]


def _by_subject(pages: "QuerySet[Page, Any]") -> dict[str, Recorded]:
    found: dict[str, Recorded] = {}
    for form in ("AE", "SAE", "DTH", "FU"):
        model: Any = form_model(form)  # the checker knows the abstract base alone
        rows = model.objects.filter(page__in=pages.filter(form_code=form).order_by())
        if form == "FU":
            rows = rows.exclude(fu_second_ca=None).exclude(fu_second_ca="no")
        for row in rows.select_related("page__subject", "page__visit").order_by("page__subject__code", "pk"):
            code = row.page.subject.code
            recorded = found.setdefault(code, Recorded(code))
            if form == "AE":
                recorded.events[row.row_key] = row
            else:
                recorded.listed(form).append(row)
    return found


# --- the rules ---------------------------------------------------------------------------------------------
def _unreported(found: Recorded) -> Iterator[Mismatch]:
    for key, event in found.events.items():
        if event.ae_serious and not found.reports_of(key):
            yield Mismatch(Kind.UNREPORTED, found.subject, (event,))


def _without_event(found: Recorded) -> Iterator[Mismatch]:
    for report in found.reports:
        event = found.events.get(report.sae_ae or "")
        if event is None:
            yield Mismatch(Kind.NO_EVENT, found.subject, (report,), {"key": report.sae_ae or "–"})
        elif not event.ae_serious:
            yield Mismatch(Kind.NOT_SERIOUS, found.subject, (event, report))


def _aware_before(found: Recorded) -> Iterator[Mismatch]:
    for report in found.reports:
        event = found.events.get(report.sae_ae or "")
        day = local_day(report.sae_aware_dt)
        if event is not None and event.ae_start and day and day < event.ae_start.earliest:
            named = {"aware": str(day), "start": str(event.ae_start)}
            yield Mismatch(Kind.AWARE_BEFORE, found.subject, (event, report), named)


def _without_admission(found: Recorded) -> Iterator[Mismatch]:
    for key, event in found.events.items():
        reports = found.reports_of(key)
        asked = bool(reports) and HOSPITAL in (event.ae_ser_crit or ())
        if asked and not any(report.sae_hosp_from for report in reports):
            yield Mismatch(Kind.NO_ADMISSION, found.subject, (event, reports[0]))


def _deaths(found: Recorded) -> Iterator[Mismatch]:
    """A death of the disease has no event of its own: progression is none."""
    if not found.deaths:
        yield from (Mismatch(Kind.NO_DEATH, found.subject, (event,)) for event in found.fatal)
    for death in found.deaths:
        if not found.fatal and death.dth_primary != DISEASE:
            yield Mismatch(Kind.NO_FATAL_EVENT, found.subject, (death,))


def _other_day(found: Recorded) -> Iterator[Mismatch]:
    for death in found.deaths:
        for event in found.fatal:
            ended: PartialDate | None = event.ae_end
            if ended and death.dth_dt and not ended.earliest <= death.dth_dt <= ended.latest:
                named = {"ended": str(ended), "died": str(death.dth_dt)}
                yield Mismatch(Kind.OTHER_DAY, found.subject, (event, death), named)


def _related_otherwise(found: Recorded) -> Iterator[Mismatch]:
    for death in found.deaths:
        for event in found.fatal:
            pairs = ((event.ae_rel_cart, death.dth_rel_cart), (event.ae_rel_hsct, death.dth_rel_hsct))
            if any(one and other and one != other for one, other in pairs):
                yield Mismatch(Kind.RELATED_OTHERWISE, found.subject, (event, death))


def _malignancy(found: Recorded) -> Iterator[Mismatch]:
    """A second malignancy is always a serious event (X-FU-04), under the clock of any other."""
    for event in found.malignant:
        if not event.ae_serious:
            yield Mismatch(Kind.MALIGNANCY_NOT_SERIOUS, found.subject, (event,))
    if not found.malignant:
        yield from (
            Mismatch(Kind.MALIGNANCY_WITHOUT_EVENT, found.subject, (contact,)) for contact in found.contacts
        )


def _pregnancy(found: Recorded) -> Iterator[Mismatch]:
    """A pregnancy runs under the clock of a serious event, and its reports end with its outcome."""
    for key, event in found.events.items():
        if not is_pregnancy(event.ae_term):
            continue
        if not event.ae_serious:
            yield Mismatch(Kind.PREGNANCY_NOT_SERIOUS, found.subject, (event,))
        final = [report for report in found.reports_of(key) if report.sae_report_type == FINAL]
        if final and event.ae_outcome not in ENDED:
            yield Mismatch(Kind.PREGNANCY_WITHOUT_OUTCOME, found.subject, (event, final[0]))


RULES: tuple[Callable[[Recorded], Iterable[Mismatch]], ...] = (
    _unreported,
    _without_event,
    _aware_before,
    _without_admission,
    _deaths,
    _other_day,
    _related_otherwise,
    _malignancy,
    _pregnancy,
)


def counted(found: Iterable[Mismatch]) -> dict[Kind, int]:
    """How many there are of each kind."""
    numbers: dict[Kind, int] = defaultdict(int)
    for each in found:
        numbers[each.kind] += 1
    return dict(numbers)
