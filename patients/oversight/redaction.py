"""Hiding what identifies a person and was typed into a text by mistake: one asks, another decides (AT-12).

Until it is decided the text is kept encrypted, since whoever decides has to see it; then it is gone from this
row, too. What stays is who, when, why, and the keyed hash of the text.
"""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.casebook.form import declared_forms
from patients.casebook.identity import SealedField, fingerprint
from patients.casebook.page import Page, PageState, Subject
from patients.oversight.out_of_reach import kept_in_files, taken_out_since
from patients.oversight.queries import Query, queries_of
from patients.oversight.typed_texts import events_with
from trial.people.access import Person, actor_at, require
from trial.people.roles import Permission
from trial.trail.actor import Source, acting
from trial.trail.hiding import HIDDEN, Hiding, hide, texts_of
from trial.trail.record import Change, Place, record_event

LEAST_CHARACTERS = 2  # a Chinese name
MOST_CHARACTERS = 200
LEAST_OF_A_REASON = 5


class NeedsAnother(Exception):
    """Whoever asked cannot decide."""


class RedactionState(models.TextChoices):
    ASKED = "asked", gettext_lazy("asked for")
    DONE = "done", gettext_lazy("hidden")
    REFUSED = "refused", gettext_lazy("refused")


class Redaction(models.Model):
    """A text of a subject that somebody asked to hide, and what became of it."""

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="redactions")
    text = SealedField(blank=True)
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=RedactionState, default=RedactionState.ASKED)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("requested_by")), name="redaction_takes_two_people"
            ),
            models.CheckConstraint(
                condition=models.Q(state=RedactionState.ASKED) | models.Q(text=""),
                name="a_decided_redaction_keeps_no_text",
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject.code} {self.digest[:12]}"


@dataclass(frozen=True, slots=True)
class _By:
    person: Person
    request_id: str

    def acting_at(self, site: str) -> Any:
        return acting(actor_at(self.person, site=site, source=Source.WEB, request_id=self.request_id))


def request_redaction(
    subject: Subject, text: str, *, reason: str, by: Person, request_id: str = ""
) -> Redaction:
    """Ask that a text be hidden wherever it stands in what was typed about a subject.

    Raises PermissionDenied, and ValidationError for a text that stands nowhere or that cannot be one.
    """
    site = subject.site.code
    require(by, Permission.REDACT, site=site)
    text, reason = text.strip(), reason.strip()
    if not LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS:
        raise ValidationError(_("A text of 2 to 200 characters can be hidden."))
    if len(reason) < LEAST_OF_A_REASON or text in reason:
        raise ValidationError(_("Say why, in 5 characters or more, without the text itself."))
    if not events_with(subject, text).exists():
        raise ValidationError(_("This text stands nowhere in what was typed about the subject."))
    with transaction.atomic(), _By(by, request_id).acting_at(site):
        asked = Redaction.objects.create(
            subject=subject,
            text=text,
            digest=fingerprint(text),
            reason=reason,
            requested_by=by.user_name,
            requested_at=timezone.now(),
        )
        change = Change("digest", "Hash of the text", "", asked.digest, new_shown=asked.digest)
        record_event("redaction.requested", Place(site=site, subject=subject.code), [change], reason=reason)
    return asked


def refuse_redaction(asked: Redaction, *, by: Person, request_id: str = "") -> None:
    """Leave the text where it stands. Raises PermissionDenied and NeedsAnother."""
    with transaction.atomic(), _By(by, request_id).acting_at(asked.subject.site.code):
        held = _decided(asked, RedactionState.REFUSED, by)
        place = Place(site=held.subject.site.code, subject=held.subject.code)
        change = Change("digest", "Hash of the text", "", held.digest, new_shown=held.digest)
        record_event("redaction.refused", place, [change], reason=held.reason)


def approve_redaction(asked: Redaction, *, by: Person, request_id: str = "") -> None:
    """Hide the text in rows, queries, versions, events and ledger, with one event that claims each of them
    and names the places where it stays (`out_of_reach.py`).

    Raises PermissionDenied, NeedsAnother, NotHideable where the text is also part of a name or a code, and
    ValidationError where it stands on a locked page.
    """
    in_files = kept_in_files(asked.subject, asked.text)  # saves of the subject do not wait for that
    with transaction.atomic(), _By(by, request_id).acting_at(asked.subject.site.code):
        subject = (
            Subject.objects.select_for_update(of=("self",)).select_related("site").get(pk=asked.subject_id)
        )
        beyond = [*in_files, *taken_out_since(subject, asked.text)]
        hiding = Hiding(asked.text, asked.digest, asked.requested_by, by.user_name)
        held = _decided(asked, RedactionState.DONE, by)
        shown = [*_hide_in_rows(hiding, subject), *_hide_in_queries(hiding, subject)]
        pages = Page.objects.filter(subject=subject).values_list("pk", flat=True)
        claims = hide(hiding, subject.code, pages)
        if not shown and not claims:
            raise ValidationError(_("This text stands nowhere as it was written here: nothing was hidden."))
        place = Place(site=subject.site.code, subject=subject.code, about=hiding.marker)
        stays = [Change("kept_elsewhere", "Stays in", "", each, new_shown=each) for each in beyond]
        record_event(HIDDEN, place, [*shown, *claims, *stays], reason=held.reason)


def _decided(asked: Redaction, state: RedactionState, by: Person) -> Redaction:
    held = Redaction.objects.select_for_update(of=("self",)).select_related("subject__site").get(pk=asked.pk)
    require(by, Permission.REDACT, site=held.subject.site.code)
    if held.state != RedactionState.ASKED or held.requested_by == by.user_name:
        raise NeedsAnother(held.requested_by)
    held.state, held.text = state, ""
    held.decided_by, held.decided_at = by.user_name, timezone.now()
    held.save()
    return held


def redactions_of(subject: Subject) -> "models.QuerySet[Redaction]":
    """What was asked to be hidden of a subject, the newest first."""
    return Redaction.objects.filter(subject=subject).select_related("subject__site")


# --- the rows as they are now ------------------------------------------------------------------------------
def _hide_in_rows(hiding: Hiding, subject: Subject) -> list[Change]:
    """Save the rows with the marker, as a new version of row and page: who has the page open is told."""
    shown: list[Change] = []
    for model in declared_forms():
        for row in model.of_subject(subject):
            names = [name for name in texts_of(model) if hiding.text in (getattr(row, name) or "")]
            if names:
                shown += _hide_in_row(hiding, row, names)
    return shown


def _hide_in_queries(hiding: Hiding, subject: Subject) -> list[Change]:
    """A finding quotes the value that it found, and its query keeps the sentence."""
    quoting = [query for query in queries_of(subject) if hiding.hides_in(query.message) != query.message]
    for query in quoting:
        query.message = hiding.hides_in(query.message)
        query.save()
    return [_change_of_query(hiding, query) for query in quoting]


def _change_of_query(hiding: Hiding, query: Query) -> Change:
    return Change(
        f"{query.form_code}@{query.visit_code}.query.{query.item}",
        f"Query {query.check_id} of {query.page}",
        hiding.marker,
        query.message["en"],
        row_key=query.row_key,
    )


def _hide_in_row(hiding: Hiding, row: Any, names: list[str]) -> list[Change]:
    page = Page.objects.select_related("subject", "visit").get(pk=row.page_id)
    if page.state == PageState.LOCKED:
        said = _("It stands on %(page)s, which is locked: unlock the page first.")
        raise ValidationError(said % {"page": page})
    page.version += 1
    for name in names:
        setattr(row, name, getattr(row, name).replace(hiding.text, hiding.marker))
        row.item_versions[name] = page.version
    row.save()
    page.save()
    place = f"{page.form_code}@{page.visit_code}"
    labels = {name: str(row.item(name).declared.label) for name in names}
    return [
        Change(f"{place}.{name}", labels[name], hiding.marker, getattr(row, name), row_key=row.row_key)
        for name in names
    ]
