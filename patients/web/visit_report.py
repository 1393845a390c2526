"""The report of a closed monitoring visit as PDF: its figures, the rows behind them, its action items.

What came in the period is read from the trail again; what waited at the close is what the visit keeps. So a
report that is made again says the same, but for a text that was hidden since. The hash is over the content by
natural keys and knows no language (decision 0045).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from patients.casebook.typesetting import typeset
from patients.oversight.content import digest_of
from patients.oversight.monitoring_visits import MonitoringVisit, VisitKind
from patients.oversight.queries import Query
from patients.oversight.since_visit import OF_PAGES, WAITING, Figure, question
from patients.web.clocks import full_day, local_now, moment
from patients.web.monitoring_rows import TITLES, cells_of, heads_of, page_cells
from patients.web.query_reading import names_in
from patients.web.trail_presenter import ZONE, roles_in_words
from trial.edition import EDITION
from trial.people.access import Person, actor_at, require
from trial.people.models import Site
from trial.people.roles import Permission
from trial.protocol.study import STUDY
from trial.trail.actor import Source, acting
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.record import Change, Place, record_event
from trial.trail.taken_out import taken_out

TEMPLATE = Path(__file__).with_name("visit_report.typ")
MOST_PRINTED = 500
"""Rows of one list; of longer ones the report says how many more there are."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is ready to leave. `content_sha256` is the hash of what it shows, which stands on it."""

    pdf: bytes
    name: str
    content_sha256: str


def export_report(visit: MonitoringVisit, language: str, *, by: Person, request_id: str = "") -> Report:
    """Make the report of a visit, with one event that holds its hashes. Raises PermissionDenied."""
    require(by, Permission.REVIEW_TRAIL, site=visit.site)
    rows = {figure: rows_of(figure, visit) for figure in Figure}
    sha256 = digest_of(_content(visit, rows))
    with translation.override(language):
        pdf = typeset(TEMPLATE, _document(visit, rows, sha256, by))
    actor = actor_at(by, site=visit.site, source=Source.WEB, request_id=request_id)
    entries = sum(visit.figures.values())
    with transaction.atomic(), acting(actor):
        place = Place(site=visit.site, about=f"visit {visit.began} to {visit.ended}, up to {visit.up_to}")
        changes = taken_out(entries=entries, digest=hashlib.sha256(pdf).hexdigest(), sites=[visit.site])
        changes += [_told("language", "Language", language)]
        changes += [_told("content_sha256", "SHA-256 of what is shown", sha256)]
        record_event("visit_report.exported", place, changes)
    return Report(pdf, f"visit-{visit.site}-{visit.ended}-{local_now():%Y%m%dT%H%M%S}.pdf", sha256)


def _told(item: str, label: str, text: str) -> Change:
    return Change(item, label, "", text, new_shown=text)


# --- what it shows -----------------------------------------------------------------------------------------
def rows_of(figure: Figure, visit: MonitoringVisit) -> list[Any]:
    """The rows of a figure of a closed visit: those of its period, and what waited when it was closed."""
    if figure in OF_PAGES:
        return list(visit.waiting[figure])
    if figure in WAITING:
        asked = Query.objects.at(Site.objects.filter(code=visit.site)).filter(pk__in=visit.waiting[figure])
        return list(asked.with_place().with_question().order_by("pk"))
    return list(question(figure, visit.period))


def _content(visit: MonitoringVisit, rows: dict[Figure, list[Any]]) -> dict[str, Any]:
    """What is shown, by natural keys. A query is named by its number, as on the screens."""
    return {
        "site": visit.site,
        "kind": visit.kind,
        "days": [str(visit.began), str(visit.ended)],
        "entries": [visit.after, visit.up_to],
        "closed": [visit.by, visit.at.isoformat()],
        "actions": visit.actions,
        "figures": visit.figures,
        "rows": {figure.value: [_key(row) for row in found] for figure, found in rows.items()},
    }


def _key(row: Any) -> list[Any]:
    if isinstance(row, TrailChange):
        return [str(row.event_id), row.row_key, row.item, row.old, row.new]
    if isinstance(row, TrailEvent):
        return [str(row.act), row.subject]
    if isinstance(row, Query):
        return [row.whose.code, row.pk]
    return [row["event__subject"], row["row_key"]] if isinstance(row, dict) else list(row)


# --- as its template reads it ------------------------------------------------------------------------------
def _document(
    visit: MonitoringVisit, rows: dict[Figure, list[Any]], sha256: str, by: Person
) -> dict[str, Any]:
    at = local_now()
    made = f"{at:%Y-%m-%d %H:%M:%S} {ZONE}"
    facts = [
        (_("Site"), visit.site),
        (_("Kind of visit"), str(VisitKind(visit.kind).label)),
        (_("First day"), full_day(visit.began)),
        (_("Last day"), full_day(visit.ended)),
        (_("Closed"), _closed(visit)),
        (_("Entries of the ledger"), _("after %(after)s, up to %(up_to)s") % _bounds(visit)),
        (_("Protocol"), STUDY.protocol_version),
        (_("Chimera"), EDITION),
        (_("Made"), _("%(at)s by %(who)s") % {"at": made, "who": by.user_name}),
        (_("SHA-256 of what is shown"), sha256),
    ]
    return {
        "language": (get_language() or "en").partition("-")[0],
        "study": f"{STUDY.study_id} · {STUDY.registry_id}",
        "title": _("Monitoring visit report, %(site)s") % {"site": visit.site},
        "made": _("Chimera %(version)s · made %(at)s") % {"version": EDITION, "at": made},
        "short_hash": sha256[:16],
        "day": [at.year, at.month, at.day],
        "facts": [list(fact) for fact in facts],
        "words": {
            "figures": _("Figures"),
            "figure_heads": [_("What"), _("When"), _("Number")],
            "actions": _("Action items"),
            "no_actions": _("None."),
            "nothing": _("Nothing."),
        },
        "figures": [_figure(figure, visit) for figure in Figure],
        "actions": visit.actions.splitlines(),
        "lists": [_list(figure, found) for figure, found in rows.items()],
    }


def _closed(visit: MonitoringVisit) -> str:
    who = f"{visit.by_name or visit.by}, {roles_in_words(visit.by_role)}"
    return _("%(at)s by %(who)s") % {"at": f"{moment(visit.at)} {ZONE}", "who": who}


def _bounds(visit: MonitoringVisit) -> dict[str, int]:
    return {"after": visit.after, "up_to": visit.up_to}


def _figure(figure: Figure, visit: MonitoringVisit) -> list[str]:
    of = _("at the close") if figure in WAITING else _("since the last visit")
    return [str(TITLES[figure]), of, str(visit.figures[figure])]


def _list(figure: Figure, found: list[Any]) -> dict[str, Any]:
    shown, more = found[:MOST_PRINTED], max(len(found) - MOST_PRINTED, 0)
    names = names_in([row for row in shown if isinstance(row, Query)])
    said = ngettext("%(count)s more, in Chimera.", "%(count)s more, in Chimera.", more) % {"count": more}
    return {
        "title": f"{TITLES[figure]} ({len(found)})",
        "heads": _lasting(figure, heads_of(figure)),
        "lines": [
            page_cells(*row) if figure in OF_PAGES else _lasting(figure, cells_of(figure, row, names))
            for row in shown
        ],
        "more": said if more else "",
    }


def _lasting(figure: Figure, cells: list[str]) -> list[str]:
    """Of a query all but the state, which is that of today and stands in the last cell."""
    return cells[:-1] if figure in (Figure.ASKED, Figure.ANSWERED) else cells
