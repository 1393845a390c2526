"""When an item is shown, as the page evaluates it.

What the page can see (answers of the same row that a person enters) stays a condition for the script; all
else (other forms, derived items, rules that only the server can judge) is judged here and handed over as
`{"judged": true}` or `{"judged": false}`. So both sides read the one declaration.
"""

from collections.abc import Callable
from typing import Any

from patients.items.conditions import Always, Answers, Both, Condition, Either, Judged

Data = dict[str, Any]
NameOf = Callable[[str], str | None]


def reveal_data(condition: Condition, answers: Answers, name_of: NameOf) -> Data:
    """The condition for the page. `name_of` gives the control of an item of the row, None where a person
    cannot change it on this page."""
    if isinstance(condition, Always):
        return {"judged": True}
    if isinstance(condition, Both | Either):
        parts = [reveal_data(part, answers, name_of) for part in (condition.one, condition.other)]
        return _all(parts) if isinstance(condition, Both) else _any(parts)
    names = [name_of(operand) for operand in condition.operands()]
    if isinstance(condition, Judged) or None in names:
        return {"judged": condition.holds(answers)}
    return {**condition.as_data(), "item": names[0]}


def is_settled(data: Data) -> bool:
    """Whether nothing typed on the page can change it."""
    return "judged" in data


def _all(parts: list[Data]) -> Data:
    return _joined("all", parts, decided_by=False)


def _any(parts: list[Data]) -> Data:
    return _joined("any", parts, decided_by=True)


def _joined(how: str, parts: list[Data], *, decided_by: bool) -> Data:
    """Several conditions as one; a settled part decides it or drops out."""
    if any(part.get("judged") is decided_by for part in parts):
        return {"judged": decided_by}
    open_parts = [part for part in parts if not is_settled(part)]
    if not open_parts:
        return {"judged": not decided_by}
    return open_parts[0] if len(open_parts) == 1 else {how: open_parts}
