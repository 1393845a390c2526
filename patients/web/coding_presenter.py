"""The list of terms to be coded, and the parts that the other screens of coding share with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.casebook.form import form_model
from patients.coding.codes import Coding
from patients.coding.coding_act import Seen
from patients.coding.dictionaries import Dictionary, Term
from patients.coding.groups import Group
from patients.coding.schemes import EVENTS, MEDICINES, coded_items
from patients.coding.standing import LATE_AFTER_DAYS, TO_CODE, CodedTerm, Counts, State, days_waiting
from patients.coding.suggesting import Suggestion
from patients.web.clocks import moment
from patients.web.coding_filters import STATES, CodingFilters
from patients.web.coding_filters import TO_CODE as WAITING
from patients.web.shell import site_label
from patients.web.trail_presenter import Option
from trial.people.models import Site

GROUPS_ON_A_PAGE = 30
SUBJECTS_NAMED = 4
NEXT, BETWEEN = " ", ":"


# --- parts -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TermLine:
    """A term of a dictionary: its name and code, what it is reported as, and in which classes that is."""

    number: int
    name: str
    code: str
    concept: str
    path: str
    dictionary: str
    remark: str = ""
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Terms of the same words, in one line of a list."""

    verbatim: str
    item: str
    form: str
    url: str
    subjects: list[str]
    more_subjects: int
    count: int
    state: str
    is_coded: bool
    age: str
    is_late: bool
    term: TermLine | None
    who: str
    suggestion: TermLine | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class StateCount:
    label: str
    count: int
    url: str
    is_here: bool


@dataclass(frozen=True)
class CodingScreen:
    """Everything that the template of the list says."""

    lines: list[GroupLine]
    sites: str
    dictionaries: list[str]
    is_invented: bool
    tally: list[StateCount]
    filters: CodingFilters
    choices: dict[str, list[Option]]
    back_url: str
    on_url: str
    codes: bool


def term_line(term: Term, remark: str = "") -> TermLine:
    return TermLine(
        term.pk,
        term.name,
        term.code,
        term.concept.name,
        term.concept.path_in_words,
        str(term.dictionary),
        remark,
        term.is_current,
    )


def suggestion_line(found: Suggestion) -> TermLine:
    remark = (
        _("same words") if found.likeness >= 1 else _("%(percent)s %% alike") % {"percent": found.percent}
    )
    return term_line(found.term, remark)


def url_of(term: CodedTerm) -> str:
    return reverse("coding-term", args=[term.row, term.coded.form])


def group_line(
    group: Group, now: datetime, suggestion: TermLine | None = None, *, to: Term | None = None
) -> GroupLine:
    """A group as a line; with `to`, what names it in a form that codes it so."""
    days, coding = days_waiting(group.since, now), group.coding
    subjects = list(dict.fromkeys(term.subject for term in group.terms))
    is_coded = group.state not in TO_CODE
    return GroupLine(
        verbatim=group.verbatim,
        item=group.coded.label,
        form=group.coded.form,
        url=url_of(group.terms[0]),
        subjects=subjects[:SUBJECTS_NAMED],
        more_subjects=max(0, len(subjects) - SUBJECTS_NAMED),
        count=len(group.terms),
        state=str(group.state.label),
        is_coded=group.state is State.CODED,
        age="" if group.state is State.CODED else _days(days),
        is_late=group.state in TO_CODE and days > LATE_AFTER_DAYS,
        term=term_line(coding.term) if coding else None,
        who=who_coded(coding) if coding and is_coded else "",
        suggestion=suggestion,
        token=choice_of(to, group.terms) if to else "",
    )


def choice_of(to: Term, terms: Iterable[CodedTerm]) -> str:
    """`17:AE.3.1.0 AE.9.2.0`: the term, and the rows as they are shown."""
    return f"{to.pk}{BETWEEN}{NEXT.join(str(Seen.of(term)) for term in terms)}"


def who_coded(coding: Coding) -> str:
    told = {"who": coding.printed_name, "at": moment(coding.at), "how": coding.get_how_display()}
    return _("%(who)s, %(at)s, %(how)s") % told


def _days(days: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


# --- the list --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ListPresenter:
    """Makes the list for one person at these sites; `force` are the dictionaries in force."""

    sites: Sequence[Site]
    filters: CodingFilters
    force: Sequence[Dictionary]
    now: datetime
    codes: bool

    def among(self, groups: Iterable[Group]) -> list[Group]:
        return [
            group for group in groups if self.filters.lets_through(group, days_waiting(group.since, self.now))
        ]

    def screen(
        self,
        groups: Sequence[Group],
        first: int,
        suggested: Mapping[tuple[str, str], Sequence[Suggestion]],
        counted: Counts,
        known: Sequence[str],
    ) -> CodingScreen:
        """`groups` are all that fit, of which those from `first` on are shown; `suggested` by scheme and
        words; `known` all dictionaries by name."""
        return CodingScreen(
            lines=[self._line(group, suggested) for group in groups[first : first + GROUPS_ON_A_PAGE]],
            sites=", ".join(site_label(site) for site in self.sites),
            dictionaries=dictionaries_in_words(self.force),
            is_invented=any(each.is_invented for each in self.force),
            tally=[self._count(state, counted) for state in STATES if state != WAITING],
            filters=self.filters,
            choices=self._choices(known),
            back_url=self._from(max(0, first - GROUPS_ON_A_PAGE)) if first else "",
            on_url=self._from(first + GROUPS_ON_A_PAGE) if first + GROUPS_ON_A_PAGE < len(groups) else "",
            codes=self.codes,
        )

    def _line(self, group: Group, suggested: Mapping[tuple[str, str], Sequence[Suggestion]]) -> GroupLine:
        found = suggested.get((group.coded.scheme, group.verbatim), ())
        return group_line(group, self.now, suggestion_line(found[0]) if found else None)

    def _count(self, state: str, counted: Counts) -> StateCount:
        asked = CodingFilters(state=state)
        url = f"{reverse('coding')}?{self.filters.address(state=state)}"
        return StateCount(str(STATES[state]), counted.of(asked.states), url, self.filters.state == state)

    def _from(self, first: int) -> str:
        return f"{reverse('coding')}?{self.filters.address(**{'from': first or ''})}"

    def _choices(self, known: Sequence[str]) -> dict[str, list[Option]]:
        forms = {each.form: f"{each.form} · {form_model(each.form).form.title}" for each in coded_items()}
        offered: dict[str, Mapping[str, object]] = {
            "site": {site.code: site_label(site) for site in self.sites},
            "form": forms,
            "state": STATES,
            "dictionary": dict(zip(known, known, strict=True)),
        }
        return {
            name: [
                Option(value, str(label), value == (getattr(self.filters, name) or _usual(name)))
                for value, label in choices.items()
            ]
            for name, choices in offered.items()
        }


def _usual(name: str) -> str:
    return WAITING if name == "state" else ""


def dictionaries_in_words(force: Iterable[Dictionary]) -> list[str]:
    """What is coded against; that nothing is loaded is said for each scheme."""
    by_scheme: dict[str, dict[str, list[str]]] = {EVENTS: {}, MEDICINES: {}}
    for each in force:
        by_scheme[each.scheme].setdefault(str(each), []).append(each.get_language_display())
    return [
        ", ".join(f"{name} ({', '.join(languages)})" for name, languages in found.items())
        or _("%(scheme)s: nothing is loaded") % {"scheme": scheme}
        for scheme, found in by_scheme.items()
    ]
