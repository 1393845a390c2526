"""What the screen of a page shows of its declaration, and how little it asks the database."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.casebook.form import declared_forms, form_model
from patients.casebook.page import Page, Subject
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.models import Account

pytestmark = pytest.mark.one_engine

MOST_STATEMENTS = 8


class Items(HTMLParser):
    """The items of a page: its attributes, whether it is hidden, and the condition that reveals it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict] = {}
        self._block: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if tag == "div" and "reveal" in classes:
            self._block = given
        elif "data-field" in given:
            rule = self._block.get("data-reveal")
            self.found[given["data-field"] or ""] = {
                "hidden": "hidden" in self._block,
                "rule": json.loads(rule) if rule else None,
                "classes": classes,
            }
            self._block = {}


def items_of(client: Client, page: Page) -> dict[str, dict]:
    return Items(client.get(page.get_absolute_url()).content.decode()).found


def test_a_condition_on_the_same_page_is_handed_to_the_script(desk: Client, response_page: Page) -> None:
    found = items_of(desk, response_page)
    assert found["bm_blast"] == {
        "hidden": True,
        "rule": {"item": "bm_done", "codes": ["Y"], "negated": False},
        "classes": ["item"],
    }
    assert found["mol_result"]["rule"] == {"item": "mol_marker", "filled": True}
    # Beside it a derived item, which the page cannot follow: as the server judges it, no.
    assert found["cd7_relapse_resp"]["rule"] == {"item": "bm_blast", "least": "5"}


def test_an_item_that_nothing_typed_here_can_reveal_is_not_there(desk: Client, response_page: Page) -> None:
    found = items_of(desk, response_page)
    assert "auer" not in found  # hangs on the diagnosis, which is another form
    assert "resp_reason" not in found  # only the server can judge


def test_the_answers_of_other_forms_decide(desk: Client, subject: Subject, response_page: Page) -> None:
    people.save(people.page_of(subject, "DX", "SCR"), {"dx_type": "aml"}, {"form_date": "2025-05-16"})
    found = items_of(desk, response_page)
    assert found["auer"] == {"hidden": False, "rule": None, "classes": ["item"]}
    assert found["mrd_eln"]["rule"] == {"item": "mrd_done", "codes": ["Y"], "negated": False}


def test_a_derived_item_says_when_its_source_is_not_in_this_version(
    desk: Client, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = form_model("ELIG").item("crcl_ml_min")
    monkeypatch.setattr(item, "declared", replace(item.declared, waits_for="NEXT"))
    page = people.page_of(subject, "ELIG", "SCR")
    text = desk.get(page.get_absolute_url()).content.decode()
    block = text[text.index('id="i-crcl_ml_min"') :].split("</div>\n\n")[0]
    assert "source not in this version: NEXT" in block
    assert "mL/min" in block
    assert "<input" not in block


def test_labels_units_hints_and_limits_stand_at_the_item(desk: Client, response_page: Page) -> None:
    text = desk.get(response_page.get_absolute_url()).content.decode()
    block = text[text.index('id="i-mrd_lod"') :][:1200]
    for words in (
        "Limit of detection",
        '<span class="unit">%</span>',
        "&gt; 0, usually ≤ 0.01",
        'inputmode="decimal"',
    ):
        assert words in block, words


def test_every_form_of_this_version_is_shown_and_saved_unchanged(desk: Client, subject: Subject) -> None:
    """Whatever its items: opening and sending it back changes nothing."""
    people.infuse(subject)
    shown = set()
    for page in Page.objects.filter(subject=subject).select_related("visit"):
        if page.form_code not in shown:
            shown.add(page.form_code)
            answer = desk.get(page.get_absolute_url())
            assert answer.status_code == 200
            version = page.version
            desk.post(page.get_absolute_url(), form_of(answer))
            page.refresh_from_db()
            assert page.version == version, page.form_code
    assert shown >= {"ELIG", "DM", "DX", "INF", "RESP", "FU", "HSCT"}


def test_no_item_is_named_like_a_part_of_the_page() -> None:
    """Names of fields and of their parts share one form."""
    reserved = {
        "form_date",
        "not_done",
        "not_done_reason",
        "src_doc",
        "base_version",
        "row",
        "do",
        "at",
        "clash",
    }
    reserved |= {"missing", "clear", "why", "why-code", "began_version", "csrfmiddlewaretoken"}
    for model in declared_forms():
        names = {item.name for item in model.items()}
        assert not names & reserved
        assert not [name for name in names if "__" in name or "." in name or "-" in name]


# --- statements ------------------------------------------------------------------------------------------
def statements(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


@pytest.fixture
def treated(coordinator: Account) -> Subject:
    """Every form that looks at others has something to look at."""
    subject = people.a_subject(infused=True)
    elig = {
        "icf_main_version": "1.0",
        "icf_language": "zh",
        "icf_signer": "subject",
        "icf_hsct_signed": "Y",
        "icf_hsct_dt": "2025-05-16",
    }
    people.save(people.page_of(subject, "ELIG", "SCR"), elig)
    people.save(
        people.page_of(subject, "DX", "SCR"), {"dx_type": "aml", "cd7_pct": "60", "dx_date": "2024-01"}
    )
    people.save(
        people.page_of(subject, "RESP", "C28"), {"resp_dt": "2025-07-05", "bm_done": "Y", "bm_blast": "1"}
    )
    people.save(
        people.page_of(subject, "HSCT", "H0"),
        {"hsct_done": "Y", "hsct_start_dt": "2025-06-23 15:40", "hsct_status": "CRi"},
    )
    return subject


def test_a_page_asks_little_of_the_database(desk: Client, treated: Subject) -> None:
    """Session, account, roles, grants, page, settings, and one for all forms that its rules look at."""
    for form, visit in (("RESP", "C28"), ("DX", "SCR"), ("ELIG", "SCR"), ("HSCT", "H0"), ("INF", "C0")):
        found = statements(desk, people.page_of(treated, form, visit).get_absolute_url())
        more = 2 if form == "ELIG" else 0  # the consent versions that it offers, and judges by
        assert len(found) <= MOST_STATEMENTS + more, found


def test_a_long_history_asks_no_more(desk: Client, treated: Subject) -> None:
    page = people.page_of(treated, "RESP", "C28")
    before = len(statements(desk, page.get_absolute_url()))
    from patients.entry.reasons import Reason

    for blasts in (2, 3) * 5:  # which leaves what the page asks about as it was
        reasons = {("", "bm_blast"): Reason("late_source")}
        people.save(page, {"bm_blast": str(blasts)}, reasons=reasons)
    people.save(people.page_of(treated, "RESP", "C14R"), {"resp_dt": "2025-06-20", "bm_done": "N"})
    assert len(statements(desk, page.get_absolute_url())) <= before


def test_a_grade_says_by_which_rule_of_which_engine_it_came_about(desk: Client, treated: Subject) -> None:
    page = people.page_of(treated, "CRS", "C2")
    fever = {"crs_episode": "1", "crs_date": "2025-06-09", "crs_fever": "Y", "crs_fever_masked": "N"}
    people.save(page, fever | {"crs_hypot": "N", "crs_hypox": "N"}, {"form_date": "2025-06-09"})
    assert "CRS-1 (ASTCT 2019/1)" in desk.get(page.get_absolute_url()).content.decode()


def test_what_is_to_know_beside_a_grade_stands_in_the_language_of_the_reader(
    desk: Client, treated: Subject
) -> None:
    page = people.page_of(treated, "ICANS", "C2")
    untested = {"ice_dt": "2025-06-09 10:00", "ice_testable": "no_language_sedation_other"}
    people.save(page, untested | {"icans_motor": "N"}, {"form_date": "2025-06-09"}, row="1")
    for language, words in (("en", "without an ICE score"), ("zh-hans", "无 ICE 评分")):
        shown = desk.get(page.get_absolute_url(), headers={"Accept-Language": language}).content.decode()
        assert f"ICA-0 (ASTCT 2019 ICANS/1) · {words}" in shown
        assert "ice_missing" not in shown
