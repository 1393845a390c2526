"""Queries on the screen: flagged, raised, answered, listed, closed together, counted."""

import csv
import io
import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.casebook.page import Page, Subject
from patients.entry.asking import raise_query
from patients.entry.opening import open_log
from patients.entry.query_act import Question, Target
from patients.entry.query_moves import answer_query, close_query
from patients.entry.reasons import Reason
from patients.items.problems import Finding, Severity
from patients.oversight.checks_ask import Sighting, follow
from patients.oversight.queries import Priority, Query
from patients.web.queries_presenter import QUERIES_ON_A_PAGE
from tests.patients.web import people
from tests.trial.trail.faults import counted
from trial.people.access import actor_at
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.actor import Source, acting
from trial.trail.models import TrailEvent
from trial.trail.record import Place, record_event

pytestmark = pytest.mark.one_engine


@pytest.fixture
def monitor(db: None) -> Account:
    """Somebody who has been here for a month."""
    with time_machine.travel(timezone.now() - timedelta(days=30), tick=True):
        return people.a_member(Role.MONITOR, name="tan.rui", printed="Tan Rui")


@pytest.fixture
def asking(monitor: Account) -> Client:
    return people.signed_in(monitor)


@pytest.fixture
def page(response_page: Page) -> Page:
    people.save(response_page, {"resp_dt": "2025-05-20", "bm_done": "Y"}, {"form_date": "2025-05-20"})
    return people.page_of(response_page.subject, "RESP", "SCR")


def text(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


def asked(page: Page, by: Account, item: str = "bm_done", words: str = "Was it done?") -> Query:
    return raise_query(Target(page=page, item=item), Question(words), by=by)


def thread(query: Query) -> str:
    return reverse("query", args=[query.pk])


def numbers(answer: HttpResponse) -> list[int]:
    """The queries of the list, in its order."""
    return [int(found) for found in re.findall(r'<th scope="row"><a href="/queries/(\d+)/">', text(answer))]


# --- flags -------------------------------------------------------------------------------------------------
def flag_of(client: Client, page: Page, item: str) -> tuple[str, str]:
    """The class of the flag beside an item, and where it leads."""
    shown = text(client.get(page.get_absolute_url()))
    row = shown.partition(f'id="i-{item}"')[2].partition('class="item-below"')[0]
    found = re.search(r'class="mark mark-(\w+)" href="([^"]+)"', row)
    return (found[1], found[2]) if found else ("", "")


def test_the_flag_of_an_item_says_how_its_query_stands(
    page: Page, desk: Client, asking: Client, monitor: Account, coordinator: Account
) -> None:
    raising = f"{reverse('query-on-page', args=[page.pk])}?item=bm_done"
    assert flag_of(asking, page, "bm_done") == ("none", raising)
    assert flag_of(desk, page, "bm_done") == ("", "")
    query = asked(page, monitor)
    assert flag_of(desk, page, "bm_done") == flag_of(asking, page, "bm_done") == ("open", thread(query))
    answer_query(query, "Yes, it was.", by=coordinator)
    assert flag_of(desk, page, "bm_done") == ("answered", thread(query))
    close_query(query, "seen in the source", by=monitor)
    assert flag_of(desk, page, "bm_done") == ("closed", thread(query))
    assert flag_of(desk, page, "resp_dt") == ("", "")


def test_a_page_lists_what_is_asked_and_a_closed_query_is_not_among_it(
    page: Page, desk: Client, monitor: Account
) -> None:
    query = raise_query(Target(page=page), Question("Is this page of the same day?"), by=monitor)
    shown = text(desk.get(page.get_absolute_url()))
    assert f'<a href="{thread(query)}">the whole page: Is this page of the same day?</a>' in shown
    close_query(query, "seen in the source", by=monitor)
    assert "Is this page of the same day?" not in text(desk.get(page.get_absolute_url()))


# --- raising -----------------------------------------------------------------------------------------------
def test_a_query_is_raised_at_an_item_and_shown_with_its_value(page: Page, asking: Client) -> None:
    url = reverse("query-on-page", args=[page.pk])
    form = text(asking.get(f"{url}?item=bm_done"))
    assert "now: Yes" in form
    said = {"item": "bm_done", "row": "", "text": "Was it done?", "assigned": "role:investigator"}
    answer = asking.post(url, said | {"priority": "1"})
    query = Query.objects.get(item="bm_done")
    assert answer["Location"] == thread(query)
    assert (query.assigned_role, query.priority) == ("investigator", Priority.HIGH)
    shown = text(asking.get(thread(query)))
    for words in ("Was it done?", "Tan Rui", "waits for Investigator", "high", "now: Yes"):
        assert words in shown


def test_a_second_one_is_refused_with_the_way_to_the_first(
    page: Page, asking: Client, monitor: Account
) -> None:
    query = asked(page, monitor)
    url = reverse("query-on-page", args=[page.pk])
    assert "Was it done?" in text(asking.get(f"{url}?item=bm_done"))
    answer = asking.post(url, {"item": "bm_done", "text": "Again <b>?"})
    assert answer.status_code == 409
    assert f'href="{thread(query)}"' in text(answer)
    assert "Again &lt;b&gt;?</textarea>" in text(answer)


def test_what_is_refused_is_said_and_what_was_typed_stays(page: Page, asking: Client) -> None:
    url = reverse("query-on-page", args=[page.pk])
    chosen = {"assigned": "role:investigator", "priority": "1"}
    answer = asking.post(url, {"item": "bm_done", "text": "call 13812345678"} | chosen)
    assert (answer.status_code, Query.objects.count()) == (422, 0)
    assert "Possible identity data: remove “13812345678”" in text(answer)
    assert "call 13812345678</textarea>" in text(answer)
    for value in chosen.values():
        assert f'<option value="{value}" selected>' in text(answer)
    for strange in ({"assigned": "lin.qiao"}, {"priority": "9"}):
        assert asking.post(url, {"item": "bm_done", "text": "Why so?"} | strange).status_code == 400


@pytest.mark.requirement("DI-02")
def test_a_form_that_is_sent_twice_asks_once(page: Page, asking: Client) -> None:
    url = reverse("query-on-page", args=[page.pk])
    key = text(asking.get(url)).split('name="form_token" value="')[1].split('"')[0]
    for _time in range(2):
        assert asking.post(url, {"text": "Of the same day?", "form_token": key}).status_code == 302
    assert Query.objects.count() == 1


@pytest.mark.parametrize(("visit", "about"), [("", "the subject"), ("SCR", "the whole visit")])
def test_a_subject_and_a_visit_are_asked_about(
    subject: Subject, asking: Client, visit: str, about: str
) -> None:
    assert "Raise a query" in text(asking.get(subject.get_absolute_url()))
    answer = asking.post(
        reverse("query-on-subject", args=[subject.code]), {"visit": visit, "text": "Did she come?"}
    )
    query = Query.objects.get()
    assert (answer["Location"], query.visit_code) == (thread(query), visit)
    assert about in text(asking.get(thread(query)))
    assert asking.post(reverse("query-on-subject", args=[subject.code]), {"visit": "XX"}).status_code == 404


def test_who_enters_data_raises_none(subject: Subject, page: Page, desk: Client) -> None:
    assert "Raise a query" not in text(desk.get(subject.get_absolute_url()))
    for url in (
        reverse("query-on-page", args=[page.pk]),
        reverse("query-on-subject", args=[subject.code]),
        reverse("queries-new"),
    ):
        assert desk.get(url).status_code == desk.post(url, {"text": "Why so?"}).status_code == 403


# --- the thread --------------------------------------------------------------------------------------------
def offered(client: Client, query: Query) -> set[str]:
    return set(re.findall(r'name="do" value="(\w+)"', text(client.get(thread(query)))))


def test_each_side_is_offered_its_moves(
    page: Page, desk: Client, asking: Client, monitor: Account, coordinator: Account
) -> None:
    query = asked(page, monitor)
    auditor = people.signed_in(people.a_member(Role.AUDITOR))
    assert offered(desk, query) == {"answer", "comment"}
    assert offered(asking, query) == {"close", "comment", "direct"}
    assert offered(auditor, query) == set()
    answer_query(query, "Yes, it was.", by=coordinator)
    assert offered(desk, query) == {"comment"}
    assert offered(asking, query) == {"close", "comment", "reopen", "direct"}
    close_query(query, "seen in the source", by=monitor)
    assert (offered(desk, query), offered(asking, query)) == (set(), {"reopen"})


def test_it_is_answered_closed_and_asked_again_on_its_page(
    page: Page, desk: Client, asking: Client, monitor: Account
) -> None:
    query = asked(page, monitor)
    assert desk.post(thread(query), {"do": "close", "text": "five words"}).status_code == 403
    assert asking.post(thread(query), {"do": "answer", "text": "five words"}).status_code == 403
    assert desk.post(thread(query), {"do": "answer", "text": "Yes, it was."}).status_code == 302
    late = desk.post(thread(query), {"do": "answer", "text": "Yes, twice."})
    assert (late.status_code, "Somebody was faster" in text(late)) == (409, True)
    assert asking.post(thread(query), {"do": "close", "text": "ok"}).status_code == 422
    for what in ("close", "reopen"):
        assert asking.post(thread(query), {"do": what, "text": "as in the source"}).status_code == 302
    direct = {"do": "direct", "assigned": "user:lin.qiao", "priority": "3"}
    assert asking.post(thread(query), direct).status_code == 302
    shown = text(desk.get(thread(query)))
    lines = [
        "Was it done?",
        "Yes, it was.",
        "closed</b>: as in the",
        "opened again</b>: as in the",
    ]
    assert [shown.index(each) for each in lines] == sorted(shown.index(each) for each in lines)
    assert "waits for Lin Qiao" in shown
    assert desk.post(thread(query), {"do": "dance"}).status_code == 400


def test_a_changed_value_stands_in_the_thread(page: Page, desk: Client, monitor: Account) -> None:
    query = asked(page, monitor)
    people.save(page, {"bm_done": "N"}, reasons={("", "bm_done"): Reason("query_answer")})
    shown = text(desk.get(thread(query)))
    assert "<b>value changed</b>: <del>Yes</del>" in shown
    assert "<ins>No</ins>" in shown


@pytest.mark.requirement("AC-02")
def test_a_query_of_another_site_is_absent(page: Page, monitor: Account) -> None:
    query = asked(page, monitor)
    stranger = people.signed_in(people.a_member(Role.MONITOR, "HZ02"))
    assert stranger.get(thread(query)).status_code == 404
    assert numbers(stranger.get(reverse("queries"))) == []
    assert stranger.post(reverse("queries"), {"query": query.pk, "reason": "five words"}).status_code == 404


def test_what_a_check_says_of_an_identity_is_withheld(subject: Subject, desk: Client, asking: Client) -> None:
    page, act = people.page_of(subject, "DM", "SCR"), uuid4()
    finding = Finding("birth_date", "1907-03-09 is before 1920.", Severity.SOFT, check="X-DM-01")
    with transaction.atomic(), acting(actor_at(people.SETUP, site="HZ01", source=Source.COMMAND)):
        changes = follow([], [Sighting(page, finding, asks=True)], act=act)
        record_event("page.saved", Place("HZ01", subject.code), changes, act=act)
    query = Query.objects.get(check_id="X-DM-01")
    for url in (thread(query), reverse("queries"), reverse("home")):
        assert "1907-03-09" not in text(asking.get(url))
    assert "1907-03-09" in text(desk.get(thread(query)))
    assert "1907-03-09" not in desk.post(reverse("queries-csv")).content.decode("utf-8-sig")


# --- the list ----------------------------------------------------------------------------------------------
@pytest.fixture
def several(page: Page, monitor: Account, coordinator: Account) -> dict[str, Query]:
    """A query of each sort, of two subjects."""
    other = people.a_subject("HZ01-002")
    manager = people.a_member(Role.DATA_MANAGER, name="mei.zhang", printed="Mei Zhang")
    with time_machine.travel(timezone.now() - timedelta(days=20), tick=True):
        old = asked(page, monitor, "resp_dt", "=Of which report?")
    answered = asked(page, monitor, "bm_done")
    answer_query(answered, "Yes, it was.", by=coordinator)
    closed = raise_query(Target(page=page), Question("Of the same day?"), by=manager)
    close_query(closed, "seen in the source", by=manager)
    whole = raise_query(Target(subject=other), Question("Did she come?", priority=Priority.HIGH), by=manager)
    vitals = people.page_of(page.subject, "VS", "SCR")
    people.save(vitals, {"vs_temp": "46"}, {"form_date": "2025-05-20"})
    check = Query.objects.exclude(check_id="").get()
    return {"old": old, "answered": answered, "closed": closed, "whole": whole, "check": check}


NARROWED: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["check", "whole", "closed", "answered", "old"]),
    ({"order": "oldest"}, ["old", "answered", "closed", "whole", "check"]),
    ({"state": "open"}, ["check", "whole", "old"]),
    ({"state": "outstanding"}, ["check", "whole", "answered", "old"]),
    ({"state": "closed"}, ["closed"]),
    ({"subject": "HZ01-002"}, ["whole"]),
    ({"site": "HZ02"}, []),
    ({"visit": "scr", "form": "RESP"}, ["closed", "answered", "old"]),
    ({"form": "VS"}, ["check"]),
    ({"age": "15-30"}, ["old"]),
    ({"age": "0-7"}, ["check", "whole", "closed", "answered"]),
    ({"raised": "check"}, ["check"]),
    ({"raised": "person"}, ["whole", "closed", "answered", "old"]),
    ({"raised": "mei.zhang"}, ["whole", "closed"]),
    ({"priority": "1"}, ["whole"]),
    ({"words": "Yes, it"}, ["answered"]),
    ({"words": "marrow"}, ["answered"]),
    ({"words": "resp_dt"}, ["old"]),
    ({"became": "answered"}, ["answered"]),
    ({"became": "changed"}, []),
    ({"state": "nonsense", "age": "x", "priority": "y"}, []),
]


def test_the_list_is_narrowed(several: dict[str, Query], asking: Client) -> None:
    names = {query.pk: name for name, query in several.items()}
    shown = [
        [names[number] for number in numbers(asking.get(reverse("queries"), asked_for))]
        for asked_for, _found in NARROWED
    ]
    assert shown == [found for _asked, found in NARROWED]


def test_the_tally_counts_by_state_under_the_other_filters(several: dict[str, Query], asking: Client) -> None:
    def counts(**asked_for: str) -> list[str]:
        shown = text(asking.get(reverse("queries"), asked_for))
        bar = shown.partition('class="tally"')[2].partition("</nav>")[0]
        return re.findall(r"</span>\s*(\d+)</b>", bar)

    assert counts() == ["3", "1", "1"]
    assert counts(state="closed", form="RESP") == ["1", "1", "1"]


def test_what_waits_for_me_is_asked_of_me_or_of_my_role(page: Page, desk: Client, asking: Client) -> None:
    for item, assigned in (("bm_done", "user:lin.qiao"), ("resp_dt", "role:coordinator"), ("pb_blast", "")):
        said = {"item": item, "text": "Is it right?", "assigned": assigned}
        asking.post(reverse("query-on-page", args=[page.pk]), said)
    assert len(numbers(desk.get(reverse("queries"), {"waits": "me"}))) == 2
    assert len(numbers(desk.get(reverse("queries"), {"waits": "coordinator"}))) == 1


def many(page: Page, monitor: Account, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        raise_query(Target(subject=page.subject), Question(f"Question {number}?"), by=monitor)


def test_the_trail_says_in_the_language_of_the_reader_what_became_of_a_query(
    page: Page, asking: Client, monitor: Account, coordinator: Account
) -> None:
    query = asked(page, monitor)
    answer_query(query, "It was.", by=coordinator)
    url = reverse("trail", args=[page.subject.code])
    assert f"Query {query.pk} of" in text(asking.get(url))
    chinese = text(asking.get(url, headers={"Accept-Language": "zh-hans"}))
    for words in (f"Query {query.pk} of", ">answered<", ">open<"):
        assert words not in chinese
    assert "It was." in chinese


def test_the_list_goes_on_by_key_and_sends_as_many_statements_for_many_as_for_few(
    page: Page, asking: Client, monitor: Account
) -> None:
    url = reverse("queries")
    many(page, monitor, 2)
    asking.get(url)
    with counted() as few:
        asking.get(url)
    many(page, monitor, QUERIES_ON_A_PAGE, start=2)
    with counted() as more:
        first = asking.get(url)
    assert len(more) == len(few), "\n".join(more)
    assert len(numbers(first)) == QUERIES_ON_A_PAGE
    on = re.search(r'rel="next" href="([^"]+)"', text(first))
    assert on
    second = asking.get(on[1].replace("&amp;", "&"))
    back = re.search(r'rel="prev" href="([^"]+)"', text(second))
    assert back
    assert len(numbers(second)) == 2
    assert numbers(asking.get(back[1].replace("&amp;", "&"))) == numbers(first)
    assert sorted({*numbers(first), *numbers(second)}) == sorted(Query.objects.values_list("pk", flat=True))


@pytest.mark.requirement("CP-04")
def test_the_list_is_taken_out_as_it_was_asked_for_and_on_record(
    several: dict[str, Query], asking: Client
) -> None:
    answer = asking.post(reverse("queries-csv"), {"form": "RESP", "words": "report"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [str(several["old"].pk)]
    assert "'=Of which report?" in rows[1], "no cell is a formula"
    event = TrailEvent.objects.latest("pk")
    assert (event.action, event.site) == ("queries.exported", "HZ01")
    assert "report" not in event.about
    assert {change.item: change.new for change in event.changes.all()}["entries"] == "1"
    assert asking.get(reverse("queries-csv")).status_code == 405


# --- several at once ---------------------------------------------------------------------------------------
def test_several_are_closed_with_one_reason(several: dict[str, Query], asking: Client) -> None:
    url, chosen = reverse("queries"), [several["old"].pk, several["answered"].pk]
    refused = asking.post(f"{url}?form=RESP", {"do": "close", "query": chosen, "reason": "no"})
    assert refused.status_code == 422
    assert text(refused).count(" checked>") == 2
    assert asking.post(url, {"do": "close", "reason": "all are right"}).status_code == 422
    answer = asking.post(f"{url}?form=RESP", {"do": "close", "query": chosen, "reason": "all are right"})
    assert answer["Location"] == f"{url}?form=RESP"
    assert set(Query.objects.filter(pk__in=chosen).values_list("state", flat=True)) == {"closed"}
    again = asking.post(url, {"do": "close", "query": chosen, "reason": "all are right"})
    assert again.status_code == 409


def test_what_cannot_be_closed_is_not_offered(
    several: dict[str, Query], asking: Client, desk: Client
) -> None:
    shown = text(asking.get(reverse("queries")))
    ticks = {int(found) for found in re.findall(r'name="query" value="(\d+)"', shown)}
    assert several["closed"].pk not in ticks
    assert {several["old"].pk, several["whole"].pk} <= ticks
    assert 'name="query"' not in text(desk.get(reverse("queries")))
    assert (
        desk.post(reverse("queries"), {"query": several["old"].pk, "reason": "all right"}).status_code == 403
    )


def test_the_same_is_asked_at_several_pages_of_a_form(page: Page, asking: Client, monitor: Account) -> None:
    other = people.page_of(people.a_subject("HZ01-002"), "RESP", "SCR")
    people.save(other, {"resp_dt": "2025-05-21", "bm_done": "N"}, {"form_date": "2025-05-21"})
    elsewhere = people.page_of(people.a_subject("HZ02-001"), "RESP", "SCR")
    people.save(elsewhere, {"resp_dt": "2025-05-21"}, {"form_date": "2025-05-21"})
    url = f"{reverse('queries-new')}?form=RESP&item=bm_done"
    shown = text(asking.get(url))
    places = re.findall(r'name="place" value="([^"]+)"', shown)
    assert places == [f"{page.pk}:", f"{other.pk}:"]
    assert "<td>No</td>" in shown
    refused = asking.post(url, {"place": places[:1], "text": "?"})
    assert (refused.status_code, text(refused).count(" checked>")) == (422, 1)
    asking.post(url, {"place": [*places, f"{elsewhere.pk}:"], "text": "Is the report attached?"})
    assert {query.page_id for query in Query.objects.filter(item="bm_done")} == {page.pk, other.pk}
    assert 'name="place"' not in text(asking.get(url)), "each is asked about already"
    assert "Choose a form" in text(asking.get(f"{reverse('queries-new')}?form=XX"))


def test_rows_of_a_log_are_asked_about_one_by_one(subject: Subject, asking: Client) -> None:
    log = open_log(subject, "AE", by=people.a_member(Role.COORDINATOR))
    for key, term in (("1", "Fever"), ("2", "Rash")):
        people.save(log, {"ae_term": term, "ae_start": "2025-06-10"}, row=key)
    url = f"{reverse('queries-new')}?form=AE&item=ae_term"
    assert re.findall(r'name="place" value="([^"]+)"', text(asking.get(url))) == [
        f"{log.pk}:1",
        f"{log.pk}:2",
    ]
    asking.post(url, {"place": f"{log.pk}:2", "text": "Which drug?"})
    assert Query.objects.get(item="ae_term").row_key == "2"


# --- figures and work --------------------------------------------------------------------------------------
def test_each_figure_is_the_number_of_the_rows_that_it_leads_to(
    several: dict[str, Query], asking: Client
) -> None:
    shown = text(asking.get(reverse("query-metrics")))
    found = re.findall(r'<a href="(/queries/\?[^"]+)">([^<]+)</a>', shown)
    assert len(found) > 4
    for url, words in found:
        number = re.search(r"\((\d+)\)$", words) or re.search(r"^(\d+)", words)
        assert number
        assert len(numbers(asking.get(url.replace("&amp;", "&")))) == int(number[1]), (url, words)


def test_the_first_screen_counts_what_waits_for_each_side(
    several: dict[str, Query], desk: Client, asking: Client
) -> None:
    def waits(client: Client) -> dict[str, int]:
        shown = client.get(reverse("home")).content.decode()
        found = re.findall(r'<a href="/worklist/(\w+)/"><b>(.*?)</b>', shown, re.DOTALL)
        return {kind: int(re.sub(r"<[^>]+>|[^0-9<>]", "", number)) for kind, number in found}

    assert waits(desk)["queries"] == waits(asking)["queries"] == 3
    assert waits(asking)["answered"] == 1
    assert "answered" not in waits(desk)
    shown = text(desk.get(reverse("work", args=["queries"])))
    titles = re.findall(r'<a class="title" href="/queries/(\d+)/"', shown)
    assert int(titles[0]) == several["whole"].pk, "the most pressing first"
