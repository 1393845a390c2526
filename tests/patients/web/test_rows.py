"""Forms with rows: a table where they are narrow, stacked where they are wide."""

from dataclasses import replace
from datetime import date

import pytest
from django.test import Client

from patients.casebook.form import Repeat, form_model
from patients.casebook.page import Page, Subject
from patients.forms.end_of_study import EndOfStudy
from patients.forms.follow_up import FollowUp
from patients.web import page_presenter
from tests.patients.web import people
from tests.patients.web.browser_form import form_of

pytestmark = pytest.mark.one_engine


@pytest.fixture
def page(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A follow-up page as if it held rows."""
    monkeypatch.setattr(FollowUp, "form", replace(FollowUp.form, repeat=Repeat.ROWS))
    people.infuse(subject)
    return people.page_of(subject, "FU", "C60")


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_presenter, "MOST_COLUMNS", 20)


def rows_of(page: Page) -> dict[str, str | None]:
    model = form_model(page.form_code)
    return {row.row_key: row.fu_contact for row in model.objects.filter(page=page)}


@pytest.mark.usefixtures("narrow")
def test_a_table_begins_with_a_new_row(desk: Client, page: Page) -> None:
    text = desk.get(page.get_absolute_url()).content.decode()
    assert '<table class="table log">' in text
    assert 'aria-label="New row: Contact type"' in text
    assert "Add row" in text


@pytest.mark.parametrize("layout", ["table", "stacked"])
def test_rows_are_added_and_changed(desk: Client, page: Page, layout: str, monkeypatch) -> None:
    monkeypatch.setattr(page_presenter, "MOST_COLUMNS", 20 if layout == "table" else 0)
    url = page.get_absolute_url()
    first = desk.get(url)
    assert ("<table" in first.content.decode()) == (layout == "table")
    two = desk.post(url, form_of(first, **{"n1-fu_contact": "visit", "do": "add"}))
    assert form_of(two)["n1-fu_contact"] == ["visit"]
    saved = desk.post(url, form_of(two, **{"n2-fu_contact": "phone"}))
    assert saved.status_code == 302
    assert rows_of(page) == {"1": "visit", "2": "phone"}

    shown = desk.get(url)
    changed = form_of(shown, **{"r1-fu_contact": "family", "r1-fu_contact__reason": "late_source"})
    assert desk.post(url, changed).status_code == 302
    assert rows_of(page) == {"1": "visit", "2": "family"}


@pytest.mark.usefixtures("narrow")
def test_an_empty_new_row_is_no_row(desk: Client, page: Page) -> None:
    url = page.get_absolute_url()
    desk.post(url, form_of(desk.get(url), form_date="2025-08-06"))
    page.refresh_from_db()
    assert (page.version, rows_of(page)) == (1, {})


@pytest.mark.usefixtures("narrow")
def test_two_people_who_add_a_row_get_two_rows(desk: Client, page: Page) -> None:
    url = page.get_absolute_url()
    mine, theirs = desk.get(url), desk.get(url)
    desk.post(url, form_of(theirs, **{"n1-fu_contact": "phone"}))
    assert desk.post(url, form_of(mine, **{"n1-fu_contact": "visit"})).status_code == 302
    assert rows_of(page) == {"1": "phone", "2": "visit"}


@pytest.mark.usefixtures("narrow")
def test_what_is_refused_in_a_row_is_said_below_it(desk: Client, page: Page) -> None:
    url = page.get_absolute_url()
    answer = desk.post(url, form_of(desk.get(url), **{"n1-fu_dt": "5/8/2025", "n1-fu_contact": "visit"}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert '<a href="#n1-fu_dt">Row 1, Date last known alive' in text
    assert 'id="m-n1-fu_dt-1"' in text
    assert form_of(answer)["n1-fu_dt"] == ["5/8/2025"]
    assert form_of(answer)["n1-fu_contact"] == ["visit"]
    fixed = desk.post(url, form_of(answer, **{"n1-fu_dt": "2025-08-05"}))
    assert fixed.status_code == 302
    assert rows_of(page) == {"1": "visit"}


@pytest.mark.usefixtures("narrow")
def test_two_who_change_the_same_cell_choose(desk: Client, page: Page) -> None:
    url = page.get_absolute_url()
    desk.post(url, form_of(desk.get(url), **{"n1-fu_contact": "visit"}))
    mine, theirs = desk.get(url), desk.get(url)
    reason = {"r0-fu_contact__reason": "late_source"}
    desk.post(url, form_of(theirs, **{"r0-fu_contact": "phone"}, **reason))
    clash = desk.post(url, form_of(mine, **{"r0-fu_contact": "family"}, **reason))
    assert clash.status_code == 409
    assert "Contact type (Row 1)" in clash.content.decode()
    chosen = {"choose-r0-fu_contact": "mine", "why-code": "late_source"}
    assert desk.post(url, form_of(clash, **chosen)).status_code == 302
    assert rows_of(page) == {"1": "family"}


def test_a_form_with_wide_items_is_stacked(
    monkeypatch: pytest.MonkeyPatch, desk: Client, subject: Subject
) -> None:
    """Few items, but one of them with many choices."""
    monkeypatch.setattr(EndOfStudy, "form", replace(EndOfStudy.form, repeat=Repeat.ROWS))
    people.infuse(subject)
    page = people.opened(subject, "EOS", "ENDv", date(2025, 8, 5))
    text = desk.get(page.get_absolute_url()).content.decode()
    assert "<table" not in text
    assert "New row" in text
