"""When an item is asked: each condition where it holds, where it does not, where the answer is missing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.casebook.answers import Record
from patients.items.conditions import (
    ALWAYS,
    Answers,
    Condition,
    code_of,
    judged,
    when,
    when_at_least,
    when_filled,
    when_not,
)
from patients.items.partial_date import PartialDate
from tests.patients.items.answers import answered, answers, record

unhurried = settings(deadline=None)

YES, RELAPSED = when("a", "Y"), when("type", "marrow", "blood")
OTHER_THAN_X = when_not("a", "X")
HIGH = when_at_least("n", "5.0")

TABLE: tuple[tuple[Condition, dict[str, Any], bool], ...] = (
    (ALWAYS, {}, True),
    (YES, {"a": "Y"}, True),
    (YES, {"a": True}, True),
    (YES, {"a": "N"}, False),
    (YES, {"a": False}, False),
    (YES, {"a": None}, False),
    (YES, {}, False),
    (RELAPSED, {"type": "blood"}, True),
    (RELAPSED, {"type": ["node", "blood"]}, True),
    (RELAPSED, {"type": ["node"]}, False),
    (RELAPSED, {"type": []}, False),
    (RELAPSED, {"type": None}, False),
    (OTHER_THAN_X, {"a": "Y"}, True),
    (OTHER_THAN_X, {"a": ["Y", "Z"]}, True),
    (OTHER_THAN_X, {"a": "X"}, False),
    (OTHER_THAN_X, {"a": ["Y", "X"]}, False),
    (OTHER_THAN_X, {"a": None}, False),
    (OTHER_THAN_X, {"a": []}, False),
    (HIGH, {"n": Decimal("5")}, True),
    (HIGH, {"n": Decimal("5.01")}, True),
    (HIGH, {"n": Decimal("4.99")}, False),
    (HIGH, {"n": 0}, False),
    (HIGH, {"n": None}, False),
    (when_filled("a"), {"a": "x"}, True),
    (when_filled("a"), {"a": 0}, True),
    (when_filled("a"), {"a": False}, True),
    (when_filled("a"), {"a": PartialDate(2025)}, True),
    (when_filled("a"), {"a": ""}, False),
    (when_filled("a"), {"a": []}, False),
    (when_filled("a"), {"a": None}, False),
    (YES & HIGH, {"a": "Y", "n": 5}, True),
    (YES & HIGH, {"a": "Y", "n": 4}, False),
    (YES & HIGH, {"a": "Y"}, False),
    (YES & HIGH, {}, False),
    (YES | HIGH, {"a": "N", "n": 5}, True),
    (YES | HIGH, {"n": 5}, True),
    (YES | HIGH, {"a": "N", "n": 4}, False),
    (YES | HIGH, {}, False),
    (judged("b is a", lambda row: row["a"] == row["b"], "a", "b"), {"a": 1, "b": 1}, True),
    (judged("b is a", lambda row: row["a"] == row["b"], "a", "b"), {"a": 1, "b": 2}, False),
)


@pytest.mark.parametrize(("condition", "values", "holds"), TABLE)
def test_a_condition_holds_or_not(condition: Condition, values: dict[str, Any], holds: bool) -> None:
    assert condition.holds(answered(**values)) is holds


OTHER_FORM = when("HSCT.hsct_done", "Y")


@pytest.mark.parametrize(
    ("others", "holds"),
    [
        ([record("HSCT", "H0", hsct_done=True)], True),
        ([record("HSCT", "H0", hsct_done=False)], False),
        ([record("HSCT", "H0", hsct_done=None)], False),
        ([], False),
    ],
)
def test_a_condition_may_look_at_another_form(others: list[Record], holds: bool) -> None:
    assert OTHER_FORM.holds(answers(record("DTH"), *others)) is holds


@pytest.mark.parametrize(
    "condition",
    [
        when("NEXT.product", "RBC"),
        when_not("NEXT.product", "RBC"),
        when_filled("NEXT.product"),
        when_at_least("NEXT.units", 0),
    ],
)
def test_a_condition_on_a_form_that_this_version_does_not_have_is_false(condition: Condition) -> None:
    row = answers(record("DTH"))
    assert not row.knows("NEXT")
    assert condition.holds(row) is False


def test_an_own_item_may_be_named_with_its_form() -> None:
    row = answers(record("HSCT", "H0", hsct_done=True))
    assert OTHER_FORM.holds(row)


@pytest.mark.parametrize(
    ("condition", "operands", "words"),
    [
        (ALWAYS, [], "always"),
        (RELAPSED, ["type"], "type=marrow or blood"),
        (OTHER_THAN_X, ["a"], "a<>X"),
        (HIGH, ["n"], "n>=5.0"),
        (when_filled("a"), ["a"], "a filled"),
        (YES & HIGH, ["a", "n"], "(a=Y and n>=5.0)"),
        (YES | OTHER_FORM, ["a", "HSCT.hsct_done"], "(a=Y or HSCT.hsct_done=Y)"),
        (judged("after HSCT", bool, "HSCT.hsct_start_dt"), ["HSCT.hsct_start_dt"], "after HSCT"),
    ],
)
def test_a_condition_says_what_it_looks_at_and_reads_as_words(
    condition: Condition, operands: list[str], words: str
) -> None:
    assert list(condition.operands()) == operands
    assert str(condition) == words


@pytest.mark.parametrize(
    ("condition", "data"),
    [
        (ALWAYS, {}),
        (RELAPSED, {"item": "type", "codes": ["marrow", "blood"], "negated": False}),
        (OTHER_THAN_X, {"item": "a", "codes": ["X"], "negated": True}),
        (HIGH, {"item": "n", "least": "5.0"}),
        (when_filled("a"), {"item": "a", "filled": True}),
        (
            YES & when_filled("b"),
            {"all": [{"item": "a", "codes": ["Y"], "negated": False}, {"item": "b", "filled": True}]},
        ),
        (
            YES | when_filled("b"),
            {"any": [{"item": "a", "codes": ["Y"], "negated": False}, {"item": "b", "filled": True}]},
        ),
        (judged("yearly", bool), {"judged": "yearly"}),
    ],
)
def test_the_page_is_told_the_same(condition: Condition, data: dict[str, Any]) -> None:
    assert condition.as_data() == data


@pytest.mark.parametrize(
    ("value", "code"),
    [(True, "Y"), (False, "N"), (None, ""), ("CR", "CR"), (3, "3"), (Decimal("1.0"), "1.0")],
)
def test_a_value_compares_by_its_code(value: Any, code: str) -> None:
    assert code_of(value) == code


# --- invariants -----------------------------------------------------------------------------------------
def evaluated(data: dict[str, Any], row: Answers) -> bool:
    """The condition as a page would evaluate it, from its data alone."""
    if "all" in data:
        return all(evaluated(part, row) for part in data["all"])
    if "any" in data:
        return any(evaluated(part, row) for part in data["any"])
    value = row[data["item"]]
    if "codes" in data:
        given = {code_of(part) for part in value} if isinstance(value, list) else {code_of(value)} - {""}
        return bool(given) and (not given & set(data["codes"])) == data["negated"]
    if "least" in data:
        return value is not None and value >= Decimal(data["least"])
    return value not in (None, "", [])


simple = st.one_of(
    st.sampled_from([when("a", "Y"), when("a", "Y", "Z"), when_not("a", "Z"), when_filled("a")]),
    st.integers(-5, 5).map(lambda least: when_at_least("n", least)),
)
conditions = st.recursive(
    simple,
    lambda inner: st.tuples(inner, inner, st.booleans()).map(lambda p: p[0] & p[1] if p[2] else p[0] | p[1]),
)


@unhurried
@given(
    conditions,
    st.sampled_from([None, "Y", "Z", True, False, ["Y"], ["X", "Z"], []]),
    st.none() | st.integers(-6, 6),
)
def test_server_and_page_agree_on_every_condition(condition: Condition, a: Any, n: int | None) -> None:
    row = answered(a=a, n=n)
    assert evaluated(condition.as_data(), row) == condition.holds(row)
