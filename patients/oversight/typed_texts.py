"""Where a text stands in what was typed about a subject, by the trail."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from patients.casebook.page import Subject
from trial.trail.models import TrailChange, TrailEvent

TYPED = ("old", "new", "old_shown", "new_shown", "reason")


def events_with(subject: Subject, text: str) -> "QuerySet[TrailEvent]":
    """The acts on a subject in whose values or reasons the text stands."""
    in_a_change = Q()
    for name in TYPED:
        in_a_change |= Q(**{f"{name}__contains": text})
    changes = TrailChange.objects.filter(in_a_change, event=OuterRef("act"))
    return TrailEvent.objects.filter(Q(reason__contains=text) | Exists(changes), subject=subject.code)
