"""Which tests show which requirement: `make trace` runs them and prints the matrix.

A run fails on a requirement that has no test that passed: `python -m pytest -p tests.tracing -m requirement`.
"""

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest


class Requirement(NamedTuple):
    """One line of the table: its number, the capability that delivers it, and what it asks for."""

    id: str
    capability: str
    says: str


def requirements() -> list[Requirement]:
    with (Path(__file__).parent / "requirements.csv").open(encoding="utf-8", newline="") as file:
        return [Requirement(**line) for line in csv.DictReader(file)]


def missing(table: list[Requirement], shown: dict[str, dict[str, str]]) -> list[str]:
    """The requirements that have no test that passed, or any that failed."""
    return [one.id for one in table if set(shown.get(one.id, {}).values()) != {"passed"}]


class Trace:
    """The outcome of each test by requirement, gathered over a run."""

    def __init__(self) -> None:
        self.shown: dict[str, dict[str, str]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == "requirement" and (report.when == "call" or not report.passed):
                self.shown[str(value)][report.nodeid.partition("[")[0]] = report.outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if missing(requirements(), self.shown):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        write = terminalreporter.write_line
        table = requirements()
        for one in table:
            tests = self.shown.get(one.id, {})
            write(f"{one.id}  {one.capability}: {one.says}")
            for test, outcome in sorted(tests.items()):
                write(f"       {outcome}  {test}")
        lacking = missing(table, self.shown)
        write(f"not shown: {', '.join(lacking) or 'none'}")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process that sees the reports of all
        config.pluginmanager.register(Trace(), "trace")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("requirement"):
            item.user_properties.extend(("requirement", number) for number in marker.args)
