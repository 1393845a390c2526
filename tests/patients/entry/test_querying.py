"""Queries by hand: raised, answered by words or by a changed value, closed, asked again; by whom and when."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from patients.casebook.page import Page, PageState, Subject, Visit
from patients.entry.asking import direct_query, raise_queries, raise_query
from patients.entry.query_act import (
    MOST_AT_ONCE,
    MOST_OF_A_TEXT,
    AlreadyAsked,
    Assigned,
    NotAsked,
    NotNow,
    Question,
    Target,
    UnknownQuery,
)
from patients.entry.query_moves import (
    answer_query,
    close_queries,
    close_query,
    comment_on_query,
    reopen_query,
)
from patients.entry.refusals import CannotSign
from patients.entry.register import register_identity
from patients.oversight.closing import open_items
from patients.oversight.queries import Priority, Query, QueryMessage, QueryState, Said
from tests.patients.entry import desk, signing_desk
from trial.people.access import actor_at
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role
from trial.protocol.study import site_today
from trial.trail.actor import Source, acting
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
WHY = Question("Is this the value of the report?")


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


@pytest.fixture
def disease(subject: Subject) -> Page:
    return desk.page_of(subject, "DX")


@pytest.fixture
def monitor(subject: Subject) -> Account:
    return desk.a_member(Role.MONITOR, user_name="tan.rui")


@pytest.fixture
def coordinator(subject: Subject) -> Account:
    return desk.a_member(Role.COORDINATOR, user_name="lin.qiao")


def asked(page: Page, by: Account, item: str = "relapse_n", text: str = WHY.text) -> Query:
    return raise_query(Target(page=page, item=item), Question(text), by=by)


def now(query: Query) -> Query:
    return Query.objects.get(pk=query.pk)


def thread(query: Query) -> list[tuple[str, str]]:
    return list(QueryMessage.objects.filter(query=query).values_list("said", "author"))


# --- the life of a query -----------------------------------------------------------------------------------
@pytest.mark.requirement("AT-09")
def test_a_query_is_raised_answered_closed_and_asked_again(
    disease: Page, monitor: Account, coordinator: Account
) -> None:
    query = asked(disease, monitor)
    assert (query.text, query.raised_by, query.raised_role) == (WHY.text, "tan.rui", "monitor")
    assert (query.state, query.priority, query.message) == (QueryState.OPEN, Priority.NORMAL, {})
    answer_query(query, "Yes, of 4 April.", by=coordinator)
    assert now(query).answered_at
    close_query(query, "seen in the source", by=monitor)
    assert (now(query).state, now(query).closed_by) == (QueryState.CLOSED, "tan.rui")
    reopen_query(query, "another report came", by=monitor)
    assert (now(query).is_open, now(query).times_opened, now(query).answered_at) == (True, 2, None)
    assert [said for said, _author in thread(query)] == ["raised", "answered", "closed", "reopened"]
    assert [each.state for each in query.history.order_by("history_id")] == [
        "open", "answered", "closed", "open",
    ]  # fmt: skip


def test_one_act_is_one_event_with_the_state_and_the_words(disease: Page, monitor: Account) -> None:
    count = TrailEvent.objects.count()
    query = asked(disease, monitor)
    event = desk.last_event()
    assert TrailEvent.objects.count() == count + 1
    assert (event.action, event.actor, event.form, event.visit) == ("query.raised", "tan.rui", "DX", "SCR")
    changes = desk.changes_of(event)
    assert (changes["query.relapse_n"].old, changes["query.relapse_n"].new) == ("", "open")
    assert changes["query.relapse_n.words"].new == WHY.text
    assert query.messages.get().event_id == event.act


def test_a_query_hangs_at_an_item_a_row_a_page_a_visit_or_a_subject(
    subject: Subject, monitor: Account
) -> None:
    log = desk.logged(subject, "AE")
    desk.save(log, rows={"1": {"ae_term": "Fever"}})
    visit = Visit.objects.select_related("subject__site").get(subject=subject, code="SCR")
    targets = [
        Target(page=desk.page_of(subject, "DX"), item="form_date"),
        Target(page=log, item="ae_term", row_key="1"),
        Target(page=desk.page_of(subject, "DX")),
        Target(visit=visit),
        Target(subject=subject),
    ]
    raised = [raise_query(target, WHY, by=monitor) for target in targets]
    assert {query.whose for query in raised} == {subject}
    assert [query.visit_code for query in raised] == ["SCR", "", "SCR", "SCR", ""]
    assert set(Query.objects.of(subject).outstanding()) >= set(raised)


@pytest.mark.parametrize(
    "target",
    [{"item": "no_such"}, {"item": "relapse_n", "row_key": "7"}, {"row_key": "1"}],
    ids=["an item that there is not", "a row that there is not", "a row without an item"],
)
def test_what_is_not_there_cannot_be_asked_about(
    disease: Page, monitor: Account, target: dict[str, str]
) -> None:
    with pytest.raises(NotAsked):
        raise_query(Target(page=disease, **target), WHY, by=monitor)
    with pytest.raises(NotAsked):
        raise_query(Target(subject=disease.subject, item="sex"), WHY, by=monitor)


# --- who ---------------------------------------------------------------------------------------------------
@pytest.mark.requirement("AC-01")
@pytest.mark.parametrize("site", ["HZ01", "HZ02"])
def test_each_side_makes_its_own_moves_and_no_other(disease: Page, monitor: Account, site: str) -> None:
    """Coordinators do not close what a monitor opened; monitors do not answer for a site."""
    query, moves = asked(disease, monitor), {}
    for role in Role:
        person = desk.a_member(role, site, f"a.{role}".replace("_", "."))
        reads = site == "HZ01" and Permission.READ in TABLE[role]
        for said, right in (("answer", Permission.ENTER), ("close", Permission.QUERY)):
            moves[role, said] = reads and right in TABLE[role] and role not in NOT_OF_DX
            act: Callable[..., None] = {"answer": answer_query, "close": close_query}[said]
            refusal = PermissionDenied if reads else UnknownQuery
            if not moves[role, said]:
                with pytest.raises(refusal):
                    act(query, "five words of a reason", by=person)
    allowed = {role for (role, said), may in moves.items() if may and said == "close"}
    assert allowed == ({Role.MONITOR, Role.DATA_MANAGER, Role.MEDICAL_MONITOR} if site == "HZ01" else set())
    assert now(query).is_open


NOT_OF_DX = (Role.CELL_LAB, Role.TRANSPLANT_PHYSICIAN)


def test_who_does_not_query_raises_nothing(disease: Page, coordinator: Account) -> None:
    with pytest.raises(PermissionDenied):
        asked(disease, coordinator)
    with pytest.raises(UnknownQuery):
        asked(disease, desk.a_member(Role.MONITOR, "HZ02", "fang.wu"))


def test_both_sides_add_to_the_thread_and_the_state_stays(
    disease: Page, monitor: Account, coordinator: Account
) -> None:
    query = asked(disease, monitor)
    comment_on_query(query, "I am asking the ward.", by=coordinator)
    comment_on_query(query, "Please soon.", by=monitor)
    assert now(query).is_open
    assert thread(query)[1:] == [("commented", "lin.qiao"), ("commented", "tan.rui")]
    assert query.history.count() == 1


def test_a_move_that_comes_too_late_is_refused(disease: Page, monitor: Account, coordinator: Account) -> None:
    query = asked(disease, monitor)
    close_query(query, "seen in the source", by=monitor)
    for act, by in ((answer_query, coordinator), (comment_on_query, coordinator), (close_query, monitor)):
        with pytest.raises(NotNow):
            act(query, "too late by now", by=by)
    assert len(thread(query)) == 2


# --- what is typed -----------------------------------------------------------------------------------------
@pytest.mark.requirement("PV-03")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "x" * (MOST_OF_A_TEXT + 1),
        "call 13812345678",
        "NUL \0",
        "see Wang Xiaoming",
        "born 1992.04.04",
    ],
)
def test_what_may_not_stand_in_a_thread_is_refused(
    disease: Page, monitor: Account, coordinator: Account, text: str
) -> None:
    """Too short, too long, not keepable, a telephone number, the name or the birth date on record."""
    named = {"full_name": "Wang Xiaoming", "hospital_number": "77441"}
    register_identity(disease.subject, **named, by=desk.SYSTEM, source=Source.COMMAND)
    with pytest.raises(NotAsked):
        asked(disease, monitor, text=text)
    query = asked(disease, monitor)
    with pytest.raises(NotAsked):
        answer_query(query, text, by=coordinator)
    assert thread(query) == [("raised", "tan.rui")]


def test_there_is_no_second_query_about_the_same(disease: Page, monitor: Account) -> None:
    first = asked(disease, monitor)
    with pytest.raises(AlreadyAsked) as refused:
        asked(disease, monitor, text="Something else?")
    assert refused.value.query == first
    close_query(first, "seen in the source", by=monitor)
    assert asked(disease, monitor).pk != first.pk
    desk.save(disease, {"cd7_pct": "42.5"}, why=desk.BECAUSE)  # a check asks about it
    with pytest.raises(AlreadyAsked):
        asked(disease, monitor, item="cd7_pct")
    whole = Target(page=disease)
    raise_query(whole, WHY, by=monitor)
    raise_query(whole, Question("Another one?"), by=monitor)
    with pytest.raises(AlreadyAsked):
        raise_query(whole, WHY, by=monitor)


# --- answered by the data ----------------------------------------------------------------------------------
def test_a_changed_value_answers_what_people_asked_and_closes_nothing(
    disease: Page, monitor: Account, coordinator: Account
) -> None:
    query, other = asked(disease, monitor), asked(disease, monitor, item="cd7_pct")
    desk.save(disease, {"relapse_n": "2"}, why=desk.BECAUSE, by=coordinator)
    found = now(query)
    assert (found.state, found.changed_data, now(other).state) == ("answered", True, "open")
    line = query.messages.get(said=Said.CHANGED)
    assert (line.old, line.new, line.author) == ("3", "2", "lin.qiao")
    change = desk.changes_of(desk.last_event())["query.relapse_n"]
    assert (change.old, change.new, line.event.action) == ("open", "answered", "page.saved")
    desk.save(disease, {"relapse_n": "1"}, why=desk.BECAUSE, by=coordinator)
    assert now(query).state == "answered"
    assert [said for said, _author in thread(query)] == ["raised", "changed", "changed"]


def test_a_missing_code_answers_too(disease: Page, monitor: Account) -> None:
    query = asked(disease, monitor)
    desk.save(disease, {"relapse_n": "", "relapse_n__missing": "unknown"}, why=desk.BECAUSE)
    assert now(query).state == "answered"


def test_the_thread_says_of_an_identifying_item_only_that_it_changed(
    subject: Subject, monitor: Account
) -> None:
    page = desk.page_of(subject, "DM")
    query = asked(page, monitor, item="birth_date")
    desk.save(page, {"birth_date": "1992-05-04"}, why=desk.BECAUSE)
    line = query.messages.get(said=Said.CHANGED)
    assert (line.old, line.new, now(query).state) == ("", "", "answered")


@pytest.mark.requirement("DI-07")
def test_what_a_person_closed_stays_closed_while_the_check_says_the_same(
    disease: Page, monitor: Account
) -> None:
    desk.save(disease, {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    query = Query.objects.get(check_id="X-DX-06")
    close_query(query, "confirmed in the report", by=monitor)
    desk.save(disease, {"cd7_mfi": "dim"}, why=desk.BECAUSE)
    assert now(query).state == "closed"
    desk.save(disease, {"cd7_pct": "41.0"}, why=desk.BECAUSE)
    assert (now(query).is_open, now(query).closed_by) == (True, None)
    assert "41" in now(query).text


@pytest.mark.requirement("DI-07")
def test_an_answer_to_a_check_stands_until_the_finding_has_gone(disease: Page, coordinator: Account) -> None:
    desk.save(disease, {"cd7_pct": "42.5"}, why=desk.BECAUSE)
    query = Query.objects.get(check_id="X-DX-06")
    answer_query(query, "It is what the report says.", by=coordinator)
    desk.save(disease, {"cd7_mfi": "dim"}, why=desk.BECAUSE)
    assert now(query).state == "answered"
    desk.save(disease, {"cd7_pct": "62.5"}, why=desk.BECAUSE)
    assert (now(query).state, now(query).changed_data) == ("closed", True)
    assert [said for said, _author in thread(query)] == ["raised", "answered", "closed"]


@pytest.mark.requirement("DI-07")
def test_a_code_for_what_is_missing_closes_the_question_for_it_and_keeps_it_closed(subject: Subject) -> None:
    """Of a complete page, another page makes an item needed: it is asked for, until somebody says why not."""
    page = desk.page_of(subject, "RESP", "C14R")
    assert desk.save(page, desk.RESP, on="2024-01-21", complete=True).is_complete
    disease = desk.page_of(subject, "DX")
    desk.save(disease, {"dx_type": "aml"}, why=desk.BECAUSE)
    query = Query.objects.get(page=page, item="auer", check_id="X-SYS-05")
    assert query.is_open
    desk.save(page, {"auer": "", "auer__missing": "not_done"}, why=desk.BECAUSE)
    assert now(query).state == "closed"
    desk.save(disease, {"relapse_n": "2"}, why=desk.BECAUSE)
    assert now(query).state == "closed"


# --- what it stands in the way of --------------------------------------------------------------------------
@pytest.mark.requirement("LK-01")
def test_an_open_query_keeps_a_page_from_being_signed_and_an_answered_one_does_not() -> None:
    subject, pi = signing_desk.screened(), signing_desk.principal_investigator()
    monitor = desk.a_member(Role.MONITOR, user_name="tan.rui")
    query = asked(signing_desk.eligibility(subject), monitor, item="lvef_pct")
    with pytest.raises(CannotSign) as refused:
        signing_desk.sign(signing_desk.eligibility(subject), pi)
    assert WHY.text in {str(found.message) for found in refused.value.findings}
    answer_query(query, "Yes, of that day.", by=pi)
    signing_desk.sign(signing_desk.eligibility(subject), pi)
    assert signing_desk.eligibility(subject).state == PageState.SIGNED


def test_raising_a_query_changes_nothing_that_was_signed() -> None:
    subject, pi = signing_desk.screened(), signing_desk.principal_investigator()
    made = signing_desk.sign(signing_desk.eligibility(subject), pi)
    asked(signing_desk.eligibility(subject), desk.a_member(Role.MONITOR, user_name="tan.rui"), "lvef_pct")
    page = signing_desk.eligibility(subject)
    assert (page.state, made.has_fallen) == (PageState.SIGNED, False)


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_closed_page_is_asked_about_and_answered(
    disease: Page, monitor: Account, coordinator: Account, state: str
) -> None:
    desk.put_in_state(disease, state)
    query = asked(desk.now(disease), monitor)
    answer_query(query, "It is right.", by=coordinator)
    assert now(query).state == "answered"


def test_the_end_of_study_waits_for_what_nobody_has_closed(subject: Subject, monitor: Account) -> None:
    before = open_items(subject, site_today())
    query = raise_query(Target(subject=subject), WHY, by=monitor)
    assert open_items(subject, site_today()) == before + 1
    close_query(query, "seen in the source", by=monitor)
    assert open_items(subject, site_today()) == before


# --- whom it waits for, and several at once ----------------------------------------------------------------
def test_a_query_is_given_to_a_role_or_to_somebody_who_enters(
    disease: Page, monitor: Account, coordinator: Account
) -> None:
    query = asked(disease, monitor)
    direct_query(query, Assigned(user_name="lin.qiao"), Priority.HIGH, by=monitor)
    assert (now(query).assigned_to, now(query).priority) == ("lin.qiao", Priority.HIGH)
    direct_query(query, Assigned(role=Role.INVESTIGATOR), Priority.HIGH, by=monitor)
    assert (now(query).assigned_to, now(query).assigned_role) == (None, Role.INVESTIGATOR)
    count = TrailEvent.objects.count()
    direct_query(query, Assigned(role=Role.INVESTIGATOR), Priority.HIGH, by=monitor)
    assert TrailEvent.objects.count() == count
    for assigned in (
        Assigned(user_name="tan.rui"),
        Assigned(user_name="nobody"),
        Assigned(role=Role.AUDITOR),
    ):
        with pytest.raises(NotAsked):
            direct_query(query, assigned, Priority.HIGH, by=monitor)


def test_the_same_is_asked_at_several_pages_all_or_none(subject: Subject, monitor: Account) -> None:
    other = desk.infused("HZ01-002")
    pages = [desk.page_of(each, "DX") for each in (subject, other)]
    targets = [Target(page=page, item="relapse_n") for page in pages]
    taken = asked(pages[1], monitor)
    with pytest.raises(AlreadyAsked):
        raise_queries(targets, WHY, by=monitor)
    assert Query.objects.filter(item="relapse_n").count() == 1
    close_query(taken, "seen in the source", by=monitor)
    count = TrailEvent.objects.count()
    raised = raise_queries(targets, WHY, by=monitor)
    assert [query.whose for query in raised] == [subject, other]
    events = TrailEvent.objects.filter(action="query.raised").order_by("-pk")[:2]
    assert TrailEvent.objects.count() == count + 2
    assert {event.subject for event in events} == {"HZ01-001", "HZ01-002"}
    close_queries(raised, "all of them are right", by=monitor)
    assert {now(query).state for query in raised} == {"closed"}
    for number in (0, MOST_AT_ONCE + 1):
        with pytest.raises(NotAsked):
            raise_queries(targets[:1] * number, WHY, by=monitor)


def test_several_of_one_subject_name_their_places(subject: Subject, monitor: Account) -> None:
    pages = [desk.page_of(subject, form) for form in ("DX", "DM")]
    raise_queries([Target(page=page) for page in pages], WHY, by=monitor)
    event = desk.last_event()
    assert (event.form, event.subject) == ("", subject.code)
    assert {"DX@SCR.query", "DX@SCR.query.words", "DM@SCR.query"} <= set(desk.changes_of(event))


# --- what the database holds -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "broken",
    [
        {"subject": True},
        {"page": None},
        {"page": None, "subject": True, "item": "sex"},
        {"raised_by": None},
        {"check_id": "X-DX-06"},
        {"assigned_role": "coordinator", "assigned_to": "lin.qiao"},
    ],
    ids=["two places", "no place", "an item of no page", "nobody asks", "two ask", "it waits for two"],
)
def test_the_database_refuses_what_is_no_query(disease: Page, broken: dict[str, object]) -> None:
    row = {"page": disease, "raised_by": "tan.rui"} | broken
    if row.get("subject"):
        row["subject"] = disease.subject
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)),
    ):
        Query.objects.create_with_history([Query(**row)])
