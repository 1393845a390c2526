"""From an adverse event to the report of a serious one in one step: what is known is carried over.

The initial report takes over what the investigator says of causality; each later one what the report before
it says, which is then brought up to date. Reports of an event are in order: initial, follow-ups, final.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.casebook.form import FormRow, form_model
from patients.casebook.page import Page
from patients.entry.edits import next_key
from patients.entry.opening import open_log
from patients.entry.refusals import NotSaved
from patients.entry.save import Saved, save_page
from patients.forms.serious_adverse_event import FINAL, FOLLOW_UPS, INITIAL, RELATIONS, place_of_report
from trial.people.access import Person
from trial.trail.actor import Source

EVENTS, REPORTS = "AE", "SAE"
CARRIED = ("sae_hosp_from", "sae_hosp_to", "sae_narrative", "sae_causality_inv")
"""What a follow-up takes over from the report before it."""


class NoReport(NotSaved):
    """This event cannot be reported (again): it is not serious, or its final report is there (422)."""


@dataclass(frozen=True, slots=True)
class NextReport:
    """The report of an event that comes next: what it is, and what it takes over, as it would be typed."""

    event: Any
    report_type: str
    carried: Mapping[str, str]

    @property
    def type_label(self) -> str:
        item: Any = form_model(REPORTS).item("sae_report_type")
        return str(item.codes.labels[self.report_type])


def next_report(page: Page, key: str) -> NextReport:
    """The next report of the event of this key on the page of events. Raises NoReport."""
    events: Any = form_model(EVENTS).of_page(page)
    event = events.filter(row_key=key).first()  # none on a page of another form
    if event is None or not event.ae_serious:
        raise NoReport(_("Only an event that is said to be serious is reported."))
    model: Any = form_model(REPORTS)
    told = model.objects.filter(page__subject=page.subject, sae_ae=key).exclude(sae_report_type=None)
    reports = sorted(told, key=lambda row: place_of_report(row.sae_report_type))
    if not reports:
        return NextReport(event, INITIAL, _of_event(event))
    last = reports[-1]
    if last.sae_report_type == FINAL or place_of_report(last.sae_report_type) == len(FOLLOW_UPS):
        raise NoReport(_("The final report of this event is there."))
    following = list(FOLLOW_UPS)[place_of_report(last.sae_report_type)]
    return NextReport(event, following, _of_report(last))


def _of_event(event: Any) -> dict[str, str]:
    """What the event says of each component, as the investigator's causality."""
    said = {component: getattr(event, item) for component, item in RELATIONS.items()}
    grid = {component: relation for component, relation in said.items() if relation}
    item = form_model(REPORTS).item("sae_causality_inv")
    return {"sae_causality_inv": item.text(grid)} if grid else {}


def _of_report(report: FormRow) -> dict[str, str]:
    texts = {name: report.item(name).text(getattr(report, name)) for name in CARRIED}
    return {name: text for name, text in texts.items() if text}


def report_event(page: Page, key: str, aware: str, *, by: Person, request_id: str = "") -> Saved:
    """Begin the next report of an event, of which the site knows since `aware` (as it is typed); it is saved
    with what is carried over. The page of the reports is opened if it is not there.

    Raises NoReport, and what `open_log` and `save_page` raise.
    """
    with transaction.atomic():
        log = open_log(page.subject, REPORTS, by=by, request_id=request_id)
        found = next_report(page, key)
        taken = form_model(REPORTS).every.filter(page=log).values_list("row_key", flat=True)
        row = {"sae_ae": key, "sae_report_type": found.report_type, "sae_aware_dt": aware, **found.carried}
        return save_page(
            log,
            {next_key(set(taken)): row},
            by=by,
            base_version=log.version,
            source=Source.WEB,
            request_id=request_id,
        )
