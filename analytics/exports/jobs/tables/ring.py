"""Ringing a worker for tables. A dead broker breaks nothing: the sweeper rings again what still waits, and
who asks for tables asks again.

The same queue brings runs, seals and mails. So what waits is rung one row at a time, by the sweeper and by
whoever ends a turn, and a ring that nobody could answer soon is left: turns do not queue up before the rest.
"""

from django.db.models import F

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
    """Ring for what this version of the code can make: the row that nobody has been at for longest; how many
    were rung, one or none."""
    waiting = TablesToMake.objects.claimable().select_related("snapshot")
    in_turn = waiting.order_by(F("heartbeat").asc(nulls_first=True), "pk")
    for row in in_turn:
        if row.is_ours:
            ring(row.pk)
            return 1
    return 0
