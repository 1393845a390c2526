"""What could go wrong, how bad and how likely it would be, and the requirements that stand against it.

Severity and likelihood without the controls, 1 to 3 each: a judgement of the developers, to be made anew by
the sponsor for its own use (GAMP; ICH E6(R3) 4.3.4).
"""

import csv
from collections.abc import Collection
from io import StringIO
from pathlib import Path
from typing import NamedTuple


class Risk(NamedTuple):
    """One line of `risks.csv`."""

    id: str
    risk: str
    because: str
    harms: str
    severity: str
    likelihood: str
    controls: str

    @property
    def requirements(self) -> list[str]:
        return self.controls.split()


def risks() -> list[Risk]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return [Risk(**line) for line in csv.DictReader(file)]


def judged(lacking: Collection[str]) -> str:
    """The risks as CSV, each with the controls that a run has not shown to hold."""
    out = StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write((*Risk._fields, "priority", "controls_not_shown"))
    for one in risks():
        priority = int(one.severity) * int(one.likelihood)
        write((*one, priority, " ".join(name for name in one.requirements if name in lacking)))
    return out.getvalue()
