"""FU: contacts of one clock follow each other; those of two clocks, and unscheduled ones, need not."""

from datetime import date

import pytest

from patients.forms.follow_up import FollowUp
from patients.items.problems import Severity
from tests.patients.items.answers import answers, record

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)

CASES = (
    # visit and day of the contact, visit and day of another contact, whether it is kept
    ("HM2", JUNE, "HM1", MAY, True),
    ("HM2", MAY, "HM1", MAY, True),
    ("HM2", MAY, "HM1", JUNE, False),
    ("HM1", JUNE, "HM2", MAY, True),  # the later visit says so, not the earlier one
    ("C365", MAY, "C60", JUNE, False),
    ("LT4", MAY, "LT3", JUNE, False),
    ("LT3", MAY, "C730", JUNE, False),  # both on the CAR-T clock
    ("C60", MAY, "HM24", JUNE, True),  # two clocks
    ("LT3", MAY, "HM24", JUNE, True),
    ("HM24", MAY, "C60", JUNE, True),
    ("UNS1", MAY, "HM1", JUNE, True),
    ("HM2", MAY, "UNS1", JUNE, True),
    ("HM2", MAY, "RLPv1", JUNE, True),
    ("HM2", MAY, "ENDv", JUNE, True),
)


@pytest.mark.requirement("DI-07")
@pytest.mark.parametrize(("visit", "day", "other", "other_day", "is_kept"), CASES)
def test_a_contact_is_not_before_that_of_an_earlier_visit_of_its_clock(
    visit: str, day: date, other: str, other_day: date, is_kept: bool
) -> None:
    row = answers(record("FU", visit, fu_dt=day), record("FU", other, fu_dt=other_day))
    found = [f for f in FollowUp.item("fu_dt").findings(day, row) if f.severity is Severity.HARD]
    assert (found == []) is is_kept


def test_a_contact_without_a_date_bounds_nothing() -> None:
    row = answers(record("FU", "HM2", fu_dt=MAY), record("FU", "HM1"))
    assert list(FollowUp.item("fu_dt").findings(MAY, row)) == []
