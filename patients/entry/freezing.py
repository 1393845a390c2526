"""Freezing pages of a subject, and thawing them: one act for a page, a visit or the whole casebook.

In one transaction, or not at all: each page as it was shown, its freeze or thaw, its state, and one event.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from patients.casebook.identity import Identity
from patients.casebook.page import Page, PageState, Subject
from patients.entry.identity_patterns import reason_without_identity
from patients.entry.refusals import ContentChanged, NotSaved, UnknownPage
from patients.entry.save import held_casebook
from patients.oversight.freezes import MAY_BE_FROZEN, freeze, thaw
from trial.people.access import actor_at, can, require
from trial.people.models import Account
from trial.people.roles import Permission
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event


class NotMoved(NotSaved):
    """Nothing was frozen or thawed (422); `why` says it in the user's words."""

    def __init__(self, *why: str) -> None:
        super().__init__(" ".join(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who freezes or thaws, why, and by which request."""

    person: Account
    reason: str
    request_id: str = ""


def freeze_pages(subject: Subject, seen: Mapping[int, int], by: Keeper) -> int:
    """Freeze these pages of a subject, each shown in this version: all of them, or none; how many.

    Raises UnknownPage (404), PermissionDenied (403), ContentChanged (409) and NotMoved (422), which names
    each page that cannot be frozen.
    """
    with _pages(subject, seen, by) as pages:
        _refuse(
            _("%(page)s is %(state)s: a page is complete or signed when it is frozen.")
            % {"page": page, "state": page.get_state_display()}
            for page in pages
            if page.state not in MAY_BE_FROZEN
        )
        act = uuid4()
        changes = freeze(pages, by.person, by.reason.strip(), act=act)
        record_event("pages.frozen", _place(subject, pages), changes, reason=by.reason.strip(), act=act)
    return len(pages)


def thaw_pages(subject: Subject, seen: Mapping[int, int], by: Keeper) -> int:
    """Thaw these pages of a subject: all of them, or none; how many. Raises as `freeze_pages` does."""
    with _pages(subject, seen, by) as pages:
        _refuse(
            _("%(page)s is %(state)s: only a frozen page can be thawed.")
            % {"page": page, "state": page.get_state_display()}
            for page in pages
            if page.state != PageState.FROZEN
        )
        act = uuid4()
        changes = thaw(pages, by.person, by.reason.strip(), act=act)
        record_event("pages.thawed", _place(subject, pages), changes, reason=by.reason.strip(), act=act)
    return len(pages)


@contextmanager
def _pages(subject: Subject, seen: Mapping[int, int], by: Keeper) -> Iterator[list[Page]]:
    """These pages as they are now, of the subject that is locked, as they were shown."""
    site = subject.site.code
    if not can(by.person, Permission.READ, site=site):
        raise UnknownPage(subject.code)
    require(by.person, Permission.FREEZE, site=site)
    _refuse(_against(by.reason, subject))
    actor = actor_at(by.person, site=site, source=Source.WEB, request_id=by.request_id)
    with transaction.atomic(), acting(actor):
        held = held_casebook(subject).subject
        pages = list(Page.objects.filter(subject=held, pk__in=seen).select_related("visit").order_by("pk"))
        if len(pages) != len(seen):
            raise UnknownPage(subject.code)
        for page in pages:
            page.subject = held
            if page.version != seen[page.pk]:
                raise ContentChanged(str(page))
        if not pages:
            raise NotMoved(_("Choose the pages that it is about."))
        yield pages


def _against(reason: str, subject: Subject) -> list[str]:
    try:
        reason_without_identity(reason, Identity.objects.filter(subject=subject))
    except ValidationError as refused:
        return list(refused.messages)
    return []


def _refuse(why: Iterable[str]) -> None:
    if said := list(why):
        raise NotMoved(*said)


def _place(subject: Subject, pages: list[Page]) -> Place:
    """Where it was done: at a page, at a visit, or in the casebook of a subject."""
    visits, forms = {page.visit_code for page in pages}, {page.form_code for page in pages}
    visit = visits.pop() if len(visits) == 1 else ""
    form = forms.pop() if len(pages) == 1 else ""
    return Place(subject.site.code, subject.code, visit=visit, form=form, about=subject.code)
