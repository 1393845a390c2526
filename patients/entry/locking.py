"""Locking and unlocking casebooks: one person asks, another decides (LK-04, LK-05; specification 5.4).

Each act is one transaction with its event. A lock takes every subject of its scope as it is: a save that is
under way ends before it or is refused after it, since both hold the row of the subject (F12). The data cut
that a lock makes is the business of `analytics.locks`, which calls this inside its own transaction.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.casebook.identity import Identity
from patients.casebook.page import Page, PageState, Subject
from patients.entry.identity_patterns import reason_without_identity
from patients.entry.lock_gate import LABELS, Check, Gate, gate_of
from patients.entry.refusals import NotSaved, UnknownPage
from patients.oversight.casebook_locks import (
    LONGEST_HOURS,
    CasebookLock,
    Kind,
    LockDecision,
    LockRequest,
    Relocking,
    Scope,
    Unlocking,
    close_pages,
    relock,
    standing_unlocking,
    unlock,
)
from trial.people.access import Person, SystemPerson, actor_at, can, require
from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.study import site_today
from trial.trail.actor import Source, acting, current_actor
from trial.trail.record import Change, Place, record_event


class NotAsked(NotSaved):
    """Nothing was asked for, or decided (422); `why` says it in the user's words."""

    def __init__(self, *why: str) -> None:
        super().__init__(" ".join(why))
        self.why = why


class Decided(NotSaved):
    """Somebody has decided on the request in the meantime (409)."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a lock takes in: the study, a site of it, or a subject."""

    site: Site | None = None
    subject: Subject | None = None

    @property
    def scope(self) -> Scope:
        if self.subject is not None:
            return Scope.SUBJECT
        return Scope.STUDY if self.site is None else Scope.SITE

    @property
    def sites(self) -> list[Site]:
        if self.subject is not None:
            return [self.subject.site]
        return list(Site.objects.order_by("code")) if self.site is None else [self.site]

    def subjects(self) -> Any:
        """The subjects of it, by their codes."""
        everybody = Subject.objects.select_related("site").order_by("code")
        if self.subject is not None:
            return everybody.filter(pk=self.subject.pk)
        return everybody if self.site is None else everybody.filter(site=self.site)

    def not_locked(self) -> Any:
        return self.subjects().filter(lock=None)

    def hold(self) -> None:
        """Hold the row of each subject until the transaction ends: a save waits, or has ended (F12)."""
        rows = self.subjects().select_for_update().values_list("pk")
        deque(rows.iterator(), maxlen=0)

    def may(self, person: Account, right: Permission) -> bool:
        """Whether a person holds a right at each of its sites."""
        return all(can(person, right, site=site.code) for site in self.sites)

    def require(self, person: Account, right: Permission) -> None:
        """Raises PermissionDenied where somebody lacks a right at one of its sites, or there is none."""
        if not self.sites:
            raise PermissionDenied(f"{person.user_name}: no site to {right} at")
        for site in self.sites:
            require(person, right, site=site.code)

    @property
    def place(self) -> Place:
        site = self.subject.site if self.subject is not None else self.site
        code = self.subject.code if self.subject is not None else ""
        return Place(site.code if site is not None else "", code)

    @classmethod
    def of(cls, request: LockRequest) -> "Extent":
        return cls(request.site, request.subject)


@dataclass(frozen=True, slots=True)
class Wish:
    """Why somebody asks, and why it should be locked although something stands in the way."""

    reason: str
    override: str = ""


# --- asking ----------------------------------------------------------------------------------------------
def ask_for_lock(
    extent: Extent, cutoff: date, wish: Wish, *, by: Account, request_id: str = ""
) -> LockRequest:
    """Ask that the casebooks of an extent be locked, with a data cut by a day.

    Raises PermissionDenied (403), and NotAsked (422) without a reason, for a day that has not come, where
    nothing is left to lock, where somebody has asked already, or while something stands in the way and
    nobody says why it should be locked all the same.
    """
    extent.require(by, Permission.LOCK)
    refuse([*_against_reason(wish.reason, extent), *_against_override(wish.override, extent)])
    refuse(_against_lock(extent, cutoff))
    gate = gate_of(
        extent.not_locked().in_turn(), cutoff, derived=True
    )  # nothing is held: approval looks again
    refuse(_against_gate(gate, wish.override))
    with transaction.atomic(), acting(_actor(extent, by, request_id)):
        _one_at_a_time(extent)
        refuse(_against_lock(extent, cutoff))
        return _keep_request(
            extent, Kind.LOCK, wish, by, cutoff=cutoff, gate=gate.as_data(), kind_of_act="lock.requested"
        )


def ask_for_unlock(
    subject: Subject, pages: Iterable[int], hours: int, wish: Wish, *, by: Account, request_id: str = ""
) -> LockRequest:
    """Ask that pages of a locked casebook, or all of it, be unlocked for some hours.

    Raises PermissionDenied (403), UnknownPage (404), and NotAsked (422).
    """
    extent = Extent(subject=subject)
    extent.require(by, Permission.LOCK)
    refuse([*_against_reason(wish.reason, extent), *_against_hours(hours)])
    with transaction.atomic(), acting(_actor(extent, by, request_id)):
        _one_at_a_time(extent)
        numbers = _locked_pages(subject, pages)
        refuse(_against_unlock(subject))
        return _keep_request(
            extent, Kind.UNLOCK, wish, by, pages=numbers, hours=hours, kind_of_act="unlock.requested"
        )


def _keep_request(
    extent: Extent, kind: Kind, wish: Wish, by: Account, *, kind_of_act: str, **told: Any
) -> LockRequest:
    act = uuid4()
    request = LockRequest.objects.create(
        kind=kind,
        scope=extent.scope,
        site=extent.site,
        subject=extent.subject,
        reason=wish.reason.strip(),
        override=wish.override.strip(),
        asked_by=by.user_name,
        printed_name=by.printed_name,
        at=timezone.now(),
        event_id=act,
        **told,
    )
    record_event(kind_of_act, _place_of(request), _changes(request), reason=request.reason, act=act)
    return request


def _one_at_a_time(extent: Extent) -> None:
    """Of two who ask or decide at the same sites at once the second waits."""
    sites = Site.objects.filter(pk__in=[site.pk for site in extent.sites]).order_by("code")
    list(sites.select_for_update())


def _against_reason(reason: str, extent: Extent) -> list[str]:
    try:
        reason_without_identity(reason, Identity.objects.filter(subject=extent.subject))
    except ValidationError as refused:
        return list(refused.messages)
    return []


def _against_override(override: str, extent: Extent) -> list[str]:
    return _against_reason(override, extent) if override.strip() else []


def _against_lock(extent: Extent, cutoff: date) -> list[str]:
    if cutoff > site_today():
        return [_("The cut-off has not come yet.")]
    if _waiting(Kind.LOCK, extent).exists():
        return [_("Somebody has asked for this lock already.")]
    return _against_locking(extent)


def _against_locking(extent: Extent) -> list[str]:
    if not extent.not_locked().exists():
        return [_("There is no casebook here that is not locked.")]
    if Unlocking.objects.standing().filter(lock__subject__in=extent.subjects()).exists():
        return [_("Something here is unlocked for a while. Lock it again first.")]
    return []


def _against_gate(gate: Gate, override: str) -> list[str]:
    if not gate.unmet or override.strip():
        return []
    said = _("This stands in the way: %(what)s. Settle it, or say why it is locked all the same.")
    return [said % {"what": _named(gate, gate.unmet)}]


def _against_later(gate: Gate, request: LockRequest) -> list[str]:
    """What is left now and was not when it was asked for: neither of the two people has seen it, and no
    reason is about it."""
    later = [check for check in gate.unmet if gate.tallies[check].left > request.gate.get(check.value, 0)]
    if not later:
        return []
    said = _("More stands in the way than when it was asked for: %(what)s. Settle it, or ask again.")
    return [said % {"what": _named(gate, later)}]


def _named(gate: Gate, checks: Iterable[Check]) -> str:
    return "; ".join(f"{LABELS[check]}: {gate.tallies[check].left}" for check in checks)


def _against_hours(hours: int) -> list[str]:
    if 1 <= hours <= LONGEST_HOURS:
        return []
    return [_("Something stays unlocked for 1 to %(hours)s hours.") % {"hours": LONGEST_HOURS}]


def _against_unlock(subject: Subject) -> list[str]:
    if not CasebookLock.objects.filter(subject=subject).exists():
        return [_("The casebook is not locked.")]
    if standing_unlocking(subject) is not None:
        return [_("Something of this casebook is unlocked already. Lock it again first.")]
    if _waiting(Kind.UNLOCK, Extent(subject=subject)).exists():
        return [_("Somebody has asked for this already.")]
    return []


def _waiting(kind: Kind, extent: Extent) -> Any:
    asked = LockRequest.objects.undecided().filter(kind=kind, scope=extent.scope)
    return asked.filter(site=extent.site, subject=extent.subject)


def _locked_pages(subject: Subject, numbers: Iterable[int]) -> list[int]:
    """The pages that are named, each one of the subject and locked. Raises UnknownPage and NotAsked."""
    wanted = sorted(set(numbers))
    pages = list(Page.objects.filter(subject=subject, pk__in=wanted).select_related("visit"))
    if len(pages) != len(wanted):
        raise UnknownPage(subject.code)
    refuse(
        _("%(page)s is %(state)s.") % {"page": page, "state": page.get_state_display()}
        for page in pages
        if page.state != PageState.LOCKED
    )
    return wanted


# --- deciding --------------------------------------------------------------------------------------------
def lock_casebooks(request: LockRequest, *, by: Account, request_id: str = "") -> LockDecision:
    """Approve a lock that another asked for, and lock every casebook of its extent that is not.

    Raises PermissionDenied (403), Decided (409), and NotAsked (422): for whoever asked, and where something
    stands in the way that did not when it was asked for.
    """
    extent = Extent.of(request)
    with transaction.atomic(), acting(_actor(extent, by, request_id)):
        _one_at_a_time(extent)
        _require_second(request, extent, by)
        extent.hold()  # what was locked before, too: it may be open now, and is cut with the others
        refuse(_against_locking(extent))
        gate = gate_of(extent.not_locked().in_turn(), request.cutoff or site_today(), derived=True)
        refuse(_against_later(gate, request))
        act = uuid4()
        decision = _decide(request, by, approved=True, act=act, gate=gate.as_data())
        number = extent.not_locked().count()
        for subject in extent.not_locked().in_turn():
            _lock_one(subject, decision, request)
        changes = [*_changes(request), Change("casebooks", "Casebooks locked", "", str(number))]
        record_event("lock.approved", _place_of(request), changes, reason=request.reason, act=act)
    return decision


def _lock_one(subject: Subject, decision: LockDecision, request: LockRequest) -> None:
    states, changes = close_pages(subject)
    CasebookLock.objects.create(subject=subject, decision=decision, states=states, at=timezone.now())
    place = Place(subject.site.code, subject.code, about=subject.code)
    record_event("casebook.locked", place, changes, reason=request.reason)


def unlock_casebook(request: LockRequest, *, by: Account, request_id: str = "") -> Unlocking:
    """Approve an unlocking that another asked for: its pages are as they were when they were locked, until
    the hours are over. Raises as `lock_casebooks` does."""
    extent = Extent.of(request)
    subject = extent.subject
    if subject is None or request.hours is None:
        raise TypeError(f"{request} is not about a casebook")
    with transaction.atomic(), acting(_actor(extent, by, request_id)):
        _one_at_a_time(extent)
        _require_second(request, extent, by)
        Subject.objects.select_for_update().get(pk=subject.pk)
        act = uuid4()
        decision = _decide(request, by, approved=True, act=act)
        lock = CasebookLock.objects.select_related("subject__site").get(subject=subject)
        until = timezone.now() + timedelta(hours=request.hours)
        changes = [Change("until", "Unlocked until", "", until.isoformat())]
        changes += unlock(lock, decision, until)
        record_event("casebook.unlocked", _place_of(request), changes, reason=request.reason, act=act)
        return decision.unlocking


def refuse_request(request: LockRequest, *, by: Account, request_id: str = "") -> LockDecision:
    """Refuse what another asked for, or withdraw what one asked for oneself.

    Raises PermissionDenied (403) and Decided (409).
    """
    extent = Extent.of(request)
    with transaction.atomic(), acting(_actor(extent, by, request_id)):
        _one_at_a_time(extent)
        _require_open(request)
        if request.asked_by != by.user_name:
            extent.require(by, Permission.APPROVE_LOCK)
        act = uuid4()
        decision = _decide(request, by, approved=False, act=act)
        kind = "lock.refused" if request.is_lock else "unlock.refused"
        record_event(kind, _place_of(request), _changes(request), reason=request.reason, act=act)
    return decision


def _require_second(request: LockRequest, extent: Extent, by: Account) -> None:
    _require_open(request)
    extent.require(by, Permission.APPROVE_LOCK)
    if by.user_name == request.asked_by:
        raise NotAsked(_("Whoever asked for it cannot approve it."))


def _require_open(request: LockRequest) -> None:
    if LockDecision.objects.filter(request=request).exists():
        raise Decided(str(request))


def _decide(
    request: LockRequest, by: Account, *, approved: bool, act: UUID, gate: dict[str, int] | None = None
) -> LockDecision:
    return LockDecision.objects.create(
        request=request,
        approved=approved,
        gate=gate or {},
        asked_by=request.asked_by,
        decided_by=by.user_name,
        printed_name=by.printed_name,
        at=timezone.now(),
        event_id=act,
    )


# --- locking again ---------------------------------------------------------------------------------------
def lock_again(unlocking: Unlocking, *, by: Person, source: Source, request_id: str = "") -> Relocking:
    """Lock what is open under an unlocking, before its time is over or because it is.

    Raises PermissionDenied (403), and Decided (409) where it is locked again already.
    """
    subject = unlocking.lock.subject
    site = subject.site.code
    if not isinstance(by, SystemPerson):
        require(by, Permission.LOCK, site=site)
    with transaction.atomic(), acting(actor_at(by, site=site, source=source, request_id=request_id)):
        Subject.objects.select_for_update().get(pk=subject.pk)
        if Relocking.objects.filter(unlocking=unlocking).exists():
            raise Decided(str(unlocking))
        act, actor = uuid4(), current_actor()
        changes = relock(unlocking, user_name=actor.user_name, printed_name=actor.printed_name, act=act)
        reason = unlocking.decision.request.reason
        record_event(
            "casebook.relocked",
            Place(site, subject.code, about=subject.code),
            changes,
            reason=reason,
            act=act,
        )
        return unlocking.relocking


# --- words -----------------------------------------------------------------------------------------------
def refuse(why: Iterable[str]) -> None:
    """Raises NotAsked if there is anything to say."""
    if said := list(why):
        raise NotAsked(*said)


def _actor(extent: Extent, by: Account, request_id: str) -> Any:
    site = extent.place.site or next((each.code for each in extent.sites), "")
    return actor_at(by, site=site, source=Source.WEB, request_id=request_id)


def _place_of(request: LockRequest) -> Place:
    place = Extent.of(request).place
    return Place(place.site, place.subject, about=f"request {request.pk}")


def _changes(request: LockRequest) -> list[Change]:
    told = [
        ("scope", "Scope", f"{request.scope} {request.whose}".strip()),
        ("cutoff", "Cut-off", request.cutoff.isoformat() if request.cutoff else ""),
        ("pages", "Pages", " ".join(map(str, request.pages))),
        ("hours", "Hours", str(request.hours or "")),
        ("override", "Why it is locked all the same", request.override),
        ("gate", "What stands in the way", " ".join(f"{name}={n}" for name, n in request.gate.items() if n)),
    ]
    return [Change(item, label, "", value, new_shown=value) for item, label, value in told if value]
