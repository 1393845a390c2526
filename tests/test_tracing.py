"""The table of requirements, and what the trace says of it."""

import re
from pathlib import Path

import pytest

from tests.tracing import Requirement, missing, requirements

ROOT = Path(__file__).resolve().parent
MARKED = re.compile(r"requirement\(([^)]*)\)")
CAPABILITIES = {
    "house", "casebook", "access and trail", "data entry", "oversight", "lock", "export", "production",
}  # fmt: skip


def marked() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in ROOT.rglob("test_*.py"))
    return {
        found
        for text in texts
        for mark in MARKED.findall(text)
        for found in re.findall(r"[A-Z]{2}-\d\d", mark)
    }


@pytest.mark.requirement("VD-01")
def test_every_marked_requirement_is_one_of_the_table() -> None:
    assert marked() <= {one.id for one in requirements()}


@pytest.mark.requirement("VD-01")
def test_every_requirement_is_marked_on_a_test() -> None:
    assert {one.id for one in requirements()} <= marked()


def test_a_requirement_stands_once_and_belongs_to_a_capability() -> None:
    table = requirements()
    assert len({one.id for one in table}) == len(table)
    assert {one.capability for one in table} == CAPABILITIES


def test_one_is_missing_without_a_test_that_passes() -> None:
    table = [Requirement("X-01", "house", "")]
    assert missing(table, {}) == ["X-01"]
    assert missing(table, {"X-01": {"a": "passed", "b": "failed"}}) == ["X-01"]
    assert missing(table, {"X-01": {"a": "passed"}}) == []
