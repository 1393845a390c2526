"""The trail, and what has changed since a program last asked: read along the ledger, and never past the last
seal. No act can come to lie before it any more, so nothing is missed and nothing told twice, whoever saves
meanwhile; a clock could not promise that."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Prefetch, QuerySet

from analytics.exports.live import shapes
from analytics.exports.live.asking import Asked, Filter, Parameters
from analytics.exports.live.changes import Place, is_missing, place_of
from analytics.exports.live.lists import Found, Listed, Scope, Told, names_of, of_form, of_visit
from analytics.exports.live.telling import Teller
from trial.people.roles import Permission
from trial.trail.kinds import ACCOUNT_ACTS, TAKEN_BY_PROGRAMS
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.seals import Seal

_NOT_TOLD = (*ACCOUNT_ACTS, *TAKEN_BY_PROGRAMS)
"""Of accounts, and of reading: told to who reads the trail, each answer would make the next one."""
_FILTERS = (
    Filter("site", "codes of sites", "site"),
    Filter("subject", "subjects: HZ01-017", "subject"),
    of_visit("visit"),
    of_form("form"),
)
_OF_TRAIL = (
    *_FILTERS,
    Filter("action", "kinds of acts: page.saved", "action"),
    Filter("actor", "user names", "actor"),
)


def last_sealed() -> int:
    """The number in the ledger up to which acts are told; 0 before the first seal."""
    seal = Seal.objects.last()
    return seal.last if seal else 0


def _window(asked: Asked, scope: Scope, up_to: int, among: tuple[Filter, ...]) -> "QuerySet[Any, Any]":
    """The acts after a place in the ledger."""
    after = int(asked.cursor)
    in_scope = TrailEvent.objects.filter(site__in=scope.codes, leaf__seq__gt=after, leaf__seq__lte=up_to)
    return in_scope.filter(**asked.lookups(among))


def _some(acts: "QuerySet[Any, Any]", limit: int) -> tuple[list[Any], bool]:
    """So many acts, and whether there are more."""
    found = list(acts[: limit + 1])
    return found[:limit], len(found) > limit


# --- the trail ---------------------------------------------------------------------------------------------
def read_trail(asked: Asked, scope: Scope) -> Found:
    """Acts with all that they changed."""
    page, goes_on = _some(in_order(_of_trail(asked, scope)), asked.limit)
    after = page[-1].seq if page else int(asked.cursor)
    entries = [told_act(event, scope.teller) for event in page]
    return Found(entries, str(after) if goes_on else "", {"after": after})


def _of_trail(asked: Asked, scope: Scope) -> "QuerySet[Any, Any]":
    acts = _window(asked, scope, asked.up_to or last_sealed(), _OF_TRAIL)
    return acts.exclude(action__in=_NOT_TOLD)


def _subjects(acts: "QuerySet[Any, Any]") -> set[str]:
    return set(acts.order_by().values_list("subject", flat=True).distinct())


def in_order(acts: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Acts with their numbers and changes, in the order of the ledger."""
    changes = Prefetch("changes", TrailChange.objects.order_by("id"))
    told: QuerySet[Any, Any] = acts.annotate(seq=F("leaf__seq")).order_by("leaf__seq")
    return told.prefetch_related(changes)


def told_act(event: Any, teller: Teller) -> Told:
    """An act of `in_order` with all that it changed."""
    subject = event.subject
    return {
        "seq": event.seq,
        "at": teller.moment(subject, event.at),
        "action": event.action,
        "actor": event.actor,
        "actor_name": event.actor_name,
        "role": event.actor_role,
        "source": event.source,
        "site": event.site,
        "subject": subject,
        "visit": event.visit,
        "form": event.form,
        "form_version": event.form_version,
        "about": teller.words(subject, event.about),
        "reason": teller.words(subject, event.reason),
        "changes": [_change(change, event, teller) for change in event.changes.all()],
    }


def _change(change: TrailChange, event: Any, teller: Teller) -> Told:
    place = place_of(change, event)
    told = {
        "row": change.row_key,
        "item": change.item,
        "label": change.label,
        "author": change.author,
        "reason_code": change.reason_code,
        **dict.fromkeys(("old", "new", "words", "reason")),
    }
    if not _leaves(place, teller):
        return told
    return told | {
        "old": _value(change.old, place, event.subject, teller),
        "new": _value(change.new, place, event.subject, teller),
        "words": None if place.kind == "value" else teller.words(event.subject, change.new_shown),
        "reason": teller.words(event.subject, change.reason),
    }


def _leaves(place: Place, teller: Teller) -> bool:
    """Whether the values of a change leave: of an item by its own rule, of what is said about one as well."""
    if place.kind == "identity":
        return False
    if place.kind == "value":
        return teller.has(place.form, place.name)
    return teller.has_words_on(place.form, place.name if place.item else "") or place.kind not in (
        "",
        "query",
    )


def _value(text: str, place: Place, subject: str, teller: Teller) -> str:
    item = place.item
    if place.kind in ("value", "header") and item is not None:
        return teller.value(subject, item, text)
    return teller.words(subject, text)


TRAIL = Listed(
    name="trail",
    about="The acts of the trail up to the last seal, the oldest first: who did what, when, and why. Acts on "
    "accounts are not among them, nor what programs read.",
    permission=Permission.REVIEW_TRAIL,
    entry=shapes.TrailEntry,
    parameters=Parameters(
        _OF_TRAIL,
        names_of(shapes.TrailEntry),
        cursor="after_seq",
        after="`after` of the last answer: the number in the ledger of the last act that was read",
    ),
    read=read_trail,
    sealed_up_to=last_sealed,
    subjects=lambda asked, scope: _subjects(_of_trail(asked, scope)),
)


# --- what has changed --------------------------------------------------------------------------------------
def read_changes(asked: Asked, scope: Scope) -> Found:
    """What became of the things of subjects; `limit` counts acts, of which each is told whole."""
    sealed = asked.up_to or last_sealed()
    acts, goes_on = _some(in_order(_of_changes(asked, scope, sealed)), asked.limit)
    after = acts[-1].seq if goes_on else max(sealed, int(asked.cursor))
    entries = [told for event in acts for told in _states(event, scope.teller)]
    return Found(entries, str(after) if goes_on else "", {"after": after, "sealed": sealed})


def _of_changes(asked: Asked, scope: Scope, up_to: int) -> "QuerySet[Any, Any]":
    return _window(asked, scope, up_to, _FILTERS).exclude(subject="")


def _states(event: Any, teller: Teller) -> Iterator[Told]:
    """What an act did to each thing; the act itself where it did nothing to any."""
    placed = [(place_of(change, event), change) for change in event.changes.all()]
    told = [(place, change) for place, change in placed if place.kind in shapes.KINDS]
    for place, change in told:
        if place.kind != "value" or teller.has(place.form, place.name):
            yield _state(event, place, change, teller)
    if not told:
        nothing = Place("act", event.form, event.visit, "", "")
        yield _entry(event, nothing, teller, value=None, missing=None)


def _state(event: Any, place: Place, change: TrailChange, teller: Teller) -> Told:
    missing = is_missing(change.new) if place.kind == "value" else ""
    value = "" if missing else change.new
    if place.kind in ("verification", "signature"):
        value = shapes.STANDING if value else shapes.FALLEN
    elif place.kind != "page":
        value = _value(value, place, event.subject, teller)
    return _entry(event, place, teller, value=value or None, missing=missing or None)


def _entry(event: Any, place: Place, teller: Teller, *, value: str | None, missing: str | None) -> Told:
    return {
        "seq": event.seq,
        "at": teller.moment(event.subject, event.at),
        "action": event.action,
        "kind": place.kind,
        "site": event.site,
        "subject": event.subject,
        "visit": place.visit,
        "form": place.form,
        "row": place.row,
        "item": "" if place.kind in ("page", "row", "signature") else place.name,
        "value": value,
        "missing": missing,
    }


SYNC = Listed(
    name="sync",
    about="What has changed since a place in the ledger, the oldest first, up to the last seal. Who begins "
    "at 0 and goes on at `after` of each answer has at the end what the registry has, whoever saves. "
    "`limit` counts acts, each of which is told whole.",
    permission=Permission.READ,
    entry=shapes.SyncEntry,
    parameters=Parameters(
        _FILTERS,
        names_of(shapes.SyncEntry),
        cursor="after",
        after="`after` of the last answer; 0, or nothing, to begin",
    ),
    read=read_changes,
    sealed_up_to=last_sealed,
    subjects=lambda asked, scope: _subjects(_of_changes(asked, scope, asked.up_to or last_sealed())),
)
