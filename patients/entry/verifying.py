"""Verifying against the source, and taking it back: acts of a monitor on a page, or on all pages of a visit.

Nothing of the data changes. In one transaction, or not at all: the page as the monitor was shown it, the
ticks, the counts of the page, and last the event. Nobody verifies a page on which he or she entered.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from patients.casebook.form import FormRow, form_model
from patients.casebook.identity import Identity
from patients.casebook.page import Page, PageState
from patients.entry.identity_patterns import reason_without_identity
from patients.entry.refusals import ContentChanged, NotSaved, PageClosed, UnknownPage
from patients.entry.save import held_casebook
from patients.oversight.verification import ItemKey, count, fall, tick, ticks_on, verifiable
from trial.people.access import actor_at, can, has_held, require
from trial.people.models import Account
from trial.people.roles import TABLE, Permission
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


class NotVerified(NotSaved):
    """Nothing was verified, or taken back (422); it says why in the user's words."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Who verifies, and by which request."""

    person: Account
    request_id: str = ""


def verify_page(page: Page, keys: Collection[ItemKey] | None, *, seen: int, by: Verifier) -> int:
    """Verify values of a page that was shown in version `seen`: those named, or (None) all that are left.
    How many were verified; one that is verified already is left as it is.

    Raises UnknownPage (404), PermissionDenied (403), PageClosed (423), ContentChanged (409) and NotVerified.
    """
    with _on_page(page, seen, by) as act:
        offered = {each.key: each for each in verifiable(act.page, act.rows)}
        if keys is not None and not offered.keys() >= set(keys):
            raise NotVerified(_("There is nothing to verify where you ticked."))
        standing = ticks_on(act.page)
        new = [key for key in (offered if keys is None else keys) if key not in standing]
        act.changes = tick(act.page, [offered[key] for key in new], by.person, act=act.number)
        count(act.page, act.rows, {*standing, *new})
        act.record("page.verified")
    return len(new)


def verify_visit(seen: Mapping[Page, int], *, by: Verifier) -> int:
    """Verify all that is left on these pages of a visit, each shown in this version: all of them, or none.
    Raises what `verify_page` raises."""
    with transaction.atomic():
        return sum(verify_page(page, None, seen=version, by=by) for page, version in seen.items())


def take_back(page: Page, keys: Collection[ItemKey], reason: str, *, seen: int, by: Verifier) -> int:
    """Take verifications of a page back, with a reason; how many. Raises what `verify_page` raises."""
    try:
        reason = reason_without_identity(reason, Identity.objects.filter(subject=page.subject))
    except ValidationError as refused:
        raise NotVerified(*refused.messages) from refused
    with _on_page(page, seen, by) as act:
        standing = ticks_on(act.page)
        ended = [standing[key] for key in keys if key in standing]
        act.changes = fall(act.page, ended, act=act.number, reason=reason)
        count(act.page, act.rows, standing.keys() - {each.key for each in ended})
        act.record("page.unverified", reason=reason)
    return len(ended)


def entered_on(page: Page, person: Account) -> bool:
    """Whether somebody entered on a page; of one that was saved before that was noted, whether he or she
    ever had a role at its site that enters."""
    if page.entered_by is not None:
        return person.user_name in page.entered_by
    entering = [role for role, rights in TABLE.items() if Permission.ENTER in rights]
    site = page.subject.site.code
    return page.version > 0 and any(has_held(person.user_name, role, site) for role in entering)


@dataclass
class _Act:
    """One act of verification under way, on a page with its rows."""

    page: Page
    rows: list[FormRow]
    changes: list[Change] = field(default_factory=list)
    number: UUID = field(default_factory=uuid4)

    def record(self, action: str, reason: str = "") -> None:
        """Keep the counts of the page and write the event, if anything changed."""
        if not self.changes:
            return
        self.page.save()
        subject, form = self.page.subject, form_model(self.page.form_code).form
        place = Place(
            site=subject.site.code,
            subject=subject.code,
            visit=self.page.visit_code,
            form=form.code,
            form_version=form.version,
            about=str(self.page),
        )
        record_event(action, place, self.changes, reason=reason, act=self.number)


@contextmanager
def _on_page(page: Page, seen: int, by: Verifier) -> Iterator[_Act]:
    """The page as it is now, of the subject that is locked, for somebody who may verify it as it was seen."""
    site = page.subject.site.code
    if not can(by.person, Permission.READ, site=site):
        raise UnknownPage(str(page.pk))
    require(by.person, Permission.VERIFY, site=site)
    actor = actor_at(by.person, site=site, source=Source.WEB, request_id=by.request_id)
    with transaction.atomic(), acting(actor):
        subject = held_casebook(page.subject).subject
        found = Page.objects.select_related("visit").get(pk=page.pk)
        found.subject = subject
        _refuse(found, seen, by.person)
        yield _Act(found, list(form_model(found.form_code).of_page(found)))


def _refuse(page: Page, seen: int, person: Account) -> None:
    """A frozen page can be verified: nothing of its data changes."""
    if page.state == PageState.LOCKED:
        raise PageClosed(str(page))
    if page.version != seen:
        raise ContentChanged(str(page))
    if entered_on(page, person):
        raise NotVerified(_("You entered data on this page. Somebody else compares it with the source."))
