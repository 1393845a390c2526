"""Who may see what came out of a lock: a result mixes all of its sites, so only who sees them all (AC-02)."""

from collections.abc import Iterable
from functools import lru_cache

from analytics.locks.models import Lock
from analytics.locks.places import sites_of
from analytics.locks.snapshot import SnapshotDamaged
from patients.oversight.casebook_locks import Scope
from trial.people.models import Site

_sites = lru_cache(maxsize=256)(sites_of)  # a snapshot never changes


def is_seen_at(lock: Lock, sites: Iterable[str]) -> bool:
    """Whether somebody who may see results at these sites may see this lock."""
    return sites_of_lock(lock) <= set(sites)


def sites_of_lock(lock: Lock) -> frozenset[str]:
    """The sites of a lock; all there are where its file no longer says which."""
    try:
        return _sites(lock.snapshot.path) | _named(lock)
    except SnapshotDamaged:
        return frozenset(Site.objects.values_list("code", flat=True))


def _named(lock: Lock) -> frozenset[str]:
    """The site that a lock is of, which may have no row in it yet."""
    if lock.scope == Scope.STUDY:
        return frozenset()
    return frozenset({lock.of.partition("-")[0]})
