"""The gallery: every component in every state, made from declarations of its own and without a database."""

from dataclasses import dataclass, field
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _

from patients.casebook.answers import HeldCasebook
from patients.coding.schemes import Kind
from patients.items.codelists import CNS, NY, POSNEG, codes
from patients.items.conditions import when
from patients.items.item import Item
from patients.items.limits import at_least, between
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    GridItem,
    MultiItem,
    PartialDateItem,
    ReferenceItem,
    TextItem,
    TimeItem,
)
from patients.oversight.signatures import STATEMENT_VERSION, STATEMENTS, Meaning
from patients.web.clocks import ClockDay
from patients.web.coding_presenter import GroupLine, TermLine
from patients.web.fields import Field, Message, ReasonBox, entry_field
from patients.web.matrix_presenter import Cell, ClockGroup, FormLine, Matrix, MatrixSection, VisitColumn
from patients.web.page_screen import SummaryLine
from patients.web.signature_presenter import SignatureView
from patients.web.states import StateMark, legend, mark
from patients.web.steps_presenter import StepLine
from patients.web.subject_presenter import ChipView, ClockView
from patients.web.timeline_presenter import Timeline, timeline_of
from patients.web.trail_presenter import ChangeRow, EventBlock, Option
from patients.web.widgets import Entered, labels_of
from patients.web.work_presenter import WorkLine, WorkList, days_left
from trial.people.roles import Role
from trial.protocol.study import SITE_ZONE


@dataclass(frozen=True)
class GalleryScreen:
    """Every component's arguments."""

    fields: list[Field]
    states: list[StateMark]
    summary: list[SummaryLine]
    clock_days: list[ClockDay]
    clocks: list[ClockView]
    matrix: Matrix
    events: list[EventBlock]
    chips: list[ChipView]
    steps: list[StepLine]
    timeline: Timeline | None
    options: list[Option]
    refused: list[str]
    work: WorkList
    terms: list[TermLine]
    coded: list[GroupLine]
    signed: list[SignatureView]
    fallen: list[SignatureView]
    banners: tuple[str, ...] = ("", "warn", "bad", "busy")
    icons: tuple[str, ...] = field(default=())


def gallery_screen() -> GalleryScreen:
    return GalleryScreen(
        fields=[*_widgets(), *_in_states()],
        states=[*legend(), mark("progress", 2)],
        summary=[
            SummaryLine(_("Date: “3/8/2025” can be read two ways."), "ui_date"),
            SummaryLine(_("Not here.")),
        ],
        clock_days=[ClockDay("car", "CAR-T", "D+3"), ClockDay("hsct", "HSCT", "D−13")],
        clocks=[
            ClockView("car", _("CAR-T clock"), "D+59", "T0", "2025-06-07 10:20", ""),
            ClockView("hsct", _("HSCT clock"), "–", "H0", "", _("not transplanted")),
        ],
        matrix=_matrix(),
        events=[_event()],
        chips=[ChipView(_("in remission"), "ok"), ChipView(_("no aGVHD"), "", "", "#")],
        steps=_steps(),
        timeline=_timeline(),
        options=[Option("RESP", "RESP", chosen=False), Option("CHIM", "CHIM", chosen=True)],
        refused=[_("Not here.")],
        work=_work(),
        terms=_terms(),
        coded=_coded(),
        signed=[_signature(is_valid=True), _signature()],
        fallen=[_signature(fallen_at="2025-07-28 11:02:40 UTC+08:00", fallen_by="Lin Qiao", why="crs_temp")],
        icons=_ICONS,
    )


def _work() -> WorkList:
    lines = [
        WorkLine(mark("progress"), "#", "HZ01-019 · H21", "2/4", days_left(0), "warn", "hsct", "D+21"),
        WorkLine(mark("empty"), "#", "HZ01-012 · HM6", "0/9", days_left(9)),
    ]
    return WorkList("window", _("Visits in window"), _("visits in window"), mark("empty"), 3, lines, "#")


def _terms() -> list[TermLine]:
    dictionary = str(Kind.INVENTED_EVENTS.label)
    return [
        TermLine(1, "Neutrophils low", "X50001", "Neutropenia", "Blood", dictionary, _("same words")),
        TermLine(2, "Neutropenia", "X40001", "Neutropenia", "Blood", dictionary),
        TermLine(3, "Neutrophils", "X50009", "Neutropenia", "Blood", dictionary, is_current=False),
    ]


def _coded() -> list[GroupLine]:
    old, new, *_more = _terms()
    like: dict[str, Any] = {
        "item": "ae_term", "form": "AE", "url": "#", "subjects": ["HZ01-018", "HZ01-019"], "more_subjects": 3,
        "count": 5, "state": "", "is_coded": False, "age": "", "is_late": False, "who": "",
    }  # fmt: skip
    return [
        GroupLine("neutrophils low", term=old, suggestion=new, **like),
        GroupLine("neutrophils", term=None, **like),
    ]


def _signature(**more: Any) -> SignatureView:
    return SignatureView(
        who="Shen Yi",
        role=str(Role.INVESTIGATOR.label),
        meaning=str(Meaning.REVIEW.label),
        statement=str(STATEMENTS[Meaning.REVIEW]),
        version=STATEMENT_VERSION,
        cells={},
        at="2025-06-12 17:20:05 UTC+08:00",
        iso="2025-06-12T17:20:05+08:00",
        **{"is_valid": False, **more},
    )


_ICONS = (
    "subjects", "trail", "search", "menu", "close", "down", "right", "left", "plus", "undo", "calendar",
    "warn", "error", "info", "check", "globe", "user", "site", "print", "lock", "missing",
)  # fmt: skip


def _made(name: str, item: Item, value: str = "", missing: str = "") -> Field:
    label = str(item.declared.label)
    made = entry_field(item, f"ui_{name}", Entered(value, missing), labels_of(item), label)
    made.base = made.entered.text
    return made


def _widgets() -> list[Field]:
    """Every type of item with an answer."""
    grid = GridItem(_("Grid"), cells=codes("", "skin", "gut", "liver"), codes=codes("", "0", "1", "2"))
    return [
        _made("bool", BooleanItem(_("Yes or no")), "Y"),
        _made("choice", ChoiceItem(_("Short choice"), POSNEG), "negative"),
        _made("select", ChoiceItem(_("Long choice"), CNS), "CNS2"),
        _made("multi", MultiItem(_("Several"), codes("", "FLT3-ITD", "NPM1", "TP53", "WT1")), "NPM1|WT1"),
        _made(
            "number",
            DecimalItem(_("Number"), 4, 1, hard=between("0", "100"), soft=at_least("50"), unit="%"),
            "62.5",
        ),
        _made("date", DateItem(_("Date")), "2025-08-05"),
        _made("moment", DateTimeItem(_("Date and time")), "2025-08-05 14:30"),
        _made("partial", PartialDateItem(_("Partial date"), req="O"), "2025-08"),
        _made("time", TimeItem(_("Time")), "14:30"),
        _made("text", TextItem(_("Text"), 40), "FLT3 ratio"),
        _made("area", TextItem(_("Long text"), 300), "46,XX,t(9;11)(p21.3;q23.3)"),
        _made("ref", ReferenceItem(_("Reference"), target="DONOR.donor_id"), "DN-018"),
        _made("grid", grid, "gut=1|skin=2"),
    ]


def _in_states() -> list[Field]:
    """One item in every state of a row."""
    percent = DecimalItem(_("Marrow blasts"), 4, 1, unit="%")
    when_yes = BooleanItem(_("Asked when yes"), when=when("ui_bool", "Y"))
    missing = _made("missing", percent, missing="not_done")
    missing.label = _("Missing, with reason")
    changed = _made("changed", percent, "3.0")
    changed.base, changed.was, changed.is_saved, changed.is_changed = "8.0", "8.0 %", True, True
    changed.label, changed.reason = _("Changed"), ReasonBox("late_source", "")
    refused = _made("refused", DateItem(_("Refused")), "3/8/2025")
    refused.messages = [Message("error", _("3/8/2025 is ambiguous: day or month first?"))]
    judged = _made("judged", percent, "104")
    judged.label = _("Judged")
    # xgettext:no-python-format
    judged.messages = [Message("hard", _("104 % is above 100.")), Message("soft", _("Please confirm."))]
    due = _made("due", percent)
    due.label, due.messages = _("Due"), [Message("due", _("needed to complete the page"))]
    orphan = _made("orphan", percent, "2.0")
    orphan.label, orphan.base, orphan.shown, orphan.is_orphan = _("No longer asked"), "2.0", "2.0 %", True
    shown = _made("shown", ChoiceItem(_("Read only"), NY), "Y")
    shown.is_locked, shown.shown = True, _("Yes")
    revealed = _made("revealed", when_yes)
    revealed.is_conditional = True
    revealed.reveal = '{"item": "ui_bool", "codes": ["Y"], "negated": false}'
    derived = Field("ui_derived", "ui_derived", _("Derived"), "derived", shown="CRi", entered=Entered("CRi"))
    waiting = Field("ui_waiting", "ui_waiting", _("Derived, source missing"), "derived", waits_for="LAB")
    withheld = Field("ui_withheld", "ui_withheld", _("Date of birth"), "withheld")
    return [missing, changed, refused, judged, due, orphan, revealed, shown, derived, waiting, withheld]


def _matrix() -> Matrix:
    columns = [
        VisitColumn(
            "C14R", _("Remission check"), "D+14", "−7/+17", "21 Jun", "20 Jun", False, False, False, False
        ),
        VisitColumn("HM1", _("+1 month"), "D+30", "−3/+5", "23 Jul", "1 Aug", True, True, False, True),
    ]
    cells = [
        [
            Cell("#", mark("complete"), "RESP C14R: Complete"),
            Cell("#", mark("overdue"), "RESP HM1", begins_group=True),
        ],
        [Cell(), Cell(closed=_("HM1: closed, died"), begins_group=True)],
    ]
    lines = [FormLine("RESP", _("Response assessment"), cells[0]), FormLine("FU", _("Follow-up"), cells[1])]
    groups = [ClockGroup("car", _("CAR-T clock"), 1), ClockGroup("hsct", _("HSCT clock"), 1)]
    return Matrix(groups, columns, [MatrixSection(_("Course"), lines)], [], has_series=False)


def _steps() -> list[StepLine]:
    stopped = [_("Main consent is not recorded. Record consent before entering data.")]
    return [
        StepLine(_("Consent"), mark("complete"), "16 May 2025", "#"),
        StepLine(_("Eligibility"), mark("progress"), _("Next. What stops it today:"), "#", True, stopped),
        StepLine(_("Enrolment"), mark("notdue")),
    ]


def _timeline() -> Timeline | None:
    """Of a subject with nothing but its two days 0 and low counts in between."""
    t0, h0 = (datetime(2025, 6, day, 10, 20, tzinfo=SITE_ZONE) for day in (7, 23))
    subject = SimpleNamespace(code="HZ01-018", t0=t0, h0=h0, died=None)
    low = [(date(2025, 6, 9), 4), (date(2025, 6, 15), 3)]
    return timeline_of(subject, HeldCasebook(subject.code, ()), low, (), date(2025, 8, 5))


def _event() -> EventBlock:
    changes = [
        ChangeRow(_("Marrow blasts"), "8.0 %", "3.0 %", False, _("Late source: report 25-3391"), "", False),
        ChangeRow(_("Strict response"), "", "CRi", True, "", _("derived"), False),
        ChangeRow(_("Date of birth"), "", "", False, "", "", True),
    ]
    return EventBlock(
        "HZ01-018 · RESP · C28", "#", _("saved"), "Lin Qiao", _("Site coordinator"),
        "2025-08-05 09:31", "2025-08-05T09:31+08:00", _("3 items"), "", True, changes, [],
    )  # fmt: skip
