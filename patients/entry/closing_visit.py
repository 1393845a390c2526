"""Closing a monitoring visit: its row and one event, together or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.casebook.identity import Identity
from patients.entry.identity_patterns import identity_in, reason_without_identity
from patients.entry.refusals import NotSaved
from patients.oversight.monitoring_visits import (
    MonitoringVisit,
    Period,
    VisitKind,
    Whose,
    last_visit,
)
from patients.oversight.since_visit import Figure, figures_at_close, waiting_now
from trial.people.access import Person, actor_at, require
from trial.people.models import Account
from trial.people.roles import Permission
from trial.protocol.study import site_today
from trial.trail.actor import Actor, Source, acting
from trial.trail.record import Change, Place, record_event
from trial.trail.seals import settled

MOST_ACTIONS = 40


class VisitMoved(Exception):
    """Something came into the period after the monitor had looked at it (409)."""


class NotClosed(NotSaved):
    """The visit was not closed (422); `why` says it in the user's words."""

    def __init__(self, *why: str) -> None:
        super().__init__(" ".join(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Shown:
    """What the monitor had on screen: the period, since whose visit, and how many acts lie in it."""

    period: Period
    whose: Whose
    acts: int


@dataclass(frozen=True, slots=True)
class Told:
    """What the monitor enters of the visit. `actions`: the action items, one to a line."""

    kind: str
    began: date | None
    ended: date | None
    actions: str = ""


@dataclass(frozen=True, slots=True)
class _Checked:
    """The same, fit to be kept."""

    kind: str
    began: date
    ended: date
    actions: tuple[str, ...]


def close_visit(shown: Shown, told: Told, *, by: Person, request_id: str = "") -> MonitoringVisit:
    """Close a visit at the entry of the ledger up to which it was shown.

    Raises PermissionDenied (403), NotClosed (422), and VisitMoved (409) where another number of acts lies in
    the period by now, or another visit was closed meanwhile.
    """
    site = shown.period.site
    require(by, Permission.VERIFY, site=site)
    checked = _checked(told, site)
    try:
        last = settled()
    except OperationalError as busy:  # writers did not let it through in time
        raise VisitMoved from busy
    actor = actor_at(by, site=site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        list(Account.objects.select_for_update().filter(user_name=by.user_name).values_list("pk"))
        if shown.period.up_to > last or not _is_as_shown(shown, by):
            raise VisitMoved
        return _keep(shown, checked, actor)


def _is_as_shown(shown: Shown, by: Person) -> bool:
    before = last_visit(shown.period.site, shown.whose, by=by)
    begins = before.up_to if before else 0
    return (shown.period.after, shown.acts) == (begins, shown.period.acts)


def _keep(shown: Shown, told: _Checked, actor: Actor) -> MonitoringVisit:
    act, period, waiting = uuid4(), shown.period, waiting_now(shown.period)
    visit = MonitoringVisit.objects.create(
        event_id=act,
        site=period.site,
        kind=told.kind,
        began=told.began,
        ended=told.ended,
        after=period.after,
        up_to=period.up_to,
        whose=shown.whose.value,
        figures=figures_at_close(period, waiting),
        waiting=waiting,
        actions="\n".join(told.actions),
        by=actor.user_name,
        by_name=actor.printed_name,
        by_role=actor.role,
        at=timezone.now(),
    )
    about = f"{told.kind} {told.began} to {told.ended}"
    record_event("visit.closed", Place(site=period.site, about=about), _changes(visit), act=act)
    return visit


def _changes(visit: MonitoringVisit) -> list[Change]:
    told = [
        ("kind", "Kind of visit", visit.kind),
        ("began", "First day", str(visit.began)),
        ("ended", "Last day", str(visit.ended)),
        ("after", "After entry", str(visit.after)),
        ("up_to", "Up to entry", str(visit.up_to)),
        *((f"figure.{figure}", _LABELS[figure], str(visit.figures[figure])) for figure in Figure),
        ("actions", "Action items", visit.actions),
    ]
    return [Change(item, label, "", text, new_shown=text) for item, label, text in told if text]


_LABELS = {
    Figure.CORRECTED: "Values corrected",
    Figure.ASKED: "New queries",
    Figure.ANSWERED: "Answered queries waiting",
    Figure.TO_VERIFY: "Pages to verify",
    Figure.UNSIGNED: "Signatures missing",
    Figure.SERIOUS: "New serious events",
    Figure.DEVIATIONS: "New deviations",
    Figure.SUBJECTS: "New subjects",
}
"""As the trail keeps them, whatever the language of the monitor."""


# --- what was typed --------------------------------------------------------------------------------------
def _checked(told: Told, site: str) -> _Checked:
    """What was typed. Raises NotClosed with everything that is wrong."""
    actions, wrong = _actions(told.actions, Identity.objects.filter(subject__site__code=site))
    if told.kind not in VisitKind.values:
        wrong.append(_("Say whether the visit was on site or remote."))
    if told.began is None or told.ended is None:
        raise NotClosed(*wrong, _("Give the first and the last day of the visit."))
    if told.began > told.ended:
        wrong.append(_("The visit ends before it begins."))
    if told.ended > site_today():
        wrong.append(_("The visit ends after today."))
    if wrong:
        raise NotClosed(*wrong)
    return _Checked(told.kind, told.began, told.ended, tuple(actions))


def _actions(text: str, known: Iterable[Identity]) -> tuple[list[str], list[str]]:
    """The action items, and what is wrong with them: none may name anybody, nor may all of them together."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong, of_site = [], list(known) if lines else []
    for number, line in enumerate(lines, 1):
        try:
            reason_without_identity(line, of_site)
        except ValidationError as refused:
            wrong += [_("Action item %(number)s: %(why)s") % {"number": number, "why": refused.messages[0]}]
    if len(lines) > MOST_ACTIONS:
        wrong.append(_("At most %(most)s action items.") % {"most": MOST_ACTIONS})
    if not wrong and identity_in("\n".join(lines)):
        wrong.append(_("Say the action items without a name, a birth date or a number of a person."))
    return lines, wrong
