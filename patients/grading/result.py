"""What every grading engine answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Graded:
    """A class or grade with its reason: the rule that gave it, that rule's version, the inputs that decided.

    `value` is the code, or None where too little is recorded for any answer.
    """

    value: str | None
    rule_id: str
    version: str
    inputs: tuple[str, ...] = ()
