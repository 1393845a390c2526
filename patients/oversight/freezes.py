"""Freezing a page: nothing on it may be saved until it is thawed, by whom and why (specification 5.4).

A freeze is written once and so is its end. A signature and the verified values of a frozen page stand.
"""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import Page
from patients.casebook.page_states import Act, PageState, befores
from patients.oversight.signatures import Signature
from trial.people.models import Account
from trial.trail.append_only import AppendOnlyModel, AppendOnlyQuerySet
from trial.trail.models import TrailEvent
from trial.trail.record import Change

MAY_BE_FROZEN = befores(Act.FREEZE)


class FreezeQuerySet(AppendOnlyQuerySet["Freeze"]):
    def standing(self) -> "FreezeQuerySet":
        """Those that have not been thawed."""
        return self.filter(thaw=None)


class Freeze(AppendOnlyModel):
    """A page was frozen: by whom, when and why."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="freezes")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    frozen_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField(_("frozen at"))
    reason = models.TextField(_("reason"))

    SUBJECT_CODE = "page__subject__code"
    objects: ClassVar = FreezeQuerySet.as_manager()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.page}, frozen by {self.printed_name}: {self.reason}"


class Thaw(AppendOnlyModel):
    """The end of a freeze: by whom, when and why."""

    freeze = models.OneToOneField(Freeze, models.PROTECT, related_name="thaw")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    thawed_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    reason = models.TextField()

    SUBJECT_CODE = "freeze__page__subject__code"

    def __str__(self) -> str:
        return f"{self.freeze}, thawed: {self.reason}"


def standing_freeze(page: Page) -> Freeze | None:
    """The freeze of a page that is frozen."""
    found: Freeze | None = Freeze.objects.standing().filter(page=page).last()
    return found


def freeze(pages: Iterable[Page], by: Account, reason: str, *, act: UUID) -> list[Change]:
    """Freeze pages that may be, and save them; what changed, for the trail."""
    changes = []
    for page in pages:
        Freeze.objects.create(
            page=page,
            event_id=act,
            frozen_by=by.user_name,
            printed_name=by.printed_name,
            at=timezone.now(),
            reason=reason,
        )
        changes.append(_moved(page, PageState.FROZEN))
    return changes


def thaw(pages: Iterable[Page], by: Account, reason: str, *, act: UUID) -> list[Change]:
    """Thaw frozen pages, which are signed again where a signature stands, else complete, and save them; what
    changed, for the trail."""
    pages = list(pages)
    signed = set(Signature.objects.in_force().filter(page__in=pages).values_list("page", flat=True))
    frozen: Any = Freeze.objects.standing().filter(page__in=pages)
    for each in frozen:
        Thaw.objects.create(
            freeze=each,
            event_id=act,
            thawed_by=by.user_name,
            printed_name=by.printed_name,
            at=timezone.now(),
            reason=reason,
        )
    return [_moved(page, PageState.SIGNED if page.pk in signed else PageState.COMPLETE) for page in pages]


def _moved(page: Page, state: PageState) -> Change:
    before, page.state = page.state, state
    page.save()
    item = f"{page.form_code}@{page.visit_code}.entry_state"
    return Change(item, f"Workflow state of {page}", before, state)
