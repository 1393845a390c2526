"""The codes of a page where its items are shown: in the item that the form has for it, or beside the text."""

from collections.abc import Mapping

from patients.casebook.page import Page
from patients.coding.codes import Coding
from patients.coding.schemes import coded_items_of
from patients.coding.standing import codings_on
from patients.items.item import Item
from patients.items.types import CodedTextItem

RowItem = tuple[str, str]
"""The key of a row, and an item."""


def codes_shown(page: Page) -> dict[RowItem, str]:
    """In words, by row and by the item that shows the code."""
    return in_words(page.form_code, codings_on(page))


def in_words(form: str, codings: Mapping[RowItem, Coding]) -> dict[RowItem, str]:
    """`Neutropenia (10029354, MedDRA 28.0)`: what a text is reported as, and by which dictionary."""
    shown_in = {coded.item: coded.shown_in or coded.item for coded in coded_items_of(form)}
    return {
        (key, shown_in[item]): f"{coding.term.concept} · {coding.term.dictionary}"
        for (key, item), coding in codings.items()
        if item in shown_in
    }


def shows_a_code(item: Item) -> bool:
    """Whether the item is there for the code of another."""
    return isinstance(item, CodedTextItem) and bool(item.of)
