"""The day of the infusion entered by keyboard alone: as many keys as the values have characters, and one for
each item. The counts are printed at the end of the run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from tests.counts import told
from tests.patients.entry import casebooks
from tests.patients.web import people
from tests.patients.web.typist import FOCUSED, OPTION, Keys, as_typed, enter, focus_first, walk_to
from tests.watched_tab import watched_tab
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)

FORMS = ("INF", "VS", "CRS", "KIN", "ICANS")
BEFORE = {"", "SCR", "APH", "REL", "BL", "LD1", "LD2", "LD3", "PRE"}
LATER = ("AE", "SAE", "CM", "INFX", "PDEV", "EOS", "RLP", "SUBTX")  # logs that go beyond the day


@pytest.fixture
def day_zero() -> dict[str, dict[str, str]]:
    """What the demo has of its patient on the day, by form; text as a person types it."""
    sheets = casebooks.sheets()
    return {form: next(row for row in sheets[form] if row["visit_code"] == "C0") for form in FORMS}


@pytest.fixture
def results() -> list[dict[str, str]]:
    """The results of the demo's patient on the day, one for each test."""
    return [row for row in casebooks.sheets()["LAB"] if row["visit_code"] == "C0"]


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """The patient of the demo as of the morning of the day."""
    found = {
        name: [row for row in rows if row.get("visit_code", "") in BEFORE]
        for name, rows in casebooks.sheets().items()
        if name not in LATER
    }
    report = casebooks.imported(casebooks.write(tmp_path / "casebook", found))
    assert "refused" not in casebooks.counts(report), report
    return Subject.objects.get()


@pytest.fixture
def lin(subject: Subject) -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture(params=["en-GB"])
def tab(chromium: "Browser", live_server, lin: Account, request: pytest.FixtureRequest) -> Iterator["Tab"]:
    with watched_tab(chromium, live_server.url, language=request.param, person=lin) as tab:
        yield tab


def test_the_day_takes_no_more_keys_than_its_values_have_characters_and_one_for_each_item(
    tab: "Tab",
    subject: Subject,
    day_zero: dict[str, dict[str, str]],
    record_property: Callable[[str, object], None],
) -> None:
    pressed = allowed = 0
    language = tab.evaluate("navigator.language")
    for form in FORMS:
        keys = Keys(tab)
        page = people.page_of(subject, form, "C0")
        tab.goto(page.get_absolute_url())
        focus_first(keys)
        model = form_model(form)
        prefix = "n1-" if model.form.repeat == "rows" else ""
        enter(keys, model, day_zero[form], prefix)
        keys.press("Enter")  # saves, in the place of the last Tab
        tab.wait_for_selector(".toast")
        pressed, allowed = pressed + keys.pressed, allowed + keys.allowed
        told(record_property, f"{form} C0 ({language})", keys=keys.pressed, allowed=keys.allowed)
        page.refresh_from_db()
        assert page.version == 1
        assert page.state == PageState.IN_PROGRESS
    told(record_property, f"day 0 ({language})", keys=pressed, allowed=allowed)
    assert pressed <= allowed


COPIED = {
    "lab_test": "test", "lab_value": "result", "lab_unit": "unit", "lab_lln": "lower limit",
    "lab_uln": "upper limit", "lab_dt": "sample date/time", "lab_name": "laboratory",
}  # fmt: skip

SAID = ("lab_test", "lab_value", "lab_unit", "lab_name", "lab_cs")


def sheet_of(results: list[dict[str, str]]) -> str:
    """The results as they lie in a spreadsheet, under its heading row."""
    model = form_model("LAB")
    lines = [[as_typed(model.item(name), row[name]) for name in COPIED] for row in results]
    return "\n".join("\t".join(cells) for cells in [list(COPIED.values()), *lines])


def cost(row: dict[str, str]) -> int:
    """The characters of a row's values, a choice as one, and one key for each item."""
    items = [item for item in form_model("LAB").items() if row.get(item.name)]
    return sum(1 + (1 if item.choices else len(as_typed(item, row[item.name]))) for item in items)


def said_of(page: Page) -> list[dict[str, str | None]]:
    """What the rows of the page say now."""
    rows = form_model("LAB").objects.filter(page=page).order_by("pk")
    return [{name: getattr(row, name) and str(getattr(row, name)) for name in SAID} for row in rows]


def test_the_results_of_the_day_are_pasted_and_judged_by_keyboard(
    tab: "Tab",
    subject: Subject,
    results: list[dict[str, str]],
    record_property: Callable[[str, object], None],
) -> None:
    page, keys = people.page_of(subject, "LAB", "C0"), Keys(tab)
    tab.goto(page.get_absolute_url())
    focus_first(keys)
    walk_to(keys, "document.activeElement.href?.endsWith('/paste/')", back=True)
    keys.press("Enter")
    tab.wait_for_selector("#block:focus")
    keys.paste(sheet_of(results))
    keys.press("Tab")
    keys.press("Enter")  # reads the rows
    tab.wait_for_selector("button[value=save]:focus")
    keys.press("Enter")
    tab.wait_for_selector(".toast")
    for number, row in enumerate(results):
        if row.get("lab_cs"):
            walk_to(keys, f"({FOCUSED}) === 'r{number}-lab_cs'")
            keys.press(str(tab.evaluate(OPTION, [f"r{number}-lab_cs", row["lab_cs"]])))
    keys.press("Enter")
    tab.wait_for_selector(".toast")
    page.refresh_from_db()
    assert page.version == 2
    assert said_of(page) == [{name: row.get(name) for name in SAID} for row in results]
    keys.allowed = sum(map(cost, results))
    what = f"LAB C0 ({tab.evaluate('navigator.language')})"
    told(record_property, what, keys=keys.pressed, allowed=keys.allowed)
    assert keys.pressed <= keys.allowed
