"""The sources attached to a page, as its screens show them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.template.defaultfilters import filesizeformat

from patients.casebook.page import Page
from patients.entry.attachments import KINDS, Attachment, attachments_on
from patients.web.clocks import moment
from trial.people.access import can, enters
from trial.people.models import Account
from trial.people.roles import Permission


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """One attached source. `is_later`: it came after the page was signed, so that nobody signed for it."""

    number: int
    title: str
    kind: str
    who: str
    at: str
    size: str
    digest: str
    is_later: bool
    can_open: bool
    withdrawn: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentsScreen:
    """Everything that the templates say of the sources of a page. `typed` is what was typed and refused."""

    page: Page
    attachments: list[AttachmentView]
    can_attach: bool
    problems: tuple[str, ...] = ()
    typed: dict[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(code, str(label)) for code, label in KINDS.items()]

    @property
    def standing(self) -> int:
        return sum(not each.withdrawn for each in self.attachments)


def attachments_screen(page: Page, person: Account) -> AttachmentsScreen:
    """The sources of a page (as `page_for` finds it) for one person."""
    site = page.subject.site.code
    found = attachments_on(page) if getattr(page, "has_attachments", True) else []
    hides = can(person, Permission.REDACT, site=site)
    can_attach = enters(person, page.form_code, site=site) and not page.is_closed
    return AttachmentsScreen(page, _views(page, found, hides=hides), can_attach)


def _views(page: Page, found: Iterable[Attachment], *, hides: bool) -> list[AttachmentView]:
    signed = getattr(page, "signed_at", None)
    return [
        AttachmentView(
            number=each.pk,
            title=each.title,
            kind=each.kind_label,
            who=each.printed_name,
            at=moment(each.at),
            size=filesizeformat(each.size),
            digest=each.sha256[:12],
            is_later=signed is not None and each.at > signed,
            can_open=hides or not each.is_withdrawn,
            withdrawn=withdrawn_in_words(each),
            why=each.withdrawal.reason if each.is_withdrawn else "",
        )
        for each in found
    ]


def withdrawn_in_words(attachment: Attachment) -> str:
    """When and by whom it was withdrawn; empty for one that stands."""
    if not attachment.is_withdrawn:
        return ""
    return f"{moment(attachment.withdrawal.at)}, {attachment.withdrawal.printed_name}"
