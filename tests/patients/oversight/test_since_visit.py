"""What has come to a site since a monitor's last visit, and closing the visit: tables of cases."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from patients.casebook.page import Subject
from patients.entry.asking import raise_query
from patients.entry.closing_visit import NotClosed, Shown, Told, VisitMoved, close_visit
from patients.entry.query_act import Question, Target
from patients.entry.query_moves import answer_query
from patients.entry.register import register_identity
from patients.entry.verifying import Verifier, verify_page
from patients.oversight.monitoring_visits import (
    MonitoringVisit,
    Period,
    Whose,
    last_visit,
    period_since,
)
from patients.oversight.queries import Query
from patients.oversight.since_visit import Figure, figures, question
from tests.patients.entry import desk
from tests.patients.oversight.test_reconciliation import log
from tests.patients.web import people
from tests.trial.trail.faults import counted
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.study import site_today
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
DEVIATION = {"pd_dt": "2024-02-10", "pd_aware_dt": "2024-02-11", "pd_cat": "consent", "pd_class": "minor"}
REPORT = {"sae_ae": "1", "sae_aware_dt": "2024-02-11 09:00", "sae_report_type": "initial"}


@pytest.fixture
def subject() -> Subject:
    return desk.consented()


@pytest.fixture
def monitor(subject: Subject) -> Account:
    return people.a_member(Role.MONITOR, name="tan.rui", printed="Tan Rui")


def shown(by: Account, whose: Whose = Whose.MINE, site: str = "HZ01") -> Shown:
    period = period_since(last_visit(site, whose, by=by), site)
    return Shown(period, whose, period.acts)


def told(**typed: Any) -> Told:
    return Told(**({"kind": "on_site", "began": site_today(), "ended": site_today()} | typed))


def closed(by: Account, whose: Whose = Whose.MINE, **typed: Any) -> MonitoringVisit:
    return close_visit(shown(by, whose), told(**typed), by=by)


# --- the figures -------------------------------------------------------------------------------------------
def a_value_is_corrected(subject: Subject) -> None:
    desk.save(desk.page_of(subject, "DM"), {"sex": "F"}, why=desk.BECAUSE)


def a_value_is_entered_first(subject: Subject) -> None:
    desk.save(desk.page_of(subject, "DM"), {"hctci": "4"})


def it_is_asked(subject: Subject) -> None:
    raise_query(Target(subject=subject), Question("Which report says so?"), by=people.SETUP)


def it_is_asked_and_answered(subject: Subject) -> None:
    it_is_asked(subject)
    answer_query(Query.objects.get(), "That of May.", by=people.SETUP)


def an_event_is_reported(subject: Subject) -> None:
    log(subject, "SAE", {"1": REPORT})


def deviations_are_entered(subject: Subject) -> None:
    desk.save(desk.logged(subject, "PDEV"), rows={"1": DEVIATION, "2": DEVIATION})


def a_subject_is_registered(subject: Subject) -> None:
    people.a_subject("HZ01-007", consented=False)


def a_subject_of_another_site_is(subject: Subject) -> None:
    people.a_subject("HZ02-001", consented=False)


CAME: list[tuple[Callable[[Subject], None], dict[Figure, int]]] = [
    (a_value_is_corrected, {Figure.CORRECTED: 1}),
    (a_value_is_entered_first, {}),
    (it_is_asked, {Figure.ASKED: 1}),
    (it_is_asked_and_answered, {Figure.ASKED: 1, Figure.ANSWERED: 1}),
    (an_event_is_reported, {Figure.SERIOUS: 1}),
    (deviations_are_entered, {Figure.DEVIATIONS: 2}),
    (a_subject_is_registered, {Figure.SUBJECTS: 1}),
    (a_subject_of_another_site_is, {}),
]
OF_PEOPLE = (Figure.CORRECTED, Figure.ANSWERED, Figure.SERIOUS, Figure.DEVIATIONS, Figure.SUBJECTS)


@pytest.mark.parametrize(("happens", "counted_as"), CAME, ids=lambda each: getattr(each, "__name__", ""))
def test_what_came_since_the_visit_is_counted_once(
    monitor: Account, subject: Subject, happens: Callable[[Subject], None], counted_as: dict[Figure, int]
) -> None:
    """And is gone from the period after the next visit, unless it still waits."""
    desk.save(desk.page_of(subject, "DM"), {"sex": "M"}, on=desk.CONSENT)
    closed(monitor)
    happens(subject)
    found = figures(shown(monitor).period)
    assert {figure: found[figure] for figure in OF_PEOPLE if found[figure]} == {
        figure: number for figure, number in counted_as.items() if figure in OF_PEOPLE
    }
    by_hand = [each for each in question(Figure.ASKED, shown(monitor).period) if not each.is_automatic]
    assert len(by_hand) == counted_as.get(Figure.ASKED, 0)
    closed(monitor)
    after = figures(shown(monitor).period)
    assert sum(after[each] for each in OF_PEOPLE if each is not Figure.ANSWERED) + after[Figure.ASKED] == 0
    assert after[Figure.ANSWERED] == counted_as.get(Figure.ANSWERED, 0)


def test_a_deviation_that_the_system_adds_on_another_page_is_counted(
    monitor: Account, subject: Subject
) -> None:
    closed(monitor)
    page = desk.page_of(subject, "DM")
    desk.save(page, desk.DM, on=str(date.fromisoformat(desk.CONSENT) + timedelta(days=200)))
    rows = list(question(Figure.DEVIATIONS, shown(monitor).period))
    assert [each["row_key"] for each in rows] == ["X-PD-01:DM@SCR"]


def test_what_waits_is_that_of_the_moment(monitor: Account, subject: Subject) -> None:
    page = desk.page_of(subject, "DM")
    desk.save(page, desk.DM, on=desk.CONSENT, complete=True)
    closed(monitor)
    period = shown(monitor).period
    assert list(question(Figure.UNSIGNED, period)) == [page]
    planned = desk.page_of(subject, "ELIG")
    assert list(question(Figure.TO_VERIFY, period)) == [planned]
    verify_page(planned, None, seen=planned.version, by=Verifier(monitor))
    assert not question(Figure.TO_VERIFY, period).exists()


def test_the_figures_take_as_many_statements_however_much_there_is(subject: Subject) -> None:
    def sent() -> int:
        with counted() as statements:
            figures(Period("HZ01", 0, 10_000))
        return len(statements)

    few = sent()
    for happens, _counted in CAME:
        if happens is not it_is_asked:  # the one that is answered asks the same
            happens(subject)
    assert sent() == few


# --- since whose visit -------------------------------------------------------------------------------------
def test_one_looks_since_ones_own_visit_or_that_of_anybody(monitor: Account, subject: Subject) -> None:
    other = people.a_member(Role.MONITOR, name="ke.fan")
    mine = closed(monitor)
    a_subject_is_registered(subject)
    theirs = closed(other)
    assert last_visit("HZ01", Whose.MINE, by=monitor) == mine
    assert last_visit("HZ01", Whose.ANY, by=monitor) == theirs
    assert last_visit("HZ02", Whose.ANY, by=monitor) is None
    assert theirs.after == 0, "their own first visit looks at everything"
    assert figures(shown(monitor).period)[Figure.SUBJECTS] == 1
    assert figures(shown(monitor, Whose.ANY).period)[Figure.SUBJECTS] == 0


# --- closing -----------------------------------------------------------------------------------------------
def test_a_visit_is_closed_by_one_act_and_keeps_its_figures(monitor: Account, subject: Subject) -> None:
    desk.save(desk.page_of(subject, "DM"), desk.DM, on=desk.CONSENT, complete=True)
    a_value_is_corrected(subject)
    before = TrailEvent.objects.latest("pk").pk
    seen = figures(shown(monitor).period)
    visit = closed(monitor, actions="File the report of May.\n\n  Train the night team. ")
    event = TrailEvent.objects.get(pk__gt=before)
    assert (event.action, event.site, event.act) == ("visit.closed", "HZ01", visit.event_id)
    assert visit.figures == {figure.value: number for figure, number in seen.items()}
    assert visit.actions == "File the report of May.\nTrain the night team."
    assert visit.waiting["to_verify"] == [["HZ01-001", "SCR", "ELIG"]]
    assert visit.waiting["unsigned"] == [["HZ01-001", "SCR", "DM"]]
    assert event.changes.get(item="figure.corrected").new == "1"
    assert (visit.by, visit.by_role) == ("tan.rui", "monitor")


TODAY = site_today()
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": ""}, "Say whether the visit was on site or remote."),
    ({"began": None}, "Give the first and the last day of the visit."),
    ({"ended": None}, "Give the first and the last day of the visit."),
    ({"ended": TODAY - timedelta(days=1)}, "The visit ends before it begins."),
    ({"ended": TODAY + timedelta(days=1)}, "The visit ends after today."),
    ({"actions": "File it.\nno"}, "Action item 2: Say why, in 5 to 200 characters."),
    ({"actions": "Call 138 0013 8000 again."}, "Action item 1: Say why without a name"),
    ({"actions": "Ask Canary Zhaolin."}, "Action item 1: Say why without a name"),
    ({"actions": "\n".join(["Do this."] * 41)}, "At most 40 action items."),
]


@pytest.mark.parametrize(("typed", "why"), REFUSED)
def test_what_is_wrong_is_said_and_nothing_is_closed(
    monitor: Account, subject: Subject, typed: dict[str, Any], why: str
) -> None:
    named = {"full_name": "Canary Zhaolin", "hospital_number": "H7745531"}
    register_identity(subject, **named, by=people.SETUP, source=Source.COMMAND)
    with pytest.raises(NotClosed) as refused:
        closed(monitor, **typed)
    assert why in str(refused.value)
    assert not MonitoringVisit.objects.exists()


def test_what_came_after_the_screen_waits_for_the_next_visit(monitor: Account, subject: Subject) -> None:
    seen = shown(monitor)
    a_subject_is_registered(subject)
    visit = close_visit(seen, told(), by=monitor)
    assert visit.up_to == seen.period.up_to
    assert figures(shown(monitor).period)[Figure.SUBJECTS] == 1


@pytest.mark.parametrize("how", ["acts", "after", "beyond", "closed meanwhile"])
def test_a_period_that_is_not_as_it_was_shown_is_not_closed(monitor: Account, how: str) -> None:
    seen = shown(monitor)
    period, acts = seen.period, seen.acts
    wrong = {
        "acts": Shown(period, Whose.MINE, acts - 1),
        "after": Shown(Period("HZ01", 1, period.up_to), Whose.MINE, acts),
        "beyond": Shown(Period("HZ01", 0, period.up_to + 99), Whose.MINE, acts),
        "closed meanwhile": seen,
    }[how]
    if how == "closed meanwhile":
        closed(monitor)
    before = MonitoringVisit.objects.count()
    with pytest.raises(VisitMoved):
        close_visit(wrong, told(), by=monitor)
    assert MonitoringVisit.objects.count() == before


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.MONITOR])
def test_nobody_but_a_monitor_closes_a_visit(subject: Subject, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        closed(people.a_member(role, name="some.body"))
