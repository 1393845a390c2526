"""What the template of a page is given: header, sections of items, rows, and what can be done."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.casebook.form import FormDeclaration, Repeat
from patients.casebook.page import Page, PageState
from patients.entry.lab_rows import LAB
from patients.oversight.casebook_locks import lock_of
from patients.oversight.freezes import standing_freeze
from patients.web.attachments_presenter import AttachmentsScreen
from patients.web.binding import Slot
from patients.web.clocks import ClockDay, days_on_clocks, local_now, long_day, moment, window_in_words
from patients.web.fields import Field
from patients.web.query_flags import QueryLine
from patients.web.signature_presenter import SignatureView
from patients.web.states import StateMark, state_of
from patients.web.trail_presenter import written_last


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may do on a page."""

    enter: bool
    identify: bool
    trail: bool
    sign: bool = False
    verify: bool = False
    ask: bool = False
    judge: bool = False


@dataclass(frozen=True, slots=True)
class SectionView:
    """Items under one heading."""

    number: int
    title: str
    fields: list[Field]
    prefix: str = ""

    @property
    def heading_id(self) -> str:
        return f"{self.prefix}s{self.number}"

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to see in it yet."""
        return all(each.is_hidden for each in self.fields)


@dataclass(frozen=True, slots=True)
class RowView:
    """One row: its key and its items, in sections and as cells of a table."""

    slot: Slot
    sections: list[SectionView]
    cells: list[Field | None] = field(default_factory=list)

    @property
    def fields(self) -> list[Field]:
        return [each for section in self.sections for each in section.fields]

    @property
    def title(self) -> str:
        return _("New row") if self.slot.is_new else _("Row %s") % self.slot.key


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table of rows."""

    item: str
    label: str
    unit: str
    hint: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One line of the summary of what stands in the way; without `target` it is not about an item here."""

    text: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class FactLine:
    """What another form says, as it is read, with the page on which it stands."""

    label: str
    value: str
    place: str
    url: str


@dataclass(frozen=True, slots=True)
class KeptNote:
    """That what was typed on the page and not saved is kept: since when, and what became of the page."""

    at: str
    moved: str = ""


@dataclass
class PageScreen:
    """Everything that the template of a page says."""

    page: Page
    form: FormDeclaration
    rights: Rights
    base_version: int
    header: list[Field]
    rows: list[RowView]
    columns: list[Column] = field(default_factory=list)
    refusals: list[SummaryLine] = field(default_factory=list)
    stops: list[SummaryLine] = field(default_factory=list)
    queries: list[QueryLine] = field(default_factory=list)
    raise_url: str = ""
    known: list[FactLine] = field(default_factory=list)
    was_closed: bool = False
    asks_completion: bool = False
    trail_url: str = ""
    signatures: list[SignatureView] = field(default_factory=list)
    token: str = ""
    kept: KeptNote | None = None
    void_keys: list[str] = field(default_factory=list)
    to_report: list[str] = field(default_factory=list)
    """The rows of serious events, of which the person may begin the next report."""
    to_print: list[str] = field(default_factory=list)
    """The events of which reports stand on the page."""
    attached: AttachmentsScreen | None = None
    judging: bool = False
    """Whether the page is open for what the sponsor judges, and for nothing else."""

    @property
    def address(self) -> str:
        """Where the form is sent."""
        return reverse("judge" if self.judging else "page", args=[self.page.pk])

    @property
    def draft_address(self) -> str:
        """Where it is kept what is typed and not saved."""
        return reverse("judge-draft" if self.judging else "draft", args=[self.page.pk])

    @property
    def is_open(self) -> bool:
        """Whether the person can type on it."""
        return self.rights.enter and (not self.page.is_closed or self.was_closed)

    @property
    def stored_keys(self) -> list[str]:
        """The rows that can be made void: those that are saved."""
        return [row.slot.key for row in self.rows if row.slot.key and not row.slot.is_new]

    @property
    def offers_void(self) -> bool:
        """Whether there is a row that can be made void or restored."""
        return self.repeats and self.is_open and not self.judging and bool(self.stored_keys or self.void_keys)

    @property
    def can_save(self) -> bool:
        return self.rights.enter and not self.page.is_closed

    @property
    def can_paste(self) -> bool:
        """Whether results of a laboratory can be pasted on it."""
        return self.can_save and self.form.code == LAB

    @property
    def can_sign(self) -> bool:
        """Whether the person signs pages like this one, and something stands on it that could be signed."""
        return self.rights.sign and not self.page.is_closed and self.page.version > 0

    @property
    def values(self) -> int:
        """How many values are compared with their source, or to be."""
        return self.page.critical_items + self.page.other_items

    @property
    def verified(self) -> int:
        return self.page.critical_verified + self.page.other_verified

    @property
    def standing(self) -> list[SignatureView]:
        return [signature for signature in self.signatures if not signature.has_fallen]

    @property
    def fallen(self) -> list[SignatureView]:
        """The signatures of before, the newest first."""
        return [signature for signature in reversed(self.signatures) if signature.has_fallen]

    @property
    def needs_signing_again(self) -> bool:
        return bool(self.fallen) and not self.standing

    @property
    def repeats(self) -> bool:
        return self.form.repeat is Repeat.ROWS

    @property
    def is_table(self) -> bool:
        return bool(self.columns)

    @property
    def items_are_hidden(self) -> bool:
        """A form that was not done asks for its reason alone, unless answers stand in it."""
        return self.page.not_done and not any(each.base for row in self.rows for each in row.fields)

    @property
    def title(self) -> str:
        return str(self.form.title)

    @property
    def place(self) -> str:
        """`HZ01-018 RESP C28`, for the title of the window."""
        return " ".join(
            part for part in (self.page.subject.code, self.form.code, self.page.visit_code) if part
        )

    @cached_property
    def state(self) -> StateMark:
        return state_of(self.page, local_now().date())

    @property
    def clock_days(self) -> list[ClockDay]:
        return days_on_clocks(self._day, _of(self.page, "t0"), _of(self.page, "h0"))

    @property
    def day_in_words(self) -> str:
        parts = [long_day(self.page.form_date)]
        if visit := self.page.visit:
            parts.append(window_in_words(visit.target, visit.opens, visit.closes))
        return " · ".join(part for part in parts if part)

    @property
    def saved_in_words(self) -> str:
        if not self.page.version:
            return _("not saved yet")
        at, by = moment(_of(self.page, "saved_at")), _of(self.page, "saved_by")
        return _("%(version)s, saved %(at)s by %(by)s") % {
            "version": self.page.version,
            "at": at,
            "by": by or "–",
        }

    @property
    def refusal_title(self) -> str:
        count = len(self.refusals)
        return ngettext(
            "Not saved yet: %(count)s thing needs you", "Not saved yet: %(count)s things need you", count
        ) % {"count": count}

    @property
    def stop_title(self) -> str:
        count = len(self.stops)
        return ngettext(
            "Saved, not complete: %(count)s thing stands in the way",
            "Saved, not complete: %(count)s things stand in the way",
            count,
        ) % {"count": count}

    @property
    def changed_count(self) -> int:
        fields = [*self.header, *(each for row in self.rows for each in row.fields)]
        return sum(each.is_changed for each in fields)

    @property
    def closed_in_words(self) -> str:
        """That the page is frozen or locked, and by whom, when and why."""
        if not self.page.is_closed:
            return ""
        if freeze := standing_freeze(self.page):
            told = {"at": moment(freeze.at), "who": freeze.printed_name, "why": freeze.reason}
            return _("This page is frozen since %(at)s, by %(who)s: %(why)s.") % told
        if lock := lock_of(self.page):
            decision = lock.decision
            told = {
                "at": moment(lock.at),
                "asked": decision.request.printed_name,
                "approved": decision.printed_name,
                "why": decision.request.reason,
            }
            said = _(
                "This page is locked since %(at)s, asked for by %(asked)s, approved by %(approved)s: %(why)s."
            )
            return said % told
        at, who = written_last(self.page)
        by = _("Since %(at)s, by %(who)s.") % {"at": moment(at), "who": who or "–"}
        is_locked = self.page.state == PageState.LOCKED
        state = _("This page is locked.") if is_locked else _("This page is frozen.")
        return f"{state} {by}"

    @property
    def _day(self) -> Any:
        visit = self.page.visit
        return self.page.form_date or (visit.target if visit else None)


def _of(page: Page, annotation: str) -> Any:
    """What the query laid beside the page; None where it was fetched without."""
    return getattr(page, annotation, None)
