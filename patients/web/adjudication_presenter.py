"""The subjects whose dose-limiting toxicity is adjudicated, as lines of the screen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.casebook.form import form_model
from patients.items.problems import Text
from patients.oversight.adjudication import Adjudicated, Said, Waits
from patients.web.safety_presenter import Tab, tabs_of
from patients.web.states import StateMark, state_of
from patients.web.widgets import labels_of
from trial.protocol.configuration import AWAITING, SETTINGS, setting_as

SAID: dict[Said, tuple[Text, str]] = {
    Said.CANDIDATE: (gettext_lazy("candidate"), "warn"),
    Said.CONFIRMED: (gettext_lazy("confirmed"), "bad"),
    Said.REJECTED: (gettext_lazy("rejected"), ""),
    Said.OPEN: (gettext_lazy("to be evaluated"), "busy"),
}
WAITS: dict[Waits, tuple[Text, str]] = {
    Waits.DECISION: (gettext_lazy("waits for the committee"), "warn"),
    Waits.WINDOW: (gettext_lazy("window open"), "busy"),
    Waits.DECIDED: (gettext_lazy("decided"), "ok"),
}


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event in the window, in words."""

    url: str
    text: str
    said: str
    kind: str


@dataclass(frozen=True, slots=True)
class AdjudicationLine:
    """One subject in words."""

    subject: str
    infused: str
    closes: str
    left: str
    evaluable: str
    events: list[EventLine]
    waits: str
    kind: str
    url: str
    state: StateMark | None
    decision: str


@dataclass(frozen=True, slots=True)
class AdjudicationScreen:
    """Everything that the template says. `rules` are the definition, `awaiting` says that it is not the
    protocol's."""

    tabs: list[Tab]
    lines: list[AdjudicationLine]
    rules: list[str]
    window: str
    awaiting: str


def adjudication_screen(found: Iterable[Adjudicated], today: date) -> AdjudicationScreen:
    days = setting_as(int, "dlt_window_days")
    rules = form_model("DLT").item("dlt_rule")
    return AdjudicationScreen(
        tabs=tabs_of("adjudication"),
        lines=[_line(each, today) for each in found],
        rules=list(labels_of(rules).values()),
        window=_("The window: from the day of infusion to day %(days)s.") % {"days": days},
        awaiting=str(AWAITING) if SETTINGS["dlt_window_days"].awaiting_confirmation else "",
    )


def _line(each: Adjudicated, today: date) -> AdjudicationLine:
    waits, kind = WAITS[each.waits(today)]
    return AdjudicationLine(
        subject=each.subject.code,
        infused=str(each.infused),
        closes=str(each.closes),
        left=_left((each.closes - today).days),
        evaluable=_evaluable(each),
        events=[_event(event, said) for event, said in each.events],
        waits=str(waits),
        kind=kind,
        url=each.page.get_absolute_url() if each.page else "",
        state=state_of(each.page, today) if each.page else None,
        decision=_decision(each.decision),
    )


def _left(days: int) -> str:
    if days < 0:
        return _("over")
    return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}


def _evaluable(each: Adjudicated) -> str:
    """What the committee says; until it does, what the dose says."""
    if each.decision is not None and each.decision.dlt_evaluable:
        return _label(each.decision, "dlt_evaluable")
    if each.dose_counts is None:
        return _("by its dose: not recorded")
    return _("by its dose: yes") if each.dose_counts else _("by its dose: no")


def _event(event: Any, said: Said) -> EventLine:
    words, kind = SAID[said]
    grade = _("grade %(grade)s") % {"grade": event.ae_grade} if event.ae_grade else ""
    day = f"D+{event.ae_day_car}" if event.ae_day_car else "D0"
    text = " · ".join(part for part in (event.ae_term or "", grade, day) if part)
    return EventLine(event.page.get_absolute_url(), f"AE {event.row_key}: {text}", str(words), kind)


def _decision(row: Any) -> str:
    if row is None or row.dlt_occurred is None:
        return ""
    said = _("a dose-limiting toxicity") if row.dlt_occurred else _("no dose-limiting toxicity")
    rules = ", ".join(row.dlt_rule or ())
    return " · ".join(part for part in (said, rules, str(row.dlt_committee_dt or "")) if part)


def _label(row: Any, name: str) -> str:
    value = getattr(row, name)
    return str(labels_of(row.item(name)).get(value, value or ""))
