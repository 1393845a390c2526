"""The trail of a subject: who changed what, from what to what, when and why."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from patients.casebook.page import Page, Subject
from patients.entry.reasons import Reason
from patients.web import trail_presenter
from tests.patients.entry import desk as entry
from tests.patients.web import people
from trial.people.models import Account


def url_of(subject: Subject, **filters: str | int) -> str:
    named = "&".join(f"{name}={value}" for name, value in filters.items())
    return f"{reverse('trail', args=[subject.code])}?{named}"


def read(client: Client, subject: Subject, **filters: str | int) -> str:
    answer = client.get(url_of(subject, **filters))
    assert answer.status_code == 200
    return re.sub(r"<svg.*?</svg>", "", answer.content.decode())


def blocks(text: str) -> list[str]:
    return [part.partition("</article>")[0] for part in text.split('<article class="request">')[1:]]


@pytest.fixture
def changed(response_page: Page, coordinator: Account) -> Page:
    """The blasts are entered, then corrected with a reason; the CNS status is entered."""
    header = {"form_date": "2025-05-20"}
    people.save(response_page, {"bm_done": "Y", "bm_blast": "61.5"}, header, by=coordinator)
    why = {("", "bm_blast"): Reason("late_source", "report 25-3391")}
    people.save(response_page, {"bm_blast": "6.5", "cns_resp": "CNS1"}, by=coordinator, reasons=why)
    return response_page


def test_a_change_reads_from_old_to_new_with_who_when_and_why(desk: Client, changed: Page) -> None:
    newest = blocks(read(desk, changed.subject))[0]
    assert "<del>61.5 %</del><ins>6.5 %</ins>" in newest
    assert "Late source: report 25-3391" in newest
    assert "Lin Qiao, Site coordinator" in newest
    assert re.search(r'<time datetime="[^"]+">\d{4}-\d\d-\d\d \d\d:\d\d UTC\+8</time>', newest)
    assert f'<a href="{changed.get_absolute_url()}">HZ01-001 · RESP · SCR</a>' in newest
    assert '<span class="chip">first entry</span><ins>CNS1: no blasts</ins>' in newest


def test_the_newest_act_stands_first_and_each_act_is_one_block(desk: Client, changed: Page) -> None:
    shown = blocks(read(desk, changed.subject))
    assert len(shown) == 4  # registered, consent, two saves
    assert "subject registered" in shown[-1]
    assert "Planned" not in shown[0]


def test_what_an_engine_made_says_so(desk: Client, subject: Subject) -> None:
    people.save(people.page_of(subject, "ELIG", "SCR"), {"rescreen": "N"})
    shown = blocks(read(desk, subject))
    derived = next(block for block in shown if "Screening number" in block)
    assert "<ins>S-" in derived
    assert '<span class="chip">derived</span>' in derived


def test_the_workflow_state_is_said_in_words(desk: Client, changed: Page) -> None:
    first = blocks(read(desk, changed.subject))[1]
    assert "<span>Workflow state</span>" in first
    assert "<del>empty</del><ins>in progress</ins>" in first


def test_the_trail_of_an_item_a_page_or_a_person(desk: Client, changed: Page, coordinator: Account) -> None:
    subject = changed.subject
    assert len(blocks(read(desk, subject, form="RESP", visit="SCR"))) == 2
    assert len(blocks(read(desk, subject, form="RESP", visit="SCR", item="cns_resp"))) == 1
    assert len(blocks(read(desk, subject, actor="lin.qiao"))) == 2
    assert len(blocks(read(desk, subject, form="FU"))) == 0
    assert "Nothing in the trail fits." in read(desk, subject, form="FU")


def test_each_saved_item_links_to_its_trail(desk: Client, changed: Page) -> None:
    text = desk.get(changed.get_absolute_url()).content.decode()
    link = re.search(r'href="([^"]+item=bm_blast)"', text)
    assert link
    shown = desk.get(link[1].replace("&amp;", "&")).content.decode()
    assert len(blocks(shown)) == 2


def test_an_item_of_a_row_links_to_the_trail_of_that_row(desk: Client, subject: Subject) -> None:
    page = entry.logged(subject, "AE")
    for key in ("1", "2"):
        entry.save(page, rows={key: {"ae_term": f"rash {key}"}})
    entry.save(page, rows={"2": {"ae_term": "rash of the arm"}}, why=entry.BECAUSE)
    text = desk.get(page.get_absolute_url()).content.decode()
    links = re.findall(r'href="([^"]+item=ae_term&amp;row=\d)"', text)
    assert [link[-1] for link in links] == ["1", "2"]
    shown = [blocks(desk.get(link.replace("&amp;", "&")).content.decode()) for link in links]
    assert [len(found) for found in shown] == [1, 2]
    assert all("Row 1" not in block for block in shown[1])


def test_the_trail_is_walked_by_key(desk: Client, changed: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_presenter, "EVENTS_ON_A_PAGE", 2)

    def walk(url: str, rel: str) -> str:
        found = re.search(rf'rel="{rel}" href="([^"]+)"', desk.get(url).content.decode())
        return found[1].replace("&amp;", "&") if found else ""

    first = url_of(changed.subject)
    second = walk(first, "next")
    newest, oldest = (blocks(desk.get(url).content.decode()) for url in (first, second))
    assert (len(newest), len(oldest)) == (2, 2)
    assert "subject registered" in oldest[-1]
    assert walk(second, "next") == ""
    assert blocks(desk.get(walk(second, "prev")).content.decode()) == newest


def test_nonsense_as_a_key_is_the_newest(desk: Client, changed: Page) -> None:
    for nonsense in ("x", "-1", "²", "9" * 40):
        assert len(blocks(read(desk, changed.subject, before=nonsense))) == 4


def test_many_first_entries_stand_apart(desk: Client, changed: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_presenter, "FIRST_ENTRIES_IN_LINE", 1)
    first = blocks(read(desk, changed.subject))[1]
    assert re.search(r"<summary>\d first entries</summary>", first)
    assert first.index("<del>empty</del>") < first.index("<summary>")


def test_in_chinese_labels_and_coded_values_come_from_the_declaration(changed: Page) -> None:
    """The catalogue of the countries is there from the start; the trail itself keeps English."""
    page = people.page_of(changed.subject, "DM", "SCR")
    people.save(page, {"country": "CHN"})
    from trial.trail.models import TrailChange

    change = TrailChange.objects.select_related("event").get(item="country")
    assert change.new_shown == "China"
    with translation.override("zh-hans"):
        assert trail_presenter.row_of(change, change.event).new == "中国"


def test_the_trail_asks_the_same_however_long(desk: Client, changed: Page) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(desk, changed.subject)
        return len(captured)

    before, why = statements(), {("", "mol_marker"): Reason("late_source")}
    for number in range(8):
        people.save(changed, {"mol_marker": f"WT1 {number}"}, reasons=why)
    assert statements() == before
    # session, account, subject, grants, events, marks of reviews, people, data cuts, changes, pages
    assert before <= 10
    with CaptureQueriesContext(connection) as captured:
        read(desk, changed.subject)
    assert not [query for query in captured.captured_queries if "COUNT(" in query["sql"]]
