"""The open report of a lock for the safety board, as PDF/A: subjects by their codes, and no identity.

The trial has one arm, so that nothing has to be closed. It is written from the numbers of the run alone.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.desk.staleness import standing_of
from analytics.locks.models import Lock
from analytics.reports.board_tables import board_tables
from analytics.reports.counted_tables import Row, Table
from analytics.reports.report_print import stale
from analytics.reports.section_four import crossed_in, tables_of
from analytics.reports.taking_out import Document, Taken, take_out
from analytics.runs.models import Run
from analytics.runs.results import NotFinished, finished_run
from patients.casebook.typesetting import typeset
from patients.web.clocks import local_now, moment
from patients.web.trail_presenter import ZONE
from trial.edition import EDITION
from trial.people.models import Account
from trial.protocol.study import STUDY

TEMPLATE = Path(__file__).with_name("board_pack.typ")
MOST_NAMED = 3
ORDER = (
    "enrolment",
    "stopping",
    "dose_limiting",
    "dlt_differences",
    "deaths",
    "serious",
    "safety",
    "exposure",
)


def print_board_pack(lock: Lock, language: str, *, by: Account, request_id: str = "") -> Taken:
    """Make the open report of a lock in a language, with one event that holds its hash. Raises NotFinished,
    also for a run that was computed before there was such a report."""
    run = finished_run(lock)
    if "board" not in run.shown:
        raise NotFinished(f"lock {lock.pk} was computed before there were open reports")
    with translation.override(language):
        pdf = typeset(TEMPLATE, _document(lock, run), archival=True)
    return take_out(lock, Document.BOARD_PACK, pdf, language, by=by, request_id=request_id)


def tables_of_board(run: Run) -> list[Table]:
    """The tables of the open report in their order."""
    tables = [*board_tables(run.shown["board"]), *tables_of(run.shown)]
    by_id = {table.id: table for table in tables}
    return [by_id[id] for id in ORDER if id in by_id]


def _document(lock: Lock, run: Run) -> dict[str, Any]:
    today, crossed = local_now(), crossed_in(run.shown)
    return {
        "title": _("Open report for the safety board"),
        "cutoff": _("Cut-off %(cutoff)s") % {"cutoff": lock.cutoff.isoformat()},
        "study": f"{STUDY.study_id} · {STUDY.protocol_version}",
        "language": (get_language() or "en")[:2],
        "day": [today.year, today.month, today.day],
        "foot": [
            _("snapshot %(hash)s") % {"hash": lock.snapshot.hash},
            f"{_('version')} {run.code_version[:16]} · Chimera {EDITION} · {moment(today)} {ZONE}",
        ],
        "facts": list(_facts(lock, run)),
        "stale": stale(standing_of(lock)),
        "alert": bool(crossed),
        "verdict": _verdict(crossed),
        "mark": _("crossed"),
        "tables": [_table(table) for table in tables_of_board(run)],
        "nothing": _("none"),
    }


def _facts(lock: Lock, run: Run) -> Iterable[list[str]]:
    yield [_("Lock"), f"{lock.pk} · {lock.reason}"]
    yield [_("As known at"), f"{moment(lock.known_at)} {ZONE}" if lock.known_at else "–"]
    yield [_("Subjects"), str(lock.snapshot.subjects)]
    yield [_("Snapshot"), lock.snapshot.hash]
    yield [_("SHA-256 of the codes"), lock.codes or _("no term is coded")]
    yield [_("SHA-256 of the result"), run.result_hash]
    yield [_("Version of the code and configuration"), run.code_version]
    yield [_("Report"), _("open: one arm, subjects by their codes alone")]


def _verdict(crossed: Iterable[str]) -> str:
    named = "; ".join(crossed)
    if named:
        return _("A stopping boundary is crossed: %(rules)s.") % {"rules": named}
    return _("No stopping boundary is crossed.")


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "note": "; ".join(filter(None, (table.note, table.said))),
        "heads": list(table.heads),
        "rows": [[row.is_alert, row.label, *_cells(row)] for row in table.shown],
    }


def _cells(row: Row) -> list[str]:
    """The numbers; what is counted of few names them, so that the paper answers who."""
    return [_told(cell.text, cell.subjects, row.label) for cell in row.cells]


def _told(text: str, subjects: Sequence[str], label: str) -> str:
    if len(subjects) > MOST_NAMED + 1:
        return text
    named = [code for code in subjects if code != label]
    return f"{text} ({', '.join(named)})" if 0 < len(named) <= MOST_NAMED else text
