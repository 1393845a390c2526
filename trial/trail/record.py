"""Writing the trail. The event of an act is written last, when all that it did is known."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from trial.protocol.study import STUDY
from trial.trail.actor import current_actor
from trial.trail.inserting import insert
from trial.trail.models import TrailChange, TrailEvent


@dataclass(frozen=True, slots=True)
class Change:
    """One item changed: values as stored text and as shown; `author` differs from the actor for engines."""

    item: str
    label: str
    old: str
    new: str
    row_key: str = ""
    old_shown: str = ""
    new_shown: str = ""
    author: str = ""
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What an act was about, in natural keys."""

    site: str = ""
    subject: str = ""
    visit: str = ""
    form: str = ""
    form_version: str = ""
    about: str = ""


def record_event(
    action: str, place: Place, changes: Iterable[Change] = (), *, reason: str = "", act: UUID | None = None
) -> TrailEvent:
    """Write the event of an act that the current actor has done, with the items changed in it.

    `act` is the name of the event, where something that was written before it had to name it.

    Raises AnonymousWrite without an actor, and TransactionManagementError outside a transaction.
    """
    actor = current_actor()
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an act and its event commit together or not at all")
    act = act or uuid4()
    insert(TrailChange, _COLUMNS, (_row(act, change, actor.user_name) for change in changes))
    return TrailEvent.objects.create(
        act=act,
        at=timezone.now(),
        action=action,
        actor=actor.user_name,
        actor_name=actor.printed_name,
        actor_role=actor.role,
        organisation=actor.organisation,
        source=actor.source,
        request_id=actor.request_id,
        study=STUDY.study_id,
        site=place.site,
        subject=place.subject,
        visit=place.visit,
        form=place.form,
        form_version=place.form_version,
        about=place.about,
        reason=reason,
    )


_COLUMNS = ("event_id", "author", *(each.name for each in fields(Change) if each.name != "author"))
_said = attrgetter(*_COLUMNS[2:])


def _row(act: UUID, change: Change, actor: str) -> tuple[Any, ...]:
    return act, change.author or actor, *_said(change)
