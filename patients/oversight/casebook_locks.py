"""Locking casebooks and unlocking them for a while: one person asks, another decides (LK-04, LK-05).

A lock of a subject, a site or the study closes every page of the casebooks that it takes in, whatever their
state, and stays. What has to be corrected after it is unlocked in a named scope until a time, and is locked
again then: each page goes back to the state in which it was locked, so that a signature stands. All of it is
written once; triggers hold a locked casebook against every other way (`lock_triggers.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import Page, Subject
from patients.casebook.page_states import PageState, check_move
from trial.people.models import Site
from trial.trail.append_only import AppendOnlyModel, AppendOnlyQuerySet
from trial.trail.models import TrailEvent
from trial.trail.record import Change

LONGEST_HOURS = 72
"""How long something may stay unlocked (specification 5.4)."""

ACTS = frozenset(
    {
        "lock.requested",
        "lock.refused",
        "lock.approved",
        "casebook.locked",
        "unlock.requested",
        "unlock.refused",
        "casebook.unlocked",
        "casebook.relocked",
    }
)
"""What is done here. A review of the trail that a lock waits for does not wait for the lock."""


class Scope(models.TextChoices):
    """What a lock takes in."""

    SUBJECT = "subject", _("one subject")
    SITE = "site", _("one site")
    STUDY = "study", _("the study")


class Kind(models.TextChoices):
    LOCK = "lock", _("lock")
    UNLOCK = "unlock", _("unlock")


class LockRequestQuerySet(AppendOnlyQuerySet["LockRequest"]):
    def undecided(self) -> "LockRequestQuerySet":
        """Those that wait for a second person."""
        return self.filter(decision=None)

    def within(self, sites: Iterable[str]) -> "LockRequestQuerySet":
        """Those that take in nothing but these sites."""
        beyond = Site.objects.exclude(code__in=list(sites))
        found = self.filter(Q(site__code__in=list(sites)) | Q(site=None))
        return found.exclude(site=None) if beyond.exists() else found


class LockRequest(AppendOnlyModel):
    """Somebody asks for a lock, or that something locked be unlocked.

    `gate` is what stood in the way when it was asked for, by check; `override` why it is locked all the same.
    Of an unlocking `pages` numbers the pages it is about (none: the whole casebook), for `hours`.
    """

    kind = models.CharField(max_length=8, choices=Kind)
    scope = models.CharField(max_length=8, choices=Scope)
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+")
    cutoff = models.DateField(_("cut-off"), null=True)
    pages = models.JSONField(default=list)
    hours = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField(_("reason"))
    override = models.TextField(blank=True)
    gate = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField(_("asked"))
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")

    SUBJECT_CODE = "subject__code"
    objects: ClassVar = LockRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"request {self.pk}: {self.kind} of {self.whose}"

    @property
    def whose(self) -> str:
        """The code of the subject or site, empty for the study."""
        if self.subject is not None:
            return str(self.subject.code)
        return str(self.site.code) if self.site is not None else ""

    @property
    def is_lock(self) -> bool:
        return self.kind == Kind.LOCK


def study_is_locked() -> bool:
    """Whether the whole study was locked and nothing of it is unlocked now."""
    locked = LockRequest.objects.filter(kind=Kind.LOCK, scope=Scope.STUDY, decision__approved=True)
    return locked.exists() and not Unlocking.objects.standing().exists()


class LockDecision(AppendOnlyModel):
    """What became of a request: approved by another person, refused, or withdrawn by whoever asked. `gate` is
    what stood in the way of a lock when it was approved."""

    request = models.OneToOneField(LockRequest, models.PROTECT, related_name="decision")
    approved = models.BooleanField()
    gate = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=150)
    decided_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(approved=False) | ~Q(decided_by=models.F("asked_by")),
                name="a_lock_takes_two_people",
            ),
        )

    def __str__(self) -> str:
        return f"{self.request}, {'approved' if self.approved else 'not approved'} by {self.printed_name}"


class CasebookLock(AppendOnlyModel):
    """The casebook of a subject was locked; `states` holds, by the number of each page, its state before."""

    subject = models.OneToOneField(Subject, models.PROTECT, related_name="lock")
    decision = models.ForeignKey(LockDecision, models.PROTECT, related_name="locks")
    states = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.subject}, locked"


class UnlockingQuerySet(AppendOnlyQuerySet["Unlocking"]):
    def standing(self) -> "UnlockingQuerySet":
        """Those whose pages have not been locked again."""
        return self.filter(relocking=None)


class Unlocking(AppendOnlyModel):
    """Pages of a locked casebook are open until a time; a whole casebook where `pages` names none."""

    lock = models.ForeignKey(CasebookLock, models.PROTECT, related_name="unlockings")
    decision = models.OneToOneField(LockDecision, models.PROTECT, related_name="unlocking")
    pages = models.JSONField(default=list)
    at = models.DateTimeField()
    until = models.DateTimeField()

    objects: ClassVar = UnlockingQuerySet.as_manager()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.lock.subject}, unlocked until {self.until:%Y-%m-%d %H:%M}"


class Relocking(AppendOnlyModel):
    """The end of an unlocking: by whom and when; `states` as of a lock."""

    unlocking = models.OneToOneField(Unlocking, models.PROTECT, related_name="relocking")
    states = models.JSONField(default=dict)
    relocked_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")

    def __str__(self) -> str:
        return f"{self.unlocking}, locked again"


# --- asking ----------------------------------------------------------------------------------------------
def standing_unlocking(subject: Subject) -> Unlocking | None:
    """The unlocking under which pages of a locked casebook are open now."""
    found: Unlocking | None = Unlocking.objects.standing().filter(lock__subject=subject).last()
    return found


def is_sealed(subject: Subject) -> bool:
    """Whether the casebook is locked and not open as a whole: nothing can be added to it. Where pages of it
    are unlocked, these alone are open."""
    locked = CasebookLock.objects.filter(subject=subject)
    whole = Unlocking.objects.standing().filter(lock=OuterRef("pk"), pages=[], until__gt=timezone.now())
    return locked.exclude(Exists(whole)).exists()


def is_over() -> Exists:
    """An annotation of subjects: whether the time of an unlocking is over, and it is not locked again."""
    standing = Unlocking.objects.standing().filter(lock__subject=OuterRef("pk"))
    return Exists(standing.filter(until__lte=timezone.now()))


def is_closed_to_subjects(site: Site) -> bool:
    """Whether the site, or the study with it, is locked: nobody is enrolled there any more."""
    approved = LockRequest.objects.filter(kind=Kind.LOCK, decision__approved=True)
    return approved.filter(Q(scope=Scope.STUDY) | Q(scope=Scope.SITE, site=site)).exists()


def lock_of(page: Page) -> CasebookLock | None:
    """The lock under which a page is closed, with who asked for it and who approved."""
    return (
        CasebookLock.objects.filter(subject=page.subject_id).select_related("decision__request").first()
        if page.state == PageState.LOCKED
        else None
    )


# --- moving pages ----------------------------------------------------------------------------------------
def close_pages(subject: Subject) -> tuple[dict[str, str], list[Change]]:
    """Lock every page of a subject that is not: the states before, by number, and what changed."""
    pages = _pages(_of(subject).exclude(state=PageState.LOCKED))
    before = {str(page.number): page.state for page in pages}
    return before, _move(pages, dict.fromkeys(before, PageState.LOCKED.value))


def open_pages(lock: CasebookLock, chosen: Iterable[int]) -> list[Change]:
    """Let the chosen pages of a locked casebook, or all of them, be as they were when they were locked."""
    numbers = set(chosen)
    locked = _of(lock.subject).filter(state=PageState.LOCKED)
    pages = _pages(locked.filter(pk__in=numbers) if numbers else locked)
    return _move(pages, _states_when_locked(lock))


def _states_when_locked(lock: CasebookLock) -> dict[str, str]:
    states = dict(lock.states)
    again = Relocking.objects.filter(unlocking__lock=lock).order_by("pk")
    for each in again.values_list("states", flat=True):
        states |= each
    return states


class _Moving(NamedTuple):
    """A page that moves: a casebook has hundreds, and nothing else is read of them."""

    number: int
    form: str
    visit: str | None
    state: str


def _of(subject: Subject) -> Any:
    return Page.objects.filter(subject=subject)


def _pages(pages: Any) -> list[_Moving]:
    found = pages.order_by("pk").values_list("pk", "form_code", "visit__code", "state")
    return [_Moving._make(page) for page in found]


def _move(pages: list[_Moving], states: Mapping[str, str]) -> list[Change]:
    changes, moved = [], defaultdict[str, list[int]](list)
    for page in pages:
        after = PageState(states[str(page.number)])
        check_move(page.state, after)
        moved[after].append(page.number)
        item = f"{page.form}@{page.visit or ''}.entry_state"
        label = f"Workflow state of {page.form} {page.visit or ''}".strip()
        changes.append(Change(item, label, page.state, after))
    for state, numbers in moved.items():
        Page.objects.filter(pk__in=numbers).set_with_history(state=state)
    return changes


def unlock(lock: CasebookLock, decision: LockDecision, until: Any) -> list[Change]:
    """Write an unlocking and open its pages; what changed. The row goes first: the triggers ask for it."""
    Unlocking.objects.create(
        lock=lock, decision=decision, pages=decision.request.pages, at=timezone.now(), until=until
    )
    return open_pages(lock, decision.request.pages)


def relock(unlocking: Unlocking, *, user_name: str, printed_name: str, act: UUID) -> list[Change]:
    """Lock again what is open under an unlocking, what was added meanwhile included; what changed."""
    states, changes = close_pages(unlocking.lock.subject)
    Relocking.objects.create(
        unlocking=unlocking,
        states=states,
        relocked_by=user_name,
        printed_name=printed_name,
        at=timezone.now(),
        event_id=act,
    )
    return changes
