"""Anchors give the visits: the rules of the visit schedule, with their worked examples."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.schedule.plan import (
    DIED,
    ENDED,
    ENGRAFTED,
    RELAPSED,
    TRANSPLANTED,
    WITHDRAWN,
    Anchors,
    Plan,
    PlannedVisit,
    car_day,
    clock_label,
    event_visit,
    hsct_day,
    plan,
    study_day,
    visit_on,
    windows_containing,
)
from trial.protocol.visits import VISITS, Clock, visit_type

CONSENT, T0, H0 = date(2025, 2, 1), date(2025, 3, 1), date(2025, 3, 17)
NEW = Anchors(
    consent=None,
    eligible_signed=False,
    planned_infusion=None,
    t0=None,
    h0=None,
    hsct_done=None,
    as_of=CONSENT,
)
CONSENTED = replace(NEW, consent=CONSENT)
CLEARED = replace(CONSENTED, eligible_signed=True, planned_infusion=T0)
INFUSED = replace(CLEARED, t0=T0, as_of=T0)
TRANSPLANTED_SUBJECT = replace(INFUSED, h0=H0, hsct_done=True, as_of=H0)
NO_TRANSPLANT_PATH = ["C90", "C180", "C270", "C365", "C545", "C730"]


def in_2025(month: int, day: int) -> date:
    return date(2025, month, day)


def t0_plus(days: int) -> date:
    return T0 + timedelta(days=days)


def at(planned: Plan, code: str) -> PlannedVisit:
    return next(visit for visit in planned if visit.code == code)


def window(planned: Plan, code: str) -> tuple[date | None, date | None, date | None]:
    visit = at(planned, code)
    return visit.target, visit.opens, visit.closes


def codes(planned: Plan, *, superseded: str = "") -> list[str]:
    return [visit.code for visit in planned if visit.superseded == superseded]


# --- rule 1 ----------------------------------------------------------------------------------------------


def test_before_consent_screening_is_there_without_dates() -> None:
    assert codes(plan(NEW)) == ["SCR"]
    assert window(plan(NEW), "SCR") == (None, None, None)


def test_consent_opens_screening_donor_workup_and_enrolment() -> None:
    planned = plan(CONSENTED)
    assert codes(planned) == ["SCR", "DON", "ENR"]
    assert window(planned, "SCR") == window(planned, "ENR") == (CONSENT, CONSENT, in_2025(3, 1))
    assert window(planned, "DON") == (None, CONSENT, None)


def test_eligible_and_signed_predicts_treatment_from_the_planned_infusion() -> None:
    planned = plan(CLEARED)
    assert codes(planned)[3:] == ["BL", "LD1", "LD2", "LD3", "PRE", "C0"]
    assert all(visit.predicted for visit in planned[3:])
    assert window(planned, "BL") == (in_2025(2, 22), in_2025(2, 15), in_2025(2, 22))
    assert window(planned, "LD1") == (in_2025(2, 24), in_2025(2, 23), in_2025(2, 25))
    assert window(planned, "PRE") == (in_2025(2, 28), in_2025(2, 27), in_2025(2, 28))
    assert window(planned, "C0") == (T0, T0, T0)


def test_infusion_can_be_entered_before_it_is_planned() -> None:
    planned = plan(replace(CLEARED, planned_infusion=None))
    assert window(planned, "C0") == (None, None, None)
    assert visit_on("INF", T0, planned) == "C0"


def test_saved_infusion_redates_what_was_predicted() -> None:
    planned = plan(replace(INFUSED, planned_infusion=in_2025(2, 20)))
    assert window(planned, "LD1")[0] == in_2025(2, 24)
    assert not at(planned, "BL").predicted


def test_infusion_without_signed_eligibility_still_has_its_visits() -> None:
    assert {"BL", "C0", "C28"} <= set(codes(plan(replace(INFUSED, eligible_signed=False))))


def test_lymphodepletion_stands_on_the_days_on_which_it_was_given() -> None:
    given_days = (in_2025(2, 21), in_2025(2, 20), in_2025(2, 22), in_2025(2, 23))
    planned = plan(replace(CLEARED, lymphodepletion_days=given_days))
    assert [at(planned, f"LD{n}").target for n in (1, 2, 3, 4)] == sorted(given_days)
    assert not at(planned, "LD1").predicted
    assert window(plan(replace(CLEARED, lymphodepletion_days=given_days[:1])), "LD2")[0] == in_2025(2, 25)


# --- rule 2 ----------------------------------------------------------------------------------------------


def test_infusion_creates_the_visits_of_the_car_t_clock() -> None:
    daily = [f"C{day}" for day in range(1, 15)]
    assert codes(plan(INFUSED))[9:] == [*daily, "C14R", "C21", "C28", "C60", "H0"]


def test_worked_example_without_transplantation() -> None:
    assert window(plan(INFUSED), "C60") == (in_2025(4, 30), in_2025(4, 23), in_2025(5, 7))
    assert window(plan(INFUSED), "C14R") == (in_2025(3, 15), in_2025(3, 8), in_2025(4, 1))


@pytest.mark.parametrize(("day", "created"), [(52, False), (53, True), (54, True)])
def test_no_transplant_path_begins_on_car_day_53_without_h0(day: int, created: bool) -> None:
    assert ("C90" in codes(plan(replace(INFUSED, as_of=t0_plus(day))))) is created


def test_no_transplant_path_begins_once_transplantation_is_said_not_to_be_done() -> None:
    planned = plan(replace(INFUSED, hsct_done=False, as_of=t0_plus(20)))
    assert [code for code in codes(planned) if code in NO_TRANSPLANT_PATH] == NO_TRANSPLANT_PATH
    assert not codes(planned, superseded=TRANSPLANTED)


def test_the_page_that_says_so_keeps_its_visit() -> None:
    assert visit_on("HSCT", t0_plus(20), plan(replace(INFUSED, hsct_done=False))) == "H0"


# --- rule 3 ----------------------------------------------------------------------------------------------


def test_transplantation_can_be_entered_before_h0_and_holds_no_other_page() -> None:
    planned = plan(INFUSED)
    assert window(planned, "H0") == (None, None, None)
    assert visit_on("HSCT", H0, planned) == "H0"
    assert visit_on("VS", t0_plus(40), planned) is None


def test_worked_example_with_transplantation() -> None:
    planned = plan(TRANSPLANTED_SUBJECT)
    assert car_day(H0, T0) == 16
    assert window(planned, "C14R") == (in_2025(3, 15), in_2025(3, 8), H0)
    assert window(planned, "C21") == (in_2025(3, 22), in_2025(3, 20), in_2025(3, 24))
    assert window(planned, "H7") == (in_2025(3, 24), in_2025(3, 23), in_2025(3, 25))
    assert window(planned, "C28") == (in_2025(3, 29), in_2025(3, 26), in_2025(4, 1))
    assert window(planned, "H14") == (in_2025(3, 31), in_2025(3, 29), in_2025(4, 2))
    assert window(planned, "HM3") == (in_2025(6, 15), in_2025(6, 5), in_2025(6, 29))
    assert [hsct_day(day, H0) for day in (in_2025(3, 22), in_2025(3, 29))] == [5, 12]
    assert {"C28", "H14"} <= {visit.code for visit in windows_containing(in_2025(3, 30), planned)}


def test_h0_creates_every_visit_of_the_hsct_clock_and_supersedes_day_60() -> None:
    planned = plan(TRANSPLANTED_SUBJECT)
    hsct_clock = [visit.code for visit in VISITS if visit.clock is Clock.HSCT]
    assert codes(planned)[-len(hsct_clock) :] == hsct_clock
    assert codes(planned, superseded=TRANSPLANTED) == ["C60"]
    assert {"C14", "C14R", "C21", "C28"} <= set(codes(planned))


@pytest.mark.parametrize(("day", "superseded"), [(53, ["C60"]), (54, ["C60", *NO_TRANSPLANT_PATH])])
def test_a_late_h0_supersedes_the_path_that_had_begun(day: int, superseded: list[str]) -> None:
    planned = plan(replace(TRANSPLANTED_SUBJECT, h0=t0_plus(day), as_of=t0_plus(day)))
    assert codes(planned, superseded=TRANSPLANTED) == superseded
    assert not set(NO_TRANSPLANT_PATH) & set(codes(planned))


@pytest.mark.parametrize(
    ("h0_day", "target", "opens", "closes"),
    [(5, 5, 5, 5), (7, 7, 7, 7), (10, 10, 7, 10), (31, 14, 7, 31), (32, 14, 7, 31)],
)
def test_remission_check_runs_from_day_7_to_h0_or_day_31(
    h0_day: int, target: int, opens: int, closes: int
) -> None:
    planned = plan(replace(TRANSPLANTED_SUBJECT, h0=t0_plus(h0_day)))
    assert window(planned, "C14R") == (t0_plus(target), t0_plus(opens), t0_plus(closes))


def test_daily_counts_stop_three_days_after_engraftment() -> None:
    planned = plan(replace(TRANSPLANTED_SUBJECT, neutrophil_engraftment=H0 + timedelta(days=12)))
    assert codes(planned, superseded=ENGRAFTED) == [f"H{day}d" for day in range(16, 29)]
    assert "H15d" in codes(planned)


def test_a_date_of_h0_does_not_count_when_the_page_says_not_done() -> None:
    assert codes(plan(replace(INFUSED, hsct_done=False, h0=H0))) == codes(
        plan(replace(INFUSED, hsct_done=False))
    )


# --- the visit of a form ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "day", "code"),
    [
        ("ELIG", date(2024, 12, 1), "SCR"),
        ("INF", t0_plus(1), "C0"),
        ("HSCT", H0, "H0"),
        ("DONOR", CONSENT, "DON"),
        ("DONOR", CONSENT - timedelta(days=1), None),
        ("LD", t0_plus(-6), "LD1"),
        ("CRS", t0_plus(3), "C3"),
        ("RESP", t0_plus(16), "C14R"),
        ("RESP", t0_plus(17), None),
        ("AGVHD", in_2025(3, 30), "H14"),
        ("RESP", in_2025(3, 30), "C28"),
        ("LAB", H0 + timedelta(days=7), "H7"),
        ("LAB", H0 + timedelta(days=9), "H9d"),
        ("AGVHD", H0 + timedelta(days=40), "G37"),
        ("CHIM", H0 + timedelta(days=35), "HM1"),
        ("CHIM", H0 + timedelta(days=36), None),
        ("FU", t0_plus(60), None),
        ("SAE", t0_plus(3), None),
    ],
)
def test_a_form_belongs_to_the_nearest_visit_that_asks_for_it(form: str, day: date, code: str | None) -> None:
    assert visit_on(form, day, plan(TRANSPLANTED_SUBJECT)) == code


def test_the_second_date_in_a_window_is_unscheduled() -> None:
    assert visit_on("RESP", t0_plus(15), plan(TRANSPLANTED_SUBJECT), taken={"C14R"}) is None


def test_an_event_opens_a_visit_on_its_day() -> None:
    relapse = event_visit("RLPv1", in_2025(6, 1))
    assert (relapse.code, relapse.opens, relapse.closes) == ("RLPv1", in_2025(6, 1), in_2025(6, 15))
    assert event_visit("HW", H0).opens == in_2025(3, 7)
    assert visit_on("RLP", in_2025(6, 1), [relapse]) == "RLPv1"


# --- clocks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "study", "label"), [(-3, -3, "D\u22123"), (0, 1, "D0"), (14, 15, "D+14")])
def test_days_on_a_clock(days: int, study: int, label: str) -> None:
    assert study_day(t0_plus(days), T0) == study
    assert clock_label(car_day(t0_plus(days), T0)) == label


# --- what always holds -----------------------------------------------------------------------------------

days = st.dates(date(2022, 1, 1), date(2030, 1, 1))


@st.composite
def subjects(draw: st.DrawFn) -> Anchors:
    consent = draw(days)
    t0 = draw(st.none() | st.integers(1, 90).map(lambda n: consent + timedelta(days=n)))
    h0 = draw(st.none() | st.integers(1, 365).map(lambda n: t0 and t0 + timedelta(days=n)))
    engrafted = draw(st.none() | st.integers(1, 40).map(lambda n: h0 and h0 + timedelta(days=n)))
    return Anchors(
        consent=draw(st.sampled_from([None, consent])) if t0 is None else consent,
        eligible_signed=draw(st.booleans()),
        planned_infusion=draw(st.none() | days),
        t0=t0,
        h0=h0,
        hsct_done=draw(st.sampled_from([None, True, False])),
        neutrophil_engraftment=engrafted,
        as_of=draw(days),
    )


@given(subjects())
def test_windows_contain_their_target_and_nothing_lies_outside(anchors: Anchors) -> None:
    for visit in plan(anchors):
        if visit.target is not None:
            assert visit.holds(visit.target)
            assert visit.opens is not None
            assert visit.closes is not None
            assert not visit.holds(visit.opens - timedelta(days=1))
            assert not visit.holds(visit.closes + timedelta(days=1))


@given(subjects())
def test_a_plan_is_the_same_each_time_and_each_visit_stands_once(anchors: Anchors) -> None:
    planned = plan(anchors)
    assert planned == plan(replace(anchors))
    assert len({visit.code for visit in planned}) == len(planned)
    assert all(visit_type(visit.code).forms == visit.forms for visit in planned)


@given(subjects().filter(lambda anchors: anchors.t0 is not None), st.integers(-30, 30))
def test_moving_t0_moves_every_car_t_visit_by_as_many_days(anchors: Anchors, days: int) -> None:
    assert anchors.t0 is not None
    here = replace(anchors, h0=None, hsct_done=False)
    moved = plan(replace(here, t0=anchors.t0 + timedelta(days=days)))
    for before, after in zip(plan(here), moved, strict=True):
        shift = timedelta(days=days if visit_type(before.code).clock is Clock.CAR_T else 0)
        assert after.target == (before.target and before.target + shift)
        assert after.opens == (before.opens and before.opens + shift)
        assert after.closes == (before.closes and before.closes + shift)


@given(subjects(), days, st.sampled_from(["VS", "LAB", "AGVHD", "RESP", "KIN", "CHIM", "FU", "ICANS"]))
def test_no_other_visit_that_asks_for_the_form_is_nearer(anchors: Anchors, day: date, form: str) -> None:
    planned = plan(anchors)
    asking = [v for v in windows_containing(day, planned) if form in {due.form for due in v.forms}]
    found = visit_on(form, day, planned)
    assert (found is None) == (asking == [])
    if found is not None:
        nearest = min(abs((day - v.target).days) for v in asking if v.target)
        assert abs((day - (at(planned, found).target or day)).days) == nearest


# --- rules 5 to 7 ----------------------------------------------------------------------------------------
def test_without_transplantation_there_is_no_visit_of_its_clock() -> None:
    declined = replace(INFUSED, hsct_done=False, as_of=t0_plus(20))
    assert not [
        visit for visit in plan(declined) if visit_type(visit.code).clock is Clock.HSCT and visit.target
    ]
    assert set(NO_TRANSPLANT_PATH) <= set(codes(plan(declined)))


def test_after_relapse_only_survival_is_followed() -> None:
    relapsed = replace(TRANSPLANTED_SUBJECT, relapse=t0_plus(100), as_of=t0_plus(100))
    planned = plan(relapsed)
    later = [v.code for v in planned if v.target and v.target > t0_plus(100) and not v.superseded]
    assert later == ["S180", "S270", "S360", "S450", "S540", "S630", "S720"]
    assert at(planned, "HM6").superseded == RELAPSED
    assert not at(planned, "HM2").superseded


def test_contacts_after_relapse_lie_every_90_days_and_their_windows_meet() -> None:
    planned = plan(replace(INFUSED, relapse=t0_plus(10), as_of=t0_plus(10)))
    contacts = [visit for visit in planned if visit.code.startswith("S") and visit.code != "SCR"]
    for one, following in itertools.pairwise(contacts):
        assert one.closes is not None
        assert following.opens == one.closes + timedelta(days=1)
    assert [due.form for due in contacts[0].forms] == ["FU"]


def test_relapse_leaves_the_closure_of_the_dlt_window() -> None:
    planned = plan(replace(INFUSED, relapse=t0_plus(10), as_of=t0_plus(10)))
    assert not at(planned, "C28").superseded
    assert at(planned, "C21").superseded == RELAPSED


def test_long_term_visits_are_yearly_to_year_15_for_those_who_consented() -> None:
    planned = plan(replace(INFUSED, long_term_consent=True))
    assert [v.code for v in planned if v.code.startswith("LT")] == [f"LT{year}" for year in range(3, 16)]
    assert window(planned, "LT3") == (t0_plus(1095), t0_plus(1035), t0_plus(1155))
    assert not [v for v in plan(replace(INFUSED, long_term_consent=False)) if v.code.startswith("LT")]


@pytest.mark.parametrize(
    ("code", "superseded"), [("C20", None), ("HM1", ""), ("HM2", DIED), ("HM24", DIED), ("LT3", DIED)]
)
def test_death_closes_every_visit_whose_day_had_not_come(code: str, superseded: str | None) -> None:
    died_on = H0 + timedelta(days=45)
    planned = plan(replace(TRANSPLANTED_SUBJECT, death=died_on, long_term_consent=True, as_of=died_on))
    found = next((visit.superseded for visit in planned if visit.code == code), None)
    assert found == superseded


def test_a_visit_on_the_day_of_death_may_have_been_done_and_one_of_the_next_day_not() -> None:
    assert at(plan(replace(INFUSED, death=t0_plus(20), as_of=t0_plus(20))), "C21").superseded == DIED
    assert not at(plan(replace(INFUSED, death=t0_plus(21), as_of=t0_plus(21))), "C21").superseded


def test_death_before_the_infusion_closes_what_was_predicted() -> None:
    planned = plan(replace(CLEARED, death=t0_plus(-10), as_of=t0_plus(-10)))
    assert {at(planned, code).superseded for code in ("BL", "LD1", "PRE", "C0")} == {DIED}


def test_the_end_of_study_closes_what_was_to_come() -> None:
    ended = replace(INFUSED, end_of_study=t0_plus(60), long_term_consent=True, as_of=t0_plus(60))
    planned = plan(ended)
    assert at(planned, "LT3").superseded == ENDED
    handed_over = plan(replace(ended, follow_up_goes_on=True))
    assert not at(handed_over, "LT3").superseded
    assert at(plan(replace(ended, as_of=t0_plus(60), end_of_study=t0_plus(30))), "C60").superseded == ENDED


def test_a_withdrawal_of_visits_keeps_the_contacts() -> None:
    withdrawn = replace(
        INFUSED, end_of_study=t0_plus(30), visits_withdrawn=True, long_term_consent=True, as_of=t0_plus(30)
    )
    planned = plan(withdrawn)
    assert at(planned, "C60").superseded == WITHDRAWN
    assert not at(planned, "LT3").superseded
