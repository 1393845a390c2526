"""Subject, visit, page: the workflow's units. What a page holds lives in the rows of its form."""

from collections.abc import Iterator
from datetime import date
from operator import attrgetter
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.casebook.approval import Approval
from patients.casebook.page_states import CLOSED, check_move
from patients.casebook.page_states import DONE as DONE
from patients.casebook.page_states import PageState as PageState
from trial.people.access import Person, SystemPerson, sites_where
from trial.people.models import Site
from trial.people.roles import Permission
from trial.trail.audited import AuditedModel, AuditedQuerySet

SUBJECT_ID = RegexValidator(r"^[A-Z]{2}\d{2}-\d{3}$", _("A subject is named like HZ01-007."))
HELD_AT_ONCE = 200  # subjects


def _in_scope(person: Person, permission: Permission) -> models.Q | None:
    """The site filter of a person; None where everything is in scope."""
    return None if isinstance(person, SystemPerson) else models.Q(site__in=sites_where(person, permission))


class SubjectQuerySet(AuditedQuerySet["Subject"]):
    def for_person(self, person: Person, permission: Permission = Permission.READ) -> "SubjectQuerySet":
        """The subjects of the sites where the person holds the permission; everything else is absent."""
        scope = _in_scope(person, permission)
        return self if scope is None else self.filter(scope)

    def numbers_in_turn(self) -> list[int]:
        """Their primary keys in the order of their codes, no engine's collation."""
        return [pk for _code, pk in sorted(self.order_by().values_list("code", "pk"))]

    def in_turn(self) -> "Iterator[Subject]":
        """Each of them in the order of their codes; some are held at a time."""
        numbers = self.numbers_in_turn()
        for first in range(0, len(numbers), HELD_AT_ONCE):
            some = self.filter(pk__in=numbers[first : first + HELD_AT_ONCE])
            yield from sorted(some, key=attrgetter("code"))


class Subject(AuditedModel):
    """A person in the trial, known here by a code that says nothing about who it is."""

    code = models.CharField(_("subject"), max_length=12, unique=True, validators=[SUBJECT_ID])
    site = models.ForeignKey(Site, models.PROTECT, related_name="subjects")
    patient_id = models.CharField(_("source identifier"), max_length=40, blank=True)
    planned_infusion = models.DateField(_("planned infusion"), null=True, blank=True)

    objects: ClassVar = SubjectQuerySet.as_manager()

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("subject", args=[self.code])


class VisitState(models.TextChoices):
    """Superseded visits are kept, with the reason."""

    OPEN = "open", _("open")
    SUPERSEDED = "superseded", _("superseded")


class Visit(AuditedModel):
    """One instance of a protocol visit of a subject: target and window, re-placed when an anchor moves.

    `covered_by` is the code of a visit on the HSCT clock whose encounter satisfied this one, too: the forms
    that both share are entered there.
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="visits")
    code = models.CharField(_("visit"), max_length=12)
    target = models.DateField(_("target"), null=True, blank=True)
    opens = models.DateField(_("opens"), null=True, blank=True)
    closes = models.DateField(_("closes"), null=True, blank=True)
    predicted = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=VisitState, default=VisitState.OPEN)
    reason = models.CharField(max_length=60, blank=True)
    covered_by = models.CharField(_("covered by"), max_length=12, blank=True)

    class Meta:
        ordering = ("subject", "target", "id")
        constraints = (models.UniqueConstraint(fields=("subject", "code"), name="one_visit_of_a_code"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.code}"

    def holds(self, day: date) -> bool:
        """Whether a day lies in the window; a side that is not known yet is open."""
        return (self.opens is None or day >= self.opens) and (self.closes is None or day <= self.closes)


class NotDoneReason(models.TextChoices):
    """Why a whole form was not done (item `not_done_reason` of the common header)."""

    MISSED_VISIT = "missed_visit", _("missed visit")
    TOO_ILL = "too_ill", _("too ill")
    REFUSED = "refused", _("refused")
    SAMPLE_LOST = "sample_lost_inadequate", _("sample lost or inadequate")
    NOT_INDICATED = "not_clinically_indicated", _("not clinically indicated")
    DIED = "died", _("died")
    SITE_ERROR = "site_error", _("site error")
    OTHER = "other", _("other")


class PageQuerySet(AuditedQuerySet["Page"]):
    def for_person(self, person: Person, permission: Permission = Permission.READ) -> "PageQuerySet":
        """The pages of the sites where the person holds the permission."""
        if isinstance(person, SystemPerson):
            return self
        return self.filter(subject__site__in=sites_where(person, permission))


class Page(AuditedModel):
    """One form due or filled at a visit; a log form has one page for each subject, without a visit.

    It carries the common header (date of assessment, not done with its reason, source documents, whether it
    was transcribed from paper) and the workflow: state, and a version that grows with each save.
    `header_versions` holds the version at which each item of the header last changed, as the rows of a form
    do for theirs. `approvals` tells the rules of forms on which days the principal investigator's signature
    stood on it; who signed what stands in the signatures themselves (`patients.oversight.signatures`).
    `entered_by` names everybody who saved it. How many critical and other values stand on it, how many of
    them are verified, and its number in the draw are counted for lists (`patients.oversight.verification`).
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="pages")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="pages", null=True, blank=True)
    form_code = models.CharField(_("form"), max_length=12)
    state = models.CharField(_("state"), max_length=12, choices=PageState, default=PageState.EMPTY)
    version = models.PositiveIntegerField(default=0)
    form_date = models.DateField(_("date of assessment"), null=True, blank=True)
    not_done = models.BooleanField(_("form not done"), default=False)
    not_done_reason = models.CharField(max_length=30, choices=NotDoneReason, blank=True)
    source_documents = models.JSONField(_("source documents"), default=list, blank=True)
    header_versions = models.JSONField(default=dict, blank=True)
    # NULL and not an empty list: a column that is empty changes no text that the ledger has hashed before.
    recorded = models.JSONField(_("how it was recorded"), null=True, blank=True, default=None)
    approvals = models.JSONField(null=True, blank=True, default=None)
    entered_by = models.JSONField(null=True, blank=True, default=None)
    critical_items = models.PositiveIntegerField(default=0)
    critical_verified = models.PositiveIntegerField(default=0)
    other_items = models.PositiveIntegerField(default=0)
    other_verified = models.PositiveIntegerField(default=0)
    verification_draw = models.PositiveIntegerField(null=True, blank=True, default=None)

    UNVERSIONED = (
        "entered_by",
        "critical_items",
        "critical_verified",
        "other_items",
        "other_verified",
        "verification_draw",
    )
    stored_state: str = PageState.EMPTY
    """The state in which the page was read or saved last."""

    objects: ClassVar = PageQuerySet.as_manager()

    class Meta:
        ordering = ("subject", "id")
        constraints = (
            models.UniqueConstraint(fields=("visit", "form_code"), name="one_page_of_a_form_at_a_visit"),
            models.UniqueConstraint(
                fields=("subject", "form_code"), condition=models.Q(visit=None), name="one_log_page_of_a_form"
            ),
        )
        indexes = (  # the list of subjects counts by it, without looking at the pages themselves
            models.Index(fields=("subject", "state", "visit", "form_code"), name="pages_by_state"),
        )

    def __str__(self) -> str:
        return " ".join((self.subject.code, self.visit_code, self.form_code)).replace("  ", " ")

    @property
    def visit_code(self) -> str:
        return self.visit.code if self.visit else ""

    @property
    def is_settled(self) -> bool:
        """Whether somebody said that the page is as it should be."""
        return self.state in DONE

    @property
    def is_closed(self) -> bool:
        """Frozen or locked: nothing may be saved."""
        return self.state in CLOSED

    @property
    def is_verified(self) -> bool:
        """Whether there is a value on it and somebody compared each with its source."""
        values = self.critical_items + self.other_items
        return 0 < values == self.critical_verified + self.other_verified

    @property
    def is_from_paper(self) -> bool:
        """Whether it was written on paper first, while Chimera could not be reached (RB-06)."""
        return bool(self.recorded)

    @property
    def approved(self) -> tuple[Approval, ...]:
        """The approvals of the page, those that have fallen included."""
        return tuple(map(Approval.of, self.approvals or ()))

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> "Page":
        page: Page = super().from_db(*args, **kwargs)
        page.stored_state = page.__dict__.get("state", PageState.EMPTY)
        return page

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.stored_state = self.state

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises IllegalMove where the page does not come into its state from the one that is stored."""
        check_move(self.stored_state, self.state)
        super().save(*args, **kwargs)
        self.stored_state = self.state

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("page", args=[self.pk])
