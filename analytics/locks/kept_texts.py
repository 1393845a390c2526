"""Which snapshots hold a text of a subject: a sealed file never changes, so no hiding reaches it."""

import json
from collections.abc import Iterator
from pathlib import Path

from analytics.locks.models import Snapshot
from trial.storage.kept import at_hand
from trial.storage.problems import StoredFileDamaged


def snapshots_with(subject: str, text: str) -> Iterator[str]:
    """The snapshots in whose rows the text stands, each with its locks; a file that is gone may hold it."""
    for snapshot in Snapshot.objects.prefetch_related("locks").order_by("pk"):
        locks = ", ".join(f"lock {lock.pk}" for lock in snapshot.locks.all())
        named = f"snapshot {snapshot.hash[:12]} ({locks})"
        try:
            if _holds(at_hand(snapshot.path), subject, text):
                yield named
        except (FileNotFoundError, StoredFileDamaged):
            yield f"{named}: its file is not here"


def _holds(path: Path, subject: str, text: str) -> bool:
    """Whether the text stands in a row of the subject: a line of its values, which begins with its code."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    begins = json.dumps([subject], ensure_ascii=False)[:-1] + ","
    with path.open(encoding="utf-8") as lines:
        return any(line.startswith(begins) and written in line for line in lines)
