"""Medical coding on screen: what waits, one decision for many rows, same words, a new version, the CSV."""

import csv
import html
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.casebook.page import Page, PageState
from patients.coding.codes import Coding, How
from patients.coding.coding_act import Seen
from patients.coding.schemes import Kind
from patients.coding.standing import State
from patients.forms.adverse_event import AdverseEvent
from tests.patients.coding.distributions import (
    EVENTS,
    Pt,
    code,
    events_of,
    loaded,
    meddra,
    states,
    term_called,
    the_terms,
    whodrug,
)
from tests.patients.entry import desk as entry
from tests.patients.web import people
from tests.patients.web.words import label, said
from tests.trial.trail.faults import counted
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
LIST, EXACT, VERSION, FILE = (
    reverse(name) for name in ("coding", "coding-exact", "coding-version", "coding-csv")
)
HERE, NEXT = "HZ01-001", "HZ01-002"


@pytest.fixture
def coder(db: None) -> Account:
    return people.a_member(Role.DATA_MANAGER, name="mei.zhang", printed="Mei Zhang")


@pytest.fixture
def client(coder: Account) -> Client:
    return people.signed_in(coder)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    loaded(Kind.MEDDRA, meddra(tmp_path / "meddra"), "28.0")
    loaded(Kind.WHODRUG, whodrug(tmp_path / "whodrug"))
    return events_of(r1="fever", r2="rash of skin")


def text(answer: HttpResponse) -> str:
    return " ".join(html.unescape(answer.content.decode()).split())


def url_of(row: str = "1", subject: str = HERE) -> str:
    [term] = [each for each in the_terms() if (each.subject, each.row_key) == (subject, row)]
    return reverse("coding-term", args=[term.row, term.coded.form])


def tokens(answer: HttpResponse, name: str = "row") -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', answer.content.decode())


# --- the list ----------------------------------------------------------------------------------------------
def test_the_list_holds_what_waits_with_its_likest_term(client: Client, page: Page) -> None:
    events_of(NEXT, r1="FEVER")
    shown = text(client.get(LIST))
    assert "MedDRA 28.0 (English)" in shown
    assert shown.index(">fever</a>") < shown.index(">rash of skin</a>"), "the first entered first"
    assert shown.count(">fever</a>") == 1, "the same words are one line"
    assert ">HZ01-001,</span>" in shown
    assert ">HZ01-002</span>" in shown
    assert "Class S2 › Group GS2 › High HS2" in shown
    assert "Skin rash" in shown


def test_what_waits_longer_than_two_weeks_is_marked_and_can_be_asked_for(client: Client, page: Page) -> None:
    assert "chip-warn" not in text(client.get(LIST))
    with time_machine.travel(timezone.now() + timedelta(days=15), tick=True):
        later = people.signed_in(people.a_member(Role.DATA_MANAGER, name="later.one"))
        entry.save(page, rows={"2": {"ae_term": "hives"}}, why=entry.BECAUSE)
        shown = text(later.get(LIST, {"late": "Y"}))
        assert "15 days" in shown
        assert ">hives</a>" not in shown


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({}, {"rash of skin"}),
        ({"state": "coded"}, {"fever"}),
        ({"state": "again"}, set()),
        ({"state": "uncoded", "form": "AE"}, {"rash of skin"}),
        ({"form": "CM"}, set()),
        ({"words": "SKIN"}, {"rash of skin"}),
        ({"words": "zzz"}, set()),
        ({"state": "coded", "dictionary": "MedDRA 28.0"}, {"fever"}),
        ({"state": "coded", "dictionary": "MedDRA 27.0"}, set()),
        ({"site": "HZ09"}, set()),
        ({"state": "nonsense", "form": "\0", "from": "x"}, {"rash of skin"}),
    ],
)
def test_it_is_narrowed(client: Client, page: Page, asked: dict[str, str], seen: set[str]) -> None:
    code("Fever", r1=HERE)
    shown = text(client.get(LIST, asked))
    assert {words for words in ("fever", "rash of skin") if f">{words}</a>" in shown} == seen


def test_more_terms_take_no_more_statements(client: Client, page: Page) -> None:
    def statements(url: str = LIST) -> int:
        client.get(url)  # indexes are built by the first look
        with counted() as sent:
            assert client.get(url).status_code == 200
        return len(sent)

    code("Fever", r1=HERE)
    few = [statements(url) for url in (LIST, f"{LIST}?state=coded", EXACT, VERSION, url_of("2"))]
    events_of(NEXT, r1="fever", r2="rash", r3="rash of skin", r4="pyrexia", r5="chills")
    code("Rash", r2=NEXT)
    more = [statements(url) for url in (LIST, f"{LIST}?state=coded", EXACT, VERSION, url_of("2"))]
    assert more == few


def test_other_sites_are_not_told_of(page: Page) -> None:
    other = people.signed_in(people.a_member(Role.DATA_MANAGER, "HZ02", name="bo.lin"))
    assert "fever" not in text(other.get(LIST))
    assert other.get(url_of()).status_code == 404
    assert b"HZ01" not in other.post(FILE, {"site": "HZ01"}).content


# --- one term ----------------------------------------------------------------------------------------------
def test_one_decision_codes_all_rows_with_the_same_words(client: Client, page: Page) -> None:
    events_of(NEXT, r1=" FEVER", r2="fevers")
    shown = client.get(url_of())
    rows = tokens(shown)
    assert len(rows) == 2
    answer = client.post(url_of(), {"row": rows, "term": term_called("Pyrexia").pk}, follow=True)
    assert "2 terms are coded." in text(answer)
    assert {coding.verbatim for coding in Coding.objects.all()} == {"fever", "FEVER"}
    assert Coding.objects.first().printed_name == "Mei Zhang"


def test_only_the_rows_that_are_ticked_are_coded(client: Client, page: Page) -> None:
    events_of(NEXT, r1="fever")
    first, _second = tokens(client.get(url_of()))
    client.post(url_of(), {"row": first, "term": term_called("Fever").pk})
    assert sorted(states().values()) == ["coded", "uncoded", "uncoded"]
    assert "coded so: 1" in text(client.get(url_of("1", NEXT))), "what the same words are coded as elsewhere"


def test_the_dictionary_is_searched_by_words_and_code(client: Client, page: Page) -> None:
    for words in ("neutro", "L1"):
        assert "Neutrophils low" in text(client.get(url_of(), {"q": words}))
    assert "No current term" in text(client.get(url_of(), {"q": "xyzzy"}))


def test_a_code_is_changed_with_a_reason_and_the_old_ones_are_shown(client: Client, page: Page) -> None:
    code("Fever", r1=HERE)
    typed = {"row": tokens(client.get(url_of())), "term": term_called("Pyrexia").pk}
    refused = client.post(url_of(), typed)
    assert refused.status_code == 422
    assert "Say why the code changes." in text(refused)
    assert f'value="{typed["term"]}" checked' in text(refused), "what was chosen is still there"
    assert client.post(url_of(), typed | {"why": "convention"}).status_code == 302
    shown = text(client.get(url_of()))
    assert shown.index("Pyrexia (L3), reported as Fever, MedDRA 28.0") < shown.index(
        "Fever (P2), reported as"
    )
    assert "coding convention" in shown


def test_a_code_is_withdrawn_with_a_reason_and_its_term_waits_again(client: Client, page: Page) -> None:
    assert "Withdraw the code" not in text(client.get(url_of())), "there is none"
    code("Fever", r1=HERE)
    typed = {"row": tokens(client.get(url_of())), "do": "withdraw"}
    refused = client.post(url_of(), typed)
    assert (refused.status_code, states()[HERE, "1"]) == (422, "coded")
    assert "Say why the code is withdrawn." in text(refused)
    answer = client.post(url_of(), typed | {"why_withdrawn": "unclear"}, follow=True)
    assert "1 code is withdrawn." in text(answer)
    assert states()[HERE, "1"] == "uncoded"
    shown = text(client.get(url_of()))
    assert "withdrawn by Mei Zhang" in shown
    assert "the text is not clear: the site is asked" in shown
    assert "Withdraw the code" not in shown
    trail = text(client.get(reverse("trail", args=[HERE])))
    assert "codes withdrawn" in trail
    assert "the text is not clear: the site is asked" in trail


REFUSALS = [
    ({"term": "0"}, 422, "Choose a term."),
    ({"term": ""}, 422, "Choose a term."),
    ({"row": []}, 422, "Choose between 1 and 500 terms."),
    ({"row": ["nonsense"]}, 404, ""),
]


@pytest.mark.parametrize(("typed", "status", "said"), REFUSALS)
def test_what_cannot_be_coded_is_refused_in_words(
    client: Client, page: Page, typed: dict[str, object], status: int, said: str
) -> None:
    sent = {"row": tokens(client.get(url_of())), "term": term_called("Fever").pk} | typed
    answer = client.post(url_of(), sent)
    assert answer.status_code == status
    assert said in text(answer)
    assert not Coding.objects.exists()


def test_what_changed_meanwhile_is_a_conflict_and_a_locked_page_is_closed(client: Client, page: Page) -> None:
    typed = {"row": tokens(client.get(url_of())), "term": term_called("Fever").pk}
    entry.save(page, rows={"1": {"ae_term": "Fever!"}}, why=entry.BECAUSE)
    assert client.post(url_of(), typed).status_code == 409
    entry.put_in_state(entry.now(page), PageState.LOCKED)
    typed["row"] = named()
    assert client.post(url_of(), typed).status_code == 423
    assert tokens(client.get(url_of())) == [], "rows of a locked page are not offered"


def named() -> list[str]:
    """The first row, as a form names it."""
    return [str(Seen.of(term)) for term in the_terms() if term.row_key == "1"]


def test_a_monitor_reads_and_asks_and_does_not_code(page: Page) -> None:
    monitor = people.signed_in(people.a_member(Role.MONITOR, name="tan.rui"))
    shown = monitor.get(url_of())
    assert tokens(shown) == []
    query = reverse("query-on-page", args=[page.pk])
    assert f'href="{query}?item=ae_term&row=1"' in text(shown)
    assert monitor.post(url_of(), {"row": named(), "term": "1"}).status_code == 403
    assert monitor.post(EXACT).status_code == 403
    assert "Code those chosen" not in text(monitor.get(EXACT))
    assert monitor.get(f"{query}?item=ae_term&row=1").status_code == 200


def test_a_form_that_is_sent_twice_codes_once(client: Client, page: Page) -> None:
    typed = {"row": tokens(client.get(url_of())), "term": term_called("Fever").pk, "form_token": "one-copy"}
    first, second = client.post(url_of(), typed), client.post(url_of(), typed)
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"]) == (302, LIST)
    assert Coding.objects.count() == 1


def test_before_a_dictionary_is_loaded_it_says_so(client: Client) -> None:
    events_of(r1="fever")
    assert "MedDRA: nothing is loaded · WHODrug: nothing is loaded" in text(client.get(LIST))
    shown = client.get(url_of())
    assert "No dictionary" in text(shown)
    assert "Code these rows" not in text(shown)


# --- many at once ------------------------------------------------------------------------------------------
def test_the_same_words_are_coded_at_once_when_somebody_says_so(client: Client, page: Page) -> None:
    events_of(NEXT, r1="Fever", r2="RASH")
    shown = client.get(EXACT)
    matches = tokens(shown, "match")
    assert len(matches) == 2
    assert "rash of skin" not in text(shown)
    answer = client.post(EXACT, {"match": matches[:1]}, follow=True)
    assert "2 terms are coded." in text(answer)
    assert {coding.how for coding in Coding.objects.all()} == {How.EXACT}
    assert len(tokens(client.get(EXACT), "match")) == 1


@pytest.mark.parametrize("match", ["", "9999999:AE.1.1.0", "x", ":"])
def test_a_match_that_is_none_is_refused(client: Client, page: Page, match: str) -> None:
    assert client.post(EXACT, {"match": match}).status_code == 422


def test_a_new_version_is_shown_with_old_and_new_and_carried_over(
    client: Client, page: Page, tmp_path: Path
) -> None:
    code("Pyrexia", r1=HERE)
    code("Skin rash", r2=HERE)
    changed = EVENTS | {"P2": Pt("Fever", "S1", {"L3": "Pyrexia"})}
    loaded(Kind.MEDDRA, meddra(tmp_path / "2", changed), "28.1")
    assert states() == {(HERE, "1"): State.OUTDATED, (HERE, "2"): State.CODED}
    shown = client.get(VERSION)
    marked, unchanged = text(shown).split('id="h-same"')
    assert "Class S2 › Group GS2 › High HS2 · MedDRA 28.0" in marked
    assert "Class S1 › Group GS1 › High HS1 · MedDRA 28.1" in marked
    assert "rash of skin" in unchanged
    assert "1 term is coded." in text(client.post(VERSION, {"match": tokens(shown, "match")}, follow=True))
    assert Coding.objects.standing().get(row_key="2").term.dictionary.version == "28.1"
    assert tokens(client.get(VERSION), "match") == []


# --- where codes are shown ---------------------------------------------------------------------------------
def test_the_page_shows_what_its_terms_are_reported_as(client: Client, page: Page) -> None:
    log = entry.logged(page.subject, "CM")
    entry.save(log, rows={"1": {"cm_name": "aciclovir sodium"}})
    code("Pyrexia", r1=HERE)
    [medicine] = [term for term in the_terms() if term.coded.form == "CM"]
    url = reverse("coding-term", args=[medicine.row, "CM"])
    client.post(url, {"row": tokens(client.get(url)), "term": term_called("ACICLOVIR SODIUM").pk})
    shown = text(client.get(page.get_absolute_url()))
    assert shown.count("Fever (P2) · MedDRA 28.0") == 1
    assert "source not in this version: CODING" not in shown
    assert "coded as ACICLOVIR (A0000102) · WHODrug 1" in text(client.get(log.get_absolute_url()))


def test_programs_read_what_it_is_reported_as(client: Client, page: Page) -> None:
    code("Pyrexia", r1=HERE)
    told = client.get(reverse("page-resource", args=[page.pk])).json()["derived"]
    assert (told["1"]["ae_pt"], "ae_pt" in told["2"]) == ("Fever", False)


def test_a_code_is_no_change_of_the_page_and_a_look_at_what_is_typed_leaves_it(page: Page) -> None:
    code("Pyrexia", r1=HERE)
    coordinator = people.signed_in(people.a_member(Role.COORDINATOR, name="lin.qiao"))
    shown = coordinator.get(page.get_absolute_url())
    fields = dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', shown.content.decode()))
    looked = coordinator.post(reverse("page-check", args=[page.pk]), fields).json()
    assert not any(name.endswith("ae_pt") for name in looked["derived"])
    assert "<b>Fever (P2)" in text(coordinator.get(page.get_absolute_url()))


def test_what_waits_stands_on_the_first_screen_of_who_codes(client: Client, page: Page) -> None:
    shown = text(client.get("/"))
    assert f'<a href="{LIST}">' in shown
    assert "HZ01-001 · AE 1 · fever" in shown
    monitor = people.signed_in(people.a_member(Role.MONITOR, name="tan.rui"))
    assert "terms to code" not in text(monitor.get("/"))


def test_the_trail_says_what_was_coded_and_why_in_the_language_of_the_reader(
    client: Client, page: Page
) -> None:
    code("Fever", r1=HERE)
    code("Pyrexia", why="wrong_term", r1=HERE)
    url = reverse("trail", args=[HERE])
    shown = text(client.get(url))
    assert "Row 1 · Code: Verbatim term" in shown
    assert "another term fits better" in shown
    assert "Fever (Pyrexia, L3, MedDRA 28.0)" in shown
    client.cookies["django_language"] = "zh-hans"
    item = label("zh-CN", AdverseEvent.item("ae_term").declared.label)
    assert said("zh-CN", "Code: %(item)s", item=item) in text(client.get(url))


# --- the file ----------------------------------------------------------------------------------------------
def test_the_file_has_a_line_for_each_row_with_its_code_and_is_on_record(client: Client, page: Page) -> None:
    code("Pyrexia", r1=HERE)
    entry.save(page, rows={"2": {"ae_term": "=cmd|' /C calc'!A0"}}, why=entry.BECAUSE)
    lines = list(csv.DictReader(io.StringIO(client.post(FILE).content.decode("utf-8-sig"))))
    assert [line["As written"] for line in lines] == ["'=cmd|' /C calc'!A0"], "what waits, as on the screen"
    [line] = csv.DictReader(io.StringIO(client.post(FILE, {"state": "coded"}).content.decode("utf-8-sig")))
    told = {
        name: line[name] for name in ("Subject", "Row", "Term", "Code", "Reported as", "Codes of the classes")
    }
    assert told == {
        "Subject": HERE, "Row": "1", "Term": "Pyrexia", "Code": "L3", "Reported as": "Fever",
        "Codes of the classes": "S2",
    }  # fmt: skip
    event = TrailEvent.objects.filter(action="terms.exported").latest("id")
    assert (event.about, event.changes.get(item="entries").new) == ("csv state=coded", "1")
    assert client.get(FILE).status_code == 405


def test_the_words_that_were_searched_for_are_not_on_the_trail(client: Client, page: Page) -> None:
    client.post(FILE, {"words": "Zhaolin"})
    assert TrailEvent.objects.latest("id").about == "csv words=%E2%80%A6"
