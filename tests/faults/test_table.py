"""The table of experiments names what there is, and counts what the tests tell."""

from pathlib import Path

import pytest

from tests.faults.__main__ import chosen, table
from tests.faults.running import ROOT, Outcome, read_report
from tests.faults.table import EXPERIMENTS, Experiment

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
