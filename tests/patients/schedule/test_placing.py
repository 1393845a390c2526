"""The visits of a subject follow its anchors: made, re-dated or superseded, never removed."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import transaction

from patients.casebook.page import Page, Subject, Visit, VisitState
from patients.entry.register import register_subject
from patients.schedule.placing import VisitNotPlanned, open_visit, page_of
from tests.patients.entry import desk
from trial import __version__
from trial.people.access import actor_at
from trial.protocol.visits import LOG_FORMS, UnknownVisit
from trial.trail.actor import Source, acting
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]

SCHEDULE = f"system:schedule@{__version__}"
T0, H0 = date.fromisoformat(desk.INFUSED), date.fromisoformat(desk.GRAFTED)
SIGNED = {"signed_in_source_by": "pi.hz01", "signed_in_source_on": "2023-12-15", "enrol_dt": "2023-12-16"}


def codes(subject: Subject, **filters: object) -> set[str]:
    return set(subject.visits.filter(**filters).values_list("code", flat=True))


def visit(subject: Subject, code: str) -> Visit:
    return subject.visits.get(code=code)


def window(subject: Subject, code: str) -> tuple[date | None, date | None, date | None]:
    found = visit(subject, code)
    return found.opens, found.target, found.closes


@pytest.fixture
def infused() -> Subject:
    return desk.infused()


# --- from registration to infusion ----------------------------------------------------------------------
def test_screening_is_there_from_the_beginning_without_dates() -> None:
    subject = desk.a_subject()
    assert codes(subject) == {"SCR"}
    assert window(subject, "SCR") == (None, None, None)
    assert set(subject.pages.values_list("form_code", flat=True)) == {
        "ELIG",
        "DM",
        "DX",
        "VS",
        "LAB",
        "RESP",
    }


def test_consent_gives_screening_its_window_and_opens_enrolment() -> None:
    subject = desk.consented()
    consent = date.fromisoformat(desk.CONSENT)
    assert window(subject, "SCR") == (consent, consent, consent + timedelta(28))
    assert {"DON", "ENR"} <= codes(subject)


def test_another_consent_moves_the_window_with_its_trail() -> None:
    subject = desk.consented()
    desk.save(desk.page_of(subject, "ELIG"), {"icf_main_dt": "2023-12-11 09:00"}, why=desk.BECAUSE)
    change = desk.changes_of(desk.last_event())["visit.SCR"]
    assert (change.old, change.new) == (
        "2023-12-09/2023-12-09/2024-01-06",
        "2023-12-11/2023-12-11/2024-01-08",
    )
    assert (change.author, desk.last_event().actor) == (SCHEDULE, "system:test@" + __version__)


def test_the_signature_predicts_treatment_from_the_planned_infusion() -> None:
    subject = desk.a_subject(planned=T0)
    desk.a_member(user_name="pi.hz01")
    desk.save(desk.page_of(subject, "ELIG"), desk.ELIG | SIGNED, on=desk.CONSENT)
    desk.save(desk.page_of(subject, "DM"), {"sex": "M"})
    desk.save(desk.page_of(subject, "ELIG"), {"rescreen": "Y"}, why=desk.BECAUSE)
    infusion = visit(subject, "C0")
    assert (infusion.target, infusion.predicted) == (T0, True)
    assert codes(subject, predicted=True) == {"BL", "LD1", "LD2", "LD3", "PRE", "C0"}


def test_the_planned_infusion_stands_in_the_trail() -> None:
    subject = register_subject(
        "HZ01-001", desk.a_site(), planned_infusion=T0, by=desk.SYSTEM, source=Source.COMMAND
    )
    change = desk.changes_of(TrailEvent.objects.get(action="subject.registered"))["planned_infusion"]
    assert (change.new, subject.planned_infusion) == (str(T0), T0)


# --- infusion -------------------------------------------------------------------------------------------
def test_the_infusion_makes_the_visits_after_it(infused: Subject) -> None:
    assert {"C1", "C14", "C14R", "C21", "C28", "C60", "H0"} <= codes(infused)
    assert window(infused, "C28") == tuple(T0 + timedelta(days) for days in (25, 28, 31))
    assert not visit(infused, "C0").predicted


def test_saving_the_infusion_generates_its_visits() -> None:
    """X-INF-08: C0 to C28, none of them before T0 is saved."""
    subject = desk.a_subject(planned=T0)
    desk.a_member(user_name="pi.hz01")
    desk.save(desk.page_of(subject, "ELIG"), desk.ELIG | SIGNED, on=desk.CONSENT)
    desk.save(desk.page_of(subject, "DM"), {"sex": "M"})
    desk.save(desk.page_of(subject, "ELIG"), {"rescreen": "Y"}, why=desk.BECAUSE)
    after = {f"C{day}" for day in range(1, 15)} | {"C14R", "C21", "C28"}
    assert not after & codes(subject)
    desk.save(desk.page_of(subject, "INF", "C0"), {"inf_start_dt": f"{desk.INFUSED} 13:40"}, on=desk.INFUSED)
    assert after | {"C0"} <= codes(subject, predicted=False)


def test_new_visits_stand_in_the_trail_in_one_change(infused: Subject) -> None:
    event = TrailEvent.objects.filter(form="INF").earliest("pk")
    change = desk.changes_of(event)["visits"]
    assert {"C1", "C28", "C60"} <= set(change.new.split())
    assert change.author == SCHEDULE


def test_a_visit_has_an_empty_page_for_each_form_of_this_version_that_is_due(infused: Subject) -> None:
    assert set(visit(infused, "C28").pages.values_list("form_code", flat=True)) == {
        "AGVHD",
        "DLT",
        "KIN",
        "LAB",
        "RESP",
        "VS",
    }
    assert not infused.pages.filter(form_code__in=LOG_FORMS).exists()


def test_another_day_of_infusion_moves_every_visit_of_its_clock(infused: Subject) -> None:
    before = {code: window(infused, code) for code in ("C1", "C14R", "C28", "C60")}
    screening = window(infused, "SCR")
    desk.save(desk.page_of(infused, "INF", "C0"), {"inf_start_dt": "2024-01-07 10:00"}, why=desk.BECAUSE)
    for code, days in before.items():
        assert window(infused, code) == tuple(day + timedelta(2) for day in days)
    assert window(infused, "SCR") == screening
    changes = desk.changes_of(desk.last_event())
    assert changes["visit.C1"].old == "2024-01-06/2024-01-06/2024-01-06"
    assert changes["visit.C1"].new == "2024-01-08/2024-01-08/2024-01-08"
    assert {change.author for name, change in changes.items() if name.startswith("visit.")} == {SCHEDULE}


def test_each_move_is_a_version_of_the_visit(infused: Subject) -> None:
    desk.save(desk.page_of(infused, "INF", "C0"), {"inf_start_dt": "2024-01-07 10:00"}, why=desk.BECAUSE)
    targets = [version.target for version in visit(infused, "C28").history.all()]
    assert targets == [T0 + timedelta(30), T0 + timedelta(28)]


def test_a_save_that_moves_no_anchor_moves_no_visit(infused: Subject) -> None:
    before = desk.content([Visit, Visit.history.model])
    desk.save(desk.page_of(infused, "INF", "C0"), {"inf_reaction": "fever"}, why=desk.BECAUSE)
    assert desk.content([Visit, Visit.history.model]) == before


def test_the_day_of_an_infusion_is_that_of_the_site(infused: Subject) -> None:
    desk.save(desk.page_of(infused, "INF", "C0"), {"inf_start_dt": "2024-01-05T15:59:00Z"}, why=desk.BECAUSE)
    assert visit(infused, "C1").target == T0 + timedelta(1)
    desk.save(desk.page_of(infused, "INF", "C0"), {"inf_start_dt": "2024-01-05T16:00:00Z"}, why=desk.BECAUSE)
    assert visit(infused, "C1").target == T0 + timedelta(2)


@pytest.mark.parametrize("typed", ["1900-01-01 10:00", "2199-12-31 10:00"])
def test_visits_can_be_planned_from_any_date_that_can_be_entered(infused: Subject, typed: str) -> None:
    desk.save(desk.page_of(infused, "INF", "C0"), {"inf_start_dt": typed}, why=desk.BECAUSE)
    assert visit(infused, "C1").target.year in (1900, 2200)


# --- with or without a graft ----------------------------------------------------------------------------
def grafted(subject: Subject, **answers: str) -> Page:
    page = desk.opened(subject, "HSCT", "H0", desk.GRAFTED)
    desk.save(page, desk.HSCT | answers, on=desk.GRAFTED, why=desk.BECAUSE)
    return page


def test_a_graft_makes_its_visits_and_supersedes_the_path_without_one(infused: Subject) -> None:
    grafted(infused)
    assert {"H7", "HM1", "HM24", "H1d", "H28d", "G37"} <= codes(infused)
    without = {"C60", "C90", "C180", "C270", "C365", "C545", "C730"}
    assert codes(infused, state=VisitState.SUPERSEDED) == without
    assert visit(infused, "C60").reason == "transplanted"
    assert visit(infused, "C90").reason == "no_longer_planned"  # it came because no graft was known on day 53
    assert window(infused, "HM1") == tuple(H0 + timedelta(days) for days in (27, 30, 35))


def test_saving_the_graft_generates_its_visits_and_cancels_those_without_one(infused: Subject) -> None:
    """X-HSCT-10: the visits of its clock, follow-up hung on H0, and C60 to C730 no longer expected."""
    assert not {"H7", "HM1", "HM24"} & codes(infused)
    grafted(infused)
    assert {"H7", "HM1", "HM24"} <= codes(infused, state=VisitState.OPEN)
    assert window(infused, "HM24")[1] == H0 + timedelta(730)
    path = {"C60", "C90", "C180", "C270", "C365", "C545", "C730"}
    assert path <= codes(infused, state=VisitState.SUPERSEDED)


def test_a_visit_with_data_is_never_superseded(infused: Subject) -> None:
    day = str(T0 + timedelta(60))
    desk.save(desk.page_of(infused, "FU", "C60"), desk.FU | {"fu_dt": day}, on=day)
    grafted(infused)
    assert (visit(infused, "C60").state, visit(infused, "C60").reason) == (VisitState.OPEN, "")
    assert "C60" not in codes(infused, state=VisitState.SUPERSEDED)
    assert "C90" in codes(infused, state=VisitState.SUPERSEDED)


def test_a_confirmed_engraftment_ends_the_daily_counts_three_days_later(infused: Subject) -> None:
    """On whichever summary it is confirmed."""
    grafted(infused)
    for visit_code, day, confirmed in (("UNS1", 20, ""), ("HM1", 30, str(H0 + timedelta(12)))):
        on = str(H0 + timedelta(day))
        page = desk.opened(infused, "ENG", visit_code, on)
        desk.save(page, {"eng_anc_conf": confirmed, "eng_secondary_gf": "N"}, on=on, why=desk.BECAUSE)
    ended = codes(infused, state=VisitState.SUPERSEDED)
    assert "H15d" not in ended
    assert {f"H{number}d" for number in range(16, 29)} <= ended
    assert visit(infused, "H16d").reason == "engrafted"


def test_a_graft_that_was_none_brings_the_other_path_back(infused: Subject) -> None:
    page = grafted(infused)
    desk.save(page, {"hsct_done": "N", "hsct_not_reason": "other"}, why=desk.BECAUSE)
    assert {"C60", "C90", "C730"} <= codes(infused, state=VisitState.OPEN)
    assert visit(infused, "C60").reason == ""
    assert {"H7", "HM1", "HM24"} <= codes(infused, state=VisitState.SUPERSEDED)
    assert visit(infused, "HM1").reason == "no_longer_planned"
    change = desk.changes_of(desk.last_event())["visit.HM1"]
    assert change.new.endswith("no_longer_planned")


def test_a_visit_that_is_planned_again_is_the_same_visit(infused: Subject) -> None:
    page = grafted(infused)
    first = visit(infused, "HM1").pk
    desk.save(page, {"hsct_done": "N"}, why=desk.BECAUSE)
    desk.save(page, {"hsct_done": "Y"}, why=desk.BECAUSE)
    assert (visit(infused, "HM1").pk, visit(infused, "HM1").state) == (first, VisitState.OPEN)


def test_no_visit_and_no_page_is_ever_removed(infused: Subject) -> None:
    page = grafted(infused)
    visits, pages = Visit.objects.count(), Page.objects.count()
    for answers in ({"hsct_done": "N"}, {"hsct_start_dt": ""}, {"hsct_done": ""}):
        desk.save(page, answers, why=desk.BECAUSE)
    desk.save(desk.page_of(infused, "INF", "C0"), {"inf_start_dt": ""}, why=desk.BECAUSE)
    assert Visit.objects.count() >= visits
    assert Page.objects.count() >= pages
    assert "C28" in codes(infused, state=VisitState.SUPERSEDED)


def test_the_path_without_a_graft_is_made_when_the_day_has_come() -> None:
    with time_machine.travel("2024-02-26T12:00:00+08:00"):  # CAR-T day 52
        subject = desk.infused()
        assert "C90" not in codes(subject)
    with time_machine.travel("2024-02-27T12:00:00+08:00"):
        desk.save(desk.page_of(subject, "INF", "C0"), {"inf_reaction": "fever"}, why=desk.BECAUSE)
        assert "C90" in codes(subject)


# --- visits that an event opens -------------------------------------------------------------------------
def opened(subject: Subject, code: str, day: date | None) -> Visit:
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        return open_visit(subject, code, day)


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("UNS1", (0, 0, 0)),
        ("UNS12", (0, 0, 0)),
        ("RLPv1", (0, 0, 14)),
        ("ENDv", (0, 0, 30)),
        ("HW", (-10, 0, 0)),
    ],
)
def test_an_event_opens_its_visit_on_its_day(infused: Subject, code: str, days: tuple[int, int, int]) -> None:
    opened(infused, code, H0)
    assert window(infused, code) == tuple(H0 + timedelta(day) for day in days)
    event = desk.last_event()
    assert (event.action, event.subject, event.visit) == ("visit.opened", "HZ01-001", code)


def test_a_visit_that_is_open_is_not_opened_again(infused: Subject) -> None:
    first = opened(infused, "UNS1", H0)
    counted = TrailEvent.objects.count()
    assert opened(infused, "UNS1", H0 + timedelta(9)).pk == first.pk
    assert (TrailEvent.objects.count(), window(infused, "UNS1")[1]) == (counted, H0)


@pytest.mark.parametrize(
    ("code", "day"),
    [("HM1", H0), ("S90", H0), ("LD7", H0), ("UNS", H0), ("RLPv", H0), ("UNS1", None), ("ENDv", None)],
)
def test_any_other_visit_that_is_not_planned_is_not_opened(
    infused: Subject, code: str, day: date | None
) -> None:
    before = desk.content()
    with pytest.raises(VisitNotPlanned):
        opened(infused, code, day)
    assert desk.content() == before


@pytest.mark.parametrize("code", ["", "C999", "uns1", "UNS0", "UNS01", "HM1 ", "\x00"])
def test_a_code_that_the_protocol_does_not_know_is_refused(infused: Subject, code: str) -> None:
    with pytest.raises(UnknownVisit):
        opened(infused, code, H0)


def test_an_opened_visit_stays_whatever_the_anchors_do(infused: Subject) -> None:
    opened(infused, "UNS1", H0)
    before = window(infused, "UNS1")
    grafted(infused)
    desk.save(desk.page_of(infused, "INF", "C0"), {"inf_start_dt": "2024-01-07 10:00"}, why=desk.BECAUSE)
    assert window(infused, "UNS1") == before
    assert visit(infused, "UNS1").state == VisitState.OPEN


def test_any_form_may_be_filled_at_an_opened_visit(infused: Subject) -> None:
    found = opened(infused, "UNS1", H0)
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        first, again = page_of(infused, "DX", found), page_of(infused, "DX", found)
    assert first.pk == again.pk
    assert Page.objects.filter(visit=found).count() == 1
