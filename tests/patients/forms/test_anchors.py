"""The day of the graft where a transplantation is recorded, and where it is said not to be done after all."""

from datetime import date

import pytest

from patients.casebook.answers import RowAnswers
from patients.forms.anchors import graft_day
from tests.patients.checks.casebook import casebook, found_in, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

INFUSED = row("INF", "C0", inf_start_dt="2025-07-01 10:00")
GRAFT = row("HSCT", "H0", hsct_start_dt="2025-07-17 00:30", hsct_done="Y", cond_none="N", gvhdp_none="Y")


@pytest.mark.parametrize(("done", "day"), [("Y", date(2025, 7, 17)), ("", date(2025, 7, 17)), ("N", None)])
def test_a_graft_that_was_not_given_has_no_day(done: str, day: date | None) -> None:
    held = casebook((INFUSED, GRAFT.but(hsct_done=done)))
    assert graft_day(RowAnswers(held.records("INF")[0], held)) == day


def test_what_is_kept_of_a_graft_that_was_not_given_is_no_deviation() -> None:
    assert "X-HSCT-04" in found_in((INFUSED, GRAFT))
    assert "X-HSCT-04" not in found_in((INFUSED, GRAFT.but(hsct_done="N")))


def test_an_event_after_a_graft_that_was_not_given_belongs_to_the_cells() -> None:
    event = row("AE", "", "1", ae_start="2025-07-20")
    for done, period in (("Y", ["hsct"]), ("N", ["cart"])):
        (found,) = casebook((INFUSED, GRAFT.but(hsct_done=done), event)).records("AE")
        assert found.values["ae_trtem"] == period
