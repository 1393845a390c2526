"""Visits of monitors to a site: what has come since the last one, up to a number of the ledger.

A visit is a row that is written once, when it is closed (decision 0045). What came in its period is read from
the trail, again whenever it is asked for; what waited at its close (pages to verify or to sign, answered
queries) is a matter of that moment, and stands in the row by its place.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from trial.people.access import Person
from trial.trail.append_only import AppendOnlyModel
from trial.trail.models import TrailEvent


class VisitKind(models.TextChoices):
    ON_SITE = "on_site", _("on site")
    REMOTE = "remote", _("remote")


class Whose(StrEnum):
    """Since whose last visit is looked: one's own, or that of any monitor."""

    MINE = "mine"
    ANY = "any"


class MonitoringVisit(AppendOnlyModel):
    """A visit that somebody closed: the days as entered, and the entries of the ledger that lie between the
    visit before (`after`) and its close (`up_to`).

    `figures` are the numbers by name; `waiting` names what waited at the close: pages by subject, visit and
    form, queries by number. `actions` are the action items, one to a line, which name nobody.
    """

    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    site = models.CharField(_("site"), max_length=10)
    kind = models.CharField(_("kind"), max_length=10, choices=VisitKind)
    began = models.DateField(_("first day"))
    ended = models.DateField(_("last day"))
    after = models.BigIntegerField()
    up_to = models.BigIntegerField()
    whose = models.CharField(max_length=10)
    figures = models.JSONField()
    waiting = models.JSONField()
    actions = models.TextField(_("action items"), blank=True)
    by = models.CharField(max_length=150)
    by_name = models.CharField(max_length=200)
    by_role = models.CharField(max_length=200)
    at = models.DateTimeField(_("closed"))

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("site", "-id"), name="monitoring_visit_of_site"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(began__lte=models.F("ended")), name="a_monitoring_visit_begins_first"
            ),
        )

    def __str__(self) -> str:
        return f"{self.site} {self.began} to {self.ended}"

    @property
    def period(self) -> "Period":
        return Period(self.site, self.after, self.up_to)


@dataclass(frozen=True, slots=True)
class Period:
    """The acts at a site that have entries in the ledger after one number, up to another."""

    site: str
    after: int
    up_to: int

    def of_events(self, way: str = "") -> dict[str, Any]:
        """The filter of events, or of what leads to them by `way` (`event__`)."""
        return {
            f"{way}site": self.site,
            f"{way}leaf__seq__gt": self.after,
            f"{way}leaf__seq__lte": self.up_to,
        }

    @property
    def acts(self) -> int:
        return TrailEvent.objects.filter(**self.of_events()).order_by().count()


def visits_at(site: str) -> "models.QuerySet[MonitoringVisit]":
    """The closed visits to a site, the newest first."""
    return MonitoringVisit.objects.filter(site=site)


def last_visit(site: str, whose: Whose, *, by: Person) -> MonitoringVisit | None:
    """The last visit to the site that this person, or anybody, closed: the one that reaches furthest."""
    mine = {"by": by.user_name} if whose is Whose.MINE else {}
    return visits_at(site).filter(**mine).order_by("-up_to", "-id").first()


def period_since(last: MonitoringVisit | None, site: str) -> Period:
    """From the end of that visit, or from the beginning, to the newest act at the site."""
    after = last.up_to if last else 0
    newest = TrailEvent.objects.filter(site=site).order_by().aggregate(newest=Max("leaf__seq"))["newest"]
    return Period(site, after, max(newest or 0, after))
