"""The trail as its readers see it: who changed what, from what to what, when and why.

The trail keeps frozen English text. In another language its labels and coded values are said again from the
declaration, where that still knows them.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Prefetch, Q, prefetch_related_objects
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _

from patients.casebook.form import declared_forms, form_model, is_declared
from patients.casebook.header import HEADER
from patients.casebook.page import Page, PageState, Subject
from patients.coding.codes import NoCode, Why
from patients.coding.coding_act import CODE_OF
from patients.coding.schemes import CodedItem, coded_items
from patients.entry.reasons import ReasonCode
from patients.items.item import Item
from patients.items.missing import MissingReason
from patients.items.problems import NotAnAnswer
from patients.oversight.queries import QueryState
from patients.oversight.review import READINGS, Reviewed
from patients.web.acts import act_in_words, kinds, purpose_in_words
from patients.web.clocks import moment
from patients.web.trail_filters import REGISTRY, REVIEW, SIGNATURE, TrailFilters, between
from trial.people.roles import Role
from trial.protocol.study import SITE_ZONE
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.reading import Count, Question, changes, numbers

EVENTS_ON_A_PAGE = 50
FIRST_ENTRIES_IN_LINE = 8
ZONE = "UTC+8"  # of the site (trial.protocol.study.SITE_ZONE), which knows no summer time
_OWN_LABELS: dict[str, Promise] = {
    "entry_state": gettext_lazy("Workflow state"),
    "signature": gettext_lazy("Signature"),
}
_OF_QUERY = re.compile(r"Query (?P<number>\d+) of (?P<place>.+)")  # as `patients.entry.query_act` names it
_REASONS = {code.value: code.label for code in (*ReasonCode, *Why, *NoCode)}
_IDENTIFYING = ("full_name", "hospital_number", "birth_date")
_ENGINES: dict[str, Promise] = {"derivation": gettext_lazy("derived"), "schedule": gettext_lazy("schedule")}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One item changed. `engine` names the step that made it, where no person did."""

    label: str
    old: str
    new: str
    is_first: bool
    why: str
    engine: str
    is_withheld: bool


@dataclass(frozen=True, slots=True)
class EventBlock:
    """One act with what it changed, as far as that was asked for."""

    place: str
    url: str
    act: str
    who: str
    role: str
    at: str
    iso: str
    count: str
    reason: str
    is_unreviewed: bool
    changes: list[ChangeRow]
    first_entries: list[ChangeRow]
    """Kept apart where they are many, so that what was changed is seen first."""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen in the filters."""

    sites: list[Option]
    forms: list[Option]
    people: list[Option]
    kinds: list[Option]
    reasons: list[Option]
    since: list[Option]


@dataclass(frozen=True, slots=True)
class TrailScreen:
    """Everything that the template of the trail says."""

    subject: Subject | None
    events: list[EventBlock]
    choices: Choices
    filters: TrailFilters
    url: str
    newer_url: str
    older_url: str
    count: Count | None
    review_url: str
    hiding_url: str
    zone: str = ZONE

    @property
    def is_of_accounts(self) -> bool:
        """Whether the trail of accounts is shown, which has no subjects and no pages."""
        return bool(self.filters.only)

    @property
    def sheet_urls(self) -> dict[str, str]:
        """Where it is taken out, as what."""
        name = "trail-of-accounts-export" if self.is_of_accounts else "trail-export"
        return {kind: reverse(name, args=[kind]) for kind in ("csv", "pdf")}

    @property
    def has_more_filters(self) -> bool:
        """Whether a filter is in use that stands behind `more`."""
        return any(self.filters[name] for name in ("item", "row", "reason", "words", "from", "to", "order"))

    @property
    def count_url(self) -> str:
        return f"{self.url}?{self.filters.query(count=1)}"

    @property
    def count_in_words(self) -> str:
        if self.count is None:
            return ""
        acts = ngettext("%(count)s act", "%(count)s acts", self.count.acts) % {"count": self.count.acts}
        number = self.count.entries
        return f"{acts} · " + ngettext("%(count)s entry", "%(count)s entries", number) % {"count": number}


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of events in the order that was asked for."""

    events: Sequence[TrailEvent]
    has_newer: bool
    has_older: bool


def window(asked: Question, before: int | None, after: int | None, *, newest_first: bool = True) -> Window:
    """The events older than `before` or newer than `after`, else those at the beginning; found by key, never
    counted."""
    size = EVENTS_ON_A_PAGE
    upwards = after is not None or (before is None and not newest_first)
    key = Q(id__gt=after) if after is not None else Q(id__lt=before) if before is not None else Q()
    found = list(numbers(asked, upwards=upwards).filter(key)[: size + 1])
    has_more = len(found) > size
    shown = TrailEvent.objects.filter(pk__in=found[:size]).annotate(sequence=F("leaf__seq"))
    return Window(
        list(shown.order_by("-id" if newest_first else "id")),
        has_newer=has_more if upwards else before is not None,
        has_older=after is not None if upwards else has_more,
    )


class TrailPresenter:
    """Makes the screen of the trail, of all sites of a reader or of one subject."""

    def __init__(self, filters: TrailFilters, subject: Subject | None, done: Reviewed) -> None:
        self.filters, self.subject, self.done = filters, subject, done
        self.url = _address(filters, subject)

    def screen(
        self,
        shown: Window,
        people: Iterable[tuple[str, str]],
        cuts: Iterable[TrailEvent],
        count: Count | None,
        review_url: str,
        hiding_url: str,
    ) -> TrailScreen:
        fitting = changes(self.filters.question())
        prefetch_related_objects(shown.events, Prefetch("changes", fitting, to_attr="fitting"))
        urls = _page_urls(shown.events)
        ids = [event.pk for event in shown.events]
        return TrailScreen(
            subject=self.subject,
            events=[self._block(event, urls) for event in shown.events],
            choices=self._choices(people, cuts),
            filters=self.filters,
            url=self.url,
            newer_url=self._at(after=max(ids)) if shown.has_newer and ids else "",
            older_url=self._at(before=min(ids)) if shown.has_older and ids else "",
            count=count,
            review_url=review_url,
            hiding_url=hiding_url,
        )

    def _block(self, event: TrailEvent, urls: dict[tuple[str, str, str], str]) -> EventBlock:
        sequence = event.sequence  # type: ignore[attr-defined]
        may_wait = event.site in self.done.sites and event.action not in READINGS
        waits = may_wait and not self.done.covers(event.site, event.subject, sequence)
        return block_of(event, urls.get((event.subject, event.form, event.visit), ""), is_unreviewed=waits)

    def _choices(self, people: Iterable[tuple[str, str]], cuts: Iterable[TrailEvent]) -> Choices:
        sites = [(site, site) for site in sorted(self.filters.sites)]
        if self.filters.without_site:
            sites.append((REGISTRY, _("no site: the registry")))
        forms = [(each.form.code, f"{each.form.code} · {each.form.title}") for each in declared_forms()]
        since = [(REVIEW, _("my last review"))]
        if self.filters["subject"]:
            since.append((SIGNATURE, _("the last signature of each page")))
        if bounds := between(self.filters["since"]):
            named = {"first": bounds[0] + 1, "last": bounds[1]}
            words = _("entries %(first)s to %(last)s of the ledger") % named
            since.append((self.filters["since"], words))
        since += [(str(cut.pk), _("the data cut of %s") % moment(cut.at)) for cut in cuts]
        return Choices(
            sites=self._options("site", sites),
            forms=self._options("form", forms),
            people=self._options("actor", people),
            kinds=self._options("kind", kinds(self.filters)),
            reasons=self._options("reason", [(code.value, str(code.label)) for code in ReasonCode]),
            since=self._options("since", since),
        )

    def _options(self, name: str, choices: Iterable[tuple[str, str]]) -> list[Option]:
        """The choices; what was asked for stands among them even if nobody would offer it."""
        chosen, offered = self.filters[name], list(choices)
        if chosen and chosen not in dict(offered):
            offered.append((chosen, chosen))
        return [Option(value, label, value == chosen) for value, label in offered]

    def _at(self, **key: int) -> str:
        return f"{self.url}?{self.filters.query(**key)}"


def _address(filters: TrailFilters, subject: Subject | None) -> str:
    if filters.only:
        return reverse("trail-of-accounts")
    return reverse("trail", args=[subject.code]) if subject else reverse("trail-of-sites")


def _page_urls(events: Sequence[TrailEvent]) -> dict[tuple[str, str, str], str]:
    """The addresses of the pages that these events are about, by subject, form and visit."""
    about = {(event.subject, event.form) for event in events if event.form}
    if not about:
        return {}
    subjects, forms = ({place[n] for place in about} for n in (0, 1))
    pages = Page.objects.filter(subject__code__in=subjects, form_code__in=forms).order_by()
    named = pages.values_list("subject__code", "form_code", "visit__code", "pk")
    return {(code, form, visit or ""): reverse("page", args=[pk]) for code, form, visit, pk in named}


def block_of(event: TrailEvent, url: str, *, is_unreviewed: bool = False) -> EventBlock:
    """An act as it is shown, with those of its changes that were fetched as `fitting`."""
    found: list[TrailChange] = event.fitting  # type: ignore[attr-defined]
    rows = [row_of(change, event) for change in found]
    first = [row for row in rows if row.is_first]
    are_many = len(first) > FIRST_ENTRIES_IN_LINE
    return EventBlock(
        place=place_of(event),
        url=url,
        act=act_in_words(event.action),
        who=event.actor_name or event.actor,
        role=roles_in_words(event.actor_role),
        at=moment(event.at),
        iso=event.at.astimezone(SITE_ZONE).isoformat(),
        count=_count(found),
        reason=purpose_in_words(event.reason),
        is_unreviewed=is_unreviewed,
        changes=[row for row in rows if not row.is_first] if are_many else rows,
        first_entries=first if are_many else [],
    )


def place_of(event: TrailEvent) -> str:
    """`HZ01-018 · RESP · C28`; where no form says it, what it was about."""
    about = "" if event.form or event.about == event.subject else event.about
    return " · ".join(part for part in (event.subject or event.site, event.form, event.visit, about) if part)


def roles_in_words(roles: str) -> str:
    """The roles that the event keeps by their codes, in words."""
    words = [str(Role(role).label) if role in list(Role) else role for role in roles.split(", ") if role]
    return ", ".join(words)


def _count(changes: Sequence[TrailChange]) -> str:
    return ngettext("%(count)s item", "%(count)s items", len(changes)) % {"count": len(changes)}


def row_of(change: TrailChange, event: TrailEvent) -> ChangeRow:
    """A change as it is shown; what identifies a person is withheld."""
    item = _item_of(change, event)
    withheld = change.item in _IDENTIFYING or (item is not None and item.declared.identity)
    return ChangeRow(
        label=_label(change, item),
        old="" if withheld else _value(change, item, change.old, change.old_shown),
        new="" if withheld else _value(change, item, change.new, change.new_shown),
        is_first=not change.old,
        why=_why(change),
        engine=_engine(change.author) if change.author != event.actor else "",
        is_withheld=withheld,
    )


def _item_of(change: TrailChange, event: TrailEvent) -> Item | None:
    """The declaration of what changed: an item of the event's form, of its header, or `FORM@VISIT.item`."""
    where, _, name = change.item.rpartition(".")
    form = where.partition("@")[0] or event.form
    try:
        return form_model(form).item(name) if is_declared(form) else None
    except KeyError:
        return HEADER.get(name)


def _coded_in(change: TrailChange) -> CodedItem | None:
    """The item of which a term was coded, as `patients.coding.coding_act` names it."""
    return next((each for each in coded_items() if change.item == f"{CODE_OF}{each.item}"), None)


def _label(change: TrailChange, item: Item | None) -> str:
    label = change.label
    name = change.item.rpartition(".")[2]
    if item is not None and _in_english(lambda: str(item.declared.label)) == label:
        label = str(item.declared.label)
    elif item is None and name in _OWN_LABELS:
        label = str(_OWN_LABELS[name])
    elif _is_of_query(change) and (said := _OF_QUERY.fullmatch(label)):
        label = _("Query %(number)s of %(place)s") % said.groupdict()
    elif coded := _coded_in(change):
        label = _("Code: %(item)s") % {"item": coded.label}
    place = change.item.rpartition(".")[0].replace("@", " ") if "@" in change.item else ""
    key = _("Row %s") % change.row_key if change.row_key else ""
    return " · ".join(part for part in (place, key, label) if part)


def _value(change: TrailChange, item: Item | None, text: str, shown: str) -> str:
    if change.item.rpartition(".")[2] == "entry_state":
        return str(PageState(text).label) if text in PageState.values else text
    if _is_of_query(change):
        return str(QueryState(text).label) if text in QueryState.values else shown or text
    if item is None or _is_english():
        return shown or text
    if _in_english(lambda: _said_again(item, text)) == shown:
        return _said_again(item, text) or shown or text
    return shown or text


def _is_of_query(change: TrailChange) -> bool:
    """Whether this is a state of a query, or something said in it."""
    return "query" in change.item.split(".")


def _in_english(say: Callable[[], str]) -> str:
    """What the declaration says in the language of the trail. Where that is no longer what was written, the
    declaration has changed, and what was written stands (AT-14)."""
    with override("en"):
        return say()


def _said_again(item: Item, text: str) -> str:
    """A stored value in the active language; empty where the declaration no longer knows it."""
    if text.startswith("[") and text[1:-1] in MissingReason.values:
        return str(MissingReason(text[1:-1]).label)
    try:
        return item.with_unit(item.read(text)) if text else ""
    except (NotAnAnswer, KeyError):
        return ""


def _why(change: TrailChange) -> str:
    code = str(_REASONS.get(change.reason_code, ""))
    return (
        _("%(code)s: %(words)s") % {"code": code, "words": change.reason}
        if code and change.reason
        else (code or change.reason)
    )


def _engine(author: str) -> str:
    name = author.removeprefix("system:").partition("@")[0]
    return str(_ENGINES.get(name, name))


def _is_english() -> bool:
    return (get_language() or "en").startswith("en")


def written_last(page: Page) -> tuple[datetime, str]:
    """When the page itself was written last, and by whom: of one that is closed, when it was closed."""
    last = page.history.latest()
    return last.history_date, last.actor_name
