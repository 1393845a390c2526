"""Each requirement stands against a risk, and each risk has requirements against it."""

import csv
from io import StringIO

import pytest

from tests.risks import judged, risks
from tests.tracing import requirements


@pytest.mark.requirement("VD-02")
def test_every_requirement_is_there_for_a_risk() -> None:
    named = {name for one in risks() for name in one.requirements}
    assert named == {one.id for one in requirements()}


def test_a_risk_is_judged() -> None:
    table = risks()
    assert len({one.id for one in table}) == len(table)
    for one in table:
        assert one.requirements, one.id
        assert {one.severity, one.likelihood} <= {"1", "2", "3"}
        assert one.harms in {"patient", "data", "privacy"}


def test_a_control_that_was_not_shown_is_named_with_its_risk() -> None:
    told = {line["id"]: line for line in csv.DictReader(StringIO(judged({"RB-05", "AT-08"})))}
    assert (told["R06"]["controls_not_shown"], told["R06"]["priority"]) == ("AT-08 RB-05", "6")
    assert told["R01"]["controls_not_shown"] == ""
