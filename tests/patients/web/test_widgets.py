"""Every type of item has a widget, shows its answer, and hands back exactly what stood in it."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.http import QueryDict

from patients.items.codelists import CNS, POSNEG, codes
from patients.items.item import Item
from patients.items.limits import above, at_least, between, must, not_before
from patients.items.partial_date import PartialDate
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    CodedTextItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    GridItem,
    IntegerItem,
    MultiItem,
    MultiReferenceItem,
    PartialDateItem,
    ReferenceItem,
    TextItem,
    TimeItem,
    UserItem,
)
from patients.web.binding import read_entered
from patients.web.widgets import (
    Entered,
    choices_of,
    hint_of,
    input_mode,
    labels_of,
    limits_in_words,
    shown_value,
    typed_text,
    unit_of,
    widget_of,
)

GRID = GridItem("Grid", cells=codes("", "skin", "gut"), codes=codes("", "0", "1", "2"))
TEXT_GRID = GridItem("Grid", cells=codes("", "A", "B"), pattern=r"\d+:\d+")
GENES = codes("", "FLT3", "NPM1", "TP53")
MOMENT = datetime(2025, 6, 7, 2, 20, tzinfo=UTC)

VOCABULARY: list[tuple[Item, object, str, str, str]] = [
    (IntegerItem("n"), 12, "input", "12", "12"),
    (DecimalItem("n", unit="10^9/L"), Decimal("0.50"), "input", "0.50", "0.50 10⁹/L"),
    (BooleanItem("b"), False, "seg", "N", "No"),
    (DateItem("d"), date(2025, 6, 7), "input", "2025-06-07", "2025-06-07"),
    (PartialDateItem("d"), PartialDate(2025, 6), "input", "2025-06", "2025-06"),
    (DateTimeItem("d"), MOMENT, "input", "2025-06-07 10:20", "2025-06-07 10:20"),
    (TimeItem("t"), time(14, 30), "input", "14:30", "14:30"),
    (TextItem("t", 40), "a", "input", "a", "a"),
    (TextItem("t", 300), "a\nb", "area", "a\nb", "a\nb"),
    (CodedTextItem("t"), "fever", "area", "fever", "fever"),
    (UserItem("u"), "lin.qiao", "input", "lin.qiao", "lin.qiao"),
    (ChoiceItem("c", POSNEG), "negative", "seg", "negative", "negative"),
    (ChoiceItem("c", CNS), "CNS1", "select", "CNS1", "CNS1: no blasts"),
    (MultiItem("m", GENES), ["FLT3", "TP53"], "checks", "FLT3|TP53", "FLT3; TP53"),
    (ReferenceItem("r", target="DONOR.donor_id"), "DN-1", "input", "DN-1", "DN-1"),
    (MultiReferenceItem("r", target="AE.ae_no"), ["1", "2"], "input", "1|2", "1|2"),
    (GRID, {"gut": "1", "skin": "2"}, "grid", "gut=1|skin=2", "gut: 1; skin: 2"),
    (TEXT_GRID, {"B": "01:02"}, "grid", "B=01:02", "B: 01:02"),
]


@pytest.mark.parametrize(("item", "value", "widget", "text", "shown"), VOCABULARY)
def test_an_answer_is_shown_and_typed(item: Item, value, widget: str, text: str, shown: str) -> None:
    labels = labels_of(item)
    assert typed_text(item, value) == text
    assert widget_of(item, labels, text) == widget
    assert shown_value(item, value, labels) == shown
    assert typed_text(item, None) == ""
    assert shown_value(item, None, labels) == ""


def as_sent(item: Item, text: str) -> QueryDict:
    """The controls of the item with this answer, as a browser sends them."""
    post = QueryDict(mutable=True)
    choices = choices_of(item, labels_of(item), text)
    if isinstance(item, GridItem):
        post.update({f"x.{choice.value}": choice.entered for choice in choices})
    elif choices:
        post.setlist("x", [choice.value for choice in choices if choice.chosen])
    else:
        post["x"] = text.replace("\n", "\r\n")
    return post


@pytest.mark.parametrize(("item", "value", "widget", "text", "shown"), VOCABULARY)
def test_what_comes_back_is_what_stood_there(item: Item, value, widget: str, text: str, shown: str) -> None:
    assert read_entered(as_sent(item, text), item, "x") == Entered(text)
    assert item.text(item.read(text)) == item.text(value)


def test_a_moment_with_seconds_keeps_them() -> None:
    item, moment = DateTimeItem("d"), MOMENT.replace(second=7)
    assert item.read(typed_text(item, moment)) == moment


def test_a_value_takes_the_place_of_a_reason_for_its_absence() -> None:
    item = IntegerItem("n")
    assert read_entered(QueryDict("x=&x__missing=unknown"), item, "x").text == "[unknown]"
    assert read_entered(QueryDict("x=3&x__missing=unknown"), item, "x") == Entered("3")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (DecimalItem("n", hard=between("0", "100"), soft=at_least("50")), "0–100, usually ≥ 50"),
        (DecimalItem("n", hard=above("0")), "> 0"),
        (DecimalItem("n", hard=between("-0.5", "1")), "−0.5–1"),
        (IntegerItem("n", hard=between("10000", "100000000")), "10,000–100,000,000"),
        (DateItem("d", hard=not_before("other")), ""),
        (IntegerItem("n", soft=must("odd", lambda value, answers: value % 2)), ""),
    ],
)
def test_limits_that_are_numbers_are_said(item: Item, words: str) -> None:
    assert limits_in_words(item) == words


def test_hints_say_how_to_write_it() -> None:
    assert hint_of(DateItem("d")) == "2025-08-05 or 05 Aug 2025"
    assert (
        hint_of(DecimalItem("n", hint="of CD45+ cells", hard=between("0", "100"))) == "of CD45+ cells; 0–100"
    )
    assert input_mode(IntegerItem("n")), input_mode(DecimalItem("n")) == ("numeric", "decimal")
    assert unit_of(DecimalItem("n", unit="10^6/kg")) == "10⁶/kg"
