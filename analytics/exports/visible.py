"""Which locks a reader of exports sees."""

from collections.abc import Iterable

from analytics.exports.disclosure import Disclosure
from analytics.locks.models import Lock
from analytics.locks.visible import is_seen_at


def is_seen_by(lock: Lock, sites: Iterable[str], to: Disclosure) -> bool:
    """Whether who reads of these sites sees a lock. One of a site or of a subject says which it is of: from
    whom sites are hidden, it is hidden as well."""
    return is_seen_at(lock, sites) and (lock.is_of_study or not to.hides_sites)
