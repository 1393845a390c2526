"""The list of queries: what is asked, where, by whom, who has to do something, and since when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from patients.casebook.form import declared_forms
from patients.entry.asking import roles_that_answer
from patients.entry.query_moves import stands_on_its_side
from patients.oversight.queries import Priority, Query, QueryQuerySet, QueryState, Said
from patients.oversight.query_figures import AGES
from patients.web.clocks import full_day
from patients.web.query_filters import (
    BECAME,
    BY_CHECK,
    BY_PERSON,
    FOR_ME,
    STATES,
    QueryFilters,
)
from patients.web.query_words import (
    MARKS,
    age_in_words,
    asker_of,
    item_in_words,
    mark_of,
    place_in_words,
    place_url,
    priority_of,
    text_of,
    url_of,
    waits_for,
)
from patients.web.shell import site_label
from patients.web.states import StateMark, mark
from patients.web.trail_presenter import Option
from trial.people.access import can, holds
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.study import SITE_ZONE

QUERIES_ON_A_PAGE = 50
AGES_IN_WORDS = {"0-7": "0–7", "8-14": "8–14", "15-30": "15–30", "31-": "≥ 31"}


@dataclass(frozen=True, slots=True)
class QueryRow:
    """One query of the list. `can_close`: it can be closed from here with others."""

    number: int
    url: str
    state: StateMark
    subject: str
    place: str
    place_url: str
    item: str
    text: str
    asker: str
    waits_for: str
    priority: str
    age: str
    closed: str
    can_close: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """How many queries are in a state, with the address of these."""

    state: StateMark
    label: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of queries in the order that was asked for."""

    queries: list[Query]
    has_back: bool
    has_on: bool


@dataclass(frozen=True)
class QueriesScreen:
    """Everything that the template of the list says. `problems`: why a bulk act was refused."""

    rows: list[QueryRow]
    sites: str
    tally: list[Tally]
    filters: QueryFilters
    choices: dict[str, list[Option]]
    back_url: str
    on_url: str
    asks: bool
    problems: tuple[str, ...] = ()
    reason: str = ""
    chosen: frozenset[int] = field(default_factory=frozenset)

    @property
    def can_close(self) -> bool:
        return any(row.can_close for row in self.rows)

    @property
    def here(self) -> str:
        return f"{reverse('queries')}?{self.filters.address()}"


def stretch(queries: QueryQuerySet, before: int | None, after: int | None, *, newest_first: bool) -> Stretch:
    """The queries with smaller numbers than `before` or larger than `after`, else those at the beginning;
    found by key, never counted."""
    size = QUERIES_ON_A_PAGE
    upwards = after is not None or (before is None and not newest_first)
    if after is not None:
        queries = queries.filter(pk__gt=after)
    elif before is not None:
        queries = queries.filter(pk__lt=before)
    found = list(queries.order_by("pk" if upwards else "-pk")[: size + 1])
    has_more, shown = len(found) > size, found[:size]
    forward = upwards != newest_first
    if not forward:
        shown.reverse()
    has_key = before is not None or after is not None
    return Stretch(shown, has_back=has_key if forward else has_more, has_on=has_more if forward else True)


class QueriesPresenter:
    """Makes the list for one person at these sites."""

    def __init__(self, person: Account, sites: Sequence[Site], filters: QueryFilters, now: datetime) -> None:
        self.person, self.sites, self.filters, self.now = person, sites, filters, now

    def screen(
        self, shown: Stretch, counts: Mapping[str, int], names: Mapping[str, str], askers: Iterable[str]
    ) -> QueriesScreen:
        """`counts` are queries by state, `names` printed names by user name, `askers` who raised any."""
        numbers = [query.pk for query in shown.queries]
        first, last = (numbers[0], numbers[-1]) if numbers else (0, 0)
        back, on = ("after", "before") if self.filters.newest_first else ("before", "after")
        return QueriesScreen(
            rows=[self._row(query, names) for query in shown.queries],
            sites=", ".join(site_label(site) for site in self.sites),
            tally=[self._tally(state, counts) for state in QueryState],
            filters=self.filters,
            choices=self._choices(names, askers),
            back_url=self._at(back, first) if shown.has_back and numbers else "",
            on_url=self._at(on, last) if shown.has_on and numbers else "",
            asks=holds(self.person, Permission.QUERY),
        )

    def _row(self, query: Query, names: Mapping[str, str]) -> QueryRow:
        site = query.whose.site.code
        is_mine = stands_on_its_side(self.person, query, Said.CLOSED)
        return QueryRow(
            number=query.pk,
            url=url_of(query),
            state=mark_of(query),
            subject=query.whose.code,
            place=place_in_words(query),
            place_url=place_url(query),
            item=item_in_words(query),
            text=text_of(query, identify=can(self.person, Permission.READ_IDENTITY, site=site)),
            asker=asker_of(query, names),
            waits_for=waits_for(query, names),
            priority=priority_of(query),
            age=age_in_words(query, self.now),
            closed=full_day(query.closed_at.astimezone(SITE_ZONE).date()) if query.closed_at else "",
            can_close=is_mine and query.allows(Said.CLOSED),
        )

    def _tally(self, state: QueryState, counts: Mapping[str, int]) -> Tally:
        url = f"{reverse('queries')}?{self.filters.address(state=state.value)}"
        return Tally(mark(MARKS[state]), str(state.label), counts.get(state, 0), url)

    def _at(self, key: str, number: int) -> str:
        return f"{reverse('queries')}?{self.filters.address(**{key: number})}"

    def _choices(self, names: Mapping[str, str], askers: Iterable[str]) -> dict[str, list[Option]]:
        forms = {each.form.code: f"{each.form.code} · {each.form.title}" for each in declared_forms()}
        people = {name: names.get(name, name) for name in askers}
        roles = {role.value: str(role.label) for role in roles_that_answer()}
        offered: dict[str, Mapping[str, object]] = {
            "site": {site.code: site_label(site) for site in self.sites},
            "form": forms,
            "state": STATES,
            "age": {name: _("%(days)s days") % {"days": AGES_IN_WORDS[name]} for name in AGES},
            "raised": {BY_PERSON: _("a person"), BY_CHECK: _("an edit check"), **people},
            "waits": {FOR_ME: _("me, or my role"), **roles},
            "priority": {str(each.value): each.label for each in Priority},
            "became": BECAME,
        }
        return {name: self._options(name, choices) for name, choices in offered.items()}

    def _options(self, name: str, choices: Mapping[str, object]) -> list[Option]:
        """The choices; what was asked for stands among them even if nobody would offer it."""
        chosen = getattr(self.filters, name)
        labels = {str(value): str(label) for value, label in choices.items()}
        if chosen:
            labels.setdefault(chosen, chosen)
        return [Option(value, label, value == chosen) for value, label in labels.items()]
