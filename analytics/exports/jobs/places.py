"""The files that were asked for, and their drafts.

A file is named by the number of its export, its draft by the number of the claim as well. A draft is renamed
while the row of the export is held, so that there is one file and it is the one that the row tells of. With a
store the file lies there alone, and every web process sends it from there.
"""

import os
from pathlib import Path

from django.conf import settings

from analytics.exports.jobs.models import OVER, Export, ExportState
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
    """Make the draft the file, on the disk and not only on its way there."""
    draft = draft_of(export)
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.chmod(0o440)
    kept.move(draft, export.place)


def remove(export: Export) -> None:
    kept.remove([export.place])


def clear_what_was_left() -> None:
    """Remove from this host the drafts of workers that are gone, and files that their rows tell nothing of;
    from a store what their rows call over: of what no row tells there, another registry's may."""
    for path, _at in kept.lying_here(folder()):
        if not _is_wanted(path.name):
            path.unlink(missing_ok=True)
    kept.remove(path for path in kept.lying_in(folder()) if _is_over(path.name))


def _is_wanted(name: str) -> bool:
    """A draft of the last claim, or a file that is done or about to be."""
    number, _dash, attempts = name.removeprefix(_DRAFT).partition("-")
    if not number.isdecimal():
        return False
    found = Export.objects.filter(pk=int(number))
    if name.startswith(_DRAFT):
        return attempts.isdecimal() and found.filter(state=ExportState.RUNNING, attempts=attempts).exists()
    return found.filter(state__in=(ExportState.RUNNING, ExportState.DONE)).exists()


def _is_over(name: str) -> bool:
    """The file of an export that failed, was ended, or has had its time."""
    return name.isdecimal() and Export.objects.filter(pk=int(name), state__in=OVER).exists()
