"""What the event of an export says: how much was taken out, the hash of the file, and of which sites."""

from collections.abc import Iterable

from trial.trail.record import Change


def taken_out(*, entries: int, digest: str, sites: Iterable[str]) -> list[Change]:
    """The changes of the event of an export. `digest` is the SHA-256 of what left, in hexadecimal; the event
    itself stands at a site only where there is one, so all of them are named here."""
    told = {"entries": str(entries), "sha256": digest, "sites": "|".join(sorted(sites))}
    return [
        Change(item, label, "", told[item], new_shown=told[item].replace("|", ", "))
        for item, label in _LABELS.items()
        if told[item]
    ]


def one_site(sites: Iterable[str]) -> str:
    """The site at which an export stands in the trail: the only one of it, or none."""
    named = set(sites)
    return named.pop() if len(named) == 1 else ""


_LABELS = {"entries": "Entries", "sha256": "SHA-256 of the file", "sites": "Sites"}
