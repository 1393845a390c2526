"""The results of a lock as a workbook: what its pages say, with every estimate at full precision.

It is written from the numbers of the run alone, so that the same run gives the same bytes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from analytics.datasets.analysis_sets import REASONS
from analytics.desk.certificate import seal_of
from analytics.desk.staleness import standing_of
from analytics.endpoints.catalogue import Entry, catalogue
from analytics.locks.models import Lock
from analytics.reports.adverse_events import EventTable
from analytics.reports.board_tables import board_tables
from analytics.reports.counted_tables import Cell, Table
from analytics.reports.report_print import plain, stale
from analytics.reports.results import ResultsScreen, TableRow, results_screen
from analytics.reports.section_four import tables_of
from analytics.reports.sheets import Sheets, Value
from analytics.reports.taking_out import Document, Taken, take_out
from analytics.runs.models import Estimate, Run
from analytics.runs.results import finished_run
from trial.people.models import Account
from trial.protocol.study import STUDY

_WHOLE = re.compile(r"-?\d{1,15}")
INDENT = "    "


def write_workbook(lock: Lock, language: str, *, by: Account, request_id: str = "") -> Taken:
    """Make the workbook of a lock in a language, with one event that holds its hash. Raises NotFinished."""
    with translation.override(language):
        content = workbook_of(results_screen(lock, finished_run(lock), by, standing_of(lock)))
    return take_out(lock, Document.WORKBOOK, content, language, by=by, request_id=request_id)


def workbook_of(screen: ResultsScreen) -> bytes:
    """The file, in the language in force."""
    lock, run = screen.lock, screen.run
    title = _("Results, cut-off %(cutoff)s") % {"cutoff": lock.cutoff.isoformat()}
    sheets = Sheets(title=title, author=STUDY.study_id, made=run.finished_at or lock.made_at)
    sheets.add(_("Cover"), (_("What"), _("Value")), _cover(screen), title=title, note=STUDY.protocol_version)
    sentences = [(number, plain(one)) for number, one in enumerate(screen.paragraph, 1)]
    sheets.add(_("Results paragraph"), (_("Number"), _("Sentence")), sentences)
    _summary(sheets, screen)
    _estimates(sheets, run)
    for table in tables_of(run.shown):
        _section(sheets, table)
    _populations(sheets, run.shown.get("populations", ()))
    for table in board_tables(run.shown["board"]) if "board" in run.shown else ():
        _section(sheets, table)
    if curves := run.shown.get("curves"):
        _curves(sheets, curves)
    return sheets.finished()


# --- cover ------------------------------------------------------------------------------------------------
def _cover(screen: ResultsScreen) -> Iterator[tuple[str, Value]]:
    lock, run, seal = screen.lock, screen.run, seal_of(screen.lock)
    finished = run.finished_at
    yield _("Study"), STUDY.study_id
    yield _("Protocol"), STUDY.protocol_version
    yield _("Lock"), lock.pk
    yield _("Reason"), lock.reason
    yield _("Made by"), lock.made_by
    yield _("Cut-off"), lock.cutoff.isoformat()
    yield _("As known at"), lock.known_at.astimezone(UTC).isoformat() if lock.known_at else None
    yield _("Subjects"), lock.snapshot.subjects
    yield _("Snapshot"), lock.snapshot.hash
    yield _("SHA-256 of the codes"), lock.codes or _("no term is coded")
    yield _("Run"), run.pk
    yield _("Computed at"), finished.astimezone(UTC).isoformat() if finished else None
    yield _("SHA-256 of the result"), run.result_hash
    yield _("Version of the code and configuration"), run.code_version
    yield from ((_("Computed by: %(name)s") % {"name": name}, told) for name, told in run.environment.items())
    yield _("Checkpoint of the trail"), _("not signed yet") if seal is None else seal.number
    yield _("Root"), None if seal is None else seal.root
    yield _("Signature"), None if seal is None else seal.signature
    yield _("Standing"), stale(screen.standing) or _("the last word of this lock")


# --- the tables of the page -------------------------------------------------------------------------------
def _summary(sheets: Sheets, screen: ResultsScreen) -> None:
    for name, first, rows, note in (
        (_("Table 1. Patients"), _("Characteristic"), screen.patients, screen.patients_note),
        (_("Table 2. Safety and outcome"), _("Event"), screen.safety, _("n (%)")),
    ):
        sheets.add(name, (first, _("n (%)")), map(_line, rows), note=note)
    if screen.events is not None:
        _events(sheets, screen.events, screen.run.shown["adverse_events"]["rows"])


def _events(sheets: Sheets, table: EventTable, counted: Sequence[Mapping[str, Any]]) -> None:
    heads = (_("Event"), _("Any grade"), _("Grade 3 or more"), *_aspects())
    rows: list[tuple[Value, ...]] = [
        (
            f"{INDENT if line.indent else ''}{line.label}",
            line.any_grade,
            line.severe,
            *(len(each["aspects"].get(aspect, ())) for aspect in _aspects().values()),
        )
        for line, each in zip(table.rows, counted, strict=True)
    ]
    sheets.add(_("Table 3. Adverse events"), heads, rows, note=table.note)


def _aspects() -> dict[str, str]:
    """What is asked of an event beside its grade, by its words; each counts subjects."""
    return {
        _("Serious"): "serious",
        _("Related to lymphodepletion"): "related_ld",
        _("Related to CAR-T"): "related_cart",
        _("Related to HSCT"): "related_hsct",
        _("Fatal"): "fatal",
    }


def _line(row: TableRow) -> tuple[Value, ...]:
    return f"{INDENT if row.indent else ''}{plain(row.label)}", plain(row.cell or "")


def _estimates(sheets: Sheets, run: Run) -> None:
    """Every figure: its value at full precision and as printed, what it counts of how many, what it is."""
    heads = (
        _("Figure"), _("Kind"), _("Set"), _("Value"), _("All digits"), _("As printed"), "n", "N", _("Reason"),
        _("Definition"), _("Published"),
    )  # fmt: skip
    found = {estimate.figure: estimate for estimate in run.estimates.all()}
    rows = [_estimate(entry, found[id]) for id, entry in catalogue().items() if id in found]
    note = _(
        "values at full precision, of which a number of the format keeps 16 digits; a share is in per cent"
    )
    sheets.add(_("Estimates"), heads, rows, note=note)


def _estimate(entry: Entry, found: Estimate) -> tuple[Value, ...]:
    return (
        entry.id,
        entry.kind,
        entry.set,
        found.value,
        _digits(found.value),
        found.text,
        found.n,
        found.size,
        found.reason,
        entry.definition,
        entry.published_text,
    )


def _digits(value: float | None) -> str:
    """As many as tell a value from every other."""
    return "" if value is None else repr(value)


def _section(sheets: Sheets, table: Table) -> None:
    """A table of counts; whom each was counted from stands at the end of its row."""
    heads = (*table.heads, _("Subjects by column"))
    rows: list[tuple[Value, ...]] = [
        (row.label, *(_as_number(cell.text) for cell in row.cells), _named(table.heads, row.cells))
        for row in table.rows
    ]
    alerts = frozenset(number for number, row in enumerate(table.rows) if row.is_alert)
    sheets.add(table.title, heads, rows, note=table.note, alerts=alerts)


def _as_number(text: str) -> Value:
    return int(text) if _WHOLE.fullmatch(text) else text


def _named(heads: Sequence[str], cells: Iterable[Any]) -> str:
    told = zip(heads[1:], cells, strict=True)
    return "; ".join(f"{head}: {_codes(cell)}" for head, cell in told if cell.subjects)


def _codes(cell: Cell) -> str:
    """As many as a page names; the others are found from the page of the tables."""
    codes = ", ".join(cell.named)
    return _("%(codes)s and %(n)s more") % {"codes": codes, "n": cell.more} if cell.more else codes


def _populations(sheets: Sheets, found: Iterable[Mapping[str, Any]]) -> None:
    """Who is in each set, and everybody outside with the reason."""
    rows: list[tuple[Value, ...]] = []
    for one in found:
        rows += [(one["set"], code, _("Yes"), None) for code in one["subjects"]]
        for each in one["excluded"]:
            why = str(REASONS.labels[each["reason"]])
            rows += [(one["set"], code, _("No"), why) for code in each["subjects"]]
    heads = (_("Set"), _("Subject"), _("In the set"), _("Outside of it because"))
    sheets.add(_("Populations by subject"), heads, rows)


# --- curves -----------------------------------------------------------------------------------------------
def _curves(sheets: Sheets, curves: Mapping[str, Any]) -> None:
    heads = (_("Curve"), _("Time"), _("Unit"), _("Estimate"), _("Lower"), _("Upper"))
    note = _("Kaplan-Meier and Aalen-Johansen; each row is a step, estimates are shares of 1")
    steps = [*_survival(curves["survival"]), *_incidence(curves["incidence"])]
    sheets.add(_("Curves"), heads, steps, note=note)
    censored: list[tuple[Value, ...]] = [
        (code, time, _("months"))
        for code, one in curves["survival"].items()
        for time in (one["censored"] if one else ())
    ]
    if curves["incidence"]:
        censored += [("AGV14", time, _("days")) for time in curves["incidence"]["censored"]]
    sheets.add(_("Censored"), (_("Curve"), _("Time"), _("Unit")), censored)


def _survival(found: Mapping[str, Any]) -> Iterator[tuple[Value, ...]]:
    for code, one in found.items():
        if one:
            columns = (one[name] for name in ("time", "survival", "lower", "upper"))
            for time, *rest in zip(*columns, strict=True):
                yield (code, time, _("months"), *rest)


def _incidence(found: Mapping[str, Any] | None) -> Iterator[tuple[Value, ...]]:
    for cause, name in (("event", "AGV14"), ("competing", _("AGV14, competing"))):
        steps = found[cause] if found else {"time": (), "incidence": ()}
        for time, share in zip(steps["time"], steps["incidence"], strict=True):
            yield name, time, _("days"), share
