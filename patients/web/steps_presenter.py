"""The steps of a subject up to the infusion: what is done, by whom, what comes next, and what stops it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.casebook.answers import local_day
from patients.casebook.page import Page
from patients.entry.admission import Step, Taken
from patients.web.clocks import full_day
from patients.web.states import StateMark, mark

TITLES: dict[Step, Promise] = {
    Step.CONSENT: gettext_lazy("Consent"),
    Step.ELIGIBILITY: gettext_lazy("Eligibility"),
    Step.SIGNATURE: gettext_lazy("Signature of the principal investigator"),
    Step.ENROLMENT: gettext_lazy("Enrolment"),
    Step.LYMPHODEPLETION: gettext_lazy("Lymphodepletion"),
    Step.INFUSION: gettext_lazy("CAR-T infusion"),
}
RECORDED_BY = {
    Step.CONSENT: "icf_main_signed",
    Step.ELIGIBILITY: "ELIG@SCR.eligible",
    Step.ENROLMENT: "enrol_dt",
    Step.LYMPHODEPLETION: "ld_date",
}
"""The item of the trail whose change records a step; the signature names its signer itself."""

_FIRST_ITEM = {Step.CONSENT: "icf_main_signed", Step.ELIGIBILITY: "inc01_consent", Step.ENROLMENT: "enrol_dt"}
MOST_STOPS = 4


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step: its state, what is said of it, where it is taken, and what stops it."""

    title: str
    state: StateMark
    said: str = ""
    url: str = ""
    is_next: bool = False
    stops: list[str] = field(default_factory=list)
    more: str = ""


def step_lines(
    taken: list[Taken], recorded: Mapping[str, tuple[str, datetime]], names: Mapping[str, str], *, signs: bool
) -> list[StepLine]:
    """`recorded`: who saved an item, and when, by item; `names`: printed names by user name; `signs`: the
    reader is the one whose signature is awaited."""
    return [_line(each, recorded, names, signs=signs) for each in taken]


def _line(
    taken: Taken, recorded: Mapping[str, tuple[str, datetime]], names: Mapping[str, str], *, signs: bool
) -> StepLine:
    title = str(TITLES[taken.step])
    if taken.is_done:
        return StepLine(title, mark("complete"), _done(taken, recorded, names), _url(taken, signs=False))
    if not taken.is_next:
        return StepLine(title, mark("notdue"), _planned(taken))
    stops = list(dict.fromkeys(str(found.message) for found in taken.stops))
    return StepLine(
        title,
        mark("progress"),
        _what_stops(taken.step, len(stops)),
        _url(taken, signs=signs and not stops),
        is_next=True,
        stops=stops[:MOST_STOPS],
        more=_more(len(stops) - MOST_STOPS),
    )


def _done(taken: Taken, recorded: Mapping[str, tuple[str, datetime]], names: Mapping[str, str]) -> str:
    """`16 May 2025 · recorded by Lin Qiao, 17 May 2025`."""
    day = full_day(local_day(taken.on))
    if taken.by:
        return " · ".join(filter(None, (day, names.get(taken.by, taken.by))))
    known = recorded.get(RECORDED_BY.get(taken.step, ""))
    if known is None:
        return day
    who, at = known
    said = _("recorded by %(name)s, %(day)s") % {"name": who, "day": full_day(local_day(at))}
    return f"{day} · {said}" if day else said


def _planned(taken: Taken) -> str:
    """A day that is written down before its step can be taken."""
    day = local_day(taken.on) if isinstance(taken.on, date) else None
    return _("entered for %(day)s") % {"day": full_day(day)} if day else ""


def _what_stops(step: Step, stops: int) -> str:
    if not stops:
        return _("Next. Nothing stands in its way.")
    if step is Step.ELIGIBILITY:
        text = ngettext(
            "Next. Eligibility is not complete: %(number)s finding.",
            "Next. Eligibility is not complete: %(number)s findings.",
            stops,
        )
        return text % {"number": stops}
    if step is Step.CONSENT:
        return _("Next. Nothing is entered before it:")
    return _("Next. What stops it today:")


def _more(number: int) -> str:
    if number <= 0:
        return ""
    return ngettext("and %(number)s more", "and %(number)s more", number) % {"number": number}


def _url(taken: Taken, *, signs: bool) -> str:
    page: Page | None = taken.page
    if page is None:
        return ""
    if taken.step is Step.SIGNATURE and signs:
        return reverse("sign", args=[page.pk])
    place = _FIRST_ITEM.get(taken.step, "")
    return page.get_absolute_url() + (f"#i-{place}" if place else "")
