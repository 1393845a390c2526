"""Where a text stands that a redaction cannot reach: what was sealed or taken out before (decision 0025).

The rooms above keep files of which this one knows nothing: each names, at its start, a function that reads
them (`analytics/apps.py`).
"""

from collections.abc import Callable, Iterator

from django.db.models import Q

from patients.casebook.page import Subject
from patients.oversight.typed_texts import events_with
from trial.protocol.study import SITE_ZONE
from trial.trail.models import TrailEvent

Keeper = Callable[[str, str], Iterator[str]]
"""The places, of those that it keeps, which hold a text (second) of a subject (first)."""

_KEEPERS: list[Keeper] = []
TAKEN_OUT = (
    "backup.made",
    "trail.archived",
    "trail.exported",
    "casebook.exported",
    "casebook.printed",
    "deviations.exported",
    "queries.exported",
    "report.exported",
    "safety.exported",
    "sae.printed",
    "terms.exported",
    "visit.closed",
    "visit_report.exported",
)


def ask_too(keeper: Keeper) -> None:
    """Read these places as well."""
    if keeper not in _KEEPERS:
        _KEEPERS.append(keeper)


def kept_elsewhere(subject: Subject, text: str) -> list[str]:
    """The places that hold the text and stay as they are, by what they are called. It reads every file that
    may: not inside a transaction, and not for a list of texts."""
    return [*kept_in_files(subject, text), *taken_out_since(subject, text)]


def kept_in_files(subject: Subject, text: str) -> list[str]:
    """Those of these places that can be read from here."""
    return [place for keeper in _KEEPERS for place in keeper(subject.code, text)]


def taken_out_since(subject: Subject, text: str) -> list[str]:
    """What left the registry since the text came into it."""
    return [_said(event) for event in _taken_out_since(subject, text)]


def _taken_out_since(subject: Subject, text: str) -> Iterator[TrailEvent]:
    """What left the registry since the text came into it and may hold it. Nobody can read these files from
    here: that they left, when and with which hash is what the trail knows."""
    first = events_with(subject, text).order_by("id").first()
    if first is None:
        return
    here = Q(site="") | Q(site=subject.site.code)
    about = Q(subject="") | Q(subject=subject.code)
    yield from TrailEvent.objects.filter(here, about, action__in=TAKEN_OUT, id__gt=first.pk).order_by("id")


def _said(event: TrailEvent) -> str:
    """By its number: what it says of itself may hold the text that is to be hidden."""
    at = f"{event.at.astimezone(SITE_ZONE):%Y-%m-%d %H:%M}"
    return f"{event.action} · {at} · {event.actor} · {event.pk}"
