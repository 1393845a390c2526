"""The list of subjects: who, with what, on which day of both clocks, and where their pages stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from patients.casebook.form import form_model
from patients.casebook.page import Subject
from patients.web.clocks import local_now
from patients.web.shell import site_label
from patients.web.standing import LABELS
from patients.web.states import StateMark, mark
from patients.web.subject_presenter import ChipView, ClockView, clock_views, facts_of, standing_chip
from patients.web.subjects_filters import ASKED, ENROLLED, OVERDUE, UNTIL, SubjectFilters
from patients.web.trail_presenter import Option
from trial.people.models import Site

SUBJECTS_ON_A_PAGE = 50
STATES = ("locked", "frozen", "signed", "complete", "query", "progress", "overdue", "empty")


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One subject of the list."""

    code: str
    site: str
    facts: str
    stands: ChipView
    clocks: list[ClockView]
    states: list[StateMark]
    unreviewed: int = 0
    doubles: Sequence[ChipView] = ()


@dataclass(frozen=True, slots=True)
class SubjectChoices:
    """What can be chosen in the filters; of one site there is nothing to choose."""

    sites: list[Option]
    diagnoses: list[Option]
    stands: list[Option]
    pages: list[Option]
    enrolled: list[Option]


@dataclass(frozen=True, slots=True)
class SubjectsScreen:
    """Everything that the template of the list says."""

    rows: list[SubjectRow]
    sites: str
    filters: SubjectFilters
    choices: SubjectChoices
    back_url: str
    on_url: str
    legend: list[StateMark]
    can_enter: bool = False
    site_codes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of subjects in the order of their codes."""

    subjects: list[Any]
    has_back: bool
    has_on: bool


def stretch(subjects: "QuerySet[Subject]", before: str, after: str) -> Stretch:
    """The subjects after the code `after`, or before `before`, else the first; never counted."""
    size = SUBJECTS_ON_A_PAGE
    if before:
        found = list(subjects.filter(code__lt=before).order_by("-code")[: size + 1])
        return Stretch(found[:size][::-1], has_back=len(found) > size, has_on=True)
    ahead = subjects.filter(code__gt=after) if after else subjects
    found = list(ahead.order_by("code")[: size + 1])
    return Stretch(found[:size], has_back=bool(after), has_on=len(found) > size)


def subjects_screen(
    shown: Stretch,
    counts: Mapping[int, Mapping[str, int]],
    unreviewed: Mapping[str, int],
    sites: Sequence[Site],
    filters: SubjectFilters,
    *,
    doubles: Mapping[str, Sequence[ChipView]],
    can_enter: bool = False,
) -> SubjectsScreen:
    """`counts` are pages by subject and state, `unreviewed` acts that wait for a review, by code, `doubles`
    whom each may be the same person as."""
    codes = [subject.code for subject in shown.subjects]
    return SubjectsScreen(
        rows=[
            _row(
                subject,
                counts.get(subject.pk, {}),
                unreviewed.get(subject.code, 0),
                doubles.get(subject.code, ()),
            )
            for subject in shown.subjects
        ],
        sites=", ".join(site_label(site) for site in sites),
        filters=filters,
        choices=_choices(filters, sites),
        back_url=_url(filters, before=codes[0]) if shown.has_back and codes else "",
        on_url=_url(filters, after=codes[-1]) if shown.has_on and codes else "",
        legend=[mark(name) for name in STATES],
        can_enter=can_enter,
        site_codes=[site.code for site in sites],
    )


def _row(subject: Any, counts: Mapping[str, int], unreviewed: int, doubles: Sequence[ChipView]) -> SubjectRow:
    return SubjectRow(
        code=subject.code,
        site=subject.site.code,
        facts=facts_of(subject),
        stands=standing_chip(subject),
        clocks=clock_views(subject, local_now().date()),
        states=[mark(name, counts[name]) for name in STATES if counts.get(name)],
        unreviewed=unreviewed,
        doubles=doubles,
    )


def _choices(filters: SubjectFilters, sites: Sequence[Site]) -> SubjectChoices:
    diseases = form_model("DX").item("dx_type").codes.labels  # type: ignore[attr-defined]
    pages = {OVERDUE: _("overdue"), ASKED: _("asked about")}
    return SubjectChoices(
        sites=_options({site.code: site_label(site) for site in sites}, filters.site),
        diagnoses=_options(diseases, filters.diagnosis),
        stands=_options(LABELS, filters.stands),
        pages=_options(pages, filters.pages),
        enrolled=_options(_enrolments(filters.enrolled), filters.enrolled),
    )


def _enrolments(chosen: str) -> dict[str, str]:
    """At any time; and a month, or the time up to its end, if the address asks for that."""
    words = {ENROLLED: _("at any time")}
    if chosen.startswith(UNTIL):
        words[chosen] = _("by the end of %(month)s") % {"month": chosen.removeprefix(UNTIL)}
    elif chosen:
        words.setdefault(chosen, chosen)
    return words


def _options(labels: Mapping[Any, Any], chosen: str) -> list[Option]:
    return [Option(str(value), str(label), value == chosen) for value, label in labels.items()]


def _url(filters: SubjectFilters, **key: str) -> str:
    return f"{reverse('subjects')}?{urlencode({**filters.chosen, **key})}"
