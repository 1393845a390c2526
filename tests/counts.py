"""What a coordinator's work costs: keys and clicks, requests, bytes, and SQL statements of each view.

A test counts with `counted_work` and hands the lines to pytest by `told`; they are printed at the end of the
run, also where several processes have run it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection
from django.urls import Resolver404, resolve

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab
    from playwright.sync_api import Request

PROPERTY = "counted"
_OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "BEGIN")


@dataclass
class Work:
    """What was asked of the server while somebody worked in a tab."""

    requests: int = 0
    statements: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def by_view(self) -> str:
        """The most statements of each view, as "page POST 14"."""
        most = sorted((view, max(numbers)) for view, numbers in self.statements.items())
        return ", ".join(f"{view} {number}" for view, number in most)

    def most(self, view: str) -> int:
        return max(self.statements[view])


@contextmanager
def counted_work(tab: "Tab") -> Iterator[Work]:
    """What the tab asks for within this block, and what statements the server, which runs in a thread of
    this process, sends for it. Those that begin and end transactions are not counted."""
    work = Work()

    def sent(_request: "Request") -> None:
        work.requests += 1

    tab.on("request", sent)
    with _counted_views(work.statements):
        yield work
    tab.remove_listener("request", sent)


@contextmanager
def _counted_views(statements: dict[str, list[int]]) -> Iterator[None]:
    """Each thread of the server has a connection of its own, and answers one request at a time."""

    def began(environ: dict[str, Any], **_: object) -> None:
        counter = _Counter(_view(environ))
        connection.execute_wrappers.append(counter)

    def ended(**_: object) -> None:
        for counter in [each for each in connection.execute_wrappers if isinstance(each, _Counter)]:
            connection.execute_wrappers.remove(counter)
            if counter.view:
                statements[counter.view].append(counter.number)

    request_started.connect(began, weak=False)
    request_finished.connect(ended, weak=False)
    try:
        yield
    finally:
        request_started.disconnect(began)
        request_finished.disconnect(ended)


@dataclass
class _Counter:
    view: str
    number: int = 0

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        self.number += not sql.startswith(_OF_TRANSACTIONS)
        return execute(sql, *args)


def _view(environ: dict[str, Any]) -> str:
    """Name and method; nothing for a file."""
    try:
        return f"{resolve(environ['PATH_INFO']).view_name} {environ['REQUEST_METHOD']}"
    except Resolver404:
        return ""


# --- printed ---------------------------------------------------------------------------------------------
def told(record_property: Callable[[str, object], None], what: str, **counts: object) -> None:
    """One line for the end of the run."""
    record_property(PROPERTY, f"{what}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))


def print_counts(terminal: pytest.TerminalReporter) -> None:
    """What the tests of this run have counted."""
    reports = [report for each in terminal.stats.values() for report in each if hasattr(report, "when")]
    lines = [
        str(value)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if lines:
        terminal.section("counted")
        for line in lines:
            terminal.write_line(line)
