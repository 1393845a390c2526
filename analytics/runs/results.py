"""The finished estimates of a lock."""

from django.db.models import QuerySet

from analytics.endpoints.catalogue import catalogue
from analytics.locks.models import Lock
from analytics.runs.models import Estimate, Run, RunState


class NoResult(LookupError):
    """There are no estimates to show."""


class NoSuchLock(NoResult):
    """No lock has this id, or none is finished."""


class NotFinished(NoResult):
    """The lock is there; its estimates are not, or not yet."""


def finished_run(lock: Lock) -> Run:
    """The newest finished run of what the lock sealed. Raises NotFinished."""
    run = Run.objects.of(lock).filter(state=RunState.DONE).order_by("-finished_at").first()
    if run is None:
        raise NotFinished(f"the estimates of lock {lock.pk} are not finished")
    return run


def find_lock(name: str) -> Lock:
    """The lock of an id, or the newest finished one for `latest`. Raises NoSuchLock."""
    if name == "latest":
        done = Run.objects.filter(state=RunState.DONE).values("snapshot")
        newest = Lock.objects.filter(snapshot__in=done).select_related("snapshot").order_by("-pk")
        lock = next((one for one in newest.iterator() if is_finished(one)), None)
    else:
        lock = Lock.objects.filter(pk=int(name)).first() if name.isdecimal() else None
    if lock is None:
        raise NoSuchLock("no finished lock" if name == "latest" else f"no lock {name}")
    return lock


def is_finished(lock: Lock) -> bool:
    """Whether it was computed with the codes of the lock itself: another of its snapshot may have been."""
    return Run.objects.of(lock).filter(state=RunState.DONE).exists()


def estimates_of(lock: Lock) -> QuerySet[Estimate]:
    """The estimates of a lock. Raises NotFinished."""
    return Estimate.objects.filter(run=finished_run(lock))


def as_data(estimate: Estimate) -> dict[str, object]:
    """An estimate as it is handed out: a count as a whole number, `N` the size of its set."""
    entry = catalogue()[estimate.figure]
    value: float | int | None = estimate.value
    if value is not None and entry.kind == "count":
        value = int(value)
    data: dict[str, object] = {"value": value, "text": estimate.text, "n": estimate.n, "N": estimate.size}
    if value is None:
        data["reason"] = estimate.reason
    return data | {"kind": entry.kind, "set": entry.set, "definition": entry.definition}
