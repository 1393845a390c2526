"""The casebooks on the lock desk, some on a page, each with what is left of it; found by key, never counted.

Where all were counted, those with the most in the way come first. Above some number of subjects nobody is
counted unasked but who stands on the page, and they come by their codes.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.conf import settings

from patients.entry.lock_gate import Check, Gate, gate_of
from patients.entry.locking import Extent
from patients.oversight.casebook_locks import CasebookLock, Unlocking
from patients.web import subjects_presenter
from patients.web.address_filters import AddressFilters
from patients.web.states import StateMark, mark


@dataclass(frozen=True, slots=True)
class Look(AddressFilters):
    """What is looked at, by the names that the address has for it."""

    site: str = ""
    subject: str = ""
    cutoff: str = ""
    derived: str = ""
    """With the derived values, and so of everybody."""
    count: str = ""
    """Of everybody, however many they are."""
    q: str = ""
    """What the codes of the subjects that are named hold."""

    @property
    def further(self) -> "Look":
        """That of another page of the list: who was derived is counted there, and not derived again."""
        return replace(self, derived="", count=self.count or self.derived)


@dataclass(frozen=True, slots=True)
class Stand(AddressFilters):
    """Which page of the list is shown: what stands before a place of it, or after one."""

    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """A casebook: locked, unlocked for a while, or not, and what is left of each check; None of one that was
    not made."""

    code: str
    state: StateMark
    is_unlocked: bool
    left: list[int | None]

    @property
    def key(self) -> tuple[int, str]:
        """Where it stands: one with more checks in the way before one with fewer."""
        return -sum(map(bool, self.left)), self.code

    @property
    def place(self) -> str:
        """The same for an address."""
        return f"{-self.key[0]}.{self.code}"


@dataclass(frozen=True, slots=True)
class Listing:
    """Some casebooks, and whether there are others before and after them."""

    lines: list[SubjectLine]
    has_back: bool
    has_on: bool


def is_large(extent: Extent) -> bool:
    """Whether to look at every casebook takes too long for each look."""
    most = settings.LOCK_DESK_COUNTED_SUBJECTS
    return bool(extent.subjects().order_by()[most : most + 1].exists())


def listing_of(extent: Extent, gate: Gate | None, on: date, look: Look, stand: Stand) -> Listing:
    """The casebooks of a page: by the gate of all, or without one by their codes. Where nobody stands any
    more before or after a place, it is the first page."""
    subjects = extent.subjects()
    if look.q:
        subjects = subjects.filter(code__icontains=look.q)
    found = _by_code(subjects, on, stand) if gate is None else _by_what_is_left(subjects, gate, stand)
    if stand.named and not found.lines:
        return listing_of(extent, gate, on, look, Stand())
    return found


def _by_what_is_left(subjects: Any, gate: Gate, stand: Stand) -> Listing:
    lines = sorted(_lines(subjects, gate), key=lambda line: line.key)
    size = subjects_presenter.SUBJECTS_ON_A_PAGE
    if stand.before:
        found = [line for line in lines if line.key < _key(stand.before)]
        return Listing(found[-size:], has_back=len(found) > size, has_on=True)
    found = [line for line in lines if line.key > _key(stand.after)] if stand.after else lines
    return Listing(found[:size], has_back=bool(stand.after), has_on=len(found) > size)


def _by_code(subjects: Any, on: date, stand: Stand) -> Listing:
    before, after = (_key(place)[1] for place in (stand.before, stand.after))
    found = subjects_presenter.stretch(subjects, before, after)
    named = subjects.filter(pk__in=[subject.pk for subject in found.subjects])
    gate = gate_of(named.filter(lock=None).in_turn(), on, derived=False)
    return Listing(_lines(named, gate), found.has_back, found.has_on)


def _key(place: str) -> tuple[int, str]:
    """What a place in an address says; whatever else stands there is taken for a code."""
    number, point, code = place.partition(".")
    return (-int(number), code) if point and number.isdecimal() else (0, place)


def _lines(subjects: Any, gate: Gate) -> list[SubjectLine]:
    """A line for each of some subjects, in the order that they have."""
    locks = CasebookLock.objects.filter(subject__in=subjects.order_by().values("pk"))
    locked = set(locks.values_list("subject__code", flat=True))
    open_now: Any = Unlocking.objects.standing().filter(lock__in=locks)
    unlocked = set(open_now.values_list("lock__subject__code", flat=True))
    codes = subjects.values_list("code", flat=True)
    return [_line(code, gate, code in locked, code in unlocked) for code in codes]


def _line(code: str, gate: Gate, is_locked: bool, is_unlocked: bool) -> SubjectLine:
    if is_locked and not is_unlocked:
        return SubjectLine(code, mark("locked"), is_unlocked=False, left=[])
    if code not in gate.subjects:  # one that is unlocked for a while is locked to the gate
        return SubjectLine(code, mark("progress"), is_unlocked, [None for _check in Check])
    left = gate.subjects[code]
    numbers = [left[check] if check in gate.tallies else None for check in Check]
    return SubjectLine(code, mark("progress" if any(numbers) else "complete"), is_unlocked, numbers)
