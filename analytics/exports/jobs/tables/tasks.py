"""What the worker does for the tables of cuts."""

from contextlib import suppress

from celery import Task, shared_task

from analytics.exports.jobs.tables.clearing import clear_what_was_left, give_up_old_code
from analytics.exports.jobs.tables.making import give_up_for_lost, make_tables
from analytics.exports.jobs.tables.planning import TablesFailed, numbers_wait, plan, plan_ahead
from analytics.exports.jobs.tables.ring import ring_waiting
from analytics.exports.kept_tables import table_sets
from analytics.locks.models import Lock

TURN_SECONDS = 60.0
RUNG_FOR_SECONDS = 15.0
"""A ring that no worker has answered for so long is left: the sweeper rings as often. So is one that comes
again later, since its process was lost: the row is then taken over after a lease."""


@shared_task(name="analytics.exports.tables.make", bind=True, expires=RUNG_FOR_SECONDS)
def make(self: "Task[[int], None]", number: int) -> None:
    """Make tables. Many are left for a moment now and then: the same worker seals the trail. Numbers come
    first: while a run waits no turn begins, and the sweeper rings later."""
    message = self.request.id or ""
    if (self.request.delivery_info or {}).get("redelivered"):
        give_up_for_lost(message)
    if not numbers_wait():
        make_tables(number, seconds=TURN_SECONDS, holder=message)
        ring_waiting()


@shared_task(name="analytics.exports.tables.asked")
def asked(lock: int, standard: str) -> None:
    """Somebody asked for the tables of a standard of a lock that are not there."""
    for wanted in table_sets(Lock.objects.select_related("snapshot").get(pk=lock)):
        if wanted.standard == standard:
            with suppress(TablesFailed):
                plan(wanted)


@shared_task(name="analytics.exports.tables.sweep")
def sweep() -> None:
    """Begin those of the newest cuts, and ring again what still waits, or whose worker was lost."""
    plan_ahead()
    ring_waiting()


@shared_task(name="analytics.exports.tables.clear")
def clear() -> None:
    """Remove what nobody goes on with. It lists the store, and a store that hangs holds its worker: so the
    sweep does without."""
    give_up_old_code()
    clear_what_was_left()
