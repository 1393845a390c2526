"""The files that were asked for, and their drafts.

A file and its draft are named by the number of the export and that of the claim. A file is put before its row
is closed, so that no row is held while it is on its way: what a worker puts whose claim is not the last any
more has another name than the file of which the row tells, and is cleared away. With a store the file lies
there alone, and every web process sends it from there.
"""

import os
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from analytics.exports.jobs.models import OVER, Export, ExportState
from analytics.runs.claims import Claim
from trial.storage import kept

_DRAFT = ".draft-"


def folder() -> Path:
    found = Path(settings.SNAPSHOT_DIR) / "exports"
    found.mkdir(mode=0o750, parents=True, exist_ok=True)
    return found


def draft_of(export: Export) -> Path:
    """Where the worker of this claim writes."""
    return folder() / f"{_DRAFT}{export.pk}-{export.attempts}"


def put(export: Export) -> None:
    """Make the draft the file of its claim, on the disk and not only on its way there."""
    draft = draft_of(export)
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.chmod(0o440)
    kept.move(draft, export.place)


def remove(export: Export) -> None:
    kept.remove([export.place])


def clear_what_was_left() -> None:
    """Remove from this host the drafts of workers that are gone, and files that their rows tell nothing of;
    from a store what their rows call over: what no row tells of there may be a copy's that was restored."""
    for path, _at in kept.lying_here(folder()):
        if not _is_wanted(path.name):
            path.unlink(missing_ok=True)
    kept.remove(path for path in kept.lying_in(folder()) if _is_over(path.name))


def _is_wanted(name: str) -> bool:
    """The file or the draft of the last claim, which is at work; or a file that is done."""
    if (claim := _claim_of(name.removeprefix(_DRAFT))) is None:
        return False
    states = (ExportState.RUNNING,) if name.startswith(_DRAFT) else (ExportState.RUNNING, ExportState.DONE)
    return Export.objects.filter(pk=claim.pk, attempts=claim.number, state__in=states).exists()


def _is_over(name: str) -> bool:
    """The file of an export that failed, was ended or has had its time, or of a claim before the last."""
    if (claim := _claim_of(name)) is None:
        return False
    return Export.objects.filter(Q(state__in=OVER) | Q(attempts__gt=claim.number), pk=claim.pk).exists()


def _claim_of(name: str) -> Claim | None:
    """The claim that a file is named by: one that is named by its export alone, as they were once, comes
    before all claims. Of what is not ours, None."""
    number, dash, attempts = name.partition("-")
    attempts = attempts if dash else "0"
    return Claim(int(number), int(attempts)) if number.isdecimal() and attempts.isdecimal() else None
