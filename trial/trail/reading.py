"""Reading the trail: one question, asked by the screen, the count and the exports alike.

The order is that of the numbers which the database gives to events; no clock is. What is asked of a site, a
subject, a person or an act is an index read however long the trail is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery

from trial.protocol.study import SITE_ZONE
from trial.trail.models import TrailChange, TrailEvent

SIGNED, CUT = "page.signed", "lock.made"
CORRECTED = "corrected"
"""The kind that is no act: values that replaced others."""
EXPLAINED = "explained"
"""Those of them that somebody corrected and said why: what engines and workflow changed has no reason."""
_OF_CHANGES = (CORRECTED, EXPLAINED)
STATE = "entry_state"  # the workflow state of a page, which stands among the changes of a save
AT_ONCE = 1000  # events in memory


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the trail, within the sites of the reader. Days are those of the site, both taken in.

    Acts at no site fit only where their kind is in `without_site`. `only` narrows to these kinds of acts, at
    any site where `sites` holds the empty text, too.

    `kind` is an act, CORRECTED or EXPLAINED. `reason` is a code, `words` are words of a reason. `after` is
    the number of an event that is not taken in; `since_signature`: what happened to a page after it was last
    signed; `among` narrows to what a review has still to look at, or to a stretch of the ledger.
    """

    sites: frozenset[str]
    without_site: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    subject: str = ""
    visit: str = ""
    form: str = ""
    item: str = ""
    row: str = ""
    actor: str = ""
    kind: str = ""
    reason: str = ""
    words: str = ""
    first_day: date | None = None
    last_day: date | None = None
    after: int = 0
    since_signature: bool = False
    among: Q = field(default_factory=Q)

    @property
    def asks_for_changes(self) -> bool:
        """Whether single changes are asked for, and not whole acts."""
        return bool(self.item or self.row or self.reason or self.words or self.kind in _OF_CHANGES)


def events(asked: Question) -> "QuerySet[TrailEvent]":
    """The acts that fit, in no order."""
    found = TrailEvent.objects.filter(asked.among, _readable(asked), **_place(asked), **_period(asked))
    if asked.item:
        found = found.filter(_changes_the_item(asked))
    elif asked.asks_for_changes and not asked.words:
        found = found.filter(Exists(_of_the_act(asked)))
    if asked.words:
        said = Exists(_of_the_act(asked)) | Q(reason__icontains=asked.words)
        found = found.filter(said)
    if asked.since_signature:
        found = found.filter(id__gt=_last_signature())
    return found


def numbers(asked: Question, *, upwards: bool = False) -> "QuerySet[TrailEvent, int]":
    """The numbers of the acts that fit, the newest first unless `upwards`: a screen takes some of them.

    A walk along the numbers would begin at one end of the trail, however far from it a period lies; so the
    index of the period is read alone (it holds the numbers), and what it gives is put into order.
    """
    begins_far = asked.first_day if upwards else asked.last_day
    number = F("id") * 1 if begins_far else F("id")  # no index is in the order of a product
    in_order = events(asked).order_by(number.asc() if upwards else number.desc())
    return in_order.values_list("id", flat=True)


def _place(asked: Question) -> dict[str, object]:
    named = {"subject": asked.subject, "actor": asked.actor}
    if not asked.item:
        named |= {"visit": asked.visit, "form": asked.form}
    if asked.kind not in _OF_CHANGES:
        named["action"] = asked.kind
    place: dict[str, object] = {name: value for name, value in named.items() if value}
    place["site__in"] = sorted({*asked.sites, ""} if asked.without_site else asked.sites)
    return place


def _readable(asked: Question) -> Q:
    """Which acts of these places the reader may see at all; nothing but an index read where all of them."""
    fits = Q(action__in=sorted(asked.only)) if asked.only else Q()
    if asked.without_site:
        fits &= ~Q(site="") | Q(action__in=sorted(asked.without_site))
    return fits


def _period(asked: Question) -> dict[str, object]:
    period: dict[str, object] = {"id__gt": asked.after} if asked.after else {}
    if asked.first_day:
        period["at__gte"] = _midnight(asked.first_day)
    if asked.last_day:
        period["at__lt"] = _midnight(asked.last_day + timedelta(days=1))
    return period


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SITE_ZONE)


def _last_signature() -> Subquery:
    signed = TrailEvent.objects.filter(
        action=SIGNED, subject=OuterRef("subject"), visit=OuterRef("visit"), form=OuterRef("form")
    )
    return Subquery(signed.order_by("-id").values("id")[:1])


# --- single changes --------------------------------------------------------------------------------------
def changes(asked: Question) -> "QuerySet[TrailChange]":
    """The changes that fit, of acts that do, in the order in which each act made them."""
    return TrailChange.objects.filter(_item(asked), _why(asked)).order_by("id")


def _of_the_act(asked: Question) -> "QuerySet[TrailChange]":
    return TrailChange.objects.filter(_why(asked), event=OuterRef("act")).order_by()


def _changes_the_item(asked: Question) -> Q | Exists:
    """Acts on the page itself, and acts elsewhere from which an item of it was derived anew."""
    here = {"form": asked.form, "visit": asked.visit}
    of_the_act = _of_the_act(asked)
    own = Q(Exists(of_the_act.filter(item=asked.item)), **{k: v for k, v in here.items() if v})
    return own | Q(Exists(of_the_act.filter(_derived_elsewhere(asked))))


def _item(asked: Question) -> Q:
    if not asked.item:
        return Q()
    here = {"event__form": asked.form, "event__visit": asked.visit}
    own = Q(item=asked.item, **{name: value for name, value in here.items() if value})
    return own | _derived_elsewhere(asked)


def _derived_elsewhere(asked: Question) -> Q:
    """Such a change names its place: `FORM@VISIT.item`."""
    if asked.form and asked.visit:
        return Q(item=f"{asked.form}@{asked.visit}.{asked.item}")
    return Q(item__startswith=f"{asked.form}@" if asked.form else "", item__endswith=f".{asked.item}")


def _why(asked: Question) -> Q:
    fits = Q(row_key=asked.row) if asked.row else Q()
    if asked.reason:
        fits &= Q(reason_code=asked.reason)
    if asked.words:
        fits &= Q(reason__icontains=asked.words)
    if asked.kind == CORRECTED:
        fits &= ~Q(old="") & ~Q(item=STATE)
    return fits & explained() if asked.kind == EXPLAINED else fits


def explained() -> Q:
    """The changes by which somebody put a value in the place of another, with the reason."""
    return ~Q(old="") & (~Q(reason_code="") | ~Q(reason=""))


# --- all of it -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail taken out: a change, or an act that changed no item. `sequence` is its place in
    the ledger."""

    sequence: int | None
    event: TrailEvent
    change: TrailChange | None


@dataclass(frozen=True, slots=True)
class Count:
    acts: int
    entries: int


def entries(asked: Question, *, newest_first: bool) -> Iterator[Entry]:
    """Every entry that fits, some events in memory at a time. The events are of one instant."""
    found = events(asked).annotate(sequence=F("leaf__seq")).order_by("-id" if newest_first else "id")
    fitting = Prefetch("changes", changes(asked), to_attr="fitting")
    for event in found.prefetch_related(fitting).iterator(AT_ONCE):
        fits: list[TrailChange | None] = [*event.fitting]
        for change in fits or [None]:
            yield Entry(event.sequence, event, change)


def count(asked: Question) -> Count:
    """How many acts fit and how many entries they have: made on request, since it reads all of them."""
    found = events(asked)
    changed = changes(asked).filter(event__in=found.values("act")).order_by()
    without = found.filter(~Exists(changes(asked).filter(event=OuterRef("act")).order_by()))
    return Count(found.count(), changed.count() + without.count())


def cuts(most: int = 5) -> list[TrailEvent]:
    """The newest data cuts and locks, by their events."""
    return list(TrailEvent.objects.filter(action=CUT).order_by("-id")[:most])
