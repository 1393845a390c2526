"""The visits of the protocol on their clocks: target, window, condition and the forms due.

One entry per row of the visit schedule; a row that stands for a series (C1..C14, LD1..LDn, H1..H28d,
LT3..LT15) is one entry per visit. Days are whole calendar days from the origin of the clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Clock(StrEnum):
    """What day 0 of a visit is: main consent, T0 (infusion), H0 (graft infusion), or the event itself."""

    CONSENT = "consent"
    CAR_T = "car_t"
    HSCT = "hsct"
    EVENT = "event"


class UnknownVisit(LookupError):
    """No visit of the protocol has this code."""


@dataclass(frozen=True)
class FormDue:
    """A form due at a visit.

    `log`: one page per subject, rows added as things happen. `page_at`: the form is looked at again here,
    but its one page stands at that other visit and none is made. `if_needed`: it has a page, which nobody
    waits for. `note` of LAB names its sets ("A,B,C"), any other note is text for the reader.
    """

    form: str
    log: bool = False
    if_needed: bool = False
    note: StrOrPromise = ""
    page_at: str = ""


@dataclass(frozen=True)
class VisitType:
    """A visit of the protocol. Its window is `target_day` - `before` .. `target_day` + `after`, inclusive.

    `target_day` counts from day 0 of `clock`; None where the protocol names no day.
    """

    code: str
    label: StrOrPromise
    clock: Clock
    target_day: int | None
    before: int
    after: int
    condition: StrOrPromise
    forms: tuple[FormDue, ...]


FORM_ORDER = (
    "ELIG", "DM", "DX", "PTHER", "PTX", "PCAR", "DONOR", "MFG", "REL", "LD", "INF", "VS",
    "LAB", "CRS", "ICANS", "HLH", "RESP", "KIN", "HSCT", "ENG", "TRF", "CHIM", "AGVHD", "CGVHD",
    "INFX", "AE", "DLT", "SAE", "CM", "RLP", "SUBTX", "FU", "DTH", "EOS", "PDEV",
)  # fmt: skip
"""The 35 case report forms in the order of the protocol."""

REPORT_FORMS = frozenset({"SAE", "PDEV"})
"""Reports of what happened, due at no visit: one page per subject."""

LOG_FORMS = REPORT_FORMS | {"PTHER", "PTX", "PCAR", "DONOR", "TRF", "INFX", "AE", "CM", "SUBTX"}
"""Forms with one page per subject and a row per entry, at whichever visits they are due: those that the visit
schedule marks as logs, and the reports."""

ANCHOR_FORMS = {"ELIG": "SCR", "INF": "C0", "HSCT": "H0"}
"""Forms that set day 0 of a clock, and the visit at which each stands whatever its date."""

RECURRING = frozenset({"UNS", "RLPv"})
"""Event visits that may happen again: their instances are numbered from 1 (UNS1, RLPv1)."""

LYMPHODEPLETION_DAYS = (-5, -4, -3)
"""Planned CAR-T days of lymphodepletion; a default, not read from the protocol."""

_B_DAYS = {1, 3, 5, 7, 10, 14}
_AGVHD_DAYS = {7, 14}
_KIN_DAYS = {3, 5, 7, 10, 14}
_LTFU_YEARS = range(3, 16)
_SURVIVAL_DAYS = range(90, 721, 90)
_AGVHD_WEEKLY_DAYS = range(37, 101, 7)
_DAYS_PER_YEAR_TARGET = 365  # as the targets D365 and D730 of the schedule
_INSTANCE = re.compile(r"(?P<stem>UNS|RLPv|LD)(?P<number>[1-9]\d*)")


def _due(*forms: str | FormDue) -> tuple[FormDue, ...]:
    return tuple(f if isinstance(f, FormDue) else FormDue(f, log=f in LOG_FORMS) for f in forms)


def _lab(sets: str) -> FormDue:
    return FormDue("LAB", note=",".join(sets))


def _lymphodepletion(number: int) -> VisitType:
    """LDn; the protocol plans a day for the first three, a later one has the day on which it was given."""
    planned = dict(enumerate(LYMPHODEPLETION_DAYS, start=1))
    label = format_lazy(_("Lymphodepletion day {number}"), number=number)
    forms = _due("LD", "VS", _lab("AB"), "AE", "CM")
    return VisitType(f"LD{number}", label, Clock.CAR_T, planned.get(number), 1, 1, _("enrolled"), forms)


def _car_t_daily(day: int) -> VisitType:
    forms: list[str | FormDue] = ["VS", _lab("ABC" if day in _B_DAYS else "AC"), "CRS", "ICANS"]
    forms += ["AGVHD"] if day in _AGVHD_DAYS else []
    forms += ["KIN"] if day in _KIN_DAYS else []
    forms += ["TRF", "INFX", "AE", "CM"]
    label = format_lazy(_("Day {day}, in hospital"), day=day)
    condition = _("not ended; after H0 the daily visits stay until C14")
    return VisitType(f"C{day}", label, Clock.CAR_T, day, 0, 0, condition, _due(*forms))


def _hsct_daily(day: int) -> VisitType:
    """H1d..H28d: the suffix keeps day 7 apart from the visit H7."""
    label = format_lazy(_("Daily blood count, +{day}"), day=day)
    condition = _("transplanted; ends three days after confirmed neutrophil engraftment")
    return VisitType(f"H{day}d", label, Clock.HSCT, day, 0, 0, condition, _due("VS", _lab("A"), "TRF"))


def _agvhd_weekly(day: int) -> VisitType:
    """Acute GVHD alone, every 7 days from HSCT day 37 to 100; the windows meet and do not overlap."""
    label = format_lazy(_("Acute GVHD, +{day}"), day=day)
    return VisitType(f"G{day}", label, Clock.HSCT, day, 3, 3, _TRANSPLANTED, _due("AGVHD"))


def _hsct(
    code: str, label: StrOrPromise, day: int, before: int, after: int, *forms: str | FormDue
) -> VisitType:
    return VisitType(code, label, Clock.HSCT, day, before, after, _TRANSPLANTED, _due(*forms))


def _no_transplant(day: int, before: int, after: int, *forms: str | FormDue) -> VisitType:
    label = format_lazy(_("No-transplant path: day {day}"), day=day)
    return VisitType(f"C{day}", label, Clock.CAR_T, day, before, after, _("no transplantation"), _due(*forms))


def _long_term(year: int) -> VisitType:
    label = format_lazy(_("Long-term follow-up, year {year}"), year=year)
    day = year * _DAYS_PER_YEAR_TARGET
    return VisitType(f"LT{year}", label, Clock.CAR_T, day, 60, 60, _("consented, alive"), _due("FU"))


def _survival(day: int) -> VisitType:
    """Survival follow-up after relapse: every 90 days in the first two years, then the yearly visits. The
    window is half of the interval less a day: not in a source, so that windows meet and do not overlap."""
    label = format_lazy(_("Survival follow-up, day {day}"), day=day)
    return VisitType(
        f"S{day}", label, Clock.CAR_T, day, 44, 45, _("relapsed or progressed, alive"), _due("FU")
    )


_TRANSPLANTED = _("transplanted")
_ALIVE = _("alive")
_YEAR_PATH = ("VS", _lab("AB"), "RESP", "KIN", "FU")
_YEARLY_HSCT = (
    "VS", _lab("ABCDE"), "RESP", "CHIM", "KIN", "AGVHD", "CGVHD", "ENG", "FU",
)  # fmt: skip

_UP_TO_INFUSION = (
    VisitType(
        "SCR", _("Screening"), Clock.CONSENT, 0, 0, 28, _("always"),
        _due(
            "ELIG", "DM", "DX", "PTHER", "PTX", "PCAR", "VS", _lab("ABCDE"),
            FormDue("RESP", note=_("baseline")), "CM", "AE",
        ),
    ),
    VisitType("DON", _("Donor work-up"), Clock.CONSENT, None, 60, 0, _("always"), _due("DONOR")),
    VisitType(
        "ENR", _("Enrolment"), Clock.CONSENT, 0, 0, 28, _("eligible"),
        _due(FormDue("ELIG", note=_("signature"), page_at="SCR")),
    ),
    VisitType(
        "APH", _("Leukapheresis and manufacturing"), Clock.EVENT, 0, 0, 0, _("enrolled"), _due("MFG")
    ),
    VisitType("REL", _("Product release"), Clock.EVENT, 0, 0, 0, _("manufacture succeeded"), _due("REL")),
    VisitType(
        "BL", _("Baseline before lymphodepletion"), Clock.CAR_T, -7, 7, 0,
        _("released, or manufacture on track"),
        _due("VS", _lab("ABCD"), FormDue("ICANS", note=_("baseline")), "AE", "CM"),
    ),
    *(_lymphodepletion(number) for number, _day in enumerate(LYMPHODEPLETION_DAYS, start=1)),
    VisitType(
        "PRE", _("Pre-infusion check"), Clock.CAR_T, -1, 1, 0, _("lymphodepletion done"),
        _due("VS", _lab("ABC"), "ICANS", "TRF"),
    ),
    VisitType(
        "C0", _("CAR-T infusion (T0)"), Clock.CAR_T, 0, 0, 0, _("released batch"),
        _due("INF", "VS", _lab("AC"), "CRS", "ICANS", "KIN", "AE"),
    ),
)  # fmt: skip

AFTER_INFUSION = (
    *(_car_t_daily(day) for day in range(1, 15)),
    VisitType(
        "C14R", _("Remission check and transplantation gate"), Clock.CAR_T, 14, 7, 17, _ALIVE,
        _due("RESP", "KIN", "CHIM"),
    ),
    VisitType(
        "C21", _("Day 21"), Clock.CAR_T, 21, 2, 2, _ALIVE,
        _due("VS", _lab("ABC"), "CRS", "ICANS", "AGVHD", "KIN", "TRF", "AE", "CM"),
    ),
    VisitType(
        "C28", _("Day 28, DLT closure"), Clock.CAR_T, 28, 3, 3, _("alive, or died before"),
        _due("VS", _lab("ABCD"), "RESP", "KIN", "AGVHD", "DLT", "AE", "CM"),
    ),
)  # fmt: skip
"""From the day after infusion to the closure of the DLT window, with or without a transplantation."""

DAILY_COUNTS = tuple(_hsct_daily(day) for day in range(1, 29))
"""H1d..H28d, until engraftment."""

_TRANSPLANT = (
    VisitType(
        "HW", _("Transplant work-up"), Clock.EVENT, 0, 10, 0, _("transplantation gate open"),
        _due("DONOR", "RESP", _lab("ABD"), FormDue("HSCT", note=_("consent"), page_at="H0")),
    ),
    _hsct("H0", _("Graft infusion (H0)"), 0, 0, 0, "HSCT", "VS", _lab("AB"), "AGVHD", "TRF"),
    *DAILY_COUNTS,
    _hsct(
        "H7", _("+7"), 7, 1, 1,
        "VS", _lab("ABC"), "AGVHD", "INFX", FormDue("ICANS", if_needed=True, note=_("if CRS is active")),
    ),
    _hsct("H14", _("+14"), 14, 2, 2, "VS", _lab("ABC"), "AGVHD", "CHIM", "KIN"),
    _hsct("H21", _("+21"), 21, 2, 2, "VS", _lab("AB"), "AGVHD", "KIN"),
    _hsct(
        "HM1", _("+1 month"), 30, 3, 5,
        "VS", _lab("ABCD"), "RESP", "CHIM", "KIN", "AGVHD", "ENG", "AE", "CM", "FU",
    ),
    *(_agvhd_weekly(day) for day in _AGVHD_WEEKLY_DAYS),
    _hsct(
        "HM2", _("+2 months"), 60, 7, 7, "VS", _lab("ABD"), "CHIM", "AGVHD", "CGVHD", "RESP", "KIN", "FU"
    ),
    _hsct(
        "HM3", _("+3 months"), 90, 10, 14,
        "VS", _lab("ABCD"), "RESP", "CHIM", "KIN", "AGVHD", "CGVHD", "ENG", "FU",
    ),
    _hsct("HM6", _("+6 months"), 180, 14, 14, *_YEARLY_HSCT),
    _hsct("HM9", _("+9 months"), 270, 21, 21, "VS", _lab("AB"), "RESP", "CHIM", "CGVHD", "FU"),
    _hsct("HM12", _("+12 months"), 365, 30, 30, *_YEARLY_HSCT),
    _hsct("HM18", _("+18 months"), 545, 45, 45, "VS", _lab("AB"), "CHIM", "CGVHD", "RESP", "FU"),
    _hsct(
        "HM24", _("+24 months"), 730, 45, 45,
        *_YEARLY_HSCT, FormDue("EOS", if_needed=True, note=_("unless in long-term follow-up")),
    ),
)  # fmt: skip

WITHOUT_TRANSPLANT = (
    _no_transplant(60, 7, 7, "VS", _lab("ABD"), "RESP", "KIN", "AGVHD", "FU"),
    _no_transplant(90, 10, 10, *_YEAR_PATH, "AGVHD"),
    _no_transplant(180, 14, 14, *_YEAR_PATH),
    _no_transplant(270, 21, 21, *_YEAR_PATH),
    _no_transplant(365, 30, 30, *_YEAR_PATH),
    _no_transplant(545, 45, 45, *_YEAR_PATH),
    _no_transplant(730, 45, 45, *_YEAR_PATH),
)
"""C60..C730: the path of a subject who is not transplanted."""

LONG_TERM = tuple(_long_term(year) for year in _LTFU_YEARS)
"""LT3..LT15: yearly to year 15 for those who consented to it."""

SURVIVAL = tuple(_survival(day) for day in _SURVIVAL_DAYS)
"""S90..S720: contacts alone, for a subject who has relapsed or progressed."""

SHARED_FORMS = frozenset({"VS", "LAB", "AGVHD"})
"""Forms that are entered once, where one encounter satisfies a visit on each clock (rule 4)."""

DLT_CLOSURE = "C28"
"""The visit that stays due after relapse or death: dose-limiting toxicity is judged in any case."""

_EVENTS = (
    VisitType(
        "RLPv", _("Relapse visit"), Clock.EVENT, 0, 0, 14, _("event"),
        _due("RLP", "RESP", "CHIM", "KIN", "SUBTX"),
    ),
    VisitType(
        "UNS", _("Unscheduled"), Clock.EVENT, 0, 0, 0, _("any; no form is due, any may be filled"), ()
    ),
    VisitType(
        "ENDv", _("End of study or death"), Clock.EVENT, 0, 0, 30, _("event"),
        _due(FormDue("DTH", if_needed=True, note=_("if the subject died")), "EOS"),
    ),
)  # fmt: skip

VISITS: tuple[VisitType, ...] = (
    *_UP_TO_INFUSION,
    *AFTER_INFUSION,
    *_TRANSPLANT,
    *WITHOUT_TRANSPLANT,
    *SURVIVAL,
    *LONG_TERM,
    *_EVENTS,
)
"""Every visit of the protocol, in its order."""

_BY_CODE = {visit.code: visit for visit in VISITS}
_POSITIONS = {visit.code: position for position, visit in enumerate(VISITS)}


def visit_type(code: str) -> VisitType:
    """The visit of this code or instance code: UNS3 is an UNS, RLPv1 an RLPv, LD4 a fourth day of LD.

    Raises UnknownVisit.
    """
    if code in _BY_CODE:
        return _BY_CODE[code]
    instance = _INSTANCE.fullmatch(code)
    if instance is None:
        raise UnknownVisit(code)
    stem = instance["stem"]
    return _BY_CODE[stem] if stem in RECURRING else _lymphodepletion(int(instance["number"]))


def protocol_position(code: str) -> int | None:
    """Where a visit stands in the order of the protocol; None for one that an event opens (UNS1, RLPv1)."""
    return None if visit_type(code).clock is Clock.EVENT else _POSITIONS.get(code)
