"""What a register of the study file is: its rows, the acts that write it, and the events that tell of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.forms import BaseForm
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trial.people.models import Account, Site
from trial.people.roles import Permission
from trial.protocol.study import site_today
from trial.trail.actor import Source


@dataclass(frozen=True, slots=True)
class Row:
    """One line on record; `end` is the number by which it is ended, where it can be."""

    cells: list[str]
    standing: Promise
    kind: str
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that may be recorded on a page: its button, what is typed, and the act itself; `is_offered`
    where there is nothing to do at times."""

    button: Promise
    form: type[BaseForm]
    run: Callable[[Any, Account], object]
    is_offered: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Register:
    """One page of the study file."""

    title: Promise
    lead: Promise
    columns: tuple[Promise, ...]
    rows: Callable[[Sequence[Site]], Iterable[Row]]
    acts: Mapping[str, Act]
    told_by: tuple[str, ...]
    """The acts of the trail that are its history."""
    writes: Permission = Permission.KEEP_STUDY_FILE


def standing(begins: date, ends: date | None, awaiting: bool = False) -> tuple[Promise, str]:
    """How something stands today, in words and as the kind of a chip; `ends` is the first day without it."""
    today = site_today()
    if ends is not None and ends <= today:
        return _("ended"), ""
    if awaiting:
        return _("awaiting confirmation"), "warn"
    return (_("in force"), "ok") if begins <= today else (_("not yet"), "")


def how(form: Any, by: Account) -> dict[str, Any]:
    """Who acts, from where and why, as the acts of a register take it."""
    return {"by": by, "source": Source.WEB, "reason": form.cleaned_data["reason"]}
