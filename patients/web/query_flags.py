"""The query flag of an item, and the queries of a page beside it (product page: grey none, red open, amber
answered, green closed)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from patients.casebook.page import Page
from patients.oversight.queries import Query, QueryState
from patients.web.query_words import item_in_words, mark_of, text_of, url_of
from patients.web.states import StateMark

_PRESSING = (QueryState.OPEN, QueryState.ANSWERED, QueryState.CLOSED)


@dataclass(frozen=True, slots=True)
class QueryFlag:
    """The flag of one item: `name` colours it, `shape` draws it, `label` says it, `url` is where it leads."""

    name: str
    shape: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class QueryLine:
    """A query in the list of a page."""

    state: StateMark
    text: str
    url: str


class PageQueries:
    """The queries on a page for one person, who may ask some or not."""

    def __init__(self, page: Page, queries: Iterable[Query], *, asks: bool, identify: bool) -> None:
        self.page, self.asks, self.identify = page, asks, identify
        self.queries = list(queries)
        for query in self.queries:
            query.page = page

    def flag(self, row_key: str, item: str, label: str) -> QueryFlag | None:
        """The flag of an item: of its most pressing query; where there is none, to raise one."""
        here = [query for query in self.queries if (query.row_key, query.item) == (row_key, item)]
        if here:
            query = min(here, key=lambda each: (_PRESSING.index(QueryState(each.state)), -each.pk))
            state = mark_of(query)
            words = _("%(label)s: %(state)s") % {"label": label, "state": state.label}
            return QueryFlag(query.state, state.shape, words, url_of(query))
        if not self.asks:
            return None
        named = urlencode({name: text for name, text in (("item", item), ("row", row_key)) if text})
        words = _("%(label)s: raise a query") % {"label": label}
        return QueryFlag("none", "st-flag", words, f"{self.raise_url}?{named}")

    @property
    def raise_url(self) -> str:
        """Where a query about the whole page is raised; empty for who raises none."""
        return reverse("query-on-page", args=[self.page.pk]) if self.asks else ""

    def lines(self) -> list[QueryLine]:
        """Those that nobody has closed, the oldest first."""
        return [
            QueryLine(mark_of(each), self._words(each), url_of(each))
            for each in sorted(self.queries, key=lambda query: query.opened_at)
            if each.is_outstanding
        ]

    def _words(self, query: Query) -> str:
        about, text = item_in_words(query), text_of(query, identify=self.identify)
        if text.startswith(about):
            return text
        return _("%(label)s: %(message)s") % {"label": about, "message": text}
