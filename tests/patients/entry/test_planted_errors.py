"""A casebook with 200 planted errors: each is reported where it stands, and nothing else is lost."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from patients.casebook.answers import HeldCasebook, Record, RowAnswers
from patients.casebook.files import PEOPLE, read_sheet
from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.exporting import export_registry
from patients.entry.importing import Outcome
from patients.items.item import Item
from patients.items.limits import Between, Compare, Of
from patients.items.types import ChoiceItem, DateItem, DecimalItem, IntegerItem, PartialDateItem, TextItem
from tests.patients.entry import casebooks
from tests.patients.forms.boundaries import answers as plain_answers
from trial.protocol.visits import FORM_ORDER, LOG_FORMS

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("DI-10")]

SUBJECTS = 3
WANTED = 200
AT_MOST = {
    "identity": 30,
    "dates": 40,
    "cross form": 12,
    "condition": 30,
    "limit": 50,
    "type": 50,
    "code": WANTED,
}
KEPT = ("limit", "condition", "cross form", "dates")
# A page of these is the ground for others: without it they would be refused with it.
GROUND = {"ELIG", "DM", "LD", "INF", "HSCT", "ENG", "RLP", "DTH", "EOS"}
FORMS = [form for form in FORM_ORDER if form not in GROUND]
PHONE = "reached at 13812345678"

Row = Mapping[str, str]
Cell = tuple[str, str]
"""A column, and what is planted in it."""


@dataclass(frozen=True)
class Plant:
    kind: str
    form: str
    page: tuple[str, str]
    place: int
    column: str
    typed: str


# --- one planter for each kind ---------------------------------------------------------------------------
def numbers(form: str, row: Row) -> Iterator[Item]:
    for item in form_model(form).items():
        if isinstance(item, DecimalItem | IntegerItem) and row.get(item.name):
            yield item


def wrong_type(form: str, row: Row) -> Iterator[Cell]:
    yield from ((item.name, "abc") for item in numbers(form, row))


def beyond_limit(form: str, row: Row) -> Iterator[Cell]:
    for item in numbers(form, row):
        bounds = [limit.high for limit in item.declared.hard if isinstance(limit, Between)]
        if bounds and fits(item, text := str(max(bounds) + 1)):
            yield item.name, text


def fits(item: Item, text: str) -> bool:
    try:
        item.read(text)
    except ValueError:
        return False
    return True


def unknown_code(form: str, row: Row) -> Iterator[Cell]:
    for item in form_model(form).items():
        if isinstance(item, ChoiceItem) and row.get(item.name):
            yield item.name, "no_such_code"


def not_asked(form: str, row: Row) -> Iterator[Cell]:
    """An answer to an item that the other answers of the row leave hidden."""
    seen = as_answers(form, row)
    for item in form_model(form).items():
        operands = list(item.declared.when.operands())
        own = operands and not any("." in operand for operand in operands)
        if own and not item.is_derived and not row.get(item.name) and not item.asked(seen):
            yield item.name, plain_answers(item)[0]


def as_answers(form: str, row: Row) -> RowAnswers:
    model = form_model(form)
    values = {item.name: item.read(text) if (text := row.get(item.name)) else None for item in model.items()}
    record = Record(form, row["visit_code"], row["repeat"], None, values)
    return RowAnswers(record, HeldCasebook("HZ01-001", [record]))


def out_of_order(form: str, row: Row) -> Iterator[Cell]:
    """A date ten days before another of the row that it may not precede."""
    for item in form_model(form).items():
        if not isinstance(item, DateItem | PartialDateItem) or not row.get(item.name) or item.is_derived:
            continue
        for limit in item.declared.hard:
            if isinstance(limit, Compare) and limit.sign in (">=", ">") and isinstance(limit.bound, Of):
                other = row.get(limit.bound.item, "")
                if len(other) == 10:
                    earlier = DateItem().read(other) - timedelta(days=10)
                    yield item.name, str(earlier)


def said_dead(form: str, row: Row) -> Iterator[Cell]:
    """A contact with the dead, where no form tells of a death."""
    if form == "FU" and row.get("fu_status") == "ALIVE":
        yield "fu_status", "DEAD"


def identifying(form: str, row: Row) -> Iterator[Cell]:
    for item in form_model(form).items():
        if type(item) is TextItem and not item.is_derived and item.length > len(PHONE) and row.get(item.name):
            yield item.name, PHONE


PLANTERS: dict[str, Callable[[str, Row], Iterator[Cell]]] = {
    "identity": identifying,
    "dates": out_of_order,
    "cross form": said_dead,
    "condition": not_asked,
    "limit": beyond_limit,
    "type": wrong_type,
    "code": unknown_code,
}


# --- planting --------------------------------------------------------------------------------------------
def plants(found: casebooks.Sheets) -> list[Plant]:
    """At most one on a page, of the scarcest kind first, until there are enough of each."""
    counts: Counter[str] = Counter()
    dead = {row["subject_id"] for row in found["DTH"]}
    taken: set[tuple[str, str, str]] = set()
    chosen: list[Plant] = []
    for kind, planter in PLANTERS.items():
        for form in FORMS:
            for place, row in enumerate(found.get(form, ())):
                if kind == "cross form" and row["subject_id"] in dead:
                    continue
                page = (form, row["subject_id"], "" if form in LOG_FORMS else row["visit_code"])
                cell = next(planter(form, row), None)
                if cell is None or page in taken or counts[kind] >= AT_MOST[kind] or len(chosen) >= WANTED:
                    continue
                taken.add(page)
                counts[kind] += 1
                chosen.append(Plant(kind, form, page[1:], place, *cell))
    return chosen


def sow(found: casebooks.Sheets, chosen: list[Plant]) -> None:
    for plant in chosen:
        found[plant.form][plant.place][plant.column] = plant.typed


@dataclass(frozen=True)
class Sown:
    folder: Path
    sheets: casebooks.Sheets
    plants: list[Plant]


@pytest.fixture
def sown(tmp_path: Path) -> Sown:
    found = casebooks.sheets(SUBJECTS)
    chosen = plants(found)
    sow(found, chosen)
    return Sown(casebooks.write(tmp_path / "planted", found), found, chosen)


def test_two_hundred_errors_of_every_kind_are_planted(sown: Sown) -> None:
    assert len(sown.plants) == WANTED
    kinds = Counter(plant.kind for plant in sown.plants)
    assert set(kinds) == set(PLANTERS), kinds
    assert len({plant.form for plant in sown.plants}) >= 15


def test_each_is_reported_and_nothing_else_is_lost(sown: Sown, tmp_path: Path) -> None:
    report = casebooks.imported(sown.folder)
    said = {(remark.file, remark.line, remark.item): remark for remark in report.remarks}
    silent = [p for p in sown.plants if (f"{p.form}.csv", p.place + 2, p.column) not in said]
    assert silent == []
    for plant in sown.plants:
        remark = said[f"{plant.form}.csv", plant.place + 2, plant.column]
        assert remark.refuses == (plant.kind not in KEPT), plant
        assert remark.value == plant.typed, plant
    refused = {(plant.form, *plant.page) for plant in sown.plants if plant.kind not in KEPT}
    assert report.pages[Outcome.REFUSED] == len(refused)
    exported(sown, refused, tmp_path / "out")


def exported(sown: Sown, refused: set[tuple[str, str, str]], out: Path) -> None:
    """Every row of every page that was not refused is there as it was typed."""
    export_registry(out)
    kept = {
        form: {place_of(form, row): row for _line, row in read_sheet(out / f"{form}.csv")}
        for form in FORM_ORDER
    }
    lost = [
        (form, place_of(form, row))
        for form, rows in sown.sheets.items()
        if form not in PEOPLE
        for row in rows
        if page_of(form, row) not in refused and differs(form, row, kept[form].get(place_of(form, row)))
    ]
    assert lost == []
    saved = Page.objects.filter(version__gt=0).exclude(form_code="PDEV").count()
    pages = {page_of(form, row) for form, rows in sown.sheets.items() if form not in PEOPLE for row in rows}
    assert saved == len({page for page in pages if page[0] != "PDEV"} - refused)


def place_of(form: str, row: Row) -> tuple[str, str, str]:
    return row["subject_id"], "" if form in LOG_FORMS else row["visit_code"], row["repeat"]


def page_of(form: str, row: Row) -> tuple[str, str, str]:
    return form, row["subject_id"], "" if form in LOG_FORMS else row["visit_code"]


def differs(form: str, typed: Row, kept: Row | None) -> bool:
    """Whether an item that was typed is not as it was typed."""
    names = (item.name for item in form_model(form).items() if typed.get(item.name))
    return kept is None or any(typed[name] != kept[name] for name in names)
