"""Making a file that was asked for: a draft, which becomes the file of its claim, and that the one which was
asked for when the row is closed (`turns.py`)."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.utils import timezone

from analytics.exports.files import digest_of
from analytics.exports.jobs import places, turns
from analytics.exports.jobs.models import Export
from analytics.exports.jobs.tables.planning import plan
from analytics.exports.jobs.turns import TurnOver, Watch, take_turn
from analytics.exports.jobs.wish import write_wished
from analytics.exports.made_file import MadeFile
from analytics.exports.table_sets import NotReady

WAITS_FOR_TABLES_SECONDS = 10.0


def make_export(number: int, *, seconds: float = float("inf"), holder: str = "") -> bool:
    """Make a file, if it can be claimed, for so many seconds; whether it is to be gone on with. `holder`
    names the message that asks for it."""
    exports = Export.objects.filter(pk=number).select_related("lock__snapshot")
    return take_turn(exports, _made, _clear, seconds=seconds, holder=holder)


def _made(export: Export, watch: Watch) -> turns.Close[Export]:
    draft = places.draft_of(export)
    try:
        made = write_wished(export, draft, watch)
    except NotReady as problem:
        plan(problem.wanted)
        raise TurnOver(WAITS_FOR_TABLES_SECONDS) from problem
    made, size = replace(made, digest=digest_of(draft)), draft.stat().st_size
    places.put(export)
    return partial(_close, made, size)


def _close(made: MadeFile, size: int, row: Export) -> None:
    row.expires_at = timezone.now() + timedelta(hours=settings.EXPORT_KEPT_HOURS)
    row.name, row.media_type, row.digest, row.rows = made.name, made.media_type, made.digest, made.rows
    row.size = size


def _clear(export: Export) -> None:
    places.draft_of(export).unlink(missing_ok=True)


def give_up_for_lost(holder: str) -> None:
    """A message comes again when the process was lost that had it: what it made is tried again."""
    turns.give_up_for_lost(Export.objects.all(), holder)
