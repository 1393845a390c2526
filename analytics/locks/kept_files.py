"""Whether what was sealed is where it was put (a look of `check_installation`)."""

from collections.abc import Iterator

from django.conf import settings

from analytics.locks.models import Snapshot
from trial.installation.finding import Finding, right, wrong
from trial.storage.kept import names_in_store


def snapshots() -> Iterator[Finding]:
    """That each snapshot has its file; whether that holds what was sealed, its readers ask of its hash. Where
    there is a store, the file has to be in it: no other host reads what lies in the folder of this one."""
    kept, stored = list(Snapshot.objects.order_by("id")), names_in_store()
    missing = [snapshot for snapshot in kept if not _is_there(snapshot, stored)]
    for snapshot in missing:
        here = "lies on this host alone: run `fill_store`" if snapshot.path.is_file() else "is missing"
        yield wrong("snapshots", f"the file of {snapshot.hash[:16]}… {here}")
    if not missing:
        yield right("snapshots", f"{len(kept)}, each with its file")


def _is_there(snapshot: Snapshot, stored: frozenset[str]) -> bool:
    return snapshot.path.name in stored if settings.SNAPSHOT_STORE else snapshot.path.is_file()
