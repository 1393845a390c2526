"""Conditions as the page evaluates them: what it cannot see is judged by the server."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from patients.items.conditions import ALWAYS, judged, when, when_at_least, when_filled, when_not
from patients.web.reveal import reveal_data


@dataclass
class Given:
    """Answers from a mapping."""

    values: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


ENTERED = {"a": "r0-a", "b": "r0-b", "OWN.a": "r0-a"}
A = {"item": "r0-a", "codes": ["Y"], "negated": False}
B = {"item": "r0-b", "least": "5"}
a, b, foreign = when("a", "Y"), when_at_least("b", 5), when("DX.dx_type", "aml")


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (ALWAYS, {}, {"judged": True}),
        (a, {}, A),
        (when("OWN.a", "Y"), {}, A),
        (when_not("a", "N", "X"), {}, {"item": "r0-a", "codes": ["N", "X"], "negated": True}),
        (when_filled("a"), {}, {"item": "r0-a", "filled": True}),
        (b, {}, B),
        (a & b, {}, {"all": [A, B]}),
        (a | b, {}, {"any": [A, B]}),
        (foreign, {"DX.dx_type": "aml"}, {"judged": True}),
        (foreign, {}, {"judged": False}),
        (foreign & a, {"DX.dx_type": "aml"}, A),
        (foreign & a, {}, {"judged": False}),
        (foreign | a, {"DX.dx_type": "aml"}, {"judged": True}),
        (foreign | a, {}, A),
        (foreign | foreign, {}, {"judged": False}),
        (foreign & foreign, {"DX.dx_type": "aml"}, {"judged": True}),
        (when("derived", "Y"), {"derived": "Y"}, {"judged": True}),
        (judged("b differs", lambda answers: answers["b"] == 3, "b"), {"b": 3}, {"judged": True}),
        ((a & b) | foreign, {}, {"all": [A, B]}),
    ],
)
def test_what_the_page_is_handed(condition, values, expected) -> None:
    assert reveal_data(condition, Given(values), ENTERED.get) == expected
