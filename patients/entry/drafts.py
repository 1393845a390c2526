"""What a person has typed on a page and not saved, kept at the server: the browser stores nothing (PV-08).

A draft is no data: it leaves no event and no version, and neither export nor data cut knows it. It may name
the subject, so it is encrypted as identity is. It belongs to who typed it and is shown to nobody else.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from patients.casebook.identity import SealedField
from patients.casebook.page import Page
from trial.people.access import require, require_entry
from trial.people.models import Account
from trial.people.roles import Permission

KEPT_FOR = timedelta(days=30)

Fields = Mapping[str, list[str]]
"""The fields of a form as it was sent, by name."""


class On(models.TextChoices):
    """The screen of a page on which something was typed."""

    PAGE = "page"
    PASTE = "paste"
    JUDGE = "judge"


class KeptDraft(models.Model):
    """What one person typed on one page, from the version of the page that was being read on."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    page = models.ForeignKey(Page, models.PROTECT, related_name="+")
    screen = models.CharField(max_length=10, choices=On, default=On.PAGE)
    base_version = models.PositiveIntegerField()
    typed = SealedField()
    saved_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("account", "page", "screen"), name="one_draft_of_a_person_on_a_screen"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account.user_name}: {self.page}"

    @property
    def fields(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = json.loads(self.typed)
        return found


def keep_draft(
    page: Page, typed: Fields, *, by: Account, base_version: int, screen: On = On.PAGE
) -> datetime:
    """Keep what was typed, in the place of what was kept before; when that was. The page may be closed: what
    was typed on it stays there to be read. Raises PermissionDenied."""
    _require_typing(page, by, screen)
    draft = KeptDraft(
        account=by,
        page=page,
        screen=screen,
        base_version=base_version,
        typed=json.dumps(dict(typed)),
        saved_at=timezone.now(),
    )
    KeptDraft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["account", "page", "screen"],
        update_fields=["base_version", "typed", "saved_at"],
    )
    return draft.saved_at


def _require_typing(page: Page, by: Account, screen: On) -> None:
    """What the sponsor judges is typed by whoever judges, all else by whoever enters the form."""
    site = page.subject.site.code
    if screen == On.JUDGE:
        require(by, Permission.JUDGE, site=site)
    else:
        require_entry(by, page.form_code, site=site)


def draft_of(page: Page, *, by: Account, screen: On = On.PAGE) -> KeptDraft | None:
    """What this person typed on this screen of the page and has not saved."""
    return KeptDraft.objects.filter(page=page, account=by, screen=screen).first()


def drafts_of(person: Account) -> "models.QuerySet[KeptDraft]":
    """What this person typed and has not saved, the last first, on pages that the person still sees."""
    seen = Page.objects.for_person(person)
    kept = KeptDraft.objects.filter(account=person, page__in=seen).select_related(
        "page__subject", "page__visit"
    )
    return kept.order_by("-saved_at")


def discard_draft(page: Page, *, by: Account, screen: On = On.PAGE) -> None:
    """It is saved, or given up."""
    KeptDraft.objects.filter(page=page, account=by, screen=screen).delete()


def purge_drafts() -> int:
    """Forget the drafts that nobody has come back to; how many they were."""
    return KeptDraft.objects.filter(saved_at__lt=timezone.now() - KEPT_FOR).delete()[0]
