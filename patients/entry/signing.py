"""Signing a page: what keeps it from being signed, and the act itself.

In one transaction, or not at all: the page as the signer was shown it, complete, with nothing that stands
against it and no open query; the signature; visits that it opens; queries that it settles; and last the
event. Who signs was proved before (`trial.people.reauthentication`); this act trusts that, and asks for the
right.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import StoredCasebook
from patients.casebook.approval import SIGNATURE
from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState
from patients.casebook.settings import settings_read_once
from patients.entry.checks import blocking
from patients.entry.ending import end_findings
from patients.entry.following import findings_on, follow_page, records_on
from patients.entry.judging import as_it_is
from patients.entry.refusals import CannotSign, ContentChanged, NotSaved, PageClosed, UnknownPage
from patients.entry.save import held_casebook
from patients.items.problems import Finding, Severity, Text
from patients.oversight.checks_ask import Sighting, key_of
from patients.oversight.content import content_of, digest_of
from patients.oversight.queries import Query, QueryState
from patients.oversight.signatures import (
    Meaning,
    Signature,
    Signer,
    approve,
    change_of,
    meaning_on,
    meanings_for,
    open_meanings,
    permission_to_sign,
    signing_role,
    write_signature,
)
from patients.schedule.placing import ANCHORING_FORMS, place_visits
from trial.people.access import Person, actor_at, can, require
from trial.people.models import Account
from trial.people.roles import Permission
from trial.protocol.study import site_today
from trial.trail.actor import Source, acting
from trial.trail.clocks import refuse_if_clocks_disagree
from trial.trail.record import Change, Place, record_event


def shown_content(page: Page, casebook: StoredCasebook) -> str:
    """The hash by which a signer says which content was shown (`seen` of `sign_page`)."""
    version = form_model(page.form_code).form.version
    return digest_of(content_of(page, casebook.stored_on(page), version))


def sign_page(
    page: Page, *, by: Person, meaning: Meaning, seen: str, source: Source, request_id: str = ""
) -> Signature:
    """Sign a page as it was shown (`seen`, see `shown_content`).

    Raises UnknownPage (404), PermissionDenied (403), PageClosed (423), CannotSign (422), ContentChanged (409)
    and ClocksDisagree (503).
    """
    site = page.subject.site.code
    if not can(by, Permission.READ, site=site):
        raise UnknownPage(str(page.pk))
    require(by, permission_to_sign(page), site=site)
    if not isinstance(by, Account) or meaning not in meanings_for(page):
        raise PermissionDenied(f"{by.user_name}: {meaning} of {page}")
    refuse_if_clocks_disagree(source)
    with transaction.atomic(), acting(actor_at(by, site=site, source=source, request_id=request_id)):
        casebook = held_casebook(page.subject)
        signer = Signer(by, signing_role(by, page), meaning)
        with settings_read_once():
            return _Signing(as_it_is(page, casebook), casebook, signer).run(seen)


class SomeNotSigned(NotSaved):
    """Of several pages that were to be signed in one act some could not be, so that none was (`why`, by page:
    CannotSign, ContentChanged or PageClosed)."""

    def __init__(self, why: Mapping[Page, NotSaved]) -> None:
        super().__init__("; ".join(f"{page}: {refused}" for page, refused in why.items()))
        self.why = dict(why)


def sign_pages(
    seen: Mapping[Page, str], *, by: Person, meaning: Meaning, source: Source, request_id: str = ""
) -> list[Signature]:
    """Sign several pages, each as it was shown: all of them, or none (ES-09). Each gets a signature and an
    event of its own; on a page that is approved the signature is its approval.

    Raises SomeNotSigned (422), which names each page that could not be signed, and UnknownPage (404),
    PermissionDenied (403) and ClocksDisagree (503).
    """
    made: list[Signature] = []
    refused: dict[Page, NotSaved] = {}
    with transaction.atomic():
        for page in sorted(seen, key=lambda page: (page.subject.code, page.pk)):  # two batches lock alike
            means = meaning_on(page, meaning)
            try:
                signature = sign_page(
                    page, by=by, meaning=means, seen=seen[page], source=source, request_id=request_id
                )
            except (CannotSign, ContentChanged, PageClosed) as why:
                refused[page] = why
            else:
                made.append(signature)
        if refused:
            raise SomeNotSigned(refused)
    return made


def obstacles(page: Page, casebook: StoredCasebook, by: Account) -> list[Finding]:
    """What keeps a page from being signed by this person now; nothing is written."""
    found = casebook.page_at_hand(page) or page
    found.subject, kept = casebook.subject, found.approvals
    meanings = open_meanings(found, by)
    if not meanings:
        return [_signed_already()]
    signing = _Signing(found, casebook, Signer(by, signing_role(by, found), meanings[0]))
    with settings_read_once():
        standing = signing.obstacles()
    found.approvals = kept
    return standing


@dataclass
class _Signing:
    """One signature under way."""

    page: Page
    casebook: StoredCasebook
    signer: Signer
    act: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.form = form_model(self.page.form_code).form
        self.findings: list[Finding] = []

    def run(self, seen: str) -> Signature:
        if shown_content(self.page, self.casebook) != seen:
            raise ContentChanged(str(self.page))
        if self.signer.meaning not in open_meanings(self.page, self.signer.account):
            raise CannotSign([_signed_already()])
        if standing := self.obstacles():
            raise CannotSign(standing)
        before = self.page.state
        signature = write_signature(self.page, self.casebook.stored_on(self.page), self.signer, act=self.act)
        self.page.save()
        with translation.override("en"):  # the trail reads the same whoever signed
            changes = [change_of(signature, falls=False), *self._moved(before), *self._follow()]
        record_event("page.signed", self._place(), changes, act=self.act)
        return signature

    # --- what stands in the way --------------------------------------------------------------------------
    def obstacles(self) -> list[Finding]:
        """What would stand against the page if it were signed: what the signature itself settles does not."""
        before = findings_on(self.page, self.casebook)
        if self.form.approved:
            approve(self.page, self.signer.account, site_today())
        self.findings = findings_on(self.page, self.casebook)
        settled = {self._key(found) for found in before} - {self._key(found) for found in self.findings}
        standing = blocking([*self.findings, *end_findings(self.page, self.casebook)])
        waits = bool(blocking(before)) and not standing
        return [*self._not_ready(waits), *standing, *self._asked(settled)]

    def _not_ready(self, waits_for_signature: bool) -> Iterator[Finding]:
        if self.page.is_closed:
            yield _said(_("The page is closed."))
        elif self.page.state == PageState.EMPTY:
            yield _said(_("Nothing is recorded on the page yet."))
        elif self.page.state == PageState.IN_PROGRESS and not waits_for_signature:
            yield _said(_("The page is not complete yet."))

    def _asked(self, settled: set[object]) -> Iterator[Finding]:
        """The open queries (specification 5.4), but for one about what this signature settles."""
        for query in (
            Query.objects.filter(page=self.page, state=QueryState.OPEN).with_question().order_by("pk")
        ):
            if key_of(query) not in settled:
                yield Finding(query.item, query.text, Severity.HARD, query.row_key, check=query.check_id)

    def _key(self, found: Finding) -> object:
        return Sighting(self.page, found, asks=False).key

    # --- what follows ------------------------------------------------------------------------------------
    def _moved(self, before: str) -> list[Change]:
        moved = before != self.page.state
        return [Change("entry_state", "Workflow state", before, self.page.state)] if moved else []

    def _follow(self) -> list[Change]:
        placed: list[Change] = []
        if self.page.form_code in ANCHORING_FORMS:
            placed = place_visits(self.page.subject, self.casebook)
        records = records_on(self.page, self.casebook)
        touched = {self.page.form_code: frozenset({SIGNATURE})}
        return placed + follow_page(self.page, records, self.findings, self.casebook, touched, act=self.act)

    def _place(self) -> Place:
        return Place(
            site=self.page.subject.site.code,
            subject=self.page.subject.code,
            visit=self.page.visit_code,
            form=self.page.form_code,
            form_version=self.form.version,
            about=str(self.page),
        )


def _signed_already() -> Finding:
    return _said(_("You have signed this page already, with the same meaning."))


def _said(words: Text) -> Finding:
    """An obstacle that is about the page and no item of it."""
    return Finding("", words, Severity.HARD)
