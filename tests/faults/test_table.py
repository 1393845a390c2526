"""The table of experiments names what there is, and counts what the tests tell."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.faults.__main__ import chosen, table
from tests.faults.running import ROOT, Outcome, read_report
from tests.faults.table import EXPERIMENTS, POSTGRESQL, SQLITE, Experiment

REPORT = """<testsuites><testsuite>
<testcase name="told"><properties><property name="trials" value="50"/><property name="violations" value="2"/>
</properties><failure message="two lost"/></testcase>
<testcase name="failed before it told"><failure message="no web"/></testcase>
<testcase name="one of one"/>
</testsuite></testsuites>"""


def test_each_of_the_experiments_of_a_machine_is_there_once() -> None:
    ids = [experiment.id for experiment in EXPERIMENTS]
    assert len(set(ids)) == len(ids)
    assert {f"F{number:02}" for number in range(1, 25)} <= set(ids)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.id)
def test_its_tests_are_there_and_read_its_numbers(experiment: Experiment) -> None:
    texts = [(ROOT / target).read_text(encoding="utf-8") for target in experiment.targets]
    for name in experiment.often:
        assert any(f'environ.get("{name}"' in text for text in texts), name


NOT_ON = {SQLITE: "postgresql", POSTGRESQL: "one_engine"}
"""The mark of what does not run on an engine."""


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.id)
def test_there_is_something_to_run_on_each_of_its_engines(experiment: Experiment) -> None:
    for engine in experiment.engines:
        assert any(NOT_ON[engine] not in marks for marks in marks_of(experiment)), engine


def marks_of(experiment: Experiment) -> Iterator[set[str]]:
    """Those of each of its tests."""
    for target in experiment.targets:
        module: Any = import_module(target.removesuffix(".py").replace("/", "."))
        for name, test in vars(module).items():
            is_meant = not experiment.only or any(word in name for word in experiment.only.split(" or "))
            if name.startswith("test_") and is_meant:
                given = [*_listed(module), *_listed(test)]
                yield {mark.name for mark in given}


def _listed(marked: Any) -> list[Any]:
    marks = getattr(marked, "pytestmark", [])
    return marks if isinstance(marks, list) else [marks]


def test_a_test_that_failed_is_a_bad_outcome(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    assert read_report(tmp_path / "report.xml") == (52, 3)


def test_the_table_says_how_often_and_how_badly() -> None:
    (experiment,) = chosen("f06")
    line = table([(experiment, Outcome("F06", 1000, 0, 61.7))])[-1]
    assert line.startswith("| F06 | ")
    assert "| 1,000 | 0 |" in line
    with pytest.raises(SystemExit, match="F99"):
        chosen("F06,F99")
