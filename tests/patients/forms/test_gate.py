"""HSCT: a graft is supported by the remission of the last day of assessment in the 14 days before it."""

from datetime import date, datetime, timedelta
from itertools import permutations

import pytest

from patients.forms.transplantation import Transplantation
from patients.items.problems import Finding
from tests.patients.items.answers import answers, record
from trial.protocol.study import SITE_ZONE

GRAFT = datetime(2024, 1, 25, 15, 20, tzinfo=SITE_ZONE)
DAY = GRAFT.date()
OPEN, CLOSED = True, False


def assessed(visit: str, days_before: int, gate: bool | None, response: str = "CRi") -> object:
    return record("RESP", visit, resp_dt=DAY - timedelta(days_before), resp_gate=gate, resp_protocol=response)


def findings(name: str, responses: list, **values: object) -> list[Finding]:
    item = Transplantation.item(name)
    graft = record("HSCT", "H0", hsct_start_dt=GRAFT, **values)
    row = answers(graft, record("ELIG", icf_hsct_signed=True), *responses)
    return [finding for finding in item.findings(row[name], row) if finding.check in ("X-HSCT-02", "")]


GATES = (
    ([], False),
    ([assessed("C14R", 4, OPEN)], True),
    ([assessed("C14R", 4, CLOSED)], False),
    ([assessed("C14R", 4, None)], False),
    ([assessed("C14R", 0, OPEN)], True),
    ([assessed("C14R", 14, OPEN)], True),
    ([assessed("C14R", 15, OPEN)], False),
    ([assessed("UNS1", -1, OPEN)], False),
    ([assessed("C14R", 10, OPEN), assessed("UNS1", 3, CLOSED)], False),
    ([assessed("C14R", 10, CLOSED), assessed("UNS1", 3, OPEN)], True),
    ([assessed("C14R", 3, CLOSED), assessed("UNS1", 3, OPEN)], True),
    ([assessed("C14R", 3, OPEN), assessed("UNS1", 3, CLOSED)], True),
    ([assessed("C14R", 3, CLOSED), assessed("UNS1", 3, CLOSED)], False),
    ([assessed("C14R", 9, OPEN), assessed("HW", 3, CLOSED), assessed("UNS1", 3, CLOSED)], False),
)


@pytest.mark.requirement("DI-07")
@pytest.mark.parametrize(("responses", "is_supported"), GATES)
def test_a_graft_needs_an_open_gate_on_the_last_day_of_assessment(
    responses: list, is_supported: bool
) -> None:
    for order in permutations(responses):
        assert (findings("hsct_start_dt", list(order)) == []) is is_supported


STATUSES = (
    ([], "CR", True),
    ([assessed("C14R", 4, OPEN, "CRi")], "CRi", True),
    ([assessed("C14R", 4, OPEN, "CRi")], "CR", False),
    ([assessed("C14R", 15, OPEN, "CRi")], "CR", True),  # too old to say anything
    ([assessed("C14R", 9, OPEN, "CR"), assessed("UNS1", 3, OPEN, "CRi")], "CR", False),
    ([assessed("C14R", 3, OPEN, "CR"), assessed("UNS1", 3, OPEN, "CRi")], "CR", True),
    ([assessed("C14R", 3, OPEN, "CR"), assessed("UNS1", 3, OPEN, "CRi")], "CRi", True),
    ([assessed("C14R", 3, OPEN, "CR"), assessed("UNS1", 3, OPEN, "CRi")], "CRh", False),
)


@pytest.mark.parametrize(("responses", "status", "agrees"), STATUSES)
def test_the_state_at_the_graft_agrees_with_any_assessment_of_that_day(
    responses: list, status: str, agrees: bool
) -> None:
    for order in permutations(responses):
        assert (findings("hsct_status", list(order), hsct_status=status) == []) is agrees


def test_the_day_of_the_graft_is_that_of_the_site() -> None:
    """23:30 in Hangzhou is the same day, though it is another one in London."""
    late = datetime(2024, 1, 25, 23, 30, tzinfo=SITE_ZONE)
    response = record("RESP", "C14R", resp_dt=date(2024, 1, 11), resp_gate=True, resp_protocol="CRi")
    row = answers(record("HSCT", "H0", hsct_start_dt=late), record("ELIG", icf_hsct_signed=True), response)
    item = Transplantation.item("hsct_start_dt")
    assert "X-HSCT-02" not in [finding.check for finding in item.findings(late, row)]
