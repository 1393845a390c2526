"""What the list of queries is narrowed to, read from the address and written back into it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import declared_forms
from patients.casebook.header import HEADER
from patients.oversight.queries import OUTSTANDING, QueryMessage, QueryQuerySet, QueryState
from patients.oversight.query_figures import AGES, Age
from patients.web.address_filters import AddressFilters
from patients.web.trail_filters import number
from trial.people.models import Account

ALL_OPEN = "outstanding"
BY_CHECK, BY_PERSON, FOR_ME = "check", "person", "me"
OLDEST = "oldest"
STATES: dict[str, Promise] = {
    ALL_OPEN: _("open or answered"),
    QueryState.OPEN: _("open"),
    QueryState.ANSWERED: _("answered"),
    QueryState.CLOSED: _("closed"),
}
BECAME: dict[str, Promise] = {
    "answered": _("answered since last opened"),
    "closed": _("closed, however"),
    "changed": _("closed, and the data changed"),
}


@dataclass(frozen=True, slots=True)
class QueryFilters(AddressFilters):
    """Which queries are asked for."""

    site: str = ""
    subject: str = ""
    visit: str = ""
    form: str = ""
    state: str = ""
    age: str = ""
    raised: str = ""
    waits: str = ""
    priority: str = ""
    words: str = ""
    became: str = ""
    order: str = ""

    @property
    def newest_first(self) -> bool:
        return self.order != OLDEST

    def among(
        self, queries: QueryQuerySet, *, by: Account, now: datetime, but_state: bool = False
    ) -> QueryQuerySet:
        """Those of the queries that the filters let through; `but_state`: in whatever state they are."""
        asked = self._places() & self._people(by) & self._ages(now) & self._words()
        return queries.filter(asked if but_state else asked & self._states())

    def _places(self) -> Q:
        found = Q()
        if self.site:
            found &= _at("subject__site__code", self.site)
        if self.subject:
            found &= _at("subject__code__icontains", self.subject)
        if self.visit:
            found &= Q(page__visit__code__iexact=self.visit) | Q(visit__code__iexact=self.visit)
        return found & Q(page__form_code=self.form) if self.form else found

    def _states(self) -> Q:
        if self.state == ALL_OPEN:
            return Q(state__in=OUTSTANDING)
        return Q(state=self.state) if self.state else Q()

    def _ages(self, now: datetime) -> Q:
        found = {
            "": Q(),
            "answered": Q(answered_at__isnull=False),
            "closed": Q(state=QueryState.CLOSED),
            "changed": Q(state=QueryState.CLOSED, changed_data=True),
        }.get(self.became, Q())
        age: Age | None = AGES.get(self.age)
        if age is None:
            return found
        youngest = Q(opened_at__lte=now - timedelta(days=age.first))
        return found & youngest & (Q(opened_at__gt=now - timedelta(days=age.last + 1)) if age.last else Q())

    def _people(self, by: Account) -> Q:
        found = {"": Q(), BY_CHECK: Q(raised_by=None), BY_PERSON: Q(raised_by__isnull=False)}.get(
            self.raised, Q(raised_by=self.raised)
        )
        if self.waits == FOR_ME:
            roles = {role for _site, role in by.held()}
            found &= Q(assigned_to=by.user_name) | Q(assigned_role__in=roles)
        elif self.waits:
            found &= Q(assigned_to=self.waits) | Q(assigned_role=self.waits)
        return found & Q(priority=number(self.priority)) if number(self.priority) else found

    def _words(self) -> Q:
        """By the item, the number of the check, or what was typed in the thread."""
        if not self.words:
            return Q()
        said = QueryMessage.objects.filter(query=OuterRef("pk"), text__icontains=self.words)
        named = Q(item__in=_items_called(self.words)) | Q(item__icontains=self.words)
        return named | Q(check_id__iexact=self.words) | Q(Exists(said))


def _at(lookup: str, value: str) -> Q:
    """A property of the subject, whatever the query hangs at."""
    return Q(**{f"page__{lookup}": value}) | Q(**{f"visit__{lookup}": value}) | Q(**{lookup: value})


def _items_called(words: str) -> set[str]:
    """The names of the items whose label, in the language in use, holds the words."""
    items = {item.name: item for model in declared_forms() for item in model.items()} | HEADER
    wanted = words.casefold()
    return {name for name, item in items.items() if wanted in str(item.declared.label).casefold()}
