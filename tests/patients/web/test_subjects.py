"""The list of subjects and the page of one: clocks, visits in the order of the protocol, states of pages."""

import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.casebook.page import Page, Subject
from patients.entry.asking import raise_query
from patients.entry.doubles import answer_double, doubles_among
from patients.entry.query_act import Question, Target
from patients.entry.query_moves import answer_query
from patients.entry.register import register_identity
from patients.oversight.queries import Query
from patients.schedule.due import expected
from patients.schedule.placing import page_of as made_page
from patients.web import subjects_presenter
from patients.web.matrix_presenter import SECTIONS
from patients.web.queries import counts_by_subject
from tests.counts import told
from tests.patients.entry import desk as entry
from tests.patients.web import people
from tests.trial.trail.claiming import claim
from trial.people.access import actor_at
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role
from trial.protocol.visits import FORM_ORDER, Clock, protocol_position, visit_type
from trial.trail.actor import Source, acting

pytestmark = pytest.mark.one_engine

NOON = "2025-08-05T12:00:00+08:00"
TODAY = date(2025, 8, 5)
SUBJECTS = reverse("subjects")


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def of(subject: Subject) -> str:
    return reverse("subject", args=[subject.code])


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """5 August 2025."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def treated(coordinator: Account) -> Subject:
    """Infused on 7 June, transplanted on 23 June, seen on day 28."""
    subject = people.a_subject(infused=True)
    people.save(people.page_of(subject, "DX", "SCR"), {"dx_type": "aml"}, {"form_date": "2025-05-16"})
    graft = {"hsct_done": "Y", "hsct_start_dt": "2025-06-23 15:40"}
    people.save(people.page_of(subject, "HSCT", "H0"), graft, {"form_date": "2025-06-23"})
    seen = {"resp_dt": "2025-07-07", "bm_done": "N"}
    people.save(people.page_of(subject, "RESP", "C28"), seen, {"form_date": "2025-07-07"})
    return subject


# --- the list -----------------------------------------------------------------------------------------------
def test_the_list_says_who_with_what_and_on_which_day(desk: Client, treated: Subject) -> None:
    text = read(desk, SUBJECTS)
    assert f'<a href="{of(treated)}">HZ01-001</a>' in text
    assert "AML · Male" in text
    assert "D+59" in text
    assert "D+43" in text


def test_the_list_counts_pages_by_state(desk: Client, treated: Subject) -> None:
    text = re.sub(r"<svg.*?</svg>", "", read(desk, SUBJECTS))
    counts = dict(re.findall(r'<span class="st st-(\w+)"><span aria-hidden="true">(\d+)</span>', text))
    # In progress: ELIG, DM, DX, INF, HSCT, RESP C28. The rest waits: overdue once its visit's window is over.
    untouched = Page.objects.filter(expected(), subject=treated, version=0).exclude(visit=None)
    waiting = list(untouched.select_related("visit"))
    ended = [page for page in waiting if page.visit.closes < TODAY]
    begun = [page for page in waiting if page.visit.opens <= TODAY <= page.visit.closes]
    assert {"RESP", "FU", "LAB", "AGVHD"} <= {page.form_code for page in ended}
    asked = Page.objects.filter(subject=treated, queries__state="open").distinct().count()
    assert asked > 0
    assert counts == {
        "query": str(asked),
        "progress": str(6 - asked),
        "overdue": str(len(ended)),
        "empty": str(len(begun)),
    }


@pytest.mark.parametrize(
    ("state", "counted"), [("frozen", "frozen"), ("locked", "locked"), ("signed", "query")]
)
def test_a_page_that_is_asked_about_counts_as_such_unless_it_is_closed(
    treated: Subject, state: str, counted: str
) -> None:
    before = counts_by_subject([treated])[treated.pk]
    asked = Page.objects.filter(subject=treated, queries__state="open", state="in_progress").distinct()[0]
    entry.put_in_state(asked, state)
    after = counts_by_subject([treated])[treated.pk]
    moved = {"query": before["query"] - 1, counted: 1} if counted != "query" else {}
    assert {name: number for name, number in after.items() if number} == {**before, **moved}


def test_the_list_is_walked_by_key(
    desk: Client, coordinator: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects_presenter, "SUBJECTS_ON_A_PAGE", 2)
    for number in range(1, 6):
        people.a_subject(f"HZ01-00{number}", consented=False)

    def codes(url: str) -> list[str]:
        return re.findall(r">(HZ01-\d+)</a></th>", read(desk, url))

    def link(url: str, rel: str) -> str:
        found = re.search(rf'rel="{rel}" href="([^"]+)"', read(desk, url))
        return found[1] if found else ""

    second = link(SUBJECTS, "next")
    third = link(second, "next")
    assert [codes(url) for url in (SUBJECTS, second, third)] == [
        ["HZ01-001", "HZ01-002"],
        ["HZ01-003", "HZ01-004"],
        ["HZ01-005"],
    ]
    assert link(third, "next") == link(SUBJECTS, "prev") == ""
    assert codes(link(third, "prev")) == ["HZ01-003", "HZ01-004"]
    assert codes(f"{SUBJECTS}?q=005") == ["HZ01-005"]


READERS = [role for role in Role if Permission.READ in TABLE[role]]


@pytest.mark.parametrize("role", READERS)
def test_the_list_asks_as_little_for_many_as_for_one(
    role: Role, treated: Subject, record_property: Callable[[str, object], None]
) -> None:
    reader = people.signed_in(people.a_member(role, name="a.reader"))

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(reader, SUBJECTS)
        return len(captured)

    one = statements()
    for number in range(2, 8):
        people.a_subject(f"HZ01-00{number}", infused=number % 2 == 0)
    told(record_property, f"list of subjects, {role}", SQL=one)
    assert statements() == one
    assert one <= 4 + (Permission.MARK_REVIEWED in TABLE[role])
    # session, account, subjects, pages by state; for a reviewer what waits for a review


@pytest.mark.django_db
@pytest.mark.parametrize("role", READERS)
def test_doubles_on_the_list_add_one_statement_whatever_was_said_of_them(role: Role) -> None:
    """The worst case: a reviewer, a pair of which nobody said anything, and one of which two things were."""
    for number in range(1, 5):
        subject = people.a_subject(f"HZ01-00{number}")
        known = {"full_name": "", "hospital_number": f"N{number // 3}"}
        register_identity(subject, **known, by=people.SETUP, source=Source.COMMAND)
    for is_one_person in (True, False):
        [pair, _open] = doubles_among(Subject.objects.all())
        answer_double(pair, is_one_person, reason="charts compared", seen=pair.seen, by=people.SETUP)
    reader = people.signed_in(people.a_member(role, name="a.reader"))
    with CaptureQueriesContext(connection) as captured:
        text = read(reader, SUBJECTS)
    assert text.count("may be the same person as") == 2
    assert len(captured) <= 6, captured.captured_queries


# --- one subject --------------------------------------------------------------------------------------------
def columns(text: str) -> list[str]:
    return re.findall(r'<(?:span|a) class="visit"[^>]*><b>([\w–]+)<span class="vh">', text)


def test_the_header_shows_both_clocks(desk: Client, treated: Subject) -> None:
    text = read(desk, of(treated))
    infusion = people.page_of(treated, "INF", "C0").get_absolute_url()
    assert "<dd>D+59</dd>" in text
    assert f'T0 <a href="{infusion}"><time>2025-06-07 10:20</time></a>' in text
    assert "<dd>D+43</dd>" in text
    assert "<time>2025-06-23 15:40</time>" in text


def test_visits_with_pages_stand_in_the_order_of_the_protocol(desk: Client, treated: Subject) -> None:
    """C60 and later were superseded and are empty."""
    shown = columns(read(desk, f"{of(treated)}?days=all"))
    for clock in (Clock.CONSENT, Clock.CAR_T, Clock.HSCT):
        places = [protocol_position(code) for code in shown if visit_type(code).clock is clock]
        assert places == sorted(places)
    cart = ["SCR", "C0", "C1", "C14", "C14R", "C28"]
    graft = ["H0", "HM1", "HM2", "HM3", "HM6", "HM9", "HM12", "HM18", "HM24"]
    assert {*cart, *graft} <= set(shown)
    assert not {"C60", "C90"} & set(shown)


def test_a_superseded_visit_with_data_stays_in_sight(desk: Client, coordinator: Account) -> None:
    subject = people.a_subject(infused=True)
    people.save(people.page_of(subject, "FU", "C60"), {"fu_contact": "phone"}, {"form_date": "2025-08-04"})
    assert "C90" in columns(read(desk, of(subject)))
    graft = {"hsct_done": "Y", "hsct_start_dt": "2025-06-23 15:40"}
    people.save(people.page_of(subject, "HSCT", "H0"), graft, {"form_date": "2025-06-23"})
    shown = columns(read(desk, of(subject)))
    assert "C60" in shown
    assert "C90" not in shown


def test_each_page_is_a_link_that_says_its_state(desk: Client, treated: Subject) -> None:
    text = re.sub(r"<svg.*?</svg>", "", read(desk, of(treated)))
    found = dict(
        re.findall(r'<a class="st st-(?:\w+)" href="(/pages/\d+/)"><span class="vh">(.*?)</span>', text)
    )
    words = set(found.values())
    assert {"DM SCR: In progress", "RESP C14R: Overdue", "FU HM2: Not due", "RESP SCR: Overdue"} <= words
    url = next(url for url, said in found.items() if said == "DM SCR: In progress")
    assert url == people.page_of(treated, "DM", "SCR").get_absolute_url()


def test_an_answered_query_waits_at_its_page(desk: Client, treated: Subject, coordinator: Account) -> None:
    """Red while the site owes an answer, amber while who asked does."""
    page = people.page_of(treated, "DX", "SCR")
    monitor = people.a_member(Role.MONITOR)
    raise_query(Target(page=page), Question("Please compare with the report."), by=monitor)
    cell = rf'class="st st-(\w+)" href="{page.get_absolute_url()}"'
    assert set(re.findall(cell, read(desk, of(treated)))) == {"query"}
    for query in Query.objects.filter(page=page):
        answer_query(query, "It agrees.", by=coordinator)
    assert set(re.findall(cell, read(desk, of(treated)))) == {"answered"}


def test_targets_windows_and_actual_days_stand_together(desk: Client, treated: Subject) -> None:
    text = read(desk, of(treated))
    c28 = text[text.index("<b>C28") :][:400]
    for words in ("<span>D+28</span>", "<span>±3</span>", '<span class="act">7 Jul</span>'):
        assert words in c28, words
    hm2 = text[text.index("<b>HM2") :][:400]
    assert "<span>(22 Aug)</span>" in hm2


def test_a_death_ends_the_clocks_and_closes_what_was_to_come(desk: Client, treated: Subject) -> None:
    death = people.opened(treated, "DTH", "ENDv", date(2025, 7, 10))
    people.save(death, {"dth_dt": "2025-07-10"}, {"form_date": "2025-07-10"})
    text = read(desk, of(treated))
    assert "died 2025-07-10" in text
    assert "<dd>D+33</dd>" in text
    assert "HM2: closed, died" in text
    waited_for = Page.objects.filter(expected(), subject=treated)
    due = waited_for.filter(Q(visit=None) | Q(visit__opens__lte=TODAY))
    assert f"0 of {due.count()} due pages complete" in text
    assert "DTH ENDv: In progress" in text


def test_the_next_page_due_is_offered_to_those_who_enter(desk: Client, treated: Subject) -> None:
    assert "Next due: ELIG SCR" in read(desk, of(treated))
    monitor = people.signed_in(people.a_member(Role.MONITOR))
    assert "Next due" not in read(monitor, of(treated))


def test_a_subject_before_anything_is_recorded(desk: Client, coordinator: Account) -> None:
    text = read(desk, of(people.a_subject("HZ01-009", consented=False)))
    assert "not infused yet" in text
    assert columns(text) == ["SCR"]


def test_a_subject_asks_the_same_however_many_pages(desk: Client, treated: Subject) -> None:
    def statements(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            read(desk, url)
        return len(captured)

    few = statements(of(people.a_subject("HZ01-008", infused=True)))
    assert Page.objects.filter(subject=treated).count() > 10
    assert statements(of(treated)) == few
    # session, account, subject, grants, pages with visits, rows, blood counts, three of grave events, two of
    # reports that run
    assert few <= 12


def test_a_subject_in_screening_asks_little_more(desk: Client, subject: Subject) -> None:
    with CaptureQueriesContext(connection) as captured:
        read(desk, of(subject))
    assert len(captured) <= 16  # also settings, approvals or queries, identity, who recorded and signed


# --- searching the list -------------------------------------------------------------------------------------
@pytest.fixture
def five(coordinator: Account) -> None:
    """In screening; two infused; transplanted with a page asked about; died."""
    people.a_subject("HZ01-001", consented=False)
    people.a_subject("HZ01-002", infused=True)
    people.a_subject("HZ01-003", infused=True)
    grafted = people.a_subject("HZ01-004", infused=True)
    save_on(grafted, "HSCT", "H0", hsct_done="Y", hsct_start_dt="2025-06-23 15:40")
    save_on(grafted, "DX", "SCR", dx_type="t_lbl")
    dead = people.a_subject("HZ01-005", infused=True)
    death = people.opened(dead, "DTH", "ENDv", date(2025, 7, 10))
    people.save(death, {"dth_dt": "2025-07-10"}, {"form_date": "2025-07-10"})


def save_on(subject: Subject, form: str, visit: str, **answers: str) -> None:
    people.save(people.page_of(subject, form, visit), answers, {"form_date": "2025-06-23"})


def codes(text: str) -> str:
    return " ".join(re.findall(r">HZ01-00(\d)</a></th>", text))


NARROWED = {
    "": "1 2 3 4 5",
    "q=004": "4",
    "stands=screening": "1",
    "stands=enrolled": "",
    "stands=infused": "2 3",
    "stands=transplanted": "4",
    "stands=died": "5",
    "stands=nowhere": "1 2 3 4 5",
    "diagnosis=t_lbl": "4",
    "diagnosis=aml": "",
    "pages=overdue": "2 3 4 5",
    "site=HZ01&stands=died": "5",
    "site=HZ02": "",
}


def test_the_list_is_narrowed(desk: Client, five: None) -> None:
    found = {narrowed: codes(read(desk, f"{SUBJECTS}?{narrowed}")) for narrowed in NARROWED}
    assert found == NARROWED


def test_the_list_finds_who_is_asked_about(desk: Client, five: None) -> None:
    asked = Page.objects.filter(queries__state="open").values_list("subject__code", flat=True)
    assert codes(read(desk, f"{SUBJECTS}?pages=query")) == " ".join(sorted({code[-1] for code in asked}))


def test_another_site_stays_out_of_sight_whatever_is_asked(desk: Client, five: None) -> None:
    people.a_subject("HZ02-001", consented=False)
    assert "HZ02-001" not in read(desk, f"{SUBJECTS}?site=HZ02")


def test_a_narrowed_list_stays_narrowed_on_its_next_page(
    desk: Client, five: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects_presenter, "SUBJECTS_ON_A_PAGE", 1)
    first = read(desk, f"{SUBJECTS}?stands=infused")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    assert "stands=infused" in onward[1]
    assert codes(read(desk, onward[1].replace("&amp;", "&"))) == "3"


def test_a_narrowed_list_asks_as_little(desk: Client, five: None) -> None:
    everything = f"{SUBJECTS}?q=HZ&site=HZ01&stands=infused&pages=overdue"
    with CaptureQueriesContext(connection) as captured:
        read(desk, everything)
    assert len(captured) <= 6


# --- the matrix ---------------------------------------------------------------------------------------------
def test_the_days_in_hospital_stand_in_one_column_until_they_are_asked_for(
    desk: Client, treated: Subject
) -> None:
    together = columns(read(desk, of(treated)))
    assert {"LD1–3", "C1–14", "H1d–28d", "G37–100", "C14R", "HM2"} <= set(together)
    assert "C7" not in together
    each_day = columns(read(desk, f"{of(treated)}?days=all"))
    assert {"C7", "H3d", "G44"} <= set(each_day)


def test_the_cell_of_a_series_leads_to_its_most_pressing_page(desk: Client, treated: Subject) -> None:
    people.save(people.page_of(treated, "CRS", "C1"), {"crs_fever": "N"}, {"form_date": "2025-06-08"})
    text = re.sub(r"<svg.*?</svg>", "", read(desk, of(treated)))
    found = re.search(
        r'href="(/pages/\d+/)"><span aria-hidden="true">(\d+)</span><span class="vh">CRS C1–14', text
    )
    assert found
    untouched = Page.objects.filter(
        subject=treated, form_code="CRS", version=0, visit__code__regex=r"^C([1-9]|1[0-4])$"
    )
    assert found[2] == str(untouched.count())
    assert found[1] in {page.get_absolute_url() for page in untouched}


def test_a_visit_outside_its_window_is_marked_at_its_column(desk: Client, treated: Subject) -> None:
    people.save(people.page_of(treated, "VS", "C21"), {}, {"form_date": "2025-07-12"})
    text = read(desk, of(treated))
    c21 = text[text.index("<b>C21") :][:700]
    assert "out of window" in c21
    assert "st-window" in c21


def test_every_form_stands_under_one_heading() -> None:
    under = [form for _title, forms in SECTIONS for form in forms]
    assert sorted(under) == sorted(FORM_ORDER)


# --- the header ---------------------------------------------------------------------------------------------
def test_the_header_says_where_the_subject_stands(desk: Client, treated: Subject) -> None:
    assert '<span class="chip">transplanted</span>' in read(desk, of(treated))
    assert '<span class="chip">screening</span>' in read(desk, of(people.a_subject("HZ01-007")))


def test_the_donor_is_a_link_to_the_page_of_donors(desk: Client, treated: Subject) -> None:
    with transaction.atomic(), acting(actor_at(people.SETUP, site="HZ01", source=Source.COMMAND)):
        page = made_page(treated, "DONOR", None)
        claim()
    donor = {"donor_class": "new_haploidentical_donor", "donor_role": "car_t_source|graft_source"}
    people.save(page, donor, row="1")
    text = read(desk, of(treated))
    assert f'Donor <a href="{page.get_absolute_url()}">' in text
    assert "new haploidentical donor: one donor for product and graft" in text


def test_what_became_grave_alarms(desk: Client, treated: Subject) -> None:
    with transaction.atomic(), acting(actor_at(people.SETUP, site="HZ01", source=Source.COMMAND)):
        page = made_page(treated, "AE", None)
        claim()
    people.save(page, {"ae_term": "Sepsis", "ae_grade": "4", "ae_start": "2025-08-03"}, row="1")
    text = re.sub(r"<svg.*?</svg>", "", read(desk, of(treated)))
    assert f'<a class="chip chip-bad" href="{page.get_absolute_url()}">Sepsis grade 4, 3 Aug</a>' in text


def test_an_open_hard_finding_alarms_and_leads_to_its_page(desk: Client, treated: Subject) -> None:
    """Such a query opens where a page was complete before the finding came."""
    page = people.page_of(treated, "INF", "C0")
    said = {"en": "Pre-infusion check not passed."}
    found = Query(page=page, item="inf_go", check_id="X-INF-01", severity="hard", message=said)
    with transaction.atomic(), acting(actor_at(people.SETUP, site="HZ01", source=Source.COMMAND)):
        found.save()
        claim()
    text = re.sub(r"<svg.*?</svg>", "", read(desk, of(treated)))
    assert f'<a class="chip chip-bad" href="{page.get_absolute_url()}">1 hard finding</a>' in text


# --- the timeline -------------------------------------------------------------------------------------------
def test_the_timeline_says_in_words_what_it_draws(desk: Client, treated: Subject) -> None:
    text = read(desk, of(treated))
    words = re.findall(r"<li>(.*?)</li>", text[text.index("as-list") :])
    assert "7 Jun 2025: CAR-T infusion, T0, CAR-T D0, HSCT D−16" in words
    assert "23 Jun 2025: haploidentical graft, H0, CAR-T D+16, HSCT D0" in words
    assert "today, 5 Aug" in text
    assert ">HM2</text>" in text


def test_there_is_no_timeline_before_the_infusion(desk: Client, subject: Subject) -> None:
    assert '<svg viewBox="0 0 1104' not in read(desk, of(subject))


# --- the way to the infusion --------------------------------------------------------------------------------
def test_the_steps_stand_until_the_infusion(desk: Client, subject: Subject) -> None:
    text = read(desk, of(subject))
    assert "Eligibility is not complete" in text
    assert "16 May 2025 · recorded by" in text
    people.infuse(subject)
    assert "Up to the infusion" not in read(desk, of(subject))
