"""Ringing a worker for tables. A dead broker breaks nothing: the sweeper rings again what still waits, and
who asks for tables asks again."""

from analytics.exports.jobs.tables.models import TablesToMake
from analytics.exports.table_sets import TableSet
from analytics.runs.ring import send, send_with


def ring(number: int) -> None:
    """Tell a worker that tables wait to be made."""
    from analytics.exports.jobs.tables.tasks import make

    send(make, number, f"tables {number}")


def ask_for(wanted: TableSet) -> None:
    """Tell a worker that somebody asks for tables: a request that reads writes nothing itself."""
    from analytics.exports.jobs.tables.tasks import asked

    send_with(asked, (wanted.lock, str(wanted.standard)), f"{wanted.standard} tables of lock {wanted.lock}")


def ring_waiting() -> int:
    """Ring everything that this version of the code can make; how many they were."""
    waiting = [row for row in TablesToMake.objects.claimable().select_related("snapshot") if row.is_ours]
    for row in waiting:
        ring(row.pk)
    return len(waiting)
