"""What the lock desk shows: the gate with its links, the casebooks, what waits and what is unlocked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.desk.impossible_dates import ImpossibleLine, impossible_lines
from analytics.desk.listing import Listing, Look, SubjectLine
from analytics.locks.models import Lock
from patients.entry.lock_gate import LABELS, Check, Gate, Tally, gate_of
from patients.entry.locking import Extent
from patients.oversight.casebook_locks import LockRequest, Unlocking
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
COMPUTED = (Check.DERIVED, Check.DATES)
"""What is computed anew from each casebook, and only where that is asked for."""


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
class ScopeTab:
    """The study, or one of its sites."""

    label: str
    url: str
    here: bool


@dataclass(frozen=True)
class DeskScreen:
    """Everything that the template says. `is_counted`: the gate is that of all casebooks, not there else;
    `typed` is what was sent and refused."""

    extent: Extent
    tabs: list[ScopeTab]
    cutoff: date
    checked_at: datetime
    gate: list[GateLine]
    unmet: int
    casebooks: int
    listing: Listing
    look: Look
    is_counted: bool
    requests: list[LockRequest]
    unlockings: list[Unlocking]
    locks: list[Lock]
    left_to_lock: bool
    impossible: list[ImpossibleLine]
    may_ask: bool
    may_cut: bool
    typed: Mapping[str, str] = field(default_factory=dict)
    refused: Sequence[str] = ()

    @property
    def heads(self) -> list[str]:
        return [str(SHORT[check]) for check in Check]

    @property
    def back_url(self) -> str:
        return self._at("before", self.listing.lines[:1]) if self.listing.has_back else ""

    @property
    def on_url(self) -> str:
        return self._at("after", self.listing.lines[-1:]) if self.listing.has_on else ""

    def _at(self, key: str, lines: Iterable[SubjectLine]) -> str:
        """The page before a line, or after it; there is none without one."""
        look = self.look.further
        urls = (f"{reverse('lock-desk')}?{look.address(**{key: line.place})}" for line in lines)
        return next(urls, "")

    @property
    def is_paged(self) -> bool:
        return bool(self.back_url or self.on_url)

    @property
    def is_listed(self) -> bool:
        """Whether there is a list to be searched."""
        return self.is_paged or bool(self.look.q)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a search among the casebooks keeps of the look."""
        return [(name, value) for name, value in self.look.further.named.items() if name != "q"]

    @property
    def all_url(self) -> str:
        """The look without a search."""
        return f"{reverse('lock-desk')}?{self.look.further.address(q='')}"

    @property
    def count_url(self) -> str:
        """Where everybody is counted."""
        return f"{reverse('lock-desk')}?{self.look.address(count='1')}"

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
        return GateLine(mark("empty"), str(LABELS[check]), _not_made(check), url, 0, None)
    name = "overdue" if tally.left else "verified"
    done = 0 if tally.whole is None else tally.whole - tally.left
    return GateLine(mark(name), str(LABELS[check]), _said(tally), url, done, tally.whole)


def _not_made(check: Check) -> str:
    if check in COMPUTED:
        return _("computed when the lock is asked for, or now")
    return _("counted when the lock is asked for")


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


def whole_gate(extent: Extent, on: date, *, derived: bool) -> Gate:
    """The gate of the casebooks that are not locked."""
    return gate_of(extent.not_locked().in_turn(), on, derived=derived)


def gate_when_asked(request: LockRequest) -> Gate:
    """What was left when a lock was asked for, as the request has kept it."""
    return Gate({check: Tally(request.gate[check]) for check in Check if check in request.gate})


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
