"""What the printed report of a serious event says, in boxes as a CIOMS I form has them: the reaction, the
products under suspicion, what else was given and came before, and who reports.

All reports of the event stand in it, the initial one first. The subject is named by code, age and sex, and
who reported by the role: names stand at the signatures alone, which have to show them (21 CFR 11.50).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from patients.casebook.answers import StoredCasebook
from patients.casebook.form import FormRow, form_model
from patients.casebook.page import Page
from patients.forms.adverse_event import is_pregnancy
from patients.forms.serious_adverse_event import place_of_report
from patients.items.missing import MissingReason
from patients.oversight.content import content_of, digest_of
from patients.oversight.signatures import signatures_on
from patients.web.clocks import local_now
from patients.web.shell import site_label
from patients.web.signature_presenter import signature_in_words, view_of
from patients.web.trail_presenter import ZONE
from patients.web.widgets import labels_of, shown_value
from trial.edition import EDITION
from trial.people.access import Person
from trial.protocol.study import STUDY

Line = list[str]
EVENT = (
    "ae_term", "ae_ctcae_term", "ae_ctcae_ver", "ae_start", "ae_start_time", "ae_end", "ae_grade",
    "ae_ser_crit", "ae_outcome", "ae_action", "ae_other_action", "ae_day_car", "ae_day_hsct",
)  # fmt: skip
RELATION = ("ae_rel_ld", "ae_rel_cart", "ae_rel_hsct", "ae_rel_disease")
COURSE = ("sae_aware_dt", "sae_hosp_from", "sae_hosp_to", "sae_narrative", "sae_causality_inv")
SPONSOR = (
    "sae_to_sponsor_dt", "sae_to_ec_dt", "sae_causality_spo", "sae_expected", "sae_susar", "sae_clock_days",
    "sae_due_dt", "sae_submitted_dt", "sae_fu8_due",
)  # fmt: skip
SUSPECT = (
    ("LD", ("ld_drug", "ld_date", "ld_dose_given", "ld_route")),
    ("INF", ("inf_start_dt", "inf_end_dt", "inf_dose_total", "inf_dose_kg")),
    ("HSCT", ("hsct_start_dt", "hsct_source", "graft_cd34", "graft_cd3")),
)
HISTORY = (("DX", ("dx_type", "dx_subtype", "dx_date", "disease_status")),)
BEFORE = ("PTHER", "PTX", "PCAR")
"""Of these it is said how many there are."""
MEDICINE = ("cm_name", "cm_dose", "cm_unit", "cm_freq", "cm_route", "cm_start", "cm_end", "cm_ind")
FORMS = ("AE", "SAE", "CM", "DX", "PTHER", "PTX", "PCAR", "LD", "INF", "HSCT")


class NothingReported(LookupError):
    """No report of this event stands on the page."""


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """The document as its template reads it, with the hash of what it shows and its number of reports."""

    data: dict[str, Any]
    sha256: str
    reports: int


def report_document(page: Page, key: str, subject: Any, *, by: Person) -> ReportDocument:
    """The reports of the event of this key that stand on a page of reports. `subject` is that of the page, as
    `subjects_for` finds it. Raises NothingReported."""
    casebook = StoredCasebook(page.subject)
    casebook.load(FORMS)
    rows: list[Any] = casebook.stored_on(page)
    reports = _in_order(row for row in rows if row.sae_ae == key)
    if not reports:
        raise NothingReported(key)
    event = next((row for row in casebook.stored("AE") if row.row_key == key), None)
    sha256 = digest_of(_content(page, reports, event))
    boxes = [
        _reaction(subject, event, reports),
        _suspects(casebook, event),
        _background(casebook, event),
        _reporting(page, reports),
    ]
    data = _frame(page, key, event, sha256, by) | {"boxes": boxes, "signatures": _signatures(page, casebook)}
    return ReportDocument(data, sha256, len(reports))


def _in_order(rows: Iterable[Any]) -> list[Any]:
    """Initial, follow-ups, final; one without its kind behind them."""

    def place(row: Any) -> tuple[bool, int, str]:
        kind = row.sae_report_type
        return kind is None, place_of_report(kind) if kind else 0, row.row_key

    return sorted(rows, key=place)


def _content(page: Page, reports: Sequence[FormRow], event: FormRow | None) -> dict[str, Any]:
    """The reports and their event by natural keys, in whatever language they are printed."""
    said = content_of(page, reports, form_model("SAE").form.version)
    if event is None:
        return {"reports": said, "event": None}
    return {"reports": said, "event": content_of(event.page, [event], form_model("AE").form.version)}


# --- the boxes ---------------------------------------------------------------------------------------------
def _reaction(subject: Any, event: Any, reports: Sequence[Any]) -> dict[str, Any]:
    age = _("%(age)s years") % {"age": subject.age} if subject.age is not None else "–"
    who = [
        [_("Subject"), subject.code, ""],
        [_("Age at consent"), age, ""],
        [_("Sex"), form_model("DM").item("sex").shown(subject.sex) or "–", ""],
    ]
    groups = [_group("", [*who, *_lines(event, EVENT)])]
    groups += [_group(_kind(report), _lines(report, COURSE)) for report in reports]
    return _box(_("I. The reaction"), groups)


def _suspects(casebook: StoredCasebook, event: Any) -> dict[str, Any]:
    groups = [
        _group(str(form_model(form).form.title), _lines(row, names))
        for form, names in SUSPECT
        for row in casebook.stored(form)
        if any(getattr(row, name) is not None for name in names)
    ]
    related = _group(_("Relation, as the investigator says"), _lines(event, RELATION))
    return _box(_("II. Products under suspicion"), [*groups, related])


def _background(casebook: StoredCasebook, event: Any) -> dict[str, Any]:
    """The medicines that were taken while the event lasted, and the history of the disease."""
    taken = [row for row in casebook.stored("CM") if _was_taken(row, event)]
    lines = [[_medicine(row), _one(row, "cm_ind")[0], ""] for row in taken]
    history = [
        line for form, names in HISTORY for row in casebook.stored(form) for line in _lines(row, names)
    ]
    history += [
        [str(form_model(form).form.title), str(len(casebook.stored(form))), _("records")] for form in BEFORE
    ]
    return _box(
        _("III. Other medicines and history"),
        [
            _group(_("Medicines taken while it lasted"), lines or [["–", "", ""]]),
            _group(_("History"), history),
        ],
    )


def _reporting(page: Page, reports: Sequence[Any]) -> dict[str, Any]:
    study = [
        [_("Study"), f"{STUDY.study_id} · {STUDY.registry_id}", ""],
        [_("Protocol"), STUDY.protocol_version, ""],
        [_("Site"), site_label(page.subject.site), ""],
        [_("Reported by"), str(form_model("SAE").form.enters), _("the role")],
    ]
    groups = [_group(_kind(report), _lines(report, SPONSOR)) for report in reports]
    return _box(_("IV. Sponsor and reporter"), [_group("", study), *groups])


def _box(title: str, groups: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "groups": groups}


def _group(title: str, lines: list[Line]) -> dict[str, Any]:
    return {"title": title, "lines": lines}


def _kind(report: Any) -> str:
    label = labels_of(report.item("sae_report_type")).get(report.sae_report_type or "", "–")
    changed = max(report.item_versions.values(), default=0)
    named = {"kind": label, "row": report.row_key, "version": changed}
    return _("Report %(row)s: %(kind)s (last changed in version %(version)s of the page)") % named


# --- values ------------------------------------------------------------------------------------------------
def _lines(row: Any, names: Iterable[str]) -> list[Line]:
    """Label, value and remark of each item; why one is missing stands in the place of its value."""
    if row is None:
        return [[_("Event"), _("is not on record"), ""]]
    return [[str(row.item(name).declared.label), *_one(row, name)] for name in names]


def _one(row: Any, name: str) -> tuple[str, str]:
    item = row.item(name)
    if missing := row.missing.get(name):
        return str(MissingReason(missing).label), _("no value")
    shown = shown_value(item, getattr(row, name), labels_of(item))
    return shown or "–", _("derived") if item.is_derived and shown else ""


def _medicine(row: Any) -> str:
    parts = (_one(row, name)[0] for name in MEDICINE[:-1])
    return " ".join(part for part in parts if part != "–")


def _was_taken(row: Any, event: Any) -> bool:
    """Whether a medicine may have been taken on a day of the event; what has no dates may have been."""
    if event is None or event.ae_start is None:
        return True
    last: date | None = event.ae_end.latest if event.ae_end else None
    began = row.cm_start is None or last is None or row.cm_start.earliest <= last
    ended = row.cm_end is not None and row.cm_end.latest < event.ae_start.earliest
    return began and not ended


def _signatures(page: Page, casebook: StoredCasebook) -> list[dict[str, str]]:
    rows = casebook.stored_on(page)
    return [signature_in_words(view_of(each, page, rows)) for each in signatures_on(page)]


# --- the frame ---------------------------------------------------------------------------------------------
def _frame(page: Page, key: str, event: Any, sha256: str, by: Person) -> dict[str, Any]:
    at = local_now()
    made = f"{at:%Y-%m-%d %H:%M:%S} {ZONE}"
    facts = _facts(page, key, sha256, _("%(at)s by %(who)s") % {"at": made, "who": by.user_name})
    return {
        "language": (get_language() or "en").partition("-")[0],
        "study": f"{STUDY.study_id} · {STUDY.registry_id}",
        "subject": page.subject.code,
        "title": _title(event),
        "subtitle": str(STUDY.title),
        "made": _("Chimera %(version)s · made %(at)s") % {"version": EDITION, "at": made},
        "short_hash": sha256[:16],
        "day": [at.year, at.month, at.day],
        "facts": [list(fact) for fact in facts],
        "words": {
            "heads": [_("Item"), _("Value"), _("Remark")],
            "signatures": _("Signatures"),
            "unsigned": _("Nobody has signed the page."),
        },
    }


def _title(event: Any) -> str:
    if event is not None and is_pregnancy(event.ae_term):
        return _("Report of a pregnancy")
    return _("Report of a serious adverse event")


def _facts(page: Page, key: str, sha256: str, made: str) -> Iterator[tuple[str, str]]:
    yield _("Subject"), page.subject.code
    yield _("Event"), key
    yield _("Page"), _("version %(version)s of the page") % {"version": page.version}
    yield _("State"), str(page.get_state_display())
    yield _("Made"), made
    yield _("SHA-256 of what is shown"), sha256
