"""Removing what nobody goes on with: shares of tables, drafts, and in a store tables of older code.

To list a store may take long, and what is left is in nobody's way: so this is done now and then, by a task of
its own, and never on the way to work that waits.
"""

import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Left
from django.utils import timezone

from analytics.exports.jobs.tables.models import PLACE, TablesToMake
from analytics.exports.table_sets import SHOWN_OF_VERSION, home_of
from trial.storage import kept_folders
from trial.storage.kept import FETCH, LEFT_FOR, MADE_ANEW, name_of
from trial.storage.kept_folders import Archive

KEPT_FOR = timedelta(days=1)
"""How long what was made of tables that failed is kept, rows of another version of the code, which an upgrade
may not have reached everywhere, and what of a store no row of ours knows."""
LEFT_AFTER = timedelta(hours=1)
"""A draft that was not written to for so long is that of a maker who was killed. The folder of what is put or
fetched tells no such thing: one file in it grows meanwhile."""


def give_up_old_code() -> None:
    """Remove the rows that were left waiting, or lost, by a version of the code that nobody runs any more."""
    old = TablesToMake.objects.going().filter(asked_at__lt=timezone.now() - KEPT_FOR)
    theirs = [row.pk for row in old.select_related("snapshot") if not row.is_ours]
    held = TablesToMake.objects.held().values("pk")
    TablesToMake.objects.going().filter(pk__in=theirs).exclude(pk__in=held).delete()


def remove_shares(place: Path) -> None:
    """Remove the shares of a row, here and in the store. Raises StoreUnavailable."""
    shutil.rmtree(place, ignore_errors=True)
    kept_folders.remove(kept_folders.archives(f"{name_of(place)}/"))


def clear_what_was_left() -> None:
    """Remove the shares of which nothing is to be made any more, drafts of makers that were killed, and in a
    store what is of another version of the code. Raises StoreUnavailable."""
    folder = Path(settings.SNAPSHOT_DIR)
    places = list(folder.glob(f"{PLACE}/*"))  # before the rows are read: of one planned meanwhile it stays
    stored = list(kept_folders.archives(MADE_ANEW))
    wanted = _wanted_places()
    drafts = filter(_is_left, folder.glob(f"{MADE_ANEW}*/.*"))
    for left in (*(place for place in places if place not in wanted), *drafts):
        _remove(left)
    homes = _homes_of_this_code({one.folder.parent.name for one in stored})
    kept_folders.remove(one for one in stored if not _is_wanted(one, wanted, homes))


def _wanted_places() -> set[Path]:
    rows = TablesToMake.objects.with_shares(KEPT_FOR).select_related("snapshot")
    return {row.place for row in rows}


def _homes_of_this_code(names: set[str]) -> set[Path]:
    """Where the tables lie that a worker made, or is to make, by this version of the code; of the versions in
    these names of folders. A row is large, and whether a version is ours takes two hashes: one row of each
    version is asked, and of the others no more is read than what names their folders."""
    told = {name.rpartition("-")[2] for name in names}
    rows = TablesToMake.objects.order_by().annotate(shown=Left("version", SHOWN_OF_VERSION))
    rows = rows.filter(shown__in=told)
    ours = filter(_is_ours, rows.values_list("version", flat=True).distinct())
    of_ours = rows.filter(version__in=list(ours)).values_list("snapshot__hash", "version")
    return {home_of(*one) for one in of_ours.distinct()}


def _is_ours(version: str) -> bool:
    one_of_it = TablesToMake.objects.filter(version=version).select_related("snapshot")[:1]
    return any(row.is_ours for row in one_of_it)


def _is_wanted(archive: Archive, places: set[Path], homes: set[Path]) -> bool:
    """Whether it is a share of what is being made, or tables of this version of the code; or was put so
    lately that somebody else may know of it: another version that is still run, or the registry of which
    this one was restored."""
    place = archive.folder.parent
    known = places if place.parent.name == PLACE else homes
    return place in known or archive.at > timezone.now() - KEPT_FOR


def _remove(left: Path) -> None:
    if left.is_dir():
        shutil.rmtree(left, ignore_errors=True)
    else:
        left.unlink(missing_ok=True)


def _is_left(draft: Path) -> bool:
    """Whether nobody has written a part of it for long."""
    after = LEFT_FOR if draft.name.startswith(FETCH) else LEFT_AFTER
    try:
        return draft.stat().st_mtime < time.time() - after.total_seconds()
    except FileNotFoundError:
        return False
