"""What is drawn once says no more than its declaration, and reads as if it had been drawn anew."""

from dataclasses import fields, replace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from patients.casebook.form import declared_forms
from patients.web import drawing
from patients.web.drawing import item_drawn, missing_menu_drawn, reason_pattern_drawn
from patients.web.fields import Field, Message, ReasonBox, entry_field
from patients.web.query_flags import QueryFlag
from patients.web.widgets import Choice, Entered, labels_of

OTHERWISE: dict[str, Any] = {
    "entered": Entered("Y"),
    "choices": [Choice("Y", "yes")],
    "cell_choices": [Choice("Y", "yes")],
    "missing_choices": (),
    "messages": [Message("due", "needed")],
    "reason": ReasonBox(),
    "flag": QueryFlag("none", "st-flag", "ask", "/pages/1/query/"),
}


MARKS = {"flag", "trail_url", "verified"}
"""What stands beside an item and is drawn each time."""
FLAG = OTHERWISE["flag"]


def drawn_anew(item: Field) -> str:
    marks = render_to_string("components/marks.html", {"item": item})
    has_marks = item.flag or item.trail_url or item.verified
    return render_to_string("components/item.html", {"item": item, "marks": marks if has_marks else ""})


@pytest.mark.parametrize("part", sorted({each.name for each in fields(Field)} - MARKS))
def test_each_part_of_an_item_is_declared_or_makes_it_one_that_is_not_kept(part: str) -> None:
    blank = Field("sex", "sex", "Sex", "seg", choices=[Choice("Y", "yes"), Choice("N", "no")])
    other = replace(
        blank, **{part: OTHERWISE.get(part, "x" if isinstance(getattr(blank, part), str) else True)}
    )
    assert blank.is_declared
    assert other != blank
    assert not other.is_declared or other.declared_parts != blank.declared_parts


@pytest.mark.parametrize("mark", [{}, {"flag": FLAG}, {"trail_url": "/a/?b=1&c=2"}, {"verified": "by A <B>"}])
@pytest.mark.parametrize("chosen", ["", "Y", "N"])
def test_an_item_with_one_of_its_choices_reads_as_if_drawn_anew(mark: dict[str, Any], chosen: str) -> None:
    choices = [Choice(code, code.lower(), code == chosen) for code in ("Y", "N")]
    item = Field(
        "q", "q", "Q", "seg", Entered(chosen), chosen, choices=choices, is_saved=bool(chosen), **mark
    )
    assert item.is_declared
    for _again in range(2):
        assert item_drawn(item) == drawn_anew(item)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.django_db
def test_blank_items_of_all_forms_read_as_if_drawn_anew(language: str, locked: bool) -> None:
    with translation.override(language):
        for model in declared_forms():
            for item in model.items():
                made = entry_field(item, item.name, Entered(), labels_of(item))
                made.is_locked = locked
                for _again in range(2):
                    assert item_drawn(made) == drawn_anew(made)


@pytest.mark.parametrize(
    "held",
    [
        {"entered": Entered("Canary")},
        {"base": "Canary"},
        {"messages": [Message("soft", "Canary is unusual")]},
        {"messages": [Message("due", "needed"), Message("error", "Canary is not a number")]},
        {"code": "Canary"},
        {"proposal": "Canary", "hint": "Canary"},
    ],
)
@pytest.mark.parametrize("widget", ["input", "area", "derived", "select"])
def test_an_item_in_which_something_was_typed_is_not_kept(widget: str, held: dict[str, Any]) -> None:
    before = [kept.cache_info() for kept in (drawing._left_open, drawing._drawn_once)]
    item = Field("age", "age", "Age", widget, missing_choices=(), **held)
    item_drawn(item)
    assert [kept.cache_info() for kept in (drawing._left_open, drawing._drawn_once)] == before


def test_the_pattern_of_a_reason_has_a_place_for_what_the_script_fills_in() -> None:
    assert all(place in reason_pattern_drawn() for place in ("%field", "%label", "%was"))


def test_the_menu_of_an_item_is_the_same_whatever_stands_in_it() -> None:
    for entered in (Entered(), Entered("7"), Entered("", "not_done")):
        item = Field("age", "age", "Age", "input", entered=entered)
        anew = render_to_string("components/missing_menu.html", {"item": item})
        assert missing_menu_drawn(item) == anew
