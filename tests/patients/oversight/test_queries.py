"""The life of a query that an edit check opens."""

from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import translation

from patients.casebook.page import Page, PageState, Subject
from patients.oversight.checks_ask import AUTHOR, follow
from patients.oversight.queries import Query, QueryState
from tests.patients.entry import desk
from trial.people.access import actor_at
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


@pytest.fixture
def disease(subject: Subject) -> Page:
    return desk.page_of(subject, "DX")


def the_query(page: Page, check: str = "X-DX-06") -> Query:
    return Query.objects.get(page=page, check_id=check)


def test_a_soft_finding_opens_a_query_with_the_value_in_both_languages(disease: Page) -> None:
    desk.save(disease, {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    query = the_query(disease)
    assert (query.item, query.row_key, query.severity, query.is_open) == ("cd7_pct", "", "soft", True)
    assert "42.5" in query.message["en"]
    assert "42.5" in query.message["zh-hans"]
    assert query.message["en"] != query.message["zh-hans"]
    with translation.override("zh-hans"):
        assert query.text == query.message["zh-hans"]


def test_a_query_closes_when_its_finding_has_gone_and_opens_again_when_it_is_back(
    disease: Page,
) -> None:
    desk.save(disease, {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    desk.save(disease, {"cd7_pct": "62.5"}, why=desk.BECAUSE)
    query = the_query(disease)
    assert (query.state, query.closed_at is not None, query.times_opened) == (QueryState.CLOSED, True, 1)
    desk.save(disease, {"cd7_pct": "12.5"}, why=desk.BECAUSE)
    query.refresh_from_db()
    assert (query.is_open, query.closed_at, query.times_opened) == (True, None, 2)
    assert "12.5" in query.message["en"]
    assert query.history.count() == 3


def test_a_finding_that_stays_has_one_query_that_is_left_alone(disease: Page) -> None:
    desk.save(disease, {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    desk.save(disease, {"cd7_mfi": "bright"}, why=desk.BECAUSE)
    assert the_query(disease).history.count() == 1


def test_the_trail_names_the_engine_as_the_author_inside_the_act_of_the_person(disease: Page) -> None:
    desk.save(disease, {"cd7_pct": "42.5"}, why=desk.BECAUSE, by=desk.a_member(user_name="bo.wu"))
    event = desk.last_event()
    change = desk.changes_of(event)["query.cd7_pct"]
    assert (event.actor, change.author, change.old, change.new) == ("bo.wu", AUTHOR, "", "open")
    assert change.new_shown == the_query(disease).message["en"]


def test_a_hard_finding_keeps_its_own_page_from_being_complete_and_opens_no_query(disease: Page) -> None:
    saved = desk.save(disease, {"dx_subtype": "etp"}, why=desk.BECAUSE)
    assert saved.page.state == PageState.IN_PROGRESS
    assert not Query.objects.filter(page=disease, check_id="X-DX-01").exists()


def test_two_limits_of_one_item_are_two_questions(subject: Subject) -> None:
    page = desk.page_of(subject, "INF", "C0")
    desk.save(page, {"inf_reaction": "fever"}, why=desk.BECAUSE)
    query = Query.objects.get(page=page, item="inf_reaction")
    assert query.check_id == "soft-1"


def test_what_is_no_longer_asked_is_kept_and_asked_about_until_it_is_cleared(disease: Page) -> None:
    """A hidden item that holds a value is never dropped in silence."""
    desk.save(disease, {"emd_present": "Y", "emd_sites": "skin"}, why=desk.BECAUSE)
    desk.save(disease, {"emd_present": "N"}, why=desk.BECAUSE)
    assert desk.texts(disease)["emd_sites"] == "skin"
    query = the_query(disease, "hidden")
    assert (query.item, query.is_open) == ("emd_sites", True)
    desk.save(disease, {"emd_sites": ""}, why=desk.BECAUSE)
    query.refresh_from_db()
    assert not query.is_open


def test_what_goes_by_time_alone_has_changed_no_data(disease: Page) -> None:
    desk.save(disease, {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    act, queries = uuid4(), [the_query(disease)]
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        changes = follow(queries, [], act=act, by_data=False)
        record_event("subject.checked", Place("HZ01", disease.subject.code), changes, act=act)
    assert (the_query(disease).state, the_query(disease).changed_data) == (QueryState.CLOSED, None)


def test_every_opening_and_closing_stands_in_the_thread_with_its_act(disease: Page) -> None:
    for value in ("42.5", "62.5", "12.5"):
        desk.save(disease, {"cd7_pct": value}, why=desk.BECAUSE)
    lines = the_query(disease).messages.select_related("event")
    assert [(line.said, line.author, line.event.action) for line in lines] == [
        (said, AUTHOR, "page.saved") for said in ("raised", "closed", "reopened")
    ]
