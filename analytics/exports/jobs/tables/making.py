"""Making tables share by share: what is made is kept, whoever is killed or leaves for other work."""

import shutil
import time
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from analytics.exports.jobs import turns
from analytics.exports.jobs.tables.models import PLACE, TablesToMake
from analytics.exports.jobs.turns import Watch, take_turn
from analytics.exports.table_making import DRAFT, join, make_share, shares
from analytics.locks.shares import Share
from trial.storage.kept import MADE_ANEW

KEPT_FOR = timedelta(days=1)
"""How long what was made of tables that failed is kept, and rows of another version of the code."""
LEFT_AFTER = timedelta(hours=1)
"""A draft that was not written to for so long is that of a maker who was killed."""


def make_tables(number: int, *, seconds: float = float("inf"), holder: str = "") -> bool:
    """Make tables, if they can be claimed, for so many seconds; whether they are to be gone on with.
    `holder` names the message that asks for it."""
    rows = TablesToMake.objects.select_related("snapshot").filter(pk=number)
    if not all(row.is_ours for row in rows):
        return False
    return take_turn(rows, _made, lambda row: None, seconds=seconds, holder=holder)


def _made(row: TablesToMake, watch: Watch) -> turns.Close[TablesToMake]:
    if not row.wanted.is_ready:
        _divide(row)
        folders = [row.place / f"{number:06d}" for number in range(len(row.shares))]
        for number, folder in enumerate(folders):
            watch(number, len(folders))
            if not folder.exists():
                make_share(row.wanted, Share.of(row.shares[number]), folder)
                turns.forgive(TablesToMake.objects.all(), row)
        watch(len(folders), len(folders))
        join(row.wanted, folders)
    return _close


def _divide(row: TablesToMake) -> None:
    """Once: it takes one reading of the whole snapshot. One without subjects has no shares, and is read again
    in no time."""
    if not row.shares:
        row.shares = [asdict(share) for share in shares(row.wanted)]
        TablesToMake.objects.filter(pk=row.pk).update(shares=row.shares)


def _close(row: TablesToMake) -> None:
    """Its shares go once it is done for good."""
    row.shares = []
    transaction.on_commit(partial(shutil.rmtree, row.place, ignore_errors=True), robust=True)


def give_up_for_lost(holder: str) -> None:
    """A message comes again when the process was lost that had it: what it made is tried again."""
    turns.give_up_for_lost(TablesToMake.objects.all(), holder)


def give_up_old_code() -> None:
    """Remove the rows that were left waiting, or lost, by a version of the code that nobody runs any more."""
    old = TablesToMake.objects.going().filter(asked_at__lt=timezone.now() - KEPT_FOR)
    theirs = [row.pk for row in old.select_related("snapshot") if not row.is_ours]
    held = TablesToMake.objects.held().values("pk")
    TablesToMake.objects.going().filter(pk__in=theirs).exclude(pk__in=held).delete()


def clear_what_was_left() -> None:
    """Remove the shares of which nothing is to be made any more, and drafts of makers that were killed."""
    folder = Path(settings.SNAPSHOT_DIR)
    places = list(folder.glob(f"{PLACE}/*"))  # before the rows are read: of one planned meanwhile it stays
    wanted = {str(pk) for pk in TablesToMake.objects.with_shares(KEPT_FOR).values_list("pk", flat=True)}
    drafts = filter(_is_left, folder.glob(f"{MADE_ANEW}*/{DRAFT}*"))
    for left in (*(place for place in places if place.name not in wanted), *drafts):
        shutil.rmtree(left, ignore_errors=True)


def _is_left(draft: Path) -> bool:
    """Whether nobody has written a part of it for long."""
    try:
        return draft.stat().st_mtime < time.time() - LEFT_AFTER.total_seconds()
    except FileNotFoundError:
        return False
