"""The list of the contents of data cuts."""

from analytics.exports.live import shapes
from analytics.exports.live.asking import Asked, Parameters
from analytics.exports.live.lists import Found, Listed, Scope, Told, names_of
from analytics.exports.visible import is_seen_by
from analytics.locks.models import Lock
from trial.people.roles import Permission


def _snapshots(asked: Asked, scope: Scope) -> Found:
    """There are few: those of the locks that the token sees."""
    seen: dict[int, list[Lock]] = {}
    for lock in Lock.objects.select_related("snapshot").order_by("pk"):
        if lock.snapshot_id > int(asked.cursor) and is_seen_by(lock, scope.codes, scope.teller.to):
            seen.setdefault(lock.snapshot_id, []).append(lock)
    numbers = sorted(seen)[: asked.limit]
    cursor = str(numbers[-1]) if len(seen) > len(numbers) else ""
    return Found([_snapshot(seen[number]) for number in numbers], cursor)


def _snapshot(locks: list[Lock]) -> Told:
    snapshot = locks[0].snapshot
    return {
        "id": snapshot.pk,
        "sha256": snapshot.hash,
        "cutoff": snapshot.cutoff,
        "subjects": snapshot.subjects,
        "values": snapshot.values,
        "made_at": snapshot.made_at,
        "locks": [lock.pk for lock in locks],
    }


SNAPSHOTS = Listed(
    name="snapshots",
    about="The contents of data cuts and locks, each once.",
    permission=Permission.EXPORT,
    entry=shapes.SnapshotEntry,
    parameters=Parameters((), names_of(shapes.SnapshotEntry)),
    read=_snapshots,
)
