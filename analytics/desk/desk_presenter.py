"""What the lock desk shows: the gate with its links, the casebooks, what waits and what is unlocked."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.desk.impossible_dates import ImpossibleLine, impossible_lines
from analytics.locks.models import Lock
from patients.entry.lock_gate import LABELS, Check, Gate, Tally, gate_of
from patients.entry.locking import Extent
from patients.oversight.casebook_locks import CasebookLock, LockRequest, Unlocking
from patients.web.states import StateMark, mark
from trial.people.access import sites_where
from trial.people.models import Account, Site
from trial.people.roles import Permission

SHORT: dict[Check, Promise] = {
    Check.PAGES: gettext_lazy("Pages"),
    Check.QUERIES: gettext_lazy("Queries"),
    Check.SIGNED: gettext_lazy("Signatures"),
    Check.CRITICAL: gettext_lazy("Critical"),
    Check.OTHERS: gettext_lazy("Others"),
    Check.CODED: gettext_lazy("Codes"),
    Check.RECONCILED: gettext_lazy("Serious"),
    Check.REVIEWED: gettext_lazy("Trail"),
    Check.DERIVED: gettext_lazy("Derived"),
    Check.DATES: gettext_lazy("Dates"),
}
"""What heads the column of a check."""

CASEBOOKS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class GateLine:
    """One check: whether it is met, how much is left, and where that is."""

    state: StateMark
    label: str
    said: str
    url: str
    done: int
    whole: int | None

    @property
    def is_met(self) -> bool:
        return self.state.name == "verified"

    @property
    def is_in_the_way(self) -> bool:
        return self.state.name == "overdue"


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """A casebook: locked, unlocked for a while, or not, and what is left of each check."""

    code: str
    state: StateMark
    is_unlocked: bool
    left: list[int]

    @property
    def in_all(self) -> int:
        return sum(map(bool, self.left))


@dataclass(frozen=True, slots=True)
class ScopeTab:
    """The study, or one of its sites."""

    label: str
    url: str
    here: bool


@dataclass(frozen=True)
class DeskScreen:
    """Everything that the template says. `typed` is what was sent and refused."""

    extent: Extent
    tabs: list[ScopeTab]
    cutoff: date
    checked_at: datetime
    gate: list[GateLine]
    unmet: int
    subjects: list[SubjectLine]
    requests: list[LockRequest]
    unlockings: list[Unlocking]
    locks: list[Lock]
    left_to_lock: int
    impossible: list[ImpossibleLine]
    may_ask: bool
    may_cut: bool
    typed: Mapping[str, str] = field(default_factory=dict)
    refused: Sequence[str] = ()

    @property
    def shown(self) -> list[SubjectLine]:
        """The casebooks that the page names: those with the most in the way."""
        return self.subjects[:CASEBOOKS_SHOWN]

    @property
    def more(self) -> int:
        """How many casebooks it does not name."""
        return len(self.subjects) - len(self.shown)

    @property
    def heads(self) -> list[str]:
        return [str(SHORT[check]) for check in Check]

    @property
    def whose(self) -> str:
        if self.extent.subject is not None:
            return str(self.extent.subject.code)
        return str(self.extent.site) if self.extent.site is not None else _("the study")

    @property
    def way(self) -> str:
        """The query string of this extent."""
        return way_to(self.extent)

    @property
    def unmet_in_words(self) -> str:
        said = ngettext(
            "%(count)s check is not met. Settle it, or say why it is locked all the same.",
            "%(count)s checks are not met. Settle them, or say why it is locked all the same.",
            self.unmet,
        )
        return said % {"count": self.unmet}


def way_to(extent: Extent) -> str:
    if extent.subject is not None:
        return f"?subject={extent.subject.code}"
    return f"?site={extent.site.code}" if extent.site is not None else ""


def tabs_of(extent: Extent, sites: Iterable[Site], *, whole: bool) -> list[ScopeTab]:
    """The extents that a person may choose from."""
    desk = reverse("lock-desk")
    tabs = [ScopeTab(_("The study"), desk, extent == Extent())] if whole else []
    tabs += [ScopeTab(site.code, f"{desk}?site={site.code}", extent.site == site) for site in sites]
    if extent.subject is not None:
        tabs.append(ScopeTab(extent.subject.code, f"{desk}{way_to(extent)}", here=True))
    return tabs


def gate_lines(gate: Gate, way: str) -> list[GateLine]:
    """Each check in its order; one that was not made says so."""
    return [_gate_line(check, gate.tallies.get(check), way) for check in Check]


def _gate_line(check: Check, tally: Tally | None, way: str) -> GateLine:
    url = _urls(way)[check]
    if tally is None:
        said = _("computed when the lock is asked for, or now")
        return GateLine(mark("empty"), str(LABELS[check]), said, url, 0, None)
    name = "overdue" if tally.left else "verified"
    done = 0 if tally.whole is None else tally.whole - tally.left
    return GateLine(mark(name), str(LABELS[check]), _said(tally), url, done, tally.whole)


def _said(tally: Tally) -> str:
    if not tally.left:
        return _("nothing is left")
    return ngettext("%(count)s is left", "%(count)s are left", tally.left) % {"count": tally.left}


def _urls(way: str) -> dict[Check, str]:
    """Where what is left of each check is found."""
    again = f"{reverse('lock-desk')}{way}{'&' if way else '?'}derived=1"
    return {
        Check.PAGES: reverse("due"),
        Check.QUERIES: reverse("queries"),
        Check.SIGNED: reverse("subjects"),
        Check.CRITICAL: reverse("metrics"),
        Check.OTHERS: reverse("metrics"),
        Check.CODED: reverse("coding"),
        Check.RECONCILED: reverse("reconciliation"),
        Check.REVIEWED: reverse("trail-of-sites"),
        Check.DERIVED: again,
        Check.DATES: f"{again}#h-dates",
    }


def subject_lines(extent: Extent, gate: Gate) -> list[SubjectLine]:
    """The casebooks, those with the most in the way first."""
    of_extent = extent.subjects().order_by()
    locks = CasebookLock.objects.filter(subject__in=of_extent.values("pk"))
    locked = set(locks.values_list("subject__code", flat=True))
    open_now: Any = Unlocking.objects.standing().filter(lock__in=locks)
    unlocked = set(open_now.values_list("lock__subject__code", flat=True))
    nothing: Counter[Check] = Counter()
    lines = [
        _subject_line(code, gate.subjects.get(code, nothing), locked, unlocked)
        for code in of_extent.values_list("code", flat=True)
    ]
    return sorted(lines, key=lambda line: (-line.in_all, line.code))


def _subject_line(code: str, left: "Counter[Check]", locked: set[str], unlocked: set[str]) -> SubjectLine:
    if code in locked and code not in unlocked:
        return SubjectLine(code, mark("locked"), is_unlocked=False, left=[])
    numbers = [left[check] for check in Check]
    return SubjectLine(code, mark("progress" if any(numbers) else "complete"), code in unlocked, numbers)


def whole_gate(extent: Extent, on: date, *, derived: bool) -> Gate:
    """The gate of the casebooks that are not locked."""
    return gate_of(extent.not_locked().in_turn(), on, derived=derived)


def impossible_in(extent: Extent, gate: Gate, on: date) -> list[ImpossibleLine]:
    """The dates that the gate has found impossible, if it was asked for them."""
    codes = [code for code, left in gate.subjects.items() if left[Check.DATES]]
    return impossible_lines(list(extent.subjects().filter(code__in=codes)), on)


def requests_for(person: Account) -> list[LockRequest]:
    """What waits for a second person at the sites of this one."""
    sites = [site.code for site in sites_where(person, Permission.APPROVE_LOCK)]
    return [request for request in _undecided() if _is_at(request, sites)]


def _undecided() -> Any:
    return LockRequest.objects.undecided().select_related("site", "subject__site")


def _is_at(request: LockRequest, sites: Sequence[str]) -> bool:
    return {site.code for site in Extent.of(request).sites} <= set(sites)


def unlockings_for(person: Account) -> list[Unlocking]:
    """What is unlocked now at the sites of a person."""
    sites = sites_where(person, Permission.APPROVE_LOCK)
    found: Any = Unlocking.objects.standing().filter(lock__subject__site__in=sites)
    return list(found.select_related("lock__subject", "decision__request"))
