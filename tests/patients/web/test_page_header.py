"""The header of a page in the browser: asked why it changes, and settled where two people changed it."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.html import escape

from patients.casebook.form import form_model
from patients.casebook.header import HEADER
from patients.casebook.page import Page, Subject
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.roles import Role
from trial.trail.models import TrailChange, TrailEvent

pytestmark = pytest.mark.one_engine

FIRST = {"form_date": "2025-05-20", "src_doc": "emr"}
DATE = "Date of assessment (local site date)"
BECAUSE = {"form_date__reason": "late_source"}


@pytest.fixture
def colleague() -> Client:
    return people.signed_in(people.a_member(Role.COORDINATOR, name="zhou.lan", printed="Zhou Lan"))


@pytest.fixture
def page(desk: Client, response_page: Page) -> Page:
    """A response page whose header was saved once."""
    url = response_page.get_absolute_url()
    assert desk.post(url, form_of(desk.get(url), **FIRST, bm_done="Y")).status_code == 302
    return response_page


def post(
    client: Client, page: Page, shown: HttpResponse | None = None, **typed: str | list[str]
) -> HttpResponse:
    url = page.get_absolute_url()
    return client.post(url, form_of(shown or client.get(url), **typed))


def kept(page: Page) -> tuple[str, list[str]]:
    page.refresh_from_db()
    return str(page.form_date or ""), page.source_documents


def newest(item: str) -> TrailChange:
    return TrailChange.objects.filter(item=item).latest("pk")


# --- the reason -----------------------------------------------------------------------------------------
def test_nothing_is_asked_of_a_first_entry(desk: Client, page: Page) -> None:
    text = desk.get(page.get_absolute_url()).content.decode()
    assert 'id="i-form_date" data-field="form_date" data-saved="2025-05-20"' in text
    assert 'id="i-not_done" data-field="not_done">' in text
    assert post(desk, page, not_done="Y").status_code == 302


@pytest.mark.requirement("AT-04")
def test_a_saved_date_needs_a_reason_at_the_item(desk: Client, page: Page) -> None:
    answer = post(desk, page, form_date="2025-05-21", src_doc=["emr", "lab_system"], bm_blast="6.5")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f"Why does “{DATE}” change from 2025-05-20?" in text
    assert "Why does “Source document type” change from EMR?" in text
    assert text.count('<fieldset class="reason"') == 3  # the two asked, and the template for the script
    for item in ("form_date", "src_doc"):
        assert f'<a href="#why-{item}">' in text
    assert kept(page) == ("2025-05-20", ["emr"])


@pytest.mark.requirement("AT-04")
def test_what_was_typed_stays_until_the_reason_is_given(desk: Client, page: Page) -> None:
    asked = post(desk, page, form_date="2025-05-21", src_doc=["emr", "lab_system"], bm_blast="6.5")
    half = post(
        desk, page, asked, form_date__reason="other", form_date__why="abc", src_doc__reason="late_source"
    )
    assert half.status_code == 422
    sent = form_of(half)
    assert (sent["form_date"], sent["src_doc"], sent["bm_blast"]) == (
        ["2025-05-21"],
        ["emr", "lab_system"],
        ["6.5"],
    )
    assert (sent["form_date__reason"], sent["form_date__why"]) == (["other"], ["abc"])
    assert sent["src_doc__reason"] == ["late_source"]
    assert post(desk, page, half, form_date__why="wrong day was read").status_code == 302
    assert kept(page) == ("2025-05-21", ["emr", "lab_system"])
    assert str(form_model("RESP").objects.get(page=page).bm_blast) == "6.5"
    assert (newest("form_date").reason_code, newest("form_date").reason) == ("other", "wrong day was read")
    assert newest("src_doc").reason_code == "late_source"


def test_the_trail_of_a_saved_item_is_one_click_away(desk: Client, page: Page) -> None:
    post(desk, page, form_date="2025-05-21", form_date__why="wrong day was read")
    text = desk.get(page.get_absolute_url()).content.decode()
    trail = f"/subjects/{page.subject.code}/trail/?form=RESP&visit=SCR&item=form_date"
    assert f'href="{escape(trail)}"' in text
    assert "item=not_done" not in text
    told = desk.get(trail).content.decode()
    assert "<del>2025-05-20</del>" in told
    assert "wrong day was read" in told


def test_a_reason_for_the_absence_of_a_header_item_is_no_answer(desk: Client, page: Page) -> None:
    """No page of ours offers one."""
    asked = post(desk, page, form_date="", form_date__missing="unknown")
    assert asked.status_code == 422
    assert form_of(asked)["form_date"] == [""]
    assert kept(page)[0] == "2025-05-20"


# --- two people -----------------------------------------------------------------------------------------
@pytest.mark.requirement("DI-01")
def test_edits_of_different_items_go_together(desk: Client, colleague: Client, page: Page) -> None:
    mine, theirs = (client.get(page.get_absolute_url()) for client in (desk, colleague))
    post(colleague, page, theirs, form_date="2025-05-21", **BECAUSE)
    assert post(desk, page, mine, src_doc="lab_system", src_doc__reason="late_source").status_code == 302
    assert kept(page) == ("2025-05-21", ["lab_system"])


@pytest.fixture
def clash(desk: Client, colleague: Client, page: Page) -> HttpResponse:
    """Both changed the date; the colleague has said that it was not done, I named another source."""
    mine, theirs = (client.get(page.get_absolute_url()) for client in (desk, colleague))
    post(colleague, page, theirs, form_date="2025-05-21", not_done="Y", **BECAUSE)
    return post(
        desk,
        page,
        mine,
        form_date="2025-05-22",
        src_doc="lab_system",
        src_doc__why="seen in the laboratory",
        **BECAUSE,
    )


@pytest.mark.requirement("DI-01")
def test_edits_of_the_same_item_show_both_values(clash: HttpResponse, page: Page) -> None:
    text = clash.content.decode()
    assert clash.status_code == 409
    for words in (f"<b>{DATE}</b>", "was 2025-05-20", "<b>2025-05-22</b>", "<b>2025-05-21</b>", "Zhou Lan"):
        assert words in text, words
    mine = '<th scope="row">Source document type</th><td>EMR</td><td>lab system</td><td>you</td>'
    theirs = '<th scope="row">Form not done</th><td>–</td><td>Yes</td><td>somebody else</td>'
    assert mine in text
    assert theirs in text
    assert kept(page) == ("2025-05-21", ["emr"])


def test_the_conflict_is_told_in_chinese_too(desk: Client, clash: HttpResponse, page: Page) -> None:
    chinese = {"HTTP_ACCEPT_LANGUAGE": "zh-hans"}
    sent = form_of(clash)
    text = desk.post(page.get_absolute_url(), sent, **chinese).content.decode()
    for words in ("评估日期（中心当地日期）", "<b>2025-05-22</b>", "<b>2025-05-21</b>", "源文件类型"):
        assert words in text, words
    assert DATE not in text


@pytest.mark.requirement("DI-01")
def test_mine_is_saved_over_theirs_with_its_reason(desk: Client, clash: HttpResponse, page: Page) -> None:
    chosen = {"choose-form_date": "mine", "why-code": "clinical_review"}
    assert post(desk, page, clash, **chosen).status_code == 302
    assert kept(page) == ("2025-05-22", ["lab_system"])
    assert page.not_done
    change = newest("form_date")
    assert (change.old, change.new, change.reason_code) == ("2025-05-21", "2025-05-22", "clinical_review")
    assert newest("src_doc").reason == "seen in the laboratory"


@pytest.mark.requirement("DI-01")
@pytest.mark.parametrize("typed", [{"choose-form_date": "theirs"}, {"do": "theirs"}])
def test_theirs_stays_and_the_rest_is_saved(desk: Client, clash: HttpResponse, page: Page, typed) -> None:
    assert post(desk, page, clash, **typed).status_code == 302
    assert kept(page) == ("2025-05-21", ["lab_system"])


@pytest.mark.requirement("DI-01")
def test_without_a_choice_nothing_is_decided(desk: Client, clash: HttpResponse, page: Page) -> None:
    events = TrailEvent.objects.count()
    again = post(desk, page, clash)
    assert again.status_code == 409
    assert TrailEvent.objects.count() == events
    assert (
        post(desk, page, again, **{"choose-form_date": "mine", "why-code": "late_source"}).status_code == 302
    )
    assert kept(page) == ("2025-05-22", ["lab_system"])


@pytest.mark.requirement("DI-01")
def test_a_third_version_asks_again(desk: Client, colleague: Client, clash: HttpResponse, page: Page) -> None:
    post(colleague, page, form_date="2025-05-23", **BECAUSE)
    again = post(desk, page, clash, **{"choose-form_date": "mine", "why-code": "late_source"})
    assert again.status_code == 409
    assert "<b>2025-05-23</b>" in again.content.decode()


@pytest.mark.requirement("DI-01")
def test_the_header_of_a_form_with_rows_clashes_too(
    desk: Client, colleague: Client, subject: Subject
) -> None:
    page = people.page_of(subject, "LAB", "SCR")
    assert post(desk, page, form_date="2025-05-20").status_code == 302
    mine, theirs = (client.get(page.get_absolute_url()) for client in (desk, colleague))
    post(colleague, page, theirs, form_date="2025-05-21", **BECAUSE)
    clash = post(desk, page, mine, form_date="2025-05-22", **BECAUSE)
    assert clash.status_code == 409
    assert (
        post(desk, page, clash, **{"choose-form_date": "mine", "why-code": "late_source"}).status_code == 302
    )
    assert kept(page)[0] == "2025-05-22"


def test_every_item_of_the_header_can_be_chosen(desk: Client, colleague: Client, page: Page) -> None:
    post(desk, page, not_done="Y", not_done_reason="died")
    mine, theirs = (client.get(page.get_absolute_url()) for client in (desk, colleague))
    why = {f"{name}__reason": "late_source" for name in HEADER}
    changed = {"form_date": "2025-05-21", "not_done_reason": "refused", "src_doc": "phone_contact"}
    assert post(colleague, page, theirs, **changed, **why).status_code == 302
    other = {"form_date": "2025-05-22", "not_done_reason": "too_ill", "src_doc": "lab_system"}
    clash = post(desk, page, mine, **other, **why)
    choices = {f"choose-{name}": "mine" for name in other} | {"why-code": "late_source"}
    assert post(desk, page, clash, **choices).status_code == 302
    assert (kept(page), page.not_done_reason) == (("2025-05-22", ["lab_system"]), "too_ill")
