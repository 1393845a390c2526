"""Asking the same at several pages: which pages of a form there are, what stands in the item, and who is
asked already."""

from collections.abc import Mapping
from dataclasses import dataclass

from patients.casebook.answers import Record
from patients.casebook.form import Repeat, declared_forms, form_model
from patients.casebook.header import HEADER
from patients.casebook.page import Page
from patients.entry.query_act import MOST_AT_ONCE, Target
from patients.oversight.queries import Query
from patients.web.clocks import full_day
from patients.web.page_presenter import as_number
from patients.web.query_presenter import Typed, assignable, priorities, value_on
from patients.web.query_reading import asked_at, pages_to_ask, rows_on
from patients.web.query_words import url_of
from patients.web.trail_presenter import Option
from trial.people.models import Account

BETWEEN = ":"  # the number of a page and the key of a row


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Which pages are shown: of a form, at a visit, of a site; and which item is asked about."""

    form: str = ""
    visit: str = ""
    site: str = ""
    item: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "AskedFor":
        """As they stand in an address; a form or an item that there is not is left out."""
        texts = {name: given.get(name, "").replace("\0", "").strip()[:60] for name in cls.__slots__}
        forms = {model.form.code for model in declared_forms()}
        found = cls(**texts | {"form": texts["form"] if texts["form"] in forms else ""})
        known = {option for option, _label in found.items}
        return found if found.item in known else cls(found.form, found.visit, found.site)

    @property
    def items(self) -> list[tuple[str, str]]:
        """The items that can be asked about, with their labels."""
        if not self.form:
            return []
        named = [*HEADER.values(), *form_model(self.form).items()]
        return [(item.name, str(item.declared.label)) for item in named]

    @property
    def is_by_row(self) -> bool:
        """Whether each row of a page is asked about by itself."""
        return bool(
            self.form
            and self.item
            and self.item not in HEADER
            and form_model(self.form).form.repeat is Repeat.ROWS
        )


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A page, or a row of it, that can be asked about. `asked_url`: the query that is there already."""

    token: str
    subject: str
    visit: str
    row: str
    day: str
    value: str
    url: str
    asked_url: str
    is_chosen: bool


@dataclass(frozen=True)
class BulkScreen:
    """Everything that the template says. `more`: whether there are pages that are not shown."""

    asked: AskedFor
    forms: list[Option]
    items: list[Option]
    lines: list[PlaceLine]
    more: bool
    assigned: list[Option]
    priorities: list[Option]
    problems: tuple[str, ...] = ()
    already_url: str = ""
    typed: str = ""
    most: int = MOST_AT_ONCE


def bulk_screen(asked: AskedFor, by: Account, typed: Typed, chosen: frozenset[str]) -> BulkScreen:
    """The pages of the form that was asked for; none before there is one. People are not offered: they differ
    from site to site. `chosen` are the places that were ticked on a form that was refused."""
    forms = [(each.form.code, f"{each.form.code} · {each.form.title}") for each in declared_forms()]
    pages = list(pages_to_ask(by, asked.form, asked.visit, asked.site)[: MOST_AT_ONCE + 1])
    lines = _lines(pages[:MOST_AT_ONCE], asked, chosen)
    return BulkScreen(
        asked=asked,
        forms=[Option(code, label, code == asked.form) for code, label in forms],
        items=[Option(name, label, name == asked.item) for name, label in asked.items],
        lines=lines[:MOST_AT_ONCE],
        more=len(pages) > MOST_AT_ONCE or len(lines) > MOST_AT_ONCE,
        assigned=assignable({}, typed.assigned),
        priorities=priorities(typed.priority),
        typed=typed.text,
    )


def targets_among(tokens: list[str], asked: AskedFor, by: Account) -> list[Target]:
    """The places that were ticked, of those that the person may ask about; what is no place is left out."""
    pages = pages_to_ask(by, asked.form, asked.visit, asked.site)
    wanted = {str(page.pk): page for page in pages}
    found = ((token.partition(BETWEEN)[0], token.partition(BETWEEN)[2]) for token in dict.fromkeys(tokens))
    return [
        Target(page=wanted[number], item=asked.item, row_key=row) for number, row in found if number in wanted
    ]


def _lines(pages: list[Page], asked: AskedFor, chosen: frozenset[str]) -> list[PlaceLine]:
    rows, already = rows_on(pages), asked_at(pages, asked.item)
    return [
        _line(page, record, asked, already, chosen)
        for page in pages
        for record in _asked_of(rows[page.pk], asked)
    ]


def _asked_of(records: list[Record], asked: AskedFor) -> list[Record | None]:
    """The rows of a page that are asked about one by one; else the page itself, with its one row if any."""
    if asked.is_by_row:
        return [*sorted(records, key=lambda record: as_number(record.row_key))]
    return [records[0] if len(records) == 1 else None]


def _line(
    page: Page,
    record: Record | None,
    asked: AskedFor,
    already: Mapping[tuple[int, str], Query],
    chosen: frozenset[str],
) -> PlaceLine:
    row = record.row_key if record and asked.is_by_row else ""
    token, query = f"{page.pk}{BETWEEN}{row}", already.get((page.pk, row))
    return PlaceLine(
        token=token,
        subject=page.subject.code,
        visit=page.visit_code,
        row=row,
        day=full_day(page.form_date),
        value=value_on(page, asked.item, record) if asked.item else "",
        url=page.get_absolute_url(),
        asked_url=url_of(query) if query and asked.item else "",
        is_chosen=token in chosen,
    )
