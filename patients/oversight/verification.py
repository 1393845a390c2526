"""Source verification: which value of a page somebody has compared with its source, and found to agree.

A tick stands for one value of one row, or of the header of the page, which belongs to no row. It is written
once, and so is its fall: when the value changes, when its row is made void, or when whoever verified takes
it back. How much of a page is verified is counted on the page itself, which is what lists and progress read.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormRow, form_model
from patients.casebook.header import DATA, HEADER, header_values
from patients.casebook.page import Page
from patients.items.item import Item
from patients.oversight.verification_plan import draw_of, is_critical
from trial.people.models import Account
from trial.trail.append_only import AppendOnlyModel, AppendOnlyQuerySet
from trial.trail.models import TrailEvent
from trial.trail.record import Change

ItemKey = tuple[str, str]
"""A value of a page: the key of its row, and its item. The header has no row, and the key is empty."""


class VerificationQuerySet(AppendOnlyQuerySet["Verification"]):
    def standing(self) -> "VerificationQuerySet":
        """Those that have not fallen."""
        return self.filter(fall=None)


class Verification(AppendOnlyModel):
    """One value that somebody compared with its source. `page_version` is that of the page that was seen."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="verifications")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    row_key = models.CharField(max_length=60, blank=True)
    item = models.CharField(_("item"), max_length=60)
    page_version = models.PositiveIntegerField()
    verified_by = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    objects: ClassVar = VerificationQuerySet.as_manager()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.item} {self.row_key}".strip() + f", verified by {self.printed_name}"

    @property
    def key(self) -> ItemKey:
        return self.row_key, self.item


class VerificationFall(AppendOnlyModel):
    """The end of a verification, by which act: the value changed, or (`reason`) it was taken back."""

    verification = models.OneToOneField(Verification, models.PROTECT, related_name="fall")
    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)

    SUBJECT_CODE = "verification__page__subject__code"

    def __str__(self) -> str:
        return f"{self.verification}, fallen"


@dataclass(frozen=True, slots=True)
class Verifiable:
    """A value that somebody entered, to be compared with its source, or why there is none (`missing`)."""

    row_key: str
    item: Item
    value: Any
    missing: str = ""

    @property
    def key(self) -> ItemKey:
        return self.row_key, self.item.name


def verifiable(page: Page, rows: Iterable[FormRow]) -> list[Verifiable]:
    """The values of a page that were entered, its header first, then in the order of the form: not those that
    are derived, and not those that say who the subject is, which monitors do not see."""
    return [*verifiable_in_header(page), *(each for row in rows if not row.is_void for each in _in_row(row))]


def verifiable_in_header(page: Page) -> list[Verifiable]:
    """What the header says: a page that was done does not say so."""
    values = header_values(page)
    return [Verifiable("", HEADER[name], values[name]) for name in DATA if values[name]]


def _in_row(row: FormRow) -> Iterator[Verifiable]:
    for item in row.items():
        if item.declared.derivation is not None or item.declared.identity:
            continue
        value, missing = getattr(row, item.name), row.missing.get(item.name, "")
        if missing or value not in (None, "", [], {}):
            yield Verifiable(row.row_key, item, value, missing)


def ticks_on(page: Page) -> dict[ItemKey, Verification]:
    """The verifications of a page that stand, by what they stand for; no look where none is counted."""
    if not (page.critical_verified or page.other_verified):
        return {}
    return {tick.key: tick for tick in Verification.objects.standing().filter(page=page)}


# --- acts ------------------------------------------------------------------------------------------------
def tick(page: Page, found: Iterable[Verifiable], by: Account, *, act: UUID) -> list[Change]:
    """Verify these values of a page, of which none is verified; what is done, for the trail."""
    found = list(found)
    said = {"verified_by": by.user_name, "printed_name": by.printed_name, "at": timezone.now()}
    Verification.objects.bulk_create(
        Verification(
            page=page,
            event_id=act,
            row_key=each.row_key,
            item=each.item.name,
            page_version=page.version,
            **said,
        )
        for each in found
    )
    return [_change(page, each.key, by.user_name) for each in found]


def fall(page: Page, fallen: Collection[Verification], *, act: UUID, reason: str = "") -> list[Change]:
    """End these verifications of a page; what ended, for the trail."""
    now = timezone.now()
    VerificationFall.objects.bulk_create(
        VerificationFall(verification=tick, event_id=act, at=now, reason=reason) for tick in fallen
    )
    return [_change(page, each.key, each.verified_by, falls=True) for each in fallen]


def follow_edits(
    page: Page, rows: Collection[FormRow], edited: Collection[ItemKey], *, act: UUID
) -> list[Change]:
    """After a save: what changed, and what stands in a row that is void now, is not verified any more. The
    page, which is to be saved, counts what is left; `rows` are all of its rows. What ended, for the trail."""
    ticks = ticks_on(page)
    void = {row.row_key for row in rows if row.is_void}
    fallen = [tick for key, tick in ticks.items() if key in edited or key[0] in void]
    changes = fall(page, fallen, act=act) if fallen else []
    count(page, rows, ticks.keys() - {tick.key for tick in fallen})
    return changes


def count(page: Page, rows: Iterable[FormRow], verified: Collection[ItemKey]) -> None:
    """Note on the page, which is to be saved, how many values it has and how many of them are verified."""
    keys, done = {each.key for each in verifiable(page, rows)}, set(verified)
    critical = {key for key in keys if is_critical(page.form_code, page.visit_code, key[1])}
    page.verification_draw = draw_of(page)
    page.critical_items, page.critical_verified = len(critical), len(critical & done)
    page.other_items, page.other_verified = len(keys - critical), len((keys - critical) & done)


def _change(page: Page, key: ItemKey, who: str, *, falls: bool = False) -> Change:
    """A verification that is made or ends, for the trail, which reads the same whoever did it."""
    row_key, item = key
    found = HEADER[item] if item in DATA else form_model(page.form_code).item(item)
    with translation.override("en"):
        label = str(found.declared.label)
    told = f"verified by {who}"
    old, new = (told, "") if falls else ("", told)
    return Change(f"verified.{item}", label, old, new, row_key=row_key, old_shown=old, new_shown=new)
