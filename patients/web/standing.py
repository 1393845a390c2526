"""Where a subject stands in the trial: how far it came, and whether it has left."""

from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Standing(StrEnum):
    """Each subject stands in one place: the last of these that was reached."""

    SCREENING = "screening"
    ENROLLED = "enrolled"
    INFUSED = "infused"
    TRANSPLANTED = "transplanted"
    RELAPSED = "relapsed"
    ENDED = "ended"
    DIED = "died"


LABELS: dict[Standing, Promise] = {
    Standing.SCREENING: _("screening"),
    Standing.ENROLLED: _("enrolled"),
    Standing.INFUSED: _("infused"),
    Standing.TRANSPLANTED: _("transplanted"),
    Standing.RELAPSED: _("relapsed"),
    Standing.ENDED: _("study ended"),
    Standing.DIED: _("died"),
}
REACHED_ON = {
    Standing.ENROLLED: "enrolled",
    Standing.INFUSED: "t0",
    Standing.TRANSPLANTED: "h0",
    Standing.RELAPSED: "relapsed",
    Standing.ENDED: "ended",
    Standing.DIED: "died",
}
"""The day that each place is reached by, as `patients.web.queries.subjects_for` finds it, in the order of the
trial. A relapse is one that counts for progression-free survival."""

CHIP = {Standing.RELAPSED: "warn", Standing.DIED: "bad"}


def standing_of(subject: Any) -> Standing:
    """Where a subject (as `subjects_for` finds it) stands."""
    reached = [place for place, day in REACHED_ON.items() if getattr(subject, day) is not None]
    return reached[-1] if reached else Standing.SCREENING


def stands(place: Standing) -> Q:
    """The subjects that stand there."""
    order = list(Standing)
    later = [REACHED_ON[each] for each in order[order.index(place) + 1 :]]
    found = Q(**{f"{REACHED_ON[place]}__isnull": False}) if place in REACHED_ON else Q()
    for day in later:
        found &= Q(**{f"{day}__isnull": True})
    return found
