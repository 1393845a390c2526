"""What every grading engine answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Flag(StrEnum):
    """What a reader must know beside a grade."""

    NEEDS_CLINICAL = "needs_clinical"
    """Symptoms, bleeding or a transfusion, which the number does not show, could make it worse."""
    NEVER_FELL = "never_fell"
    """No count was ever below the threshold, so that there is no recovery to date."""
    ICE_MISSING = "ice_missing"
    HIGH_RISK = "high"
    LOW_RISK = "low"


@dataclass(frozen=True, slots=True)
class Graded:
    """A class or grade with its reason: the rule that gave it, that rule's version, the inputs that decided.

    `value` is the code, or None where too little is recorded for any answer. `flags` say what a reader must
    know beside the value.
    """

    value: str | None
    rule_id: str
    version: str
    inputs: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()

    @property
    def number(self) -> int | None:
        """A numeric grade; None where nothing was graded."""
        return None if self.value is None else int(self.value)

    def as_data(self) -> dict[str, Any]:
        """What is kept beside a grade: which rule gave it, of which version, from what."""
        kept = {"value": self.value, "rule": self.rule_id, "engine": self.version}
        return {**kept, "inputs": list(self.inputs), "flags": [str(flag) for flag in self.flags]}


def worst(axes: Mapping[str, int | None], rule: str, version: str, flags: tuple[Flag, ...] = ()) -> Graded:
    """The highest grade over the axes that are known; not gradable only if none is.

    The inputs that decided are the axes at that grade; at grade 0 all that are known.
    """
    known = {axis: grade for axis, grade in axes.items() if grade is not None}
    if not known:
        return Graded(None, f"{rule}-EMPTY", version, flags=flags)
    top = max(known.values())
    decided = tuple(axis for axis, grade in known.items() if grade == top)
    return Graded(str(top), f"{rule}-{top}", version, decided, flags)
