"""Whether what was sealed is where it was put (a look of `check_installation`)."""

from collections.abc import Iterator

from analytics.locks.models import Snapshot
from trial.installation.finding import Finding, right, wrong


def snapshots() -> Iterator[Finding]:
    """That each snapshot has its file; whether that holds what was sealed, its readers ask of its hash."""
    kept = list(Snapshot.objects.order_by("id"))
    missing = [snapshot for snapshot in kept if not snapshot.path.is_file()]
    yield from (wrong("snapshots", f"the file of {snapshot.hash[:16]}… is missing") for snapshot in missing)
    if not missing:
        yield right("snapshots", f"{len(kept)}, each with its file")
