"""The visit schedule as declared: every row, its window and its forms."""

from decimal import Decimal

import pytest

from trial.protocol.study import DAYS_PER_MONTH, SITE_ZONE, STUDY
from trial.protocol.visits import (
    ANCHOR_FORMS,
    FORM_ORDER,
    LOG_FORMS,
    RECURRING,
    REPORT_FORMS,
    VISITS,
    Clock,
    UnknownVisit,
    VisitType,
    visit_type,
)

LAB_ALONE_ON_DAYS = ["A,B,C" if day in {1, 3, 5, 7, 10, 14} else "A,C" for day in range(1, 15)]


def forms(visit: VisitType) -> list[str]:
    return [due.form for due in visit.forms]


def lab_sets(visit: VisitType) -> str:
    return next(str(due.note) for due in visit.forms if due.form == "LAB")


def test_the_protocol_has_35_forms_and_each_visit_code_once() -> None:
    codes = [visit.code for visit in VISITS]
    assert len(FORM_ORDER) == len(set(FORM_ORDER)) == 35
    assert len(codes) == len(set(codes))


def test_visits_ask_only_for_forms_of_the_protocol_and_each_once() -> None:
    for visit in VISITS:
        assert set(forms(visit)) <= set(FORM_ORDER)
        assert len(forms(visit)) == len(set(forms(visit)))


def test_a_form_is_a_log_at_every_visit_or_at_none() -> None:
    assert {(due.form, due.log) for visit in VISITS for due in visit.forms if due.log} == {
        (form, True) for form in LOG_FORMS - REPORT_FORMS
    }
    assert not [due for visit in VISITS for due in visit.forms if due.form in REPORT_FORMS]
    assert not [due for visit in VISITS for due in visit.forms if due.form in LOG_FORMS and not due.log]


def test_every_code_resolves() -> None:
    assert all(visit_type(visit.code) is visit for visit in VISITS)


@pytest.mark.parametrize(("instance", "code"), [("UNS1", "UNS"), ("UNS12", "UNS"), ("RLPv1", "RLPv")])
def test_instances_of_recurring_visits_resolve_to_their_type(instance: str, code: str) -> None:
    assert code in RECURRING
    assert visit_type(instance).code == code


def test_a_fourth_day_of_lymphodepletion_has_no_planned_day() -> None:
    assert [visit_type(f"LD{n}").target_day for n in (1, 2, 3, 4)] == [-5, -4, -3, None]
    assert visit_type("LD4").code == "LD4"


@pytest.mark.parametrize(
    "code", ["", "UNS0", "UNS01", "ENDv1", "C15", "H7x", "H29d", "LD0", "APH2", "G36", " C0"]
)
def test_other_codes_are_unknown(code: str) -> None:
    with pytest.raises(UnknownVisit):
        visit_type(code)


@pytest.mark.parametrize(
    ("code", "clock", "target", "before", "after"),
    [
        ("SCR", "consent", 0, 0, 28),
        ("DON", "consent", None, 60, 0),
        ("ENR", "consent", 0, 0, 28),
        ("APH", "event", 0, 0, 0),
        ("BL", "car_t", -7, 7, 0),
        ("LD1", "car_t", -5, 1, 1),
        ("LD3", "car_t", -3, 1, 1),
        ("PRE", "car_t", -1, 1, 0),
        ("C0", "car_t", 0, 0, 0),
        ("C14R", "car_t", 14, 7, 17),
        ("C21", "car_t", 21, 2, 2),
        ("C28", "car_t", 28, 3, 3),
        ("HW", "event", 0, 10, 0),
        ("H0", "hsct", 0, 0, 0),
        ("H28d", "hsct", 28, 0, 0),
        ("H7", "hsct", 7, 1, 1),
        ("H14", "hsct", 14, 2, 2),
        ("H21", "hsct", 21, 2, 2),
        ("HM1", "hsct", 30, 3, 5),
        ("HM2", "hsct", 60, 7, 7),
        ("HM3", "hsct", 90, 10, 14),
        ("HM6", "hsct", 180, 14, 14),
        ("HM9", "hsct", 270, 21, 21),
        ("HM12", "hsct", 365, 30, 30),
        ("HM18", "hsct", 545, 45, 45),
        ("HM24", "hsct", 730, 45, 45),
        ("C60", "car_t", 60, 7, 7),
        ("C90", "car_t", 90, 10, 10),
        ("C180", "car_t", 180, 14, 14),
        ("C270", "car_t", 270, 21, 21),
        ("C365", "car_t", 365, 30, 30),
        ("C545", "car_t", 545, 45, 45),
        ("C730", "car_t", 730, 45, 45),
        ("LT15", "car_t", 5475, 60, 60),
        ("RLPv", "event", 0, 0, 14),
        ("ENDv", "event", 0, 0, 30),
    ],
)
def test_targets_and_windows_are_those_of_the_schedule(
    code: str, clock: str, target: int | None, before: int, after: int
) -> None:
    visit = visit_type(code)
    assert (visit.clock, visit.target_day, visit.before, visit.after) == (Clock(clock), target, before, after)


def test_daily_visits_ask_for_more_on_their_days() -> None:
    daily = [visit_type(f"C{day}") for day in range(1, 15)]
    assert [lab_sets(visit) for visit in daily] == LAB_ALONE_ON_DAYS
    assert [visit.target_day for visit in daily if "AGVHD" in forms(visit)] == [7, 14]
    assert [visit.target_day for visit in daily if "KIN" in forms(visit)] == [3, 5, 7, 10, 14]


def test_acute_gvhd_is_asked_for_weekly_from_hsct_day_37_to_100() -> None:
    weekly = [visit for visit in VISITS if visit.code.startswith("G")]
    assert [visit.target_day for visit in weekly] == [37, 44, 51, 58, 65, 72, 79, 86, 93, 100]
    assert all(forms(visit) == ["AGVHD"] and visit.clock is Clock.HSCT for visit in weekly)


def test_an_anchor_form_has_one_page_and_other_visits_point_to_it() -> None:
    for form, home in ANCHOR_FORMS.items():
        places = {visit.code: due.page_at for visit in VISITS for due in visit.forms if due.form == form}
        assert places.pop(home) == ""
        assert set(places.values()) <= {home}


def test_the_study_has_one_zone_and_one_length_of_a_month() -> None:
    assert SITE_ZONE.key == "Asia/Shanghai"
    days_per_year = DAYS_PER_MONTH * 12
    assert days_per_year == Decimal("365.25")
    assert (STUDY.study_id, STUDY.registry_id) == ("CHIMERA", "NCT05827835")
