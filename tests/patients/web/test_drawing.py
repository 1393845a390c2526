"""What is drawn once holds nothing of a patient, and reads as if it had been drawn anew."""

from dataclasses import fields, replace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from patients.casebook.form import declared_forms
from patients.web import drawing
from patients.web.drawing import item_drawn, missing_menu_drawn
from patients.web.fields import Field, Message, ReasonBox, entry_field
from patients.web.query_flags import QueryFlag
from patients.web.widgets import Choice, Entered, labels_of

OTHERWISE: dict[str, Any] = {
    "entered": Entered("7"),
    "choices": [Choice("Y", "yes")],
    "cell_choices": [Choice("Y", "yes")],
    "missing_choices": (),
    "messages": [Message("soft", "look again")],
    "reason": ReasonBox(),
    "flag": QueryFlag("none", "st-flag", "ask", "/pages/1/query/"),
}


def drawn_anew(item: Field) -> str:
    return render_to_string("components/item.html", {"item": item})


@pytest.mark.parametrize("part", [each.name for each in fields(Field)])
def test_each_part_of_an_item_is_declared_or_makes_it_one_that_is_not_kept(part: str) -> None:
    blank = Field("age", "age", "Age", "input")
    other = replace(
        blank, **{part: OTHERWISE.get(part, "x" if isinstance(getattr(blank, part), str) else True)}
    )
    assert blank.is_blank
    assert other != blank
    assert not other.is_blank or other.declared_parts != blank.declared_parts


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


def test_an_item_that_holds_something_is_not_kept() -> None:
    before = drawing._drawn_once.cache_info()
    item = Field("age", "age", "Age", "input", entered=Entered("Canary"), missing_choices=())
    assert "Canary" in item_drawn(item)
    assert drawing._drawn_once.cache_info() == before


def test_the_menu_of_an_item_is_the_same_whatever_stands_in_it() -> None:
    for entered in (Entered(), Entered("7"), Entered("", "not_done")):
        item = Field("age", "age", "Age", "input", entered=entered)
        anew = render_to_string("components/missing_menu.html", {"item": item})
        assert missing_menu_drawn(item) == anew
