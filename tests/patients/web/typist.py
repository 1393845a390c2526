"""Somebody who enters pages by keyboard alone, and counts the keys.

`allowed` is what the values cost: each character, each choice as one, and one key to go on from each item.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from patients.casebook.form import FormRow
from patients.items.item import Item
from tests.counts import Work, told

if TYPE_CHECKING:
    from playwright.sync_api import Locator
    from playwright.sync_api import Page as Tab


@dataclass
class Keys:
    """Counts what is pressed and clicked. A key that chooses counts as a character of a value."""

    tab: "Tab"
    pressed: int = 0
    allowed: int = 0
    clicked: int = 0

    def press(self, key: str) -> None:
        self.pressed += 1
        self.tab.keyboard.press(key)

    def type(self, text: str) -> None:
        self.pressed += len(text)
        self.tab.keyboard.type(text)

    def paste(self, text: str) -> None:
        """Control+V, whatever its length."""
        self.pressed += 1
        self.tab.keyboard.insert_text(text)

    def click(self, what: "str | Locator") -> None:
        self.clicked += 1
        (self.tab.locator(what) if isinstance(what, str) else what).click()

    def tell(self, record_property: Callable[[str, object], None], what: str, work: Work) -> None:
        """What this took, for the end of the run."""
        done = {"keys": self.pressed, "clicks": self.clicked, "requests": work.requests}
        told(record_property, what, **done, SQL=work.by_view)


FOCUSED = "document.activeElement.closest('[data-field]')?.dataset.field || ''"
OPTION = """([name, value]) => {
  const found = Array.from(document.querySelectorAll(`[name="${CSS.escape(name)}"]`));
  const options = found[0].tagName === "SELECT" ? Array.from(found[0].options).filter((o) => o.value) : found;
  return options.findIndex((option) => option.value === value) + 1;
}"""

WORDS = "([name, value]) => document.querySelector(`[name=${name}] option[value=${value}]`).textContent"


def as_typed(item: Item, text: str) -> str:
    """A moment as it is typed at the site: without its offset, which the site's clock gives."""
    return text.replace("T", " ").removesuffix(":00+08:00") if "T" in text and "+" in text else text


def enter(keys: Keys, model: type[FormRow], row: dict[str, str], prefix: str = "") -> None:
    """Type what the row says, item by item, as the page asks for it; Tab leads from one to the next."""
    wanted = {f"{prefix}{item.name}": item for item in model.items() if row.get(item.name)}
    wanted_header = {name: row[name] for name in ("form_date",) if name in row}
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


def enter_what_is_asked_then(keys: Keys, model: type[FormRow], row: dict[str, str], *asked_later: str) -> str:
    """Type and complete a page of which some items are asked only once the others are saved: the refused
    completion leads to the first of them. What is said of it at the end."""
    enter(keys, model, {name: text for name, text in row.items() if name not in asked_later})
    send(keys, "complete")
    keys.click(f"a[href='#{asked_later[0]}']")
    enter(keys, model, {name: row[name] for name in asked_later})
    return send(keys, "complete")


def answer(keys: Keys, name: str, text: str) -> None:
    kind = keys.tab.evaluate("document.activeElement.type")
    if kind not in ("radio", "checkbox", "select-one"):
        keys.type(text)
        keys.allowed += len(text)
        return
    for value in text.split("|"):
        keys.allowed += 1
        place = keys.tab.evaluate(OPTION, [name, value])
        if kind == "select-one" and place > 9:  # of a long list by its words, or its code
            words = keys.tab.evaluate(WORDS, [name, value])
            keys.type(words if words.isascii() else value)
            continue
        assert 1 <= place <= 9, (name, value, place)
        keys.press(str(place))


def walk_to(keys: Keys, there: str, *, back: bool = False) -> None:
    """Tab, or Shift+Tab, until what has the focus is what this expression in the browser asks for."""
    for _ in range(200):
        if keys.tab.evaluate(there):
            return
        keys.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"not reached by Tab: {there}")


def focus_first(keys: Keys) -> None:
    """Whoever opens an empty page stands at its first item."""
    assert keys.tab.evaluate(FOCUSED) == "form_date"


def send(keys: Keys, how: str = "save") -> str:
    """Click what sends the page (save, next, complete); what is said of it then."""
    said = keys.tab.locator(".toast[role=status]:not([hidden])")
    said.evaluate_all("toasts => toasts.forEach((toast) => toast.remove())")  # of the save before
    keys.click(f"button.btn[name=do][value={how}]")
    return said.inner_text()
