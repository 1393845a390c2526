"""What a run of the tests left: each test with its outcome on an engine, and the requirements it shows."""

import csv
import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.tracing import Requirement

ENGINES = ("sqlite", "postgresql")
NOT_PASSED = {"failure": "failed", "error": "error", "skipped": "skipped"}


class Shown(NamedTuple):
    """A test of a run. One that shows no requirement has none."""

    engine: str
    test: str
    outcome: str
    seconds: float
    requirements: tuple[str, ...]


def read(report: Path, engine: str) -> Iterator[Shown]:
    """The tests of a report in the format of JUnit."""
    for case in ElementTree.parse(report).iter("testcase"):
        outcome = next((NOT_PASSED[each.tag] for each in case if each.tag in NOT_PASSED), "passed")
        named = sorted({p.get("value", "") for p in case.iter("property") if p.get("name") == "requirement"})
        test = f"{case.get('classname')}::{case.get('name')}".partition("@")[0]
        yield Shown(engine, test, outcome, float(case.get("time", 0)), tuple(named))


def matrix(table: list[Requirement], shown: list[Shown]) -> str:
    """As CSV: a line for each requirement and test that shows it; a requirement without one stands alone."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(("requirement", "capability", "says", "engine", "test", "outcome", "seconds"))
    for one in table:
        tests = [each for each in shown if one.id in each.requirements]
        for each in tests:
            write((*one, each.engine, each.test, each.outcome, f"{each.seconds:.3f}"))
        if not tests:
            write((*one, "", "", "no test", ""))
    return out.getvalue()


def without_a_passing_test(table: list[Requirement], shown: list[Shown]) -> list[str]:
    """The requirements that no test shows, or that one shows not to hold."""
    outcomes = {one.id: {each.outcome for each in shown if one.id in each.requirements} for one in table}
    return [number for number, found in outcomes.items() if found != {"passed"}]
