"""Making tables share by share: what is made is kept, whoever is killed or leaves for other work."""

from dataclasses import asdict
from functools import partial

from django.db import transaction

from analytics.exports.jobs import turns
from analytics.exports.jobs.tables.clearing import remove_shares
from analytics.exports.jobs.tables.models import TablesToMake
from analytics.exports.jobs.turns import Watch, take_turn
from analytics.exports.table_making import join, make_share, shares
from analytics.locks.shares import Share
from trial.storage import kept_folders


def make_tables(number: int, *, seconds: float = float("inf"), holder: str = "") -> bool:
    """Make tables, if they can be claimed, for so many seconds; whether they are to be gone on with.
    `holder` names the message that asks for it."""
    rows = TablesToMake.objects.select_related("snapshot").filter(pk=number)
    if not all(row.is_ours for row in rows):
        return False
    return take_turn(rows, _made, lambda row: None, seconds=seconds, holder=holder)


def _made(row: TablesToMake, watch: Watch) -> turns.Close[TablesToMake]:
    if not row.wanted.is_kept:
        if not row.wanted.is_ready:
            _make(row, watch)
        kept_folders.put(row.wanted.folder)
    return _close


def _make(row: TablesToMake, watch: Watch) -> None:
    """Each share once, at whatever host; those of others are fetched for joining them."""
    _divide(row)
    folders = [row.place / f"{number:06d}" for number in range(len(row.shares))]
    there = kept_folders.kept_in(row.place)
    for number, folder in enumerate(folders):
        watch(number, len(folders))
        if folder.name not in there:
            if not folder.exists():  # else it could not be put before
                make_share(row.wanted, Share.of(row.shares[number]), folder)
            kept_folders.put(folder)
            turns.forgive(TablesToMake.objects.all(), row)
    watch(len(folders), len(folders))
    for folder in folders:
        kept_folders.fetch(folder)
    join(row.wanted, folders)


def _divide(row: TablesToMake) -> None:
    """Once: it takes one reading of the whole snapshot. One without subjects has no shares, and is read again
    in no time."""
    if not row.shares:
        row.shares = [asdict(share) for share in shares(row.wanted)]
        TablesToMake.objects.filter(pk=row.pk).update(shares=row.shares)


def _close(row: TablesToMake) -> None:
    """Its shares go once it is done for good."""
    row.shares = []
    transaction.on_commit(partial(remove_shares, row.place), robust=True)


def give_up_for_lost(holder: str) -> None:
    """A message comes again when the process was lost that had it: what it made is tried again."""
    turns.give_up_for_lost(TablesToMake.objects.all(), holder)
