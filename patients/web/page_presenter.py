"""Makes the screen of a page of any form: from its declaration, its rows, and what a person typed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from patients.casebook.answers import Record, RowAnswers
from patients.casebook.form import FormRow, Repeat
from patients.casebook.header import HEADER
from patients.casebook.page import Page
from patients.casebook.settings import settings_read_once
from patients.entry.drafts import On
from patients.entry.edits import next_key
from patients.entry.facts import Fact
from patients.entry.judging import judges
from patients.entry.reporting import EVENTS, REPORTS
from patients.items.item import Item
from patients.items.problems import Finding, NotAnAnswer
from patients.oversight.signatures import permission_to_sign
from patients.oversight.verification import ItemKey, ticks_on
from patients.web.attachments_presenter import attachments_screen
from patients.web.binding import Draft, Slot, is_of_header
from patients.web.clocks import local_now, moment
from patients.web.coded_words import codes_shown
from patients.web.fields import REASON_MISSING, Field, RowContext, fields_of_row, message_of
from patients.web.form_token import new_token
from patients.web.header_fields import HeaderContext, header_fields
from patients.web.page_casebook import PageCasebook
from patients.web.page_screen import Column, FactLine, PageScreen, Rights, RowView, SectionView, SummaryLine
from patients.web.queries import queries_on
from patients.web.query_flags import PageQueries
from patients.web.signature_presenter import signatures_of
from patients.web.widgets import labels_of, shown_value, unit_of
from trial.people.access import Person, can, enters
from trial.people.models import Account
from trial.people.roles import Permission

MOST_COLUMNS = 8
_NARROW = ("seg", "select", "input", "derived")


def rights_on(page: Page, person: Person) -> Rights:
    site = page.subject.site.code
    return Rights(
        enter=enters(person, page.form_code, site=site),
        identify=can(person, Permission.READ_IDENTITY, site=site),
        trail=can(person, Permission.REVIEW_TRAIL, site=site),
        sign=can(person, permission_to_sign(page), site=site),
        verify=can(person, Permission.VERIFY, site=site),
        ask=can(person, Permission.QUERY, site=site),
        judge=judges(person, page),
    )


def as_seen(found: Finding, model: type[FormRow], *, identify: bool) -> Finding:
    """A finding as a person may read it: about an identifying item, without the value."""
    if identify or not any(item.name == found.item and item.declared.identity for item in model.items()):
        return found
    return replace(found, message=_("The value is withheld."), value=None)


class PagePresenter:
    """Makes the screen of one page for one person; `read_only` where it is only to be read, `judging` where
    it is open for what the sponsor judges and for nothing else."""

    def __init__(self, page: Page, person: Person, *, read_only: bool = False, judging: bool = False) -> None:
        self.page, self.person, self.judging = page, person, judging
        rights = rights_on(page, person)
        types = rights.judge if judging else rights.enter
        self.rights = replace(rights, enter=types and not read_only)
        self.stored = PageCasebook(page)
        self.model = self.stored.model
        self.today = local_now().date().isoformat()
        self.is_locked = False

    @property
    def kept_on(self) -> On:
        """The screen under which it is kept what is typed here and not saved."""
        return On.JUDGE if self.judging else On.PAGE

    @property
    def kept_keys(self) -> set[str]:
        """The keys of a repeating form that are taken, by rows that are void as well."""
        return {*self.stored.rows, *(row.row_key for row in self.stored.void)} if self._repeats else set()

    @settings_read_once()  # each row asks for them, of laboratories and consents as well
    def screen(
        self,
        draft: Draft | None = None,
        refused: Sequence[Finding] = (),
        *,
        was_closed: bool = False,
        asks_completion: bool = False,
    ) -> PageScreen:
        """The page as it is stored; with a draft, as the person left it, with what was refused beside it."""
        findings = tuple(self._seen(found) for found in (refused if draft else self.stored.findings()))
        self.is_locked = not self.rights.enter or (self.page.is_closed and not was_closed)
        rows = [self._row(slot, findings, draft) for slot in self._slots(draft)]
        header = self._header(findings, draft)
        columns = _columns(self.model, rows) if self._repeats else []
        screen = PageScreen(
            page=self.page,
            form=self.model.form,
            rights=self.rights,
            base_version=draft.base_version if draft else self.page.version,
            header=header,
            rows=[_in_columns(row, columns) for row in rows],
            columns=columns,
            known=[_told(fact) for fact in self.stored.facts()],
            was_closed=was_closed,
            asks_completion=asks_completion,
            trail_url=self._trail_url,
            signatures=signatures_of(self.page, self.stored.rows),
            token=self.token,
            void_keys=[row.row_key for row in self.stored.void],
            to_report=self._to_report,
            judging=self.judging,
            to_print=self._to_print,
        )
        if isinstance(self.person, Account):
            screen.attached = attachments_screen(self.page, self.person)
        self._flag(screen)
        stopping = [found for found in findings if message_of(found).stops]
        summary = self.summary(stopping, screen)
        screen.refusals, screen.stops = (summary, []) if draft else ([], summary)
        return screen

    def _flag(self, screen: PageScreen) -> None:
        """Put the query flag at each item, and list the queries that nobody has closed."""
        queries = PageQueries(
            self.page, queries_on(self.page), asks=self.rights.ask, identify=self.rights.identify
        )
        for each in screen.header:
            each.flag = queries.flag("", each.item, each.label)
        for row in screen.rows:
            for each in row.fields if not row.slot.is_new else ():
                each.flag = queries.flag(row.slot.key, each.item, each.label)
        screen.queries, screen.raise_url = queries.lines(), queries.raise_url

    @property
    def token(self) -> str:
        """The word of this copy of the form; what is only to be read needs none."""
        if not isinstance(self.person, Account) or not self.rights.enter:
            return ""
        return new_token(self.page, self.person)

    def _seen(self, found: Finding) -> Finding:
        return as_seen(found, self.model, identify=self.rights.identify)

    @property
    def shows_identity(self) -> bool:
        """Whether the person is shown who the subject is."""
        if not self.rights.identify:
            return False
        identifying = [item.name for item in self.model.items() if item.declared.identity]
        return bool(identifying) and any(
            self.stored.record(key).values[name] for key in self.stored.rows for name in identifying
        )

    # --- rows ------------------------------------------------------------------------------------------
    @property
    def _repeats(self) -> bool:
        return self.model.form.repeat is Repeat.ROWS

    def _slots(self, draft: Draft | None) -> list[Slot]:
        """The rows to show: those stored, those of the draft, and a new one where it is asked for."""
        if not self._repeats:
            return [Slot("", "")]
        keys = sorted(self.stored.rows, key=as_number)
        slots = [Slot(f"r{number}-", key) for number, key in enumerate(keys)]
        if draft:
            slots += [replace(slot, prefix=f"n{slot.key}-") for slot in draft.slots if slot.is_new]
        wants_row = not slots or (draft is not None and draft.action == "add")
        if wants_row and self.rights.enter and not self.judging:
            key = next_key({*self.kept_keys, *(slot.key for slot in slots)})
            slots.append(Slot(f"n{key}-", key, is_new=True))
        return slots

    def _row(self, slot: Slot, findings: tuple[Finding, ...], draft: Draft | None) -> RowView:
        record, row = self.stored.record(slot.key), self.stored.rows.get(slot.key)
        context = RowContext(
            slot=slot,
            model=self.model,
            answers=RowAnswers(_overlaid(record, self.model, draft), self.stored.casebook),
            stored=record.values,
            missing=record.missing,
            versions=row.item_versions if row else {},
            grades=record.grades,
            findings=findings,
            draft=draft,
            identify=self.rights.identify,
            locked=self.is_locked,
            not_theirs=self._not_theirs,
            trail_url=self._trail_url,
            today=self.today,
            verified={item: who for (key, item), who in self._verified.items() if key == slot.key},
            codes={item: code for (key, item), code in self._codes.items() if key == slot.key},
        )
        return RowView(slot, _sections(self.model, fields_of_row(context), slot.prefix))

    @property
    def _not_theirs(self) -> frozenset[str]:
        """The items that somebody else enters: what the sponsor judges, or all but that."""
        judged = frozenset(self.model.form.judged)
        if not self.judging:
            return judged if isinstance(self.person, Account) else frozenset()
        return frozenset(item.name for item in self.model.items()) - judged

    @property
    def _to_report(self) -> list[str]:
        if self.page.form_code != EVENTS or not self.rights.enter or self.judging:
            return []
        if not enters(self.person, REPORTS, site=self.page.subject.site.code):
            return []
        return [key for key in self.stored.rows if self.stored.record(key).values["ae_serious"]]

    @property
    def _to_print(self) -> list[str]:
        """Each event once, in the order of their keys."""
        if self.page.form_code != REPORTS:
            return []
        events = (self.stored.record(key).values["sae_ae"] for key in self.stored.rows)
        return sorted({event for event in events if event}, key=as_number)

    @cached_property
    def _verified(self) -> dict[ItemKey, str]:
        """Who compared which value with its source, and when."""
        told = _("Verified by %(who)s, %(at)s")
        ticks = ticks_on(self.page).items()
        return {key: told % {"who": tick.printed_name, "at": moment(tick.at)} for key, tick in ticks}

    @cached_property
    def _codes(self) -> dict[tuple[str, str], str]:
        return codes_shown(self.page)

    @property
    def _trail_url(self) -> str:
        if not self.rights.trail:
            return ""
        where = {"form": self.page.form_code, "visit": self.page.visit_code}
        named = urlencode({name: value for name, value in where.items() if value})
        return f"{reverse('trail', args=[self.page.subject.code])}?{named}"

    def _header(self, findings: tuple[Finding, ...], draft: Draft | None) -> list[Field]:
        locked = self.is_locked or self.judging
        verified = {item: who for (key, item), who in self._verified.items() if item in HEADER and not key}
        context = HeaderContext(self.page, findings, draft, locked, self._trail_url, self.today, verified)
        return header_fields(context)

    # --- summary ---------------------------------------------------------------------------------------
    def summary(self, findings: Iterable[Finding], screen: PageScreen) -> list[SummaryLine]:
        """Findings as lines, each with a link to its item where that is on the screen."""
        fields = {(row.slot.key, each.item): each for row in screen.rows for each in row.fields}
        fields |= {("", each.name): each for each in screen.header}
        return [_line(found, fields.get((found.row_key, found.item))) for found in findings]


def _told(fact: Fact) -> FactLine:
    page, value = fact.page, shown_value(fact.item, fact.value, labels_of(fact.item))
    place = f"{page.form_code} {page.visit_code}".strip()
    return FactLine(str(fact.item.declared.label), value, place, page.get_absolute_url())


def _line(found: Finding, about: Field | None) -> SummaryLine:
    message = message_of(found)
    if about is None:
        return SummaryLine(message.text)
    row = _("Row %s") % found.row_key + ", " if found.row_key else ""
    if message.kind == "due":
        return SummaryLine(row + _("%s is not answered.") % about.label, _control(about))
    text = message.text
    if not text.startswith(about.label):
        text = _("%(label)s: %(message)s") % {"label": about.label, "message": text}
    target = f"why-{about.name}" if message.check == REASON_MISSING else _control(about)
    return SummaryLine(row + text, target)


def _control(about: Field) -> str:
    """The id of what takes the focus: its control, or its row where it has none to type in."""
    if about.widget in ("derived", "withheld") or about.is_orphan or about.is_locked:
        return f"i-{about.name}"
    return about.name


def as_number(key: str) -> tuple[bool, int, str]:
    """Rows in the order of their numbers, others after them by name."""
    is_number = key.isascii() and key.isdigit()
    return not is_number, int(key) if is_number else 0, key


def _overlaid(record: Record, model: type[FormRow], draft: Draft | None) -> Record:
    """The stored answers with what was typed laid over them, as far as it can be read: conditions follow
    what a person sees."""
    if draft is None:
        return record
    values = dict(record.values)
    for (key, name), entered in draft.entered.items():
        if key == record.row_key and not is_of_header((key, name)):
            values[name] = _readable(model.item(name), entered.value)
    return replace(record, values=values)


def _readable(item: Item, text: str) -> Any:
    try:
        return item.read(text) if text else None
    except NotAnAnswer:
        return None


def _sections(model: type[FormRow], fields: list[Field], prefix: str) -> list[SectionView]:
    """The fields under the headings of their form; those before the first heading stand under it, too."""
    starts = [section.starts_at for section in model.form.sections]
    titles = [str(section.title) for section in model.form.sections] or [str(model.form.title)]
    shown = {each.item: each for each in fields}
    found: dict[int, list[Field]] = {}
    number = 0
    for item in model.items():
        number = starts.index(item.name) if item.name in starts else number
        if item.name in shown:
            found.setdefault(number, []).append(shown[item.name])
    return [SectionView(number, titles[number], under, prefix) for number, under in found.items()]


def _in_columns(row: RowView, columns: Sequence[Column]) -> RowView:
    fields = {each.item: each for each in row.fields}
    return replace(row, cells=[fields.get(column.item) for column in columns])


def _columns(model: type[FormRow], rows: Sequence[RowView]) -> list[Column]:
    """The columns of a table of rows; none where the form is too wide for one."""
    fields = {each.item: each for row in rows for each in row.fields}
    items = [item for item in model.items() if item.name in fields]
    narrow = all(fields[item.name].widget in _NARROW for item in items)
    if len(items) > MOST_COLUMNS or not narrow:
        return []
    return [
        Column(
            item.name,
            str(item.declared.label),
            unit_of(item),
            fields[item.name].hint,
            fields[item.name].size == "w-num",
        )
        for item in items
    ]
