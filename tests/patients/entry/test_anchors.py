"""T0 is moved with a reason in words once later pages are complete."""

import pytest

from patients.entry.reasons import Reason
from patients.entry.refusals import Refused
from tests.patients.entry import desk

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

LATER = {"inf_start_dt": "2024-01-05 18:00"}


def test_a_code_alone_does_not_move_t0_after_a_later_page_is_complete() -> None:
    subject = desk.infused()
    header = {"not_done": "Y", "not_done_reason": "refused"}
    desk.save(desk.page_of(subject, "RESP", "C28"), {}, header=header, on="2024-02-02", complete=True)
    page = desk.page_of(subject, "INF", "C0")
    with pytest.raises(Refused) as refused:
        desk.save(page, LATER, why=desk.BECAUSE)
    assert [found.check for found in refused.value.findings] == ["X-INF-09"]
    desk.save(page, LATER, why=Reason("late_source", "the pump's log gives the later time"))
    assert desk.texts(page)["inf_start_dt"].startswith("2024-01-05T18:00")


def test_before_that_any_reason_moves_it() -> None:
    subject = desk.infused()
    desk.save(desk.page_of(subject, "INF", "C0"), LATER, why=desk.BECAUSE)


def test_the_infusion_closes_lymphodepletion() -> None:
    """X-INF-08: what was given can still be added, and is changed with a reason in words."""
    subject = desk.infused()
    page = desk.opened(subject, "LD", "LD1", "2023-12-31")
    desk.save(page, rows={"1": {"ld_date": "2023-12-31", "ld_drug": "fludarabine"}}, on="2023-12-31")
    changed = {"1": {"ld_date": "2023-12-30"}}
    with pytest.raises(Refused) as refused:
        desk.save(page, rows=changed, why=desk.BECAUSE)
    assert [found.check for found in refused.value.findings] == ["X-INF-08"]
    desk.save(page, rows=changed, why=Reason("late_source", "the chart gives the day before"))
    desk.save(page, rows={"2": {"ld_date": "2023-12-30", "ld_drug": "etoposide"}})
