"""Every form of the dictionary is saved, read back and exported at every boundary of its limits."""

from decimal import Decimal

import pytest

from patients.casebook.answers import StoredCasebook
from patients.casebook.form import FormRow, Repeat, declared_forms, form_model
from patients.casebook.page import Subject
from patients.entry.exporting import row_cells
from patients.items.item import Item
from patients.items.limits import Between, Compare, Fixed, Limit
from patients.items.problems import Severity
from patients.items.types import DecimalItem, GridItem, IntegerItem, NotAnAnswer
from tests.patients.entry import desk
from tests.patients.forms.boundaries import DAY, answers, entered, rounds
from tests.patients.forms.test_specification import ONE_SIDED, OPPOSITE, RANGE, SPECIFIED
from tests.patients.items.answers import answers as answers_of
from tests.patients.items.answers import record
from trial.protocol.visits import LOG_FORMS

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

FORMS = [model.form.code for model in declared_forms()]


def written(model: type[FormRow], texts: dict[str, str]) -> dict[str, str]:
    """As the casebook writes what was typed."""
    return {name: model.item(name).text(model.item(name).read(text)) for name, text in texts.items()}


def saved(subject: Subject, form: str, number: int, texts: dict[str, str]) -> dict[str, str]:
    """Save one row on a page of its own (or as a row of the log) and give its cells as they are exported."""
    repeats = form_model(form).form.repeat is Repeat.ROWS
    key = str(number) if repeats else ""
    page = (
        desk.logged(subject, form) if form in LOG_FORMS else desk.opened(subject, form, f"UNS{number}", DAY)
    )
    desk.save(page, rows={key: texts}, on="" if form in LOG_FORMS else DAY)
    held = StoredCasebook(Subject.objects.select_related("site", "identity").get(pk=subject.pk))
    records = [each for each in held.records(form) if (each.visit, each.row_key) == (page.visit_code, key)]
    return row_cells(subject.code, records[0])


@pytest.mark.parametrize("form", FORMS)
def test_a_form_gives_back_every_answer(form: str) -> None:
    subject, model = desk.infused(), form_model(form)
    for number, texts in enumerate(rounds(model), 1):
        cells = saved(subject, form, number, texts)
        wanted = written(model, texts)
        kept = {name: cells[name] for name in wanted if not model.item(name).declared.identity}
        assert kept == {name: text for name, text in wanted.items() if name in kept}


def numeric() -> list[tuple[str, Item]]:
    """The items with a numeric limit in the specification."""
    return [
        (form, item)
        for form in FORMS
        for item in entered(form_model(form))
        if isinstance(item, DecimalItem | IntegerItem)
        and (spec := SPECIFIED.get((form, item.name)))
        and (RANGE.fullmatch(spec["hard"]) or ONE_SIDED.fullmatch(spec["soft"]))
    ]


def is_number(limit: Limit) -> bool:
    return isinstance(limit, Between) or (isinstance(limit, Compare) and isinstance(limit.bound, Fixed))


def found(form: str, item: Item, value: object, severity: Severity) -> bool:
    """Whether a numeric limit of this severity speaks against the value."""
    limits = item.declared.hard if severity is Severity.HARD else item.declared.soft
    seen = answers_of(record(form, **{item.name: value}))
    numbers = {f"{severity.value}-{place}" for place, limit in enumerate(limits, 1) if is_number(limit)}
    return any(each.limit in numbers for each in item.findings(value, seen))


_HOLDS = {
    ">=": Decimal.__ge__,
    "<=": Decimal.__le__,
    ">": Decimal.__gt__,
    "<": Decimal.__lt__,
}


@pytest.mark.parametrize(("form", "item"), numeric(), ids=lambda one: getattr(one, "name", one))
def test_a_number_is_stopped_or_asked_about_where_the_specification_says(form: str, item: Item) -> None:
    specified = SPECIFIED[form, item.name]
    for text in answers(item):
        value, number = item.read(text), Decimal(text)
        if between := RANGE.fullmatch(specified["hard"]):
            allowed = Decimal(between[1]) <= number <= Decimal(between[2])
            assert found(form, item, value, Severity.HARD) != allowed, text
        if (asked := ONE_SIDED.fullmatch(specified["soft"])) and any(map(is_number, item.declared.soft)):
            quiet = _HOLDS[OPPOSITE[asked[1]]](number, Decimal(asked[2]))
            assert found(form, item, value, Severity.SOFT) != quiet, text


TEXT_GRIDS = [
    item
    for form in FORMS
    for item in form_model(form).items()
    if isinstance(item, GridItem) and not item.codes
]


@pytest.mark.requirement("AT-12")
@pytest.mark.parametrize(
    "typed", ["Wang Wu", "王五", "13812345678", "110101199003074514", "A*13812345678", "5"]
)
def test_a_cell_of_a_grid_takes_nothing_that_says_who_somebody_is(typed: str) -> None:
    """So that what is hidden need not be looked for in grids (decision 25)."""
    assert TEXT_GRIDS
    for item in TEXT_GRIDS:
        for cell in item.cells.codes:
            with pytest.raises(NotAnAnswer):
                item.read(f"{cell}={typed}")
