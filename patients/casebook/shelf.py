"""The casebooks of many subjects, for whoever reads all of them: a data cut, the gate of a lock.

A casebook that somebody saves into is read by itself and as models (`StoredCasebook`). Here a form is read of
some subjects in one statement, and its rows are records at once: models take ten times as long to make.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db.models import BigIntegerField, QuerySet, Value, prefetch_related_objects

from patients.casebook.answers import HeldCasebook, Record, blank_record, header_of_page, identifying_value
from patients.casebook.approval import Approval
from patients.casebook.form import FormRow, declared_forms
from patients.casebook.page import Page, Subject

_Each = TypeVar("_Each")

READ_AT_ONCE = 50
"""Subjects. The rows of a casebook of 450 are held in 0.6 MB until its turn comes."""


class Standing:
    """Which pages and rows are read: those that stand now. A room above may name others, and their versions
    (`analytics.locks.past`): nothing here reads the history."""

    def pages(self, subjects: Sequence[int]) -> QuerySet[Any]:
        """The pages of subjects; a row of another page is not read."""
        pages: QuerySet[Any] = Page.objects.filter(subject__in=subjects, version__gt=0)
        return pages

    def rows(self, form: type[FormRow], subjects: Sequence[int]) -> QuerySet[Any]:
        """Their rows of a form but the void ones, each with the `history_id` of its version, if it is asked
        for."""
        rows: Any = form.objects.filter(page__subject__in=subjects, page__version__gt=0)
        standing: QuerySet[Any] = rows.annotate(history_id=Value(None, BigIntegerField()))
        return standing

    def knows_identity(self, subject: Subject) -> bool:
        """Whether the identity of the subject was recorded."""
        return True


class PageLine(NamedTuple):
    """What is read of a page."""

    number: int
    subject: int
    visit: str
    form: str
    version: int
    form_date: date | None
    not_done: bool
    not_done_reason: str
    source_documents: list[str]
    recorded: list[str] | None
    approvals: list[dict[str, str]] | None


_PAGE = (
    "id", "subject_id", "visit__code", "form_code", "version", "form_date",
    "not_done", "not_done_reason", "source_documents", "recorded", "approvals",
)  # fmt: skip
_ROW = ("page_id", "history_id", "row_key", "missing")
Row = tuple[type[FormRow], tuple[Any, ...]]  # what `_ROW` names, then its items


@dataclass(frozen=True, slots=True)
class Where:
    """The page on which a record stands, and the version of its row where that was asked for."""

    page: int
    version: int | None


class ShelvedCasebook(HeldCasebook):
    """All that is recorded of a subject. `rows` are its records as they came, `where` tells of each where it
    stands, by its place."""

    def __init__(
        self, subject: Subject, pages: Iterable[PageLine], rows: Iterable[Row], identity: bool
    ) -> None:
        self.subject = subject
        self._pages = {page.number: page for page in pages}
        self._headers = {page.number: _header(page) for page in self._pages.values()}
        self._identity = identity
        self._approvals = {
            (page.form, page.visit): tuple(map(Approval.of, page.approvals))
            for page in self._pages.values()
            if page.approvals
        }
        self.where: dict[tuple[str, str, str], Where] = {}
        self.rows = [self._record(form, line) for form, line in rows]
        super().__init__(subject.code, self.rows)

    def approvals(self, form: str, visit: str) -> Sequence[Approval]:
        return self._approvals.get((form, visit), ())

    def pages_without_rows(self) -> list[Record]:
        """A record for each page that was saved with its header alone."""
        filled = {record.place[:2] for record in self.rows}
        empty = (page for page in self._pages.values() if (page.form, page.visit) not in filled)
        return [self._empty(page) for page in empty if page.version]

    def _record(self, form: type[FormRow], line: tuple[Any, ...]) -> Record:
        number, version, row_key, missing = line[: len(_ROW)]
        page = self._pages[number]
        values = dict(zip(form.item_names(), line[len(_ROW) :], strict=True))
        for item in form.identifying_items():
            values[item] = identifying_value(self.subject, item) if self._identity else None
        record = Record(
            page.form, page.visit, row_key, page.form_date, values, missing, self._headers[number]
        )
        self.where[record.place] = Where(number, version)
        return record

    def _empty(self, page: PageLine) -> Record:
        record = blank_record(page.form, page.visit, page.form_date, self._headers[page.number])
        self.where[record.place] = Where(page.number, None)
        return record


def _header(page: PageLine) -> dict[str, str]:
    return header_of_page(page.not_done, page.not_done_reason, page.source_documents, page.recorded)


def some_at_a_time(subjects: Iterable[_Each]) -> Iterator[list[_Each]]:
    """Subjects in groups whose casebooks are read together."""
    rest = iter(subjects)
    while some := list(islice(rest, READ_AT_ONCE)):
        yield some


def shelved(subjects: Sequence[Subject], versions: Standing | None = None) -> Iterator[ShelvedCasebook]:
    """The casebook of each of these subjects, in their order; as it stands, unless others are named.
    All are read before the first is given, and each is let go of when the next is asked for."""
    prefetch_related_objects(subjects, "identity")
    read, numbers = versions or Standing(), [subject.pk for subject in subjects]
    found = read.pages(numbers).order_by().values_list(*_PAGE)
    pages = {line[0]: PageLine._make((*line[:2], line[2] or "", *line[3:])) for line in found}
    pages_of: dict[int, list[PageLine]] = defaultdict(list)
    for page in pages.values():
        pages_of[page.subject].append(page)
    rows_of = _rows_by_subject(read, pages, numbers)
    for subject in subjects:
        own = pages_of.pop(subject.pk, ()), rows_of.pop(subject.pk, ())
        casebook = ShelvedCasebook(subject, *own, identity=read.knows_identity(subject))
        yield casebook
        casebook.forget()


def _rows_by_subject(
    read: Standing, pages: Mapping[int, PageLine], subjects: Sequence[int]
) -> dict[int, list[Row]]:
    rows: dict[int, list[Row]] = defaultdict(list)
    for form in declared_forms():
        for line in read.rows(form, subjects).order_by().values_list(*_ROW, *form.item_names()):
            rows[pages[line[0]].subject].append((form, line))
    return rows
