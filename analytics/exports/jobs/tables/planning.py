"""Which tables a worker is to make: those of the newest cuts ahead, and those that were asked for."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from analytics.exports.jobs.tables.models import TablesState, TablesToMake
from analytics.exports.jobs.tables.ring import ring
from analytics.exports.kept_tables import table_sets
from analytics.exports.table_sets import TableSet
from analytics.locks.models import Lock
from analytics.runs.models import Run, RunQuerySet, RunState
from analytics.runs.start import code_version
from patients.oversight.casebook_locks import Scope

TRIED_AGAIN_AFTER = timedelta(minutes=15)
"""Tables that failed are made once more for who asks for them so much later."""

AHEAD_WITHIN = timedelta(days=1)


class TablesFailed(Exception):
    """The tables could not be made; its text says why."""


def plan(wanted: TableSet) -> None:
    """Let a worker make tables that are not there. Raises TablesFailed where one just tried in vain, and
    StoreUnavailable."""
    if wanted.is_kept:
        return
    with transaction.atomic():
        row, is_new = TablesToMake.objects.get_or_create(
            snapshot=wanted.snapshot,
            version=wanted.version,
            standard=wanted.standard,
            defaults={"configuration": dict(wanted.configuration)},
        )
        if is_new or _again(row):
            transaction.on_commit(partial(ring, row.pk), robust=True)


def _again(row: TablesToMake) -> bool:
    """Let it wait again where its tables were removed, or where it failed some time ago; whether it does."""
    held = TablesToMake.objects.select_for_update().get(pk=row.pk)
    if held.state == TablesState.FAILED and not _is_over(held):
        raise TablesFailed(held.error)
    if held.state not in (TablesState.DONE, TablesState.FAILED):
        return False
    held.state, held.failures, held.turns = TablesState.WAITING, 0, held.attempts
    held.done = held.of = 0
    held.error, held.finished_at, held.not_before = "", None, None
    held.save()
    return True


def _is_over(row: TablesToMake) -> bool:
    return row.finished_at is None or row.finished_at < timezone.now() - TRIED_AGAIN_AFTER


def plan_ahead() -> None:
    """Let the workers make the tables of the newest cuts once, after their numbers."""
    for lock in _newest_cuts():
        if not _is_computed_now(lock):
            for wanted in table_sets(lock):
                if not TablesToMake.objects.of(wanted).exists():
                    plan(wanted)


def _newest_cuts() -> Iterator[Lock]:
    """The newest of the study, and those of sites of the last day; one subject's tables are made in no
    time."""
    cuts = Lock.objects.select_related("snapshot")
    yield from cuts.filter(scope=Scope.STUDY)[:1]
    yield from cuts.filter(scope=Scope.SITE, made_at__gte=timezone.now() - AHEAD_WITHIN)


def numbers_wait() -> bool:
    """Whether a worker could compute something of a run now."""
    return _is_any_ours(Run.objects.claimable())


def _is_computed_now(lock: Lock) -> bool:
    return _is_any_ours(Run.objects.of(lock).filter(state__in=(RunState.QUEUED, RunState.RUNNING)))


def _is_any_ours(runs: RunQuerySet) -> bool:
    """A run that asks for another version of the code may wait for ever."""
    told = runs.values_list("code_version", "configuration")
    return any(version == code_version(configuration) for version, configuration in told)
