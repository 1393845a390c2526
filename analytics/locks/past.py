"""The versions of a casebook: of what stands, and of what was known at a moment, from the kept versions.

What was saved by then counts, by the time of its version; nothing later does. Identity has no versions: the
trail says whether the birth date was recorded by then, and where it was corrected since, what it had been is
known to nobody.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from patients.casebook.form import FormRow
from patients.casebook.page import Page, Subject
from patients.casebook.shelf import Standing
from trial.trail.models import TrailChange

BIRTH = "birth_date"


class NotReproduced(Exception):
    """What was known at the moment cannot be told any more; the text says why."""


class AsItStands(Standing):
    """What stands now, each row with its newest version."""

    def rows(self, form: type[FormRow], subjects: Sequence[int]) -> QuerySet[Any]:
        versions = form.history.model.objects.filter(id=OuterRef("pk")).order_by("-history_id")
        newest = Subquery(versions.values("history_id")[:1])
        rows: QuerySet[Any] = super().rows(form, subjects).annotate(history_id=newest)
        return rows


class AsKnown(Standing):
    """What was known at a moment: the newest versions by then."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def pages(self, subjects: Sequence[int]) -> QuerySet[Any]:
        return self._newest(Page, subject__in=subjects)

    def rows(self, form: type[FormRow], subjects: Sequence[int]) -> QuerySet[Any]:
        return self._newest(form, page__subject__in=subjects).filter(void_at_version=None)

    def knows_identity(self, subject: Subject) -> bool:
        """Whether the birth date that is kept now was on record at the moment.

        Raises NotReproduced where another one was.
        """
        corrected = self._births_since.get(subject.code)
        if corrected:
            said = _("%(subject)s: the birth date was corrected since, and what it was before is not kept.")
            raise NotReproduced(said % {"subject": subject.code})
        return corrected is None

    @cached_property
    def _births_since(self) -> dict[str, bool]:
        """The subjects of whom a birth date was recorded since, and whether in the place of another."""
        later = TrailChange.objects.filter(item=BIRTH, event__at__gt=self.moment).order_by()
        found: dict[str, bool] = {}
        for subject, old in later.values_list("event__subject", "old"):
            found[subject] = found.get(subject, False) or bool(old)
        return found

    def _newest(self, model: Any, **where: Any) -> QuerySet[Any]:
        """The newest version by the moment of each row that was there."""
        versions = model.history.model.objects
        known = versions.filter(history_date__lte=self.moment, **where).order_by()
        newest = known.values("id").annotate(newest=Max("history_id")).values("newest")
        found: QuerySet[Any] = versions.filter(history_id__in=newest).exclude(history_type="-")
        return found
