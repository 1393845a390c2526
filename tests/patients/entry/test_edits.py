"""From what was typed to what would change, on forms with one row and on forms with several."""

from dataclasses import replace
from typing import Any

import pytest

from patients.casebook.form import Repeat
from patients.entry.edits import KEY_LENGTH, clashes_with, read_edits
from patients.items.problems import Severity
from patients.models import Demographics


class Logged:
    """A form with the items of the demographics and any number of rows."""

    form = replace(Demographics.form, repeat=Repeat.ROWS)
    items = Demographics.items


MODEL: Any = Logged
KEPT: Any = {
    "1": (
        Demographics(row_key="1", sex="F", hctci=4, item_versions={"sex": 1, "hctci": 3}),
        {"sex": "F", "hctci": 4},
    ),
    "2": (Demographics(row_key="2", missing={"hctci": "unknown"}, item_versions={"hctci": 2}), {}),
}


def edits(typed: dict[str, dict[str, str]]) -> list[tuple[str, str, Any, str, int]]:
    found, findings = read_edits(MODEL, typed, KEPT)
    assert findings == []
    return [(edit.row_key, edit.item.name, edit.value, edit.missing, edit.changed_at) for edit in found]


def test_each_row_is_edited_by_its_key() -> None:
    typed = {"1": {"hctci": "5"}, "2": {"hctci": "6"}, "3": {"sex": "M"}}
    assert edits(typed) == [("1", "hctci", 5, "", 3), ("2", "hctci", 6, "", 2), ("3", "sex", "M", "", 0)]


def test_what_is_the_same_in_its_row_is_no_edit() -> None:
    typed = {"1": {"sex": "F", "hctci": "4"}, "2": {"hctci": "", "hctci__missing": "unknown"}, "3": {}}
    assert edits(typed) == []


def test_a_row_that_is_not_mentioned_stays() -> None:
    assert edits({}) == []


@pytest.mark.parametrize("key", ["", "x" * (KEY_LENGTH + 1), "a\x00", "\ud800"])
def test_a_row_needs_a_key_that_can_be_kept(key: str) -> None:
    found, findings = read_edits(MODEL, {key: {"sex": "F"}, "4": {"sex": "M"}}, {})
    assert [(finding.item, finding.severity) for finding in findings] == [("repeat", Severity.REFUSED)]
    assert [edit.row_key for edit in found] == ["4"]


def test_the_longest_key_fits() -> None:
    assert edits({"x" * KEY_LENGTH: {"sex": "F"}})


def test_findings_name_the_row() -> None:
    _found, findings = read_edits(
        MODEL, {"1": {"sex": "X"}, "2": {"hctci": "four"}, "3": {"shoe": "42"}}, KEPT
    )
    assert [(finding.row_key, finding.item) for finding in findings] == [
        ("1", "sex"),
        ("2", "hctci"),
        ("3", "shoe"),
    ]


def test_a_clash_names_the_row() -> None:
    """Version, reason, conflict are per row and item: the same item of another row is another one."""
    found, _findings = read_edits(
        MODEL, {"1": {"hctci": "5"}, "2": {"hctci": "6"}, "3": {"hctci": "7"}}, KEPT
    )
    assert [(clash.row_key, clash.item, clash.mine, clash.theirs) for clash in clashes_with(found, 2)] == [
        ("1", "hctci", "5", "4")
    ]
    assert [clash.row_key for clash in clashes_with(found, 1)] == ["1", "2"]
    assert clashes_with(found, 3) == []
