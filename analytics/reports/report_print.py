"""The report of a lock as PDF/A: the paragraph, the tables and the figures of its page, to be sent and kept.

It is written from the numbers of the run alone; that it left, with its hash, is on the trail first.
"""

from collections.abc import Iterable, Mapping
from html import unescape
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.html import strip_tags
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.desk.staleness import Standing, standing_of
from analytics.locks.models import Lock
from analytics.reports.adverse_events import EventTable
from analytics.reports.drawing import Drawing
from analytics.reports.figure_card import FigureCard
from analytics.reports.figure_files import Figure, svg_of
from analytics.reports.lock_figures import cards_of
from analytics.reports.results import ResultsScreen, TableRow, results_screen
from analytics.reports.step_figure import StepFigure
from analytics.reports.taking_out import Document, Taken, take_out
from analytics.runs.results import finished_run
from patients.casebook.typesetting import typeset
from patients.web.clocks import local_now, moment
from patients.web.trail_presenter import ZONE
from trial.edition import EDITION
from trial.people.models import Account
from trial.protocol.study import STUDY

TEMPLATE = Path(__file__).with_name("report.typ")
Cells = list[str]
PAGE_MM, HIGHEST_MM, CURVES_MM = 170.0, 215.0, 135.0
"""Of the text of a page of A4, and of a figure with its title and caption on it."""


def print_report(lock: Lock, language: str, *, by: Account, request_id: str = "") -> Taken:
    """Make the report of a lock in a language, with one event that holds its hash. Raises NotFinished."""
    with translation.override(language):
        run = finished_run(lock)
        screen = results_screen(lock, run, by, standing_of(lock))
        cards = cards_of(lock, run.shown)
        drawings = _drawings({**figures_of(screen), **{name: card.drawing for name, card in cards.items()}})
        pdf = typeset(TEMPLATE, _document(screen, cards), beside=drawings, archival=True)
    return take_out(lock, Document.REPORT, pdf, language, by=by, request_id=request_id)


def figures_of(screen: ResultsScreen) -> dict[str, StepFigure]:
    """The figures that there are, by the names of their files."""
    named = {"survival": screen.survival, "incidence": screen.incidence}
    return {name: figure for name, figure in named.items() if figure is not None}


def _drawings(figures: Mapping[str, Figure]) -> dict[str, str]:
    return {f"{name}.svg": svg_of(figure) for name, figure in figures.items()}


def _document(screen: ResultsScreen, cards: Mapping[str, FigureCard]) -> dict[str, Any]:
    lock, run, today = screen.lock, screen.run, local_now()
    captions = {"survival": screen.survival_caption, "incidence": screen.incidence_caption}
    return {
        "title": _("Results, cut-off %(cutoff)s") % {"cutoff": lock.cutoff.isoformat()},
        "study": f"{STUDY.study_id} · {STUDY.protocol_version}",
        "language": (get_language() or "en")[:2],
        "day": [today.year, today.month, today.day],
        "made": f"{moment(today)} {ZONE} · Chimera {EDITION}",
        "facts": [
            [_("Lock"), f"{lock.pk} · {lock.reason}"],
            [_("As known at"), f"{moment(lock.known_at)} {ZONE}" if lock.known_at else "–"],
            [_("Snapshot"), lock.snapshot.hash],
            [_("SHA-256 of the result"), run.result_hash],
            [_("Version of the code and configuration"), run.code_version],
        ],
        "stale": stale(screen.standing),
        "paragraph_title": _("Results paragraph"),
        "paragraph": " ".join(map(plain, screen.paragraph)),
        "figures": [
            [figure.title, f"{name}.svg", plain(captions[name]), figure.described, CURVES_MM]
            for name, figure in figures_of(screen).items()
        ],
        "cards": [
            [card.title, f"{name}.svg", card.caption, card.drawing.described, _width_mm(card.drawing)]
            for name, card in cards.items()
        ],
        "tables": list(_tables(screen)),
    }


def _width_mm(drawing: Drawing) -> float:
    """As wide as the page, unless it were then higher than one."""
    return round(min(PAGE_MM, HIGHEST_MM * drawing.width / drawing.height), 1)


def stale(standing: Standing) -> str:
    """That what a lock says is not the last word any more; empty while it is."""
    if standing.repeated_by is not None:
        return _("Lock %(id)s repeats this one, after something was unlocked.") % {
            "id": standing.repeated_by.pk
        }
    return _("Stale: locked casebooks were changed since.") if standing.is_stale else ""


def _tables(screen: ResultsScreen) -> Iterable[dict[str, Any]]:
    yield _table(_("Table 1. Patients"), _("Characteristic"), screen.patients, screen.patients_note)
    yield _table(_("Table 2. Safety and outcome"), _("Event"), screen.safety, _("n (%)"))
    if screen.events is not None:
        yield _event_table(screen.events)


def _table(title: str, first: str, rows: Iterable[TableRow], note: str) -> dict[str, Any]:
    lines = [[plain(row.label), plain(row.cell or ""), row.indent] for row in rows]
    return {"title": title, "note": note, "heads": [first, _("n (%)")], "rows": lines}


def _event_table(table: EventTable) -> dict[str, Any]:
    lines = [[row.label, row.any_grade, row.severe, row.indent] for row in table.rows]
    heads = [_("Event"), _("Any grade"), _("Grade 3 or more")]
    return {"title": _("Table 3. Adverse events"), "note": table.note, "heads": heads, "rows": lines}


def plain(text: object) -> str:
    """A sentence with links as its words."""
    return unescape(strip_tags(str(text)))
