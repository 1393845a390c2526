"""What does not agree among events, reports and deaths, in words and with links to the records."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.items.problems import Text
from patients.oversight.reconciliation import Kind, Mismatch
from patients.web.safety_presenter import Tab, tabs_of
from patients.web.widgets import labels_of

WORDS: dict[Kind, Text] = {
    Kind.UNREPORTED: _("A serious event that nobody has reported."),
    Kind.NOT_SERIOUS: _("A report of an event that is not serious."),
    Kind.NO_EVENT: _("A report of event %(key)s, which is not there."),
    Kind.AWARE_BEFORE: _("The site knew of it on %(aware)s, before it began on %(start)s."),
    Kind.NO_ADMISSION: _("Serious for its stay in hospital, and no report has the day of admission."),
    Kind.NO_DEATH: _("A fatal event, and no form of death."),
    Kind.NO_FATAL_EVENT: _("A death that is not of the disease, and no fatal event."),
    Kind.OTHER_DAY: _("The fatal event ended on %(ended)s, and the death is dated %(died)s."),
    Kind.RELATED_OTHERWISE: _("Event and death say otherwise how they are related to the treatment."),
    Kind.MALIGNANCY_NOT_SERIOUS: _("A second malignancy that is not said to be serious."),
    Kind.MALIGNANCY_WITHOUT_EVENT: _("A second malignancy at a contact, and no adverse event of it."),
    Kind.PREGNANCY_NOT_SERIOUS: _("A pregnancy that is not said to be serious: no clock runs."),
    Kind.PREGNANCY_WITHOUT_OUTCOME: _("The final report of a pregnancy of which the outcome is not known."),
}


@dataclass(frozen=True, slots=True)
class RecordLink:
    """One of the records that it is about."""

    url: str
    place: str
    says: str


@dataclass(frozen=True, slots=True)
class MismatchLine:
    """One line: which subject, what does not agree, and where."""

    subject: str
    text: str
    records: list[RecordLink]


@dataclass(frozen=True, slots=True)
class ReconciliationScreen:
    """Everything that the template says."""

    tabs: list[Tab]
    lines: list[MismatchLine]
    subjects: int


def reconciliation_screen(found: Iterable[Mismatch]) -> ReconciliationScreen:
    lines = [
        MismatchLine(each.subject, str(WORDS[each.kind]) % each.named, [_record(row) for row in each.rows])
        for each in found
    ]
    return ReconciliationScreen(tabs_of("reconciliation"), lines, len({line.subject for line in lines}))


def _record(row: Any) -> RecordLink:
    form = row.form.code
    return RecordLink(row.page.get_absolute_url(), f"{form} {row.row_key}".strip(), _says[form](row))


def _event(row: Any) -> str:
    grade = f"{_label(row, 'ae_grade')}" if row.ae_grade else ""
    return " · ".join(part for part in (row.ae_term or "", grade, str(row.ae_start or "")) if part)


def _report(row: Any) -> str:
    return str(_label(row, "sae_report_type"))


def _death(row: Any) -> str:
    return " · ".join(part for part in (str(row.dth_dt or ""), _label(row, "dth_primary")) if part)


def _label(row: Any, name: str) -> str:
    value = getattr(row, name)
    return labels_of(row.item(name)).get(value, value or "")


def _contact(row: Any) -> str:
    return " · ".join(part for part in (str(row.fu_dt or ""), _label(row, "fu_second_ca")) if part)


_says = {"AE": _event, "SAE": _report, "DTH": _death, "FU": _contact}
