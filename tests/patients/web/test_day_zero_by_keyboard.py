"""The day of the infusion entered by keyboard alone: as many keys as the values have characters, and one for
each item. The counts are printed (`pytest -s`)."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from patients.casebook.form import form_model
from patients.casebook.page import PageState, Subject
from patients.items.item import Item
from tests.patients.entry import casebooks
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)

FORMS = ("INF", "VS", "CRS", "KIN", "ICANS")
BEFORE = {"", "SCR", "APH", "REL", "BL", "LD1", "LD2", "LD3", "PRE"}
LATER = ("AE", "SAE", "CM", "INFX", "PDEV", "EOS", "RLP", "SUBTX")  # logs that go beyond the day


@dataclass
class Keys:
    """Counts what is pressed. A key that chooses counts as a character of a value."""

    tab: "Tab"
    pressed: int = 0
    allowed: int = 0

    def press(self, key: str) -> None:
        self.pressed += 1
        self.tab.keyboard.press(key)

    def type(self, text: str) -> None:
        self.pressed += len(text)
        self.tab.keyboard.type(text)


@pytest.fixture
def day_zero() -> dict[str, dict[str, str]]:
    """What the demo has of its patient on the day, by form; text as a person types it."""
    sheets = casebooks.sheets()
    return {form: next(row for row in sheets[form] if row["visit_code"] == "C0") for form in FORMS}


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


@pytest.fixture(params=["en-GB", "zh-CN"])
def tab(chromium: "Browser", live_server, lin: Account, request: pytest.FixtureRequest) -> Iterator["Tab"]:
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1360, "height": 900}, locale=request.param
    )
    context.set_default_timeout(10_000)
    key = people.signed_in(lin).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    tab = context.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text) if message.type != "log" else None)
    tab.on("pageerror", lambda error: said.append(str(error)))
    yield tab
    context.close()
    assert said == []


# --- typing a form ------------------------------------------------------------------------------------------
FOCUSED = "document.activeElement.closest('[data-field]')?.dataset.field || ''"
OPTION = """([name, value]) => {
  const found = Array.from(document.querySelectorAll(`[name="${CSS.escape(name)}"]`));
  const options = found[0].tagName === "SELECT" ? Array.from(found[0].options).filter((o) => o.value) : found;
  return options.findIndex((option) => option.value === value) + 1;
}"""


def as_typed(item: Item, text: str) -> str:
    """A moment as it is typed at the site: without its offset, which the site's clock gives."""
    return text.replace("T", " ").removesuffix(":00+08:00") if "T" in text and "+" in text else text


def enter(keys: Keys, model: type, row: dict[str, str], prefix: str = "") -> None:
    """Type what the row says, item by item, as the page asks for it; Tab leads from one to the next."""
    wanted = {f"{prefix}{item.name}": item for item in model.items() if row.get(item.name)}
    wanted_header = {"form_date": row["form_date"]}
    seen: set[str] = set()
    for _ in range(200):
        name = keys.tab.evaluate(FOCUSED)
        keys.allowed += int(name not in seen | {""})
        seen.add(name)
        if name in wanted_header:
            keys.type(wanted_header.pop(name))
            keys.allowed += len(row["form_date"])
        elif name in wanted:
            item = wanted.pop(name)
            answer(keys, name, as_typed(item, row[item.name]))
        if not wanted and not wanted_header:
            return
        keys.press("Tab")
    raise AssertionError(f"not reached by Tab: {sorted(wanted)}")


def answer(keys: Keys, name: str, text: str) -> None:
    kind = keys.tab.evaluate("document.activeElement.type")
    if kind not in ("radio", "checkbox", "select-one"):
        keys.type(text)
        keys.allowed += len(text)
        return
    for value in text.split("|"):
        place = keys.tab.evaluate(OPTION, [name, value])
        assert 1 <= place <= 9, (name, value, place)
        keys.press(str(place))
        keys.allowed += 1


def told(what: str, pressed: int, allowed: int) -> None:
    sys.stdout.write(f"{what}: {pressed} keys, {allowed} allowed\n")


def focus_first(keys: Keys) -> None:
    """Whoever opens an empty page stands at its first item."""
    assert keys.tab.evaluate(FOCUSED) == "form_date"


def test_the_day_takes_no_more_keys_than_its_values_have_characters_and_one_for_each_item(
    tab: "Tab", subject: Subject, day_zero: dict[str, dict[str, str]]
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
        told(f"{language} {form}", keys.pressed, keys.allowed)
        page.refresh_from_db()
        assert page.version == 1
        assert page.state == PageState.IN_PROGRESS
    told(f"{language} day 0", pressed, allowed)
    assert pressed <= allowed
