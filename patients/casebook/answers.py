"""What the rules of a form look at: the answers of one row and of the other forms of its subject.

The same rules run while a page is saved (over the rows of the database) and in the analysis (over the rows
of a data cut), so both hand them a `Casebook` of plain records.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from patients.casebook.approval import Approval, approval_for
from patients.casebook.form import FormRow, form_model, is_declared
from patients.casebook.page import Page, Subject, Visit
from patients.casebook.reading import StoredForm, read_forms
from patients.items.conditions import Answers
from patients.items.partial_date import PartialDate, read_partial_date
from trial.protocol.study import SITE_ZONE


@dataclass(frozen=True, slots=True)
class Record:
    """A row as plain values, with its place in natural keys. `header` holds, as text, what the common header
    of its page says beside the date: not done, the reason, the source documents; `grades`, by item, which
    rule of an engine gave a grade."""

    form: str
    visit: str
    row_key: str
    form_date: date | None
    values: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    header: dict[str, str] = field(default_factory=dict)
    grades: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def place(self) -> tuple[str, str, str]:
        return self.form, self.visit, self.row_key

    @property
    def dated(self) -> date | None:
        """The local date of the row by its form's dating item, else of its page; a partial date by its
        earliest day."""
        item = form_model(self.form).form.dated_by
        return local_day(self.values.get(item)) if item else self.form_date


def local_day(value: Any) -> date | None:
    """The calendar day at the site of a date, a moment or a partial date."""
    if isinstance(value, PartialDate):
        return value.earliest
    if isinstance(value, datetime):
        return _site_day(value)
    return value if isinstance(value, date) else None


@lru_cache(maxsize=8192)  # the moments of a subject are asked for again and again
def _site_day(moment: datetime) -> date:
    return moment.astimezone(SITE_ZONE).date()


class Casebook(Protocol):
    """All that is recorded about one subject."""

    @property
    def subject_code(self) -> str: ...

    def records(self, form: str) -> Sequence[Record]:
        """The rows of a form, by date and place; none for a form that this version does not have."""

    def sheet(self, form: str) -> "Sheet":
        """The same rows as answers, with what has been looked up in them."""

    def approvals(self, form: str, visit: str) -> Sequence[Approval]:
        """When the principal investigator's signature stood on a page."""


_NOT_OF_THE_ROW = object()
_Gathered = TypeVar("_Gathered")


@dataclass(frozen=True, slots=True)
class RowAnswers:
    """The answers that the rules of one row may look at (see `patients.items.conditions.Answers`)."""

    record: Record
    casebook: Casebook

    def __getitem__(self, name: str) -> Any:
        own = self.record.values.get(name, _NOT_OF_THE_ROW)  # asked hundreds of times for each row
        if own is not _NOT_OF_THE_ROW:
            return own
        form, _, item = name.rpartition(".")
        if not form or form == self.record.form:
            return self.record.values.get(item)
        found = self.casebook.records(form)
        return found[0].values.get(item) if found else None

    def rows(self, form: str) -> Sequence["RowAnswers"]:
        return self.casebook.sheet(form).rows

    def rows_where(self, form: str, item: str, value: Any) -> Sequence["RowAnswers"]:
        return self.casebook.sheet(form).where(item, value)

    def gathered(self, form: str, rule: Callable[[Sequence[Answers]], _Gathered]) -> _Gathered:
        return self.casebook.sheet(form).gathered(rule)

    def is_explained(self, item: str) -> bool:
        return item in self.record.missing

    @property
    def dated(self) -> date | None:
        return self.record.dated

    @property
    def page_date(self) -> date | None:
        return self.record.form_date

    @property
    def visit(self) -> str:
        return self.record.visit

    @property
    def row_key(self) -> str:
        return self.record.row_key

    @property
    def subject(self) -> str:
        return self.casebook.subject_code

    def knows(self, form: str) -> bool:
        return is_declared(form)

    def was_approved(self, day: date) -> bool:
        return approval_for(day, self.casebook.approvals(self.record.form, self.record.visit)) is not None


def in_order(records: Iterable[Record]) -> list[Record]:
    """Records by date (undated first), then place."""
    return sorted(records, key=_position)


def _position(record: Record) -> tuple[date, tuple[str, str, str]]:
    return record.dated or date.min, record.place


class Sheet:
    """The rows of one form of a subject, in order: as records, as answers, and by the value of an item.

    Rules that compare a row with others of its kind (a result with those of its test) ask `where`, so that
    1,500 results are not read through for each of them; what they gather from all rows is gathered once.
    """

    def __init__(self, records: Iterable[Record], casebook: Casebook) -> None:
        self.casebook = casebook
        self.records = in_order(records)
        self.rows = [RowAnswers(record, casebook) for record in self.records]
        self._at = {record.place: position for position, record in enumerate(self.records)}
        self._indexes: dict[str, dict[Any, list[int]]] = {}
        self._gathered: dict[Callable[..., Any], Any] = {}

    def where(self, item: str, value: Any) -> Sequence[RowAnswers]:
        """The rows with this value of an entered item; a derived one would change under its index."""
        if item not in self._indexes:
            index = self._indexes[item] = defaultdict(list)
            for position, row in enumerate(self.rows):
                index[row[item]].append(position)
        return [self.rows[position] for position in self._indexes[item].get(value, ())]

    def gathered(self, rule: Callable[[Sequence[Answers]], _Gathered]) -> _Gathered:
        """What a rule finds in the entered items of the rows."""
        if rule not in self._gathered:
            self._gathered[rule] = rule(self.rows)
        found: _Gathered = self._gathered[rule]
        return found

    def put(self, record: Record) -> bool:
        """Let the row of this place read so; False, and nothing done, if it stands elsewhere in the order."""
        at = self._at.get(record.place)
        if at is None or _position(self.records[at]) != _position(record):
            return False
        before = self.records[at].values
        self._gathered.clear()
        self._indexes = {
            item: index
            for item, index in self._indexes.items()
            if before.get(item) == record.values.get(item)
        }
        self.records[at], self.rows[at] = record, RowAnswers(record, self.casebook)
        return True


class HeldCasebook:
    """A casebook of records in memory: the rows of a data cut."""

    def __init__(self, subject_code: str, records: Iterable[Record]) -> None:
        self.subject_code = subject_code
        self._by_form: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            self._by_form[record.form].append(record)
        self._in_order: dict[str, list[Record]] = {}
        self._sheets: dict[str, Sheet] = {}

    def records(self, form: str) -> Sequence[Record]:
        if form not in self._in_order:
            self._in_order[form] = in_order(self._by_form.get(form, ()))
        return self._in_order[form]

    def sheet(self, form: str) -> Sheet:
        if form not in self._sheets:
            self._sheets[form] = Sheet(self.records(form), self)
        return self._sheets[form]

    def forget(self) -> None:
        """Forget what was looked up, until it is asked for again: sheets hold their casebook, and who goes
        through thousands would keep them all until the collector comes by."""
        self._sheets.clear()

    def approvals(self, form: str, visit: str) -> Sequence[Approval]:
        """None: a data cut holds an approval as items (`patients.forms.eligibility.attested`)."""
        return ()


class StoredCasebook:
    """The casebook of a subject in the database; each form is read once, when a rule first asks for it or
    together with others that will be asked for (`load`)."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.subject_code = subject.code
        self._stored: dict[str, StoredForm] = {}
        self._sheets: dict[str, Sheet] = {}

    def load(self, forms: Iterable[str]) -> None:
        """Read these forms, where they are not read yet, in one statement. Raises KeyError."""
        self._stored |= read_forms(self.subject, [form for form in forms if form not in self._stored])

    def stored(self, form: str) -> list[FormRow]:
        """The rows of a form that stand, as stored, each with its page and visit. Raises KeyError."""
        self.load([form])
        return self._stored[form].rows

    def pages(self, form: str) -> dict[str, Page]:
        """The pages of a form by the code of their visit. Raises KeyError."""
        self.load([form])
        return {page.visit_code: page for page in self._stored[form].pages}

    def page_at(self, form: str, visit: str) -> Page | None:
        """The page of a form at the visit of this code (none for a log form), if this casebook knows it."""
        self.load([form])
        return next((page for page in self._stored[form].pages if page.visit_code == visit), None)

    def approvals(self, form: str, visit: str) -> Sequence[Approval]:
        page = self.page_at(form, visit)
        return page.approved if page else ()

    def add_pages(self, pages: Iterable[Page]) -> None:
        """Pages without rows that were made since a form was read belong to it as well."""
        for page in pages:
            page.subject = self.subject
            if page.form_code in self._stored:
                self._stored[page.form_code].pages.append(page)

    def move_visits(self, visits: Iterable[Visit]) -> None:
        """Pages that were read stand at their visits as these are now."""
        moved = {visit.pk: visit for visit in visits}
        for stored in self._stored.values():
            for page in stored.pages:
                if page.visit_id in moved:
                    page.visit = moved[page.visit_id]

    def page_at_hand(self, page: Page) -> Page | None:
        """The page as this casebook has read it; None where it does not know it."""
        self.load([page.form_code])
        return next((each for each in self._stored[page.form_code].pages if each.pk == page.pk), None)

    def stored_on(self, page: Page) -> list[FormRow]:
        """The rows of a page that stand, with the page as it is at hand."""
        return _with_page(page, self.stored(page.form_code))

    def void(self, form: str) -> list[FormRow]:
        """The rows of a form that are void. Raises KeyError."""
        self.load([form])
        return self._stored[form].void

    def void_on(self, page: Page) -> list[FormRow]:
        """The rows of a page that are void."""
        return _with_page(page, self.void(page.form_code))

    def records(self, form: str) -> Sequence[Record]:
        return self.sheet(form).records

    def sheet(self, form: str) -> Sheet:
        if form not in self._sheets:
            self._sheets[form] = Sheet(self._read(form) if is_declared(form) else (), self)
        return self._sheets[form]

    def keep(self, page: Page, rows: Iterable[FormRow]) -> None:
        """The page is saved with these rows: what is read from now on is what the database holds."""
        stored = self._stored[page.form_code]
        others = [row for row in (*stored.rows, *stored.void) if row.page_id != page.pk]
        now = StoredForm([*(each for each in stored.pages if each.pk != page.pk), page])
        for row in (*others, *rows):
            now.add(row)
        self._stored[page.form_code] = now
        self.replace(page, [record_of(row, page, self.subject) for row in self.stored_on(page)])

    def replace(self, page: Page, records: Iterable[Record]) -> None:
        """From now on the page holds these records: the rules see what is about to be saved."""
        place = (page.form_code, page.visit_code)
        others = [record for record in self.records(page.form_code) if record.place[:2] != place]
        self._sheets[page.form_code] = Sheet([*others, *records], self)

    def replace_record(self, record: Record) -> None:
        """From now on the row of this place reads so."""
        if not self.sheet(record.form).put(record):
            others = [other for other in self.records(record.form) if other.place != record.place]
            self._sheets[record.form] = Sheet([*others, record], self)

    def _read(self, form: str) -> list[Record]:
        return [record_of(row, row.page, self.subject) for row in self.stored(form)]


def _with_page(page: Page, rows: Iterable[FormRow]) -> list[FormRow]:
    found = [row for row in rows if row.page_id == page.pk]
    for row in found:
        row.page = page
    return found


def record_of(row: FormRow, page: Page, subject: Subject) -> Record:
    """A stored row as a record; identifying items in clear, from the subject's identity."""
    values = row.values()
    for item in row.items():
        if item.declared.identity:
            values[item.name] = identifying_value(subject, item.name)
    return Record(
        page.form_code,
        page.visit_code,
        row.row_key,
        page.form_date,
        values,
        row.missing,
        header_of(page),
        row.provenance,
    )


RECORDED = "recorded"
"""How a page came in: `transcribed_from_paper`, or nothing. It is no data of the subject."""


def header_of(page: Page) -> dict[str, str]:
    """The common header of a page as text, without its date; only what is filled."""
    return header_of_page(page.not_done, page.not_done_reason, page.source_documents, page.recorded)


def header_of_page(
    not_done: bool, reason: str, source_documents: Iterable[str], recorded: Iterable[str] | None
) -> dict[str, str]:
    """The same of what such a page holds."""
    header = {
        "not_done": "Y" if not_done else "",
        "not_done_reason": reason,
        "src_doc": "|".join(source_documents),
        RECORDED: "|".join(recorded or ()),
    }
    return {name: text for name, text in header.items() if text}


def empty_record(page: Page) -> Record:
    """The record of a page that has a header and no row: a form that was not done."""
    return blank_record(page.form_code, page.visit_code, page.form_date, header_of(page))


def blank_record(form: str, visit: str, form_date: date | None, header: dict[str, str]) -> Record:
    """The same of a page that stands there."""
    return Record(form, visit, "", form_date, dict.fromkeys(form_model(form).item_names()), {}, header)


def pages_without_rows(subject: Subject, records: Iterable[Record]) -> list[Record]:
    """A record for each page of a subject that was saved with its header alone."""
    with_rows = {record.place[:2] for record in records}
    saved = Page.objects.filter(subject=subject, version__gt=0).select_related("visit")
    return [empty_record(page) for page in saved if (page.form_code, page.visit_code) not in with_rows]


def identifying_value(subject: Subject, item: str) -> PartialDate | None:
    """The birth date of a subject in clear, None where it is not recorded."""
    identity = getattr(subject, "identity", None)
    kept = getattr(identity, item, "")
    return read_partial_date(kept) if kept else None
