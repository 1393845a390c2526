"""Queries: questions about an item, a page, a visit or a subject, and the thread of what is said to each.

An edit check asks by itself (`checks_ask.py`); monitors and data managers ask by hand
(`patients.entry.querying`). Both kinds are rows of one table and obey one table of moves (`MOVES`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import Page, Subject, Visit
from patients.items.problems import Severity
from trial.people.access import Person, SystemPerson, sites_where
from trial.people.roles import Permission, Role
from trial.trail.actor import Actor, current_actor
from trial.trail.append_only import AppendOnlyModel
from trial.trail.audited import AuditedModel, AuditedQuerySet
from trial.trail.models import TrailEvent


class QueryState(models.TextChoices):
    OPEN = "open", _("open")
    ANSWERED = "answered", _("answered")
    CLOSED = "closed", _("closed")


class QuerySeverity(models.TextChoices):
    HARD = Severity.HARD.value, _("hard")
    SOFT = Severity.SOFT.value, _("soft")


class Priority(models.IntegerChoices):
    """How soon an answer is wanted. A query that says nothing is of the middle one."""

    HIGH = 1, _("high")
    NORMAL = 2, _("usual")
    LOW = 3, _("low")


class Said(models.TextChoices):
    """What a line of a thread does."""

    RAISED = "raised", _("raised")
    ANSWERED = "answered", _("answered")
    CHANGED = "changed", _("value changed")
    COMMENTED = "commented", _("added")
    CLOSED = "closed", _("closed")
    REOPENED = "reopened", _("opened again")


# --- the states and what moves between them -------------------------------------------------------------
class Side(StrEnum):
    """Who may make a move: those who raise and close queries, those who enter the data, or both."""

    ASKING = "asking"
    SITE = "site"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Move:
    """From which states, to which, by whom. Without `to` the state stays."""

    before: frozenset[QueryState]
    to: QueryState | None
    side: Side


_OPEN, _ANSWERED, _CLOSED = QueryState.OPEN, QueryState.ANSWERED, QueryState.CLOSED
OUTSTANDING = frozenset({_OPEN, _ANSWERED})
"""The states of a query that nobody has closed."""

MOVES: dict[Said, Move] = {
    Said.RAISED: Move(frozenset(), _OPEN, Side.ASKING),
    Said.ANSWERED: Move(frozenset({_OPEN}), _ANSWERED, Side.SITE),
    Said.CHANGED: Move(OUTSTANDING, _ANSWERED, Side.SITE),
    Said.COMMENTED: Move(OUTSTANDING, None, Side.EITHER),
    Said.CLOSED: Move(OUTSTANDING, _CLOSED, Side.ASKING),
    Said.REOPENED: Move(frozenset({_ANSWERED, _CLOSED}), _OPEN, Side.ASKING),
}
"""Raised, a query is open; text or a changed value answers it; who asks closes it or opens it again. An edit
check is such an asker: it closes its query when the finding has gone. Nobody holds both sides at once (the
right to enter and that to query are apart, `trial.people.roles.APART`): a site closes nothing that it was
asked."""


_ROLES = [(role.value, role.label) for role in Role]


class QueryQuerySet(AuditedQuerySet["Query"]):
    def for_person(self, person: Person, permission: Permission = Permission.READ) -> "QueryQuerySet":
        """The queries at the sites where a person holds the permission."""
        return self if isinstance(person, SystemPerson) else self.at(sites_where(person, permission))

    def at(self, sites: Iterable[Any]) -> "QueryQuerySet":
        """The queries at these sites."""
        return self.filter(
            Q(page__subject__site__in=sites) | Q(visit__subject__site__in=sites) | Q(subject__site__in=sites)
        )

    def of(self, subject: Subject) -> "QueryQuerySet":
        """All queries of a subject, whatever they hang at."""
        return self.filter(Q(page__subject=subject) | Q(visit__subject=subject) | Q(subject=subject))

    def outstanding(self) -> "QueryQuerySet":
        """Those that nobody has closed."""
        return self.filter(state__in=OUTSTANDING)

    def with_question(self) -> "QueryQuerySet":
        """Each with what was asked by hand, read along."""
        first = QueryMessage.objects.filter(query=OuterRef("pk"), said=Said.RAISED).order_by("id")
        return self.annotate(asked_by_hand=Subquery(first.values("text")[:1]))

    def with_place(self) -> "QueryQuerySet":
        """Each with the page, visit and subject that it is about, read along and named by their codes."""
        found = self.select_related(
            "page__subject__site", "page__visit", "visit__subject__site", "subject__site"
        )
        return found.annotate(
            at_subject=Coalesce("page__subject__code", "visit__subject__code", "subject__code"),
            at_site=Coalesce(
                "page__subject__site__code", "visit__subject__site__code", "subject__site__code"
            ),
            at_visit=Coalesce("page__visit__code", "visit__code"),
        )


class Query(AuditedModel):
    """A question about one item of one row (the item may be one of the common header, without a row), or
    about a page, a visit or a subject as a whole.

    Of an edit check `check_id` is its number, or which limit of the item it is, and `message` holds the
    sentence in each language of the product, as it was when the query was last opened. Asked by hand, a query
    has neither: what people typed stands in the thread alone, where a redaction reaches all of it.
    `changed_data`: whether the value in question changed while it was asked.
    """

    page = models.ForeignKey(Page, models.PROTECT, related_name="queries", null=True, blank=True)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="queries", null=True, blank=True)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="queries", null=True, blank=True)
    row_key = models.CharField(max_length=60, blank=True)
    item = models.CharField(_("item"), max_length=60, blank=True)
    check_id = models.CharField(_("edit check"), max_length=20, blank=True)
    severity = models.CharField(max_length=10, choices=QuerySeverity, blank=True)
    message = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=QueryState, default=QueryState.OPEN)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    times_opened = models.PositiveIntegerField(default=1)
    # NULL where a query of before has nothing to say: an empty column changes no text that was hashed.
    raised_by = models.CharField(max_length=150, null=True, blank=True)
    raised_role = models.CharField(max_length=200, null=True, blank=True)
    assigned_role = models.CharField(max_length=30, null=True, blank=True, choices=_ROLES)
    assigned_to = models.CharField(max_length=150, null=True, blank=True)
    priority = models.PositiveSmallIntegerField(null=True, blank=True, choices=Priority)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_by = models.CharField(max_length=150, null=True, blank=True)
    changed_data = models.BooleanField(null=True, blank=True)

    objects: ClassVar = QueryQuerySet.as_manager()

    QUOTING = ("message",)  # its sentences say the values that they found: see `trial.trail.hiding`

    class Meta:
        ordering = ("page", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("page", "row_key", "item", "check_id"),
                condition=~Q(check_id=""),
                name="one_query_of_a_finding",
            ),
            models.CheckConstraint(
                condition=Q(page__isnull=False, visit=None, subject=None)
                | Q(page=None, visit__isnull=False, subject=None, item="")
                | Q(page=None, visit=None, subject__isnull=False, item=""),
                name="a_query_has_one_place",
            ),
            models.CheckConstraint(
                condition=Q(check_id="", raised_by__isnull=False) | (~Q(check_id="") & Q(raised_by=None)),
                name="a_check_or_a_person_asks",
            ),
            models.CheckConstraint(
                condition=Q(assigned_role=None) | Q(assigned_to=None), name="a_query_waits_for_one"
            ),
        )

    def __str__(self) -> str:
        about = str(self.page or self.visit or self.subject)
        return " ".join(part for part in (about, self.item, self.check_id) if part)

    # --- what it is about --------------------------------------------------------------------------------
    @property
    def whose(self) -> Subject:
        """The subject, whatever the query hangs at."""
        found = self.page or self.visit
        return found.subject if found else self.subject  # type: ignore[return-value]

    @property
    def visit_code(self) -> str:
        if self.page:
            return self.page.visit_code
        return self.visit.code if self.visit else ""

    @property
    def form_code(self) -> str:
        return self.page.form_code if self.page else ""

    # --- what it says ------------------------------------------------------------------------------------
    @property
    def is_automatic(self) -> bool:
        """Whether an edit check asks."""
        return bool(self.check_id)

    @property
    def is_open(self) -> bool:
        return self.state == QueryState.OPEN

    @property
    def is_outstanding(self) -> bool:
        return self.state in OUTSTANDING

    @property
    def text(self) -> str:
        """The question: of a check in the language in use, of a person as it was typed."""
        if not self.is_automatic:
            return self._asked_by_hand()
        return str(self.message.get(get_language(), self.message.get("en", "")))

    def _asked_by_hand(self) -> str:
        """What a person asked; `with_question` reads it along."""
        if "asked_by_hand" not in vars(self):
            first = self.messages.filter(said=Said.RAISED).order_by("id").values_list("text", flat=True)
            vars(self)["asked_by_hand"] = first.first()
        return vars(self)["asked_by_hand"] or ""

    # --- how it moves ------------------------------------------------------------------------------------
    def allows(self, said: Said) -> bool:
        """Whether the move can be made from the state that it is in. What a check closed by itself it opens
        by itself, and what a hard check asks is closed by the data alone."""
        if self.state not in MOVES[said].before:
            return False
        if said is Said.REOPENED and self.is_automatic and self.state == QueryState.CLOSED:
            return self.closed_by is not None
        return not (said is Said.CLOSED and self.severity == QuerySeverity.HARD)

    def move(self, said: Said) -> None:
        """Put it into the state to which the move leads; the caller saves it. The rights were asked before,
        and `closed_by` is for the caller to say."""
        now, to = timezone.now(), MOVES[said].to
        if to == QueryState.ANSWERED:
            self.answered_at = self.answered_at or now
        elif to == QueryState.CLOSED:
            self.closed_at = now
        elif to == QueryState.OPEN:
            self.opened_at, self.answered_at = now, None
            self.closed_at, self.closed_by, self.changed_data = None, None, None
            self.times_opened += 1
        self.state = to or self.state


MOVING = (
    "state", "opened_at", "answered_at", "closed_at", "closed_by", "times_opened", "changed_data", "message",
)  # fmt: skip
"""The columns that a move writes."""


class QueryMessage(AppendOnlyModel):
    """One line of the thread of a query, written once: who did what, when, and in which words. A changed
    value stands in `old` and `new`, as shown; of an item that identifies the subject both are empty."""

    query = models.ForeignKey(Query, models.PROTECT, related_name="messages")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    said = models.CharField(max_length=10, choices=Said)
    text = models.TextField(blank=True)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    author = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    SUBJECT_CODE = "event__subject"

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.said} by {self.author}"


def line(query: Query, said: Said, act: UUID, *, by: Actor | None = None, **words: str) -> QueryMessage:
    """A line for the thread of a query by who acts now, for the event that is named `act`."""
    actor = by or current_actor()
    return QueryMessage(
        query=query,
        event_id=act,
        said=said,
        author=actor.user_name,
        printed_name=actor.printed_name,
        role=actor.role,
        at=timezone.now(),
        **words,
    )


def queries_of(subject: Subject) -> QueryQuerySet:
    """The queries on the pages of a subject, each with its page and visit."""
    found: QueryQuerySet = Query.objects.filter(page__subject=subject)
    return found.select_related("page__visit", "page__subject")
