"""The gate of a lock derives nothing twice where a cut takes a casebook as it stands, and tells the same."""

import json
from datetime import date

import pytest

from tests.analytics.desk.deriving import both_ways
from tests.conftest import Registry
from tests.patients.entry import desk


@pytest.mark.django_db
def test_a_page_with_its_header_alone_is_derived_as_in_a_cut() -> None:
    subject = desk.infused()
    desk.save(desk.page_of(subject, "VS", "C1"), header={"form_date": "2024-01-06", "not_done": "Y"})
    response = desk.opened(subject, "RESP", "RLPv1", "2024-03-01")
    desk.save(response, header={"form_date": "2024-03-01", "not_done": "Y"})
    assert both_ways([subject], date(2024, 6, 1)) == (1, 1)
    assert both_ways([subject], date(2024, 2, 1)) == (0, 1), "the last page is later"
    assert both_ways([subject], date(2020, 1, 1)) == (1, 1), "nothing is in the cut"


@pytest.mark.one_engine
@pytest.mark.requirement("LK-04")
def test_both_ways_tell_the_same_of_the_cohort(demo_registry: Registry) -> None:
    """By an earlier day fewer casebooks are taken as they stand, and of all the same is told."""
    code = "from tests.analytics.desk.deriving import main; main()"
    told = json.loads(demo_registry.run("shell", "--verbosity=0", "-c", code).stdout)
    assert [same for _once, same in told.values()] == [19, 19]
    earlier, last = (once for once, _same in told.values())
    assert (0 < earlier < last, last) == (True, 19)
