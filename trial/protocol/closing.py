"""The end of the study, and until when its records are kept (RB-01; 21 CFR 11.10(c)).

The date counts from the day on which the study is closed. Before it nothing is purged: no screen deletes, the
triggers of the tables refuse, and `flush` does.
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trial.people.access import Person, actor_at, require_everywhere
from trial.people.roles import Permission
from trial.protocol.configuration import setting_as
from trial.protocol.study import site_today
from trial.trail.actor import Source, acting
from trial.trail.append_only import AppendOnlyModel
from trial.trail.record import Change, Place, record_event

THE_ONLY_ONE = 1


class StudyClosing(AppendOnlyModel):
    """That the study was closed, once, and the first day on which its records need not be kept any more."""

    closed_on = models.DateField(gettext_lazy("closed on"))
    kept_until = models.DateField(gettext_lazy("kept until"))
    reason = models.CharField(gettext_lazy("reason"), max_length=200)
    recorded_by = models.CharField(max_length=150)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"closed on {self.closed_on}, kept until {self.kept_until}"


def kept_until() -> date | None:
    """The first day on which the records need not be kept; None while the study is open."""
    closing = StudyClosing.objects.first()
    return closing.kept_until if closing else None


def why_kept() -> str:
    """Why nothing may be purged today; empty where the time is over."""
    until = kept_until()
    if until is None:
        return _("The study is not closed: everything is kept.")
    return "" if site_today() >= until else _("Everything is kept until %(day)s.") % {"day": until}


def record_closing(on: date, *, reason: str, by: Person, source: Source) -> StudyClosing:
    """Put on record that the study was closed on a day.

    Raises PermissionDenied, and ValidationError for a day to come and for a study that is closed.
    """
    require_everywhere(by, Permission.KEEP_STUDY_FILE)
    if on > site_today():
        raise ValidationError(_("A study is closed on a day that has come."))
    with transaction.atomic(), acting(actor_at(by, site="", source=source)):
        if StudyClosing.objects.exists():
            raise ValidationError(_("The study is closed already."))
        until = years_later(on, setting_as(int, "retention_years"))
        closing = StudyClosing.objects.create(
            pk=THE_ONLY_ONE, closed_on=on, kept_until=until, reason=reason, recorded_by=by.user_name
        )
        told = (("closed_on", "Closed on", on), ("kept_until", "Kept until", until))
        changes = [Change(item, label, "", day.isoformat(), reason=reason) for item, label, day in told]
        record_event("study.closed", Place(about="study"), changes, reason=reason)
    return closing


def years_later(day: date, years: int) -> date:
    """The same day so many years on; of a 29 February that there is not, the day after."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
