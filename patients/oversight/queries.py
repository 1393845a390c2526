"""Queries that edit checks open, close and open again by themselves: one for each finding.

A finding is named by page, row, item and rule. Its query opens when the finding is first seen, closes when it
has gone, and opens again when it comes back, so that the row tells the whole story of one question.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import Page, Subject
from patients.items.problems import Finding, Severity, Text
from trial.trail.actor import Source, system_actor
from trial.trail.audited import AuditedModel
from trial.trail.record import Change

AUTHOR = system_actor("checks", Source.TASK).user_name


class QueryState(models.TextChoices):
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


class QuerySeverity(models.TextChoices):
    HARD = Severity.HARD.value, _("hard")
    SOFT = Severity.SOFT.value, _("soft")


class Query(AuditedModel):
    """A question about one item of one row; the item may be one of the common header, without a row.

    `check` is the number of the edit check, or which limit of the item it is. `message` holds the sentence in
    each language of the product, as it was when the query was last opened.
    """

    page = models.ForeignKey(Page, models.PROTECT, related_name="queries")
    row_key = models.CharField(max_length=60, blank=True)
    item = models.CharField(_("item"), max_length=60)
    check_id = models.CharField(_("edit check"), max_length=20)
    severity = models.CharField(max_length=10, choices=QuerySeverity)
    message = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=QueryState, default=QueryState.OPEN)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    times_opened = models.PositiveIntegerField(default=1)

    QUOTING = ("message",)  # its sentences say the values that they found: see `trial.trail.hiding`

    class Meta:
        ordering = ("page", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("page", "row_key", "item", "check_id"), name="one_query_of_a_finding"
            ),
        )

    def __str__(self) -> str:
        return f"{self.page} {self.item} {self.check_id}"

    @property
    def is_open(self) -> bool:
        return self.state == QueryState.OPEN

    @property
    def text(self) -> str:
        """The sentence in the language in use."""
        return str(self.message.get(get_language(), self.message.get("en", "")))


def queries_of(subject: Subject) -> "models.QuerySet[Query]":
    """All queries of a subject, each with its page and visit."""
    return Query.objects.filter(page__subject=subject).select_related("page__visit", "page__subject")


Key = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A finding that is there now. `asks`: a query opens for it if there is none; else it only keeps open one
    that is there."""

    page: Page
    finding: Finding
    asks: bool

    @property
    def key(self) -> Key:
        found = self.finding
        return self.page.pk, found.row_key, found.item, rule_of(found)


def rule_of(finding: Finding) -> str:
    """What tells this finding from others at its item."""
    return finding.check or finding.limit


def key_of(query: Query) -> Key:
    return query.page_id, query.row_key, query.item, query.check_id


def follow(queries: Iterable[Query], sightings: Iterable[Sighting]) -> list[Change]:
    """Open, re-open and close queries so that they say what is seen; what changed, for the trail.

    `queries` are those about what has been looked at: a finding of theirs that is not seen has gone.
    """
    kept = {key_of(query): query for query in queries}
    seen = {sighting.key: sighting for sighting in sightings}
    new = [_opened(each) for key, each in seen.items() if each.asks and key not in kept]
    moved = [query for key, query in kept.items() if _settle(query, seen.get(key))]
    Query.objects.create_with_history(new)
    Query.objects.save_with_history(moved, _MOVING)
    return [_change(query) for query in (*new, *moved)]


_MOVING = ("state", "closed_at", "opened_at", "times_opened", "message")


def _opened(sighting: Sighting) -> Query:
    found = sighting.finding
    return Query(
        page=sighting.page,
        row_key=found.row_key,
        item=found.item,
        check_id=rule_of(found),
        severity=found.severity.value,
        message=in_every_language(found.message),
    )


def _settle(query: Query, sighting: Sighting | None) -> bool:
    """Close a query whose finding has gone, open again one whose finding is back; whether it moved."""
    if sighting is None and query.is_open:
        query.state, query.closed_at = QueryState.CLOSED, timezone.now()
        return True
    if sighting and sighting.asks and not query.is_open:
        query.state, query.opened_at, query.closed_at = QueryState.OPEN, timezone.now(), None
        query.times_opened += 1
        query.message = in_every_language(sighting.finding.message)
        return True
    return False


def _change(query: Query) -> Change:
    old = "" if query.is_open and query.times_opened == 1 else _OTHER[QueryState(query.state)]
    return Change(
        item=f"query.{query.item}",
        label=f"Query {query.check_id} of {query.page}",
        old=old,
        new=query.state,
        row_key=query.row_key,
        new_shown=query.message["en"] if query.is_open else "",
        author=AUTHOR,
    )


_OTHER = {QueryState.OPEN: QueryState.CLOSED.value, QueryState.CLOSED: QueryState.OPEN.value}


def in_every_language(message: Text) -> dict[str, str]:
    """The sentence in each language of the product."""
    said: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            said[language] = str(message)
    return said
