"""Electronic signatures on pages (21 CFR 11.50 to 11.200): who vouches for what, when, and meaning what.

A signature is written once and so is its fall: when a value that it stands for changes, a second row says by
which act and why, and the page asks to be signed again. A signature is bound to the content of its page by a
hash over both; it is computed again wherever the signature is shown, so that one that was copied to another
page, or whose page was changed past Chimera, shows as not valid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.casebook.approval import Approval
from patients.casebook.form import FormRow, form_model
from patients.casebook.page import Page, PageState, Subject
from patients.oversight.content import content_of, digest_of
from trial.people.access import roles_at
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role
from trial.protocol.study import SITE_ZONE
from trial.trail.append_only import AppendOnlyModel, AppendOnlyQuerySet
from trial.trail.models import TrailEvent
from trial.trail.record import Change


class Meaning(models.TextChoices):
    """What a signature means (21 CFR 11.50(a)(3))."""

    AUTHORSHIP = "authorship", _("authorship")
    REVIEW = "review", _("review")
    APPROVAL = "approval", _("approval")
    RESPONSIBILITY = "responsibility", _("responsibility")


class Standing(StrEnum):
    """Whether a signature stands, as exports tell it."""

    VALID = "valid"
    FALLEN = "fallen"
    """The page was changed after it."""
    NOT_VALID = "not_valid"
    """It does not belong to what stands on the page."""


STATEMENT_VERSION = "1"
STATEMENTS: dict[Meaning, Promise] = {
    Meaning.AUTHORSHIP: _("I recorded the data on this page, or had them recorded as I observed them."),
    Meaning.REVIEW: _("I have reviewed the data on this page, and they agree with the source."),
    Meaning.APPROVAL: _("I have reviewed this page and approve what is decided on it."),
    Meaning.RESPONSIBILITY: _("The data on this page are complete and correct, and I answer for them."),
}
"""What the signer says, by meaning. Who changes a sentence gives them all a new version."""


class SignatureQuerySet(AppendOnlyQuerySet["Signature"]):
    def in_force(self) -> "SignatureQuerySet":
        """Those that have not fallen."""
        return self.filter(fall=None)


class Signature(AppendOnlyModel):
    """One person's signature on one page, all of it frozen. Its moment is kept in UTC, with the offset that
    the clock of the site then showed; the sentence is the one that the signer read."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="signatures")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    signer = models.CharField(_("user name"), max_length=150)
    printed_name = models.CharField(_("printed name"), max_length=200)
    role = models.CharField(_("role"), max_length=30, choices=[(role.value, role.label) for role in Role])
    at = models.DateTimeField(_("signed at"))
    utc_offset = models.CharField(_("offset of the site"), max_length=6)
    meaning = models.CharField(_("meaning"), max_length=20, choices=Meaning)
    statement_version = models.CharField(max_length=10)
    statement = models.TextField(_("statement"))
    page_version = models.PositiveIntegerField(_("version of the page"))
    form_version = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)

    objects: ClassVar = SignatureQuerySet.as_manager()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.printed_name}, {self.meaning}, {self.at_site.isoformat()}"

    @property
    def at_site(self) -> datetime:
        """The moment as the clock of the site showed it."""
        return self.at.astimezone(datetime.fromisoformat(f"2000-01-01T00:00{self.utc_offset}").tzinfo)

    @property
    def has_fallen(self) -> bool:
        return hasattr(self, "fall")

    def stands_for(self, page: Page, rows: Iterable[FormRow]) -> bool:
        """Whether this is the signature of the page with these rows, as they are now (ES-03)."""
        return self.page_id == page.pk and self.sha256 == self.hash_with(page, rows)

    def standing(self, page: Page, rows: Iterable[FormRow]) -> Standing:
        """How it stands for its page with these rows, as they are now."""
        if self.has_fallen:
            return Standing.FALLEN
        return Standing.VALID if self.stands_for(page, rows) else Standing.NOT_VALID

    def hash_with(self, page: Page, rows: Iterable[FormRow]) -> str:
        """The hash over the content of a page and all that the signature says of itself."""
        said = {
            "signer": self.signer,
            "printed_name": self.printed_name,
            "role": self.role,
            "at": self.at.astimezone(UTC).isoformat(),
            "utc_offset": self.utc_offset,
            "meaning": self.meaning,
            "statement_version": self.statement_version,
            "statement": self.statement,
            "page_version": self.page_version,
        }
        return digest_of({"page": content_of(page, rows, self.form_version), "signature": said})


class SignatureFall(AppendOnlyModel):
    """The end of a signature: by which act, and which items changed in it."""

    signature = models.OneToOneField(Signature, models.PROTECT, related_name="fall")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    at = models.DateTimeField()
    why = models.TextField()

    def __str__(self) -> str:
        return f"{self.signature}, fallen: {self.why}"


# --- who may sign what -----------------------------------------------------------------------------------
def permission_to_sign(page: Page) -> Permission:
    """What decides on a subject is approved by the principal investigator alone (specification 5.3)."""
    return Permission.APPROVE if form_model(page.form_code).form.approved else Permission.SIGN


def meanings_for(page: Page) -> Sequence[Meaning]:
    """What a signature on the page can mean."""
    return (Meaning.APPROVAL,) if form_model(page.form_code).form.approved else tuple(Meaning)


def meaning_on(page: Page, wished: Meaning) -> Meaning:
    """What a signature of this meaning, given for several pages at once, means on one of them."""
    possible = meanings_for(page)
    return wished if wished in possible else possible[0]


def open_meanings(page: Page, person: Account) -> list[Meaning]:
    """What this person's signature on the page can mean and does not mean already."""
    standing = Signature.objects.in_force().filter(page=page, signer=person.user_name)
    said = set(standing.values_list("meaning", flat=True))
    return [meaning for meaning in meanings_for(page) if meaning not in said]


def signing_role(person: Account, page: Page) -> Role:
    """The role in which a person signs a page: the weightiest of those that may."""
    needed = permission_to_sign(page)
    roles = [role for role in roles_at(person, page.subject.site.code) if needed in TABLE[role]]
    return max(roles, key=list(Role).index)


# --- signing and falling ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, as what, and meaning what."""

    account: Account
    role: Role
    meaning: Meaning


def write_signature(page: Page, rows: Iterable[FormRow], signer: Signer, *, act: UUID) -> Signature:
    """Write a signature on a page as it is with these rows; the page is then signed, and is to be saved."""
    now = timezone.now()
    signature = Signature(
        page=page,
        event_id=act,
        signer=signer.account.user_name,
        printed_name=signer.account.printed_name,
        role=signer.role,
        at=now,
        utc_offset=now.astimezone(SITE_ZONE).isoformat()[-6:],
        meaning=signer.meaning,
        statement_version=STATEMENT_VERSION,
        statement=str(STATEMENTS[signer.meaning]),
        page_version=page.version,
        form_version=form_model(page.form_code).form.version,
    )
    signature.sha256 = signature.hash_with(page, rows)
    signature.save()
    page.state = PageState.SIGNED
    return signature


def approve(page: Page, by: Account, day: date) -> None:
    """Note for the rules of forms that the principal investigator signs the page on this day."""
    page.approvals = [*(page.approvals or ()), Approval(by.user_name, day).as_data()]


def fall_with(pages: Iterable[Page], changed: Iterable[str], *, act: UUID) -> list[Signature]:
    """The signatures in force on pages of which something changed fall. The pages are complete again, and are
    to be saved. `changed` names the items, for who asks why."""
    signed = {page.pk: page for page in pages if page.state == PageState.SIGNED}
    if not signed:
        return []
    fallen = list(Signature.objects.in_force().filter(page__in=signed))
    now, why = timezone.now(), ", ".join(dict.fromkeys(changed))
    SignatureFall.objects.bulk_create(
        SignatureFall(signature=signature, event_id=act, at=now, why=why) for signature in fallen
    )
    for page in signed.values():
        page.state = PageState.COMPLETE
        _end_approvals(page, now.astimezone(SITE_ZONE).date())
    for signature in fallen:
        signature.page = signed[signature.page_id]
    return fallen


def _end_approvals(page: Page, day: date) -> None:
    if page.approvals:
        ended = ({"until": day.isoformat()} | kept for kept in page.approvals)  # one that has ended stays so
        page.approvals = list(ended)


def signatures_on(page: Page) -> list[Signature]:
    """Every signature that a page ever had, the oldest first, each with its fall."""
    found: Any = Signature.objects.filter(page=page).select_related("event", "fall__event")
    return list(found)


def signatures_by_subject(
    subjects: Iterable[Subject], *, until: datetime | None = None
) -> dict[str, list[Signature]]:
    """Every signature on pages of these subjects, or those made until a moment, by the code of the subject,
    the oldest first; each with its page and its fall."""
    among = Signature.objects.filter(page__subject__in=[subject.pk for subject in subjects])
    if until is not None:
        among = among.filter(at__lte=until)
    found: dict[str, list[Signature]] = {}
    stored: Any = among.select_related("event", "page__subject", "page__visit", "fall__event")
    for signature in stored:
        found.setdefault(signature.page.subject.code, []).append(signature)
    return found


def change_of(signature: Signature, *, falls: bool, where: str = "") -> Change:
    """A signature that is made or falls, for the trail."""
    kept = f"{signature.meaning} {signature.signer} {signature.sha256}"
    shown = f"{signature.printed_name}, {Role(signature.role).label}, {signature.get_meaning_display()}"
    return Change(
        item=f"{where}signature",
        label=f"Signature on {signature.page}",
        old=kept if falls else "",
        new="" if falls else kept,
        old_shown=shown if falls else "",
        new_shown="" if falls else f"{shown}: {signature.statement}",
    )
