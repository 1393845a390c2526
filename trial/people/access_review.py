"""The review of access: each quarter somebody looks at all of it and says so (AC-07)."""

from datetime import date, timedelta

from django.db import models, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from trial.people.access import Person
from trial.people.access_list import access_now
from trial.people.acts import record_act
from trial.people.models import Site
from trial.protocol.study import site_today
from trial.trail.append_only import AppendOnlyModel
from trial.trail.record import Change

QUARTER_DAYS = 91


class AccessReview(AppendOnlyModel):
    """Somebody has looked at all access that was in force, and says what came of it."""

    day = models.DateField(_("day"))
    reviewed_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    grants = models.PositiveIntegerField()
    unused = models.PositiveIntegerField()
    remark = models.CharField(_("remark"), max_length=500)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.day} {self.reviewed_by}"

    @property
    def next_due(self) -> date:
        return self.day + timedelta(days=QUARTER_DAYS)


def record_review(*, by: Person, remark: str, request: HttpRequest | None = None) -> AccessReview:
    """Say that all access in force was reviewed. Raises ValidationError for a remark that says nothing."""
    lines = access_now(Site.objects.all())
    review = AccessReview(
        day=site_today(),
        reviewed_by=by.user_name,
        printed_name=getattr(by, "printed_name", ""),
        grants=len(lines),
        unused=sum(line.is_unused for line in lines),
        remark=remark,
    )
    review.clean_fields(exclude=("printed_name",))
    changes = [
        Change("grants", "Grants in force", "", str(review.grants)),
        Change("unused", "Unused for 90 days", "", str(review.unused)),
    ]
    with transaction.atomic():
        review.save()
        record_act("access.reviewed", f"{review.day}", by=by, request=request, changes=changes, reason=remark)
    return review


def last_reviews(number: int = 8) -> list[AccessReview]:
    """The reviews of the last two years, the newest first."""
    return list(AccessReview.objects.all()[:number])


def due_since(newest: AccessReview | None, today: date) -> date | None:
    """The day since which a review is due; None while none is."""
    if newest is None:
        return today
    return newest.next_due if newest.next_due <= today else None
