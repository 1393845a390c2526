"""The screening and enrolment log of a site: each subject, by its code, from consent to where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormRow, form_model
from patients.casebook.page import Subject
from patients.entry.doubles import doubles_among
from patients.forms.eligibility import EXCLUSION, INCLUSION
from patients.items.codelists import NO, YES
from patients.web.doubles_presenter import likely_doubles
from patients.web.shell import site_label
from patients.web.signature_presenter import signed_in_words
from patients.web.subject_presenter import ChipView
from trial.people.models import Site

FORM = "ELIG"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One subject of the log, as it is read."""

    code: str
    consent: str
    eligible: str
    failed: list[str]
    signed: str
    enrolled: str
    infused: str
    stands: str
    doubles: list[ChipView]


@dataclass(frozen=True, slots=True)
class LogScreen:
    """Everything that the template of the log says."""

    site: str
    lines: list[LogLine]
    file_url: str = ""


def log_screen(site: Site, subjects: Iterable[Any]) -> LogScreen:
    """The subjects of a site (as `subjects_for` finds them), in five statements however many they are."""
    model: Any = form_model(FORM)
    found = model.objects.filter(page__subject__site=site).select_related("page")
    rows = {row.page.subject_id: row for row in found}
    signed = signed_in_words(row.page_id for row in rows.values())
    alike = likely_doubles(doubles_among(Subject.objects.filter(site=site)))
    lines = [_line(each, rows.get(each.pk), signed, alike.get(each.code, [])) for each in subjects]
    return LogScreen(site_label(site), lines, reverse("log-file", args=[site.code]))


def _line(subject: Any, row: FormRow | None, signed: dict[int, str], doubles: list[ChipView]) -> LogLine:
    def shown(name: str) -> str:
        return row.item(name).shown(getattr(row, name)) if row else ""

    return LogLine(
        code=subject.code,
        consent=shown("icf_main_dt"),
        eligible=shown("eligible"),
        failed=_failed(row) if row else [],
        signed=(signed.get(row.page_id) or _in_the_source(row)) if row else "",
        enrolled=shown("enrol_dt"),
        infused=str(local_day(subject.t0) or ""),
        stands=_stands(subject, is_enrolled=bool(shown("enrol_dt"))),
        doubles=doubles,
    )


def _failed(row: FormRow) -> list[str]:
    """The criteria that were not met: why the screening failed, or what a waiver was asked for."""
    against = [(name, NO) for name in INCLUSION] + [(name, YES) for name in EXCLUSION]
    return [str(row.item(name).declared.label) for name, failing in against if getattr(row, name) == failing]


def _in_the_source(row: Any) -> str:
    """The principal investigator's signature where it was made on paper."""
    if not row.signed_in_source_by:
        return ""
    named = {"who": row.signed_in_source_by, "day": row.signed_in_source_on or "–"}
    return _("in the source: %(who)s, %(day)s") % named


def _stands(subject: Any, *, is_enrolled: bool) -> str:
    """The last that happened to the subject."""
    steps = (
        (subject.died, _("died %s") % subject.died),
        (subject.h0, _("transplanted %s") % local_day(subject.h0)),
        (subject.t0, _("infused %s") % local_day(subject.t0)),
        (is_enrolled, _("enrolled")),
    )
    return next((words for happened, words in steps if happened), _("in screening"))
