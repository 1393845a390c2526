"""Review of the trail: who has looked at which stretch of it, and what has come since (AT-11).

A mark covers a site or one subject up to a number of the ledger. Marks are rows of their own: whether
something was reviewed is no property of the data and is decided by nothing else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db import OperationalError, models, transaction
from django.db.models import Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trial.people.access import Person, actor_at, require
from trial.people.models import Account
from trial.people.roles import Permission
from trial.trail.actor import Source, acting
from trial.trail.append_only import AppendOnlyModel
from trial.trail.models import TrailEvent
from trial.trail.record import Change, Place, record_event
from trial.trail.seals import settled

READINGS = (
    "identity.viewed",
    "identity.alerted",
    "subject.checked",
    "trail.reviewed",
    "trail.exported",
    "access.exported",
    "attachment.opened",
    "casebook.exported",
    "casebook.printed",
    "queries.exported",
    "screening_log.exported",
    "deviations.exported",
    "safety.exported",
    "sae.printed",
    "terms.exported",
    "report.exported",
    "results.exported",
    "data.exported",
    "visit.closed",
    "visit_report.exported",
)
"""Acts that leave the data as it is: a review does not wait for them."""


class ReviewMoved(Exception):
    """Something came into the stretch after the reviewer had looked at it."""


class ReviewMark(AppendOnlyModel):
    """Somebody reviewed a site, or one subject of it, up to a number of the ledger."""

    site = models.CharField(_("site"), max_length=10)
    subject = models.CharField(_("subject"), max_length=12, blank=True)
    up_to = models.BigIntegerField()
    acts = models.PositiveIntegerField()
    by = models.CharField(max_length=150)
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("site", "subject", "-up_to"), name="review_of_place"),
            models.Index(fields=("by", "site"), name="review_by_person"),
        )

    def __str__(self) -> str:
        return f"{self.subject or self.site} up to {self.up_to}"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How far some sites and single subjects of them are reviewed, by numbers of the ledger."""

    sites: Mapping[str, int]
    subjects: Mapping[str, int] = field(default_factory=dict)

    def covers(self, site: str, subject: str, sequence: int | None) -> bool:
        """Whether an act of this number was reviewed."""
        return sequence is not None and sequence <= max(
            self.sites.get(site, 0), self.subjects.get(subject, 0)
        )

    def waiting(self) -> Q:
        """The events that wait for a review."""
        acts = Q(pk__in=[])
        for site, up_to in self.sites.items():
            acts |= Q(site=site, leaf__seq__gt=up_to)
        for subject, up_to in self.subjects.items():
            acts &= ~Q(subject=subject, leaf__seq__lte=up_to)
        return acts & ~Q(action__in=READINGS)


def reviewed(sites: Iterable[str], *, by: str = "") -> Reviewed:
    """How far these sites are reviewed by anybody, or by the person of this user name; in one statement."""
    marks = ReviewMark.objects.filter(site__in=sorted(sites), **({"by": by} if by else {}))
    furthest = marks.order_by().values_list("site", "subject").annotate(Max("up_to"))
    by_site = dict.fromkeys(sites, 0)
    by_subject: dict[str, int] = {}
    for site, subject, up_to in furthest:
        if subject:
            by_subject[subject] = up_to
        else:
            by_site[site] = up_to
    return Reviewed(by_site, {s: n for s, n in by_subject.items() if n > by_site.get(_site_of(s), 0)})


def _site_of(subject: str) -> str:
    return subject.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What somebody who marks a review has before them: the acts since their last, up to the newest."""

    site: str
    subject: str
    up_to: int
    acts: int


def stretch(site: str, subject: str, *, by: Person, up_to: int | None = None) -> Stretch:
    """The acts that wait for this person's review, up to a number or to the newest."""
    waiting = TrailEvent.objects.filter(reviewed([site], by=by.user_name).waiting(), site=site)
    if subject:
        waiting = waiting.filter(subject=subject)
    if up_to is not None:
        waiting = waiting.filter(leaf__seq__lte=up_to)
    told = waiting.order_by().aggregate(newest=Max("leaf__seq"), acts=models.Count("pk"))
    return Stretch(site, subject, up_to if up_to is not None else told["newest"] or 0, told["acts"])


def mark_reviewed(seen: Stretch, *, by: Person, request_id: str = "") -> ReviewMark | None:
    """Mark what a person saw as reviewed; None where nothing waited.

    Asked for twice it is marked once. Raises PermissionDenied (403), and ReviewMoved (409) where another
    number of acts lies in the stretch by now: an act that was under way while the reviewer read must not
    count as seen.
    """
    require(by, Permission.MARK_REVIEWED, site=seen.site)
    try:
        last = settled()
    except OperationalError as busy:  # writers did not let it through in time
        raise ReviewMoved from busy
    actor = actor_at(by, site=seen.site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        list(Account.objects.select_for_update().filter(user_name=by.user_name).values_list("pk"))
        if marked := _marked_before(seen, by):
            return marked
        now = stretch(seen.site, seen.subject, by=by, up_to=seen.up_to)
        if now != seen or seen.up_to > last:
            raise ReviewMoved
        if not seen.acts:
            return None
        place = Place(site=seen.site, subject=seen.subject, about=f"{seen.acts} acts")
        change = Change("up_to", "Reviewed up to entry", "", str(seen.up_to), new_shown=str(seen.up_to))
        mark = ReviewMark.objects.create(
            site=seen.site,
            subject=seen.subject,
            up_to=seen.up_to,
            acts=seen.acts,
            by=actor.user_name,
            by_name=actor.printed_name,
            at=timezone.now(),
        )
        record_event("trail.reviewed", place, [change])
    return mark


def _marked_before(seen: Stretch, by: Person) -> ReviewMark | None:
    """The mark that this person made on what is asked to be marked. Of two requests at once the second waits
    until it is there."""
    about = {"site": seen.site, "subject": seen.subject, "up_to": seen.up_to, "acts": seen.acts}
    return ReviewMark.objects.filter(by=by.user_name, **about).first() if seen.acts else None


def reviewed_up_to() -> Greatest:
    """An annotation of subjects: how far each is reviewed by anybody, by itself or with its site."""

    def furthest(subject: Any) -> Coalesce:
        marks = ReviewMark.objects.filter(site=OuterRef("site__code"), subject=subject)
        newest = marks.order_by("-up_to").values("up_to")[:1]
        return Coalesce(Subquery(newest), Value(0, models.BigIntegerField()))

    return Greatest(furthest(OuterRef("code")), furthest(""))


def unreviewed(reviewed: Mapping[str, int], *, but: Collection[str] = ()) -> dict[str, int]:
    """How many acts wait for anybody's review, for each of these subjects with any: by code, how far each is
    reviewed (`reviewed_up_to`). Acts of the kinds `but` do not count. One statement."""
    if not reviewed:
        return {}
    by_mark: dict[int, list[str]] = defaultdict(list)
    for code, up_to in reviewed.items():
        by_mark[up_to].append(code)
    since = reduce(or_, (Q(subject__in=codes, leaf__seq__gt=up_to) for up_to, codes in by_mark.items()))
    waiting = TrailEvent.objects.filter(since).exclude(action__in={*READINGS, *but}).order_by()
    return dict(waiting.values_list("subject").annotate(models.Count("pk")))


COUNTED_UP_TO = 1000


def waiting_at(site: str, *, by: Person) -> int:
    """How many acts at a site this person has not reviewed; COUNTED_UP_TO stands for that many or more, since
    counting all of a long trail reads all of it."""
    waiting = TrailEvent.objects.filter(reviewed([site], by=by.user_name).waiting(), site=site)
    return waiting.order_by()[:COUNTED_UP_TO].count()
