"""Asking for a file, and ending it: cancelled before it is made, removed after."""

from dataclasses import asdict, dataclass
from functools import partial

from django.db import transaction
from django.utils import timezone

from analytics.exports.disclosure import Disclosure
from analytics.exports.jobs import places
from analytics.exports.jobs.models import Asker, Export, ExportState
from analytics.exports.jobs.ring import ring
from analytics.exports.jobs.wish import Wish
from analytics.locks.locking import is_being_repeated
from analytics.locks.models import Lock
from analytics.runs.models import Run, RunState
from patients.entry.idempotency import KeyReused, digest_of
from trial.people.models import Account
from trial.people.tokens import ExportToken

MOST_GOING = 3
"""So many files of one asker are made at a time."""


class TooManyGoing(Exception):
    """The asker has files enough to wait for."""


class BeingMade(Exception):
    """The cut itself is not finished: ask again later."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for under a key; `is_new` unless the same request came before."""

    export: Export
    is_new: bool = True


def ask_for(lock: Lock, wish: Wish, *, by: Asker, key: str = "") -> Asked:
    """Let a worker make a file of a lock, once for a key. Raises TooManyGoing, BeingMade, and KeyReused for
    a key under which something else was asked for."""
    asked = digest_of(f"exports/{lock.pk}", [(wish.what, wish.options)])
    with transaction.atomic():
        _one_after_the_other(by)
        if before := _before(by, key, asked):
            return Asked(before, is_new=False)
        _refuse_unfinished(lock)
        if Export.objects.by(by).going().count() >= MOST_GOING:
            raise TooManyGoing
        export = _new(lock, wish, by, key, asked)
        transaction.on_commit(partial(ring, export.pk), robust=True)
    return Asked(export)


def _one_after_the_other(by: Asker) -> None:
    """Hold the row of who asks: of two requests at once, the second sees the key of the first, and counts."""
    of = ExportToken if isinstance(by, ExportToken) else Account
    of._base_manager.select_for_update().get(pk=by.pk)


def terms_of(asker: Asker) -> Disclosure:
    """What an asker may have; a person in the browser what needs no terms."""
    return Disclosure.to(asker) if isinstance(asker, ExportToken) else Disclosure()


def _before(by: Asker, key: str, asked: str) -> Export | None:
    if not key or not isinstance(by, ExportToken):
        return None
    before = Export.objects.filter(token=by, key=key).first()
    if before is not None and before.asked != asked:
        raise KeyReused(key)
    return before


def _refuse_unfinished(lock: Lock) -> None:
    computed = Run.objects.of(lock).filter(state__in=(RunState.QUEUED, RunState.RUNNING))
    if computed.exists() or is_being_repeated(lock):
        raise BeingMade(str(lock))


def _new(lock: Lock, wish: Wish, by: Asker, key: str, asked: str) -> Export:
    whose = {"token": by} if isinstance(by, ExportToken) else {"account": by}
    return Export.objects.create(
        lock=lock,
        what=wish.what,
        options=wish.options,
        key=key,
        asked=asked,
        **whose,
        **asdict(terms_of(by)),
    )


def end_export(export: Export) -> None:
    """Cancel what is not made yet, remove what is; what has ended stays as it is."""
    with transaction.atomic():
        row = Export.objects.select_for_update().get(pk=export.pk)
        if row.is_going:
            _end(row, ExportState.CANCELLED)
        elif row.is_there:
            _end(row, ExportState.EXPIRED)


def expire_what_is_over() -> int:
    """Remove the files whose time is over; how many they were."""
    over = list(Export.objects.over())
    for export in over:
        end_export(export)
    return len(over)


def _end(row: Export, state: ExportState) -> None:
    row.state = state
    row.finished_at = row.finished_at or timezone.now()
    row.save()
    transaction.on_commit(partial(places.remove, row), robust=True)
