"""Redacted source documents attached to a page: added, opened, withdrawn, never changed (SE-04).

What identifies the person has been made unreadable by whoever attaches the file, who says so. The name of the
file is not kept, since it may name the person. A withdrawal is a second row: the file stays, for whoever may
hide texts, since what was shown to people cannot become unsaid.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.casebook.header import SOURCE_DOCUMENTS
from patients.casebook.page import Page
from patients.entry.attached_files import FileDamaged, keep_file, read_file, remove_file
from patients.entry.gates import gate_findings
from patients.entry.judging import as_it_is
from patients.entry.refusals import NotSaved, UnknownPage
from patients.entry.save import held_casebook
from patients.entry.upload_refused import UploadRefused
from patients.entry.uploads import Kind, check_upload
from patients.entry.words import against
from trial.people.access import Person, actor_at, can, require, require_entry
from trial.people.roles import Permission
from trial.trail.actor import Source, acting
from trial.trail.append_only import AppendOnlyModel
from trial.trail.models import TrailEvent
from trial.trail.record import Change, Place, record_event

MOST_OF_A_TITLE = 120  # characters
LEAST_OF_A_REASON, MOST_OF_A_REASON = 5, 200
KINDS = SOURCE_DOCUMENTS.codes.labels
"""The kinds of source documents, which are those of the header of a page."""


class Attachment(AppendOnlyModel):
    """A redacted source document of a page. `name` is that of the file; the hash is over the clear bytes."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="attachments")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    title = models.TextField()
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=32, unique=True)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    SUBJECT_CODE = "page__subject__code"

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.title} ({self.sha256[:12]})"

    @property
    def is_withdrawn(self) -> bool:
        return hasattr(self, "withdrawal")

    @property
    def kind_label(self) -> str:
        return str(KINDS.get(self.kind, self.kind))


class AttachmentWithdrawal(AppendOnlyModel):
    """The end of an attachment: by whom, when, and why."""

    attachment = models.OneToOneField(Attachment, models.PROTECT, related_name="withdrawal")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    withdrawn_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    reason = models.TextField()

    SUBJECT_CODE = "attachment__page__subject__code"

    def __str__(self) -> str:
        return f"{self.attachment}, withdrawn: {self.reason}"


class NotAttached(NotSaved):
    """What was sent is not attached, or not withdrawn (422); `why` says it in the user's words."""

    def __init__(self, *why: str) -> None:
        super().__init__(" ".join(why))
        self.why = why


class Withdrawn(NotSaved):
    """Somebody else has withdrawn it before (409)."""


@dataclass(frozen=True, slots=True)
class Described:
    """What somebody says of a file: title, kind of source, and that it identifies nobody any more."""

    title: str
    kind: str
    is_redacted: bool


def attachments_on(page: Page) -> "list[Attachment]":
    """Every attachment that a page ever had, the oldest first, each with its withdrawal."""
    return list(Attachment.objects.filter(page=page).select_related("withdrawal"))


def attached_names() -> set[str]:
    """The names of the files that belong to an attachment, withdrawn or not."""
    return set(Attachment.objects.values_list("name", flat=True))


# --- adding ------------------------------------------------------------------------------------------------
def add_attachment(
    page: Page, file: "UploadedFile[Any] | None", said: Described, *, by: Person, request_id: str = ""
) -> Attachment:
    """Attach a PDF to a page. It changes nothing of what was signed and drops no signature.

    Raises UnknownPage (404), PermissionDenied (403), PageClosed (423) and NotAttached (422).
    """
    with _open_page(page, by, request_id) as found:
        content = _content(file, said)
        name = keep_file(content)
        try:
            with transaction.atomic():
                return _write(found, name, content, said, by)
        except BaseException:
            remove_file(name)
            raise


@contextmanager
def _open_page(page: Page, by: Person, request_id: str) -> Iterator[Page]:
    """The page as it is, of the subject that is locked, for somebody who may enter it now."""
    site = page.subject.site.code
    if not can(by, Permission.READ, site=site):
        raise UnknownPage(str(page.pk))
    require_entry(by, page.form_code, site=site)
    with transaction.atomic(), acting(actor_at(by, site=site, source=Source.WEB, request_id=request_id)):
        casebook = held_casebook(page.subject)
        found = as_it_is(page, casebook)
        if refused := gate_findings(found, (), [], casebook):
            raise NotAttached(*(str(finding.message) for finding in refused))
        yield found


def _content(file: "UploadedFile[Any] | None", said: Described) -> bytes:
    """The bytes of the file, if all is well with it and with what was said. Raises NotAttached."""
    why = [*against(said.title, _("Title"), least=1, most=MOST_OF_A_TITLE)]
    if said.kind not in KINDS:
        why.append(_("Choose the kind of source document."))
    if not said.is_redacted:
        why.append(_("Make unreadable whatever identifies the person, and tick that you have."))
    if file is None:
        why.append(_("Choose a file."))
    else:
        try:
            check_upload(file, allowed=[Kind.PDF])
        except UploadRefused as refused:
            why.append(str(refused.why))
    if why or file is None:
        raise NotAttached(*why)
    return bytes(file.read())


def _write(page: Page, name: str, content: bytes, said: Described, by: Person) -> Attachment:
    act = uuid4()
    attachment = Attachment.objects.create(
        page=page,
        event_id=act,
        title=said.title.strip(),
        kind=said.kind,
        name=name,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        added_by=by.user_name,
        printed_name=_printed(by),
        at=timezone.now(),
    )
    record_event("attachment.added", _place(page), [_change(attachment)], act=act)
    return attachment


# --- withdrawing and opening -------------------------------------------------------------------------------
def withdraw_attachment(
    attachment: Attachment, reason: str, *, by: Person, request_id: str = ""
) -> AttachmentWithdrawal:
    """Withdraw an attachment. Raises as `add_attachment` does, and Withdrawn (409)."""
    with _open_page(attachment.page, by, request_id) as page:
        if why := [*against(reason, _("Reason"), least=LEAST_OF_A_REASON, most=MOST_OF_A_REASON)]:
            raise NotAttached(*why)
        if AttachmentWithdrawal.objects.filter(attachment=attachment).exists():
            raise Withdrawn(str(attachment.pk))
        act = uuid4()
        withdrawal = AttachmentWithdrawal.objects.create(
            attachment=attachment,
            event_id=act,
            withdrawn_by=by.user_name,
            printed_name=_printed(by),
            at=timezone.now(),
            reason=reason.strip(),
        )
        change = _change(attachment, ends=True)
        record_event("attachment.withdrawn", _place(page), [change], reason=withdrawal.reason, act=act)
        return withdrawal


def open_attachment(attachment: Attachment, *, by: Person, request_id: str = "") -> bytes:
    """The file of an attachment, for who reads its page; once it is withdrawn, for who may hide texts. That
    it was opened stands on the trail. Raises UnknownPage (404), PermissionDenied (403) and FileDamaged."""
    page = attachment.page
    site = page.subject.site.code
    if not can(by, Permission.READ, site=site):
        raise UnknownPage(str(page.pk))
    if attachment.is_withdrawn:
        require(by, Permission.REDACT, site=site)
    content = read_file(attachment.name)
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise FileDamaged(attachment.name)
    actor = actor_at(by, site=site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event("attachment.opened", _place(page), [_change(attachment)])
    return content


def _printed(by: Person) -> str:
    return getattr(by, "printed_name", "") or by.user_name


def _place(page: Page) -> Place:
    subject = page.subject
    return Place(subject.site.code, subject.code, visit=page.visit_code, form=page.form_code, about=str(page))


def _change(attachment: Attachment, *, ends: bool = False) -> Change:
    """An attachment in the trail: its hash, and what it is called."""
    shown = f"{attachment.title} ({attachment.kind}, {attachment.size} bytes)"
    kept = (attachment.sha256, shown)
    old, new = (kept, ("", "")) if ends else (("", ""), kept)
    return Change("attachment", "Attached source", old[0], new[0], old_shown=old[1], new_shown=new[1])
