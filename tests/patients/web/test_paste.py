"""Results are pasted on a LAB page: looked at line by line, and saved like any save."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.entry.drafts import KeptDraft
from patients.entry.reasons import Reason
from tests.access.registry import put_in_state
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailChange, TrailEvent

pytestmark = pytest.mark.one_engine

MOMENT = "2025-05-20 07:30"
BLOCK = "白细胞\t5.2\t×10⁹/L\t3.5-9.5\n血红蛋白\t9.8\tg/dL\t\nFerritin\t>1,234\tng/mL\t"


@pytest.fixture
def page(subject: Subject) -> Page:
    return people.page_of(subject, "LAB", "SCR")


def url(page: Page) -> str:
    return f"/pages/{page.pk}/paste/"


def read(desk: Client, page: Page, block: str = BLOCK, **typed: str):
    shown = form_of(desk.get(url(page)))
    given = {"block": block, "moment": MOMENT, "laboratory": "HZ-LAB", "do": "read"} | typed
    return desk.post(url(page), shown | given)


def stored(page: Page) -> dict[str, tuple[str, str, str, str]]:
    """Value, comparator, unit and SI of each row by test."""
    rows = form_model("LAB").objects.filter(page=page)
    return {
        row.lab_test: (str(row.lab_value), row.lab_cmp, row.lab_unit, f"{row.lab_si.normalize():f}")
        for row in rows
    }


def test_a_block_is_read_shown_and_saved(desk: Client, page: Page) -> None:
    preview = read(desk, page)
    text = preview.content.decode()
    assert preview.status_code == 200
    assert not TrailEvent.objects.filter(form="LAB").exists()
    for words in ("98 g/L", "&gt;1234 ug/L", "new row", "3 rows to save", "date of assessment: 2025-05-20"):
        assert words in text, words
    saved = desk.post(url(page), form_of(preview, do="save"))
    assert (saved.status_code, saved["Location"]) == (302, page.get_absolute_url())
    assert stored(page) == {
        "WBC": ("5.2", "=", "10^9/L", "5.2"),
        "HGB": ("9.8", "=", "g/dL", "98"),
        "FERRITIN": ("1234", ">", "ng/mL", "1234"),
    }
    page.refresh_from_db()
    assert (page.version, str(page.form_date)) == (1, "2025-05-20")


@pytest.mark.requirement("AT-01")
def test_the_trail_names_each_change_and_who_made_it(desk: Client, page: Page) -> None:
    desk.post(url(page), form_of(read(desk, page), do="save"))
    event = TrailEvent.objects.get(form="LAB")
    assert (event.action, event.actor, event.source) == ("page.saved", "lin.qiao", "web")
    changed = TrailChange.objects.filter(event=event, item="lab_value").values_list("row_key", "new")
    assert sorted(changed) == [("1", "5.2"), ("2", "9.8"), ("3", "1234")]


def test_results_that_stand_there_write_nothing(desk: Client, page: Page) -> None:
    desk.post(url(page), form_of(read(desk, page), do="save"))
    again = read(desk, page, BLOCK.replace("5.2", "5.20"))
    assert again.content.decode().count("same as now") == 3
    assert desk.post(url(page), form_of(again, do="save")).status_code == 302
    page.refresh_from_db()
    assert page.version == 1


def test_what_replaces_a_result_asks_for_the_reason(desk: Client, page: Page) -> None:
    desk.post(url(page), form_of(read(desk, page), do="save"))
    changed = read(desk, page, BLOCK.replace("5.2", "6.1"))
    assert "replaces what stands there" in changed.content.decode()
    refused = desk.post(url(page), form_of(changed, do="save"))
    assert refused.status_code == 422
    assert "Give a reason for the change" in refused.content.decode()
    given = form_of(refused, **{"p0-__reason": "late_source", "do": "save"})
    assert desk.post(url(page), given).status_code == 302
    assert stored(page)["WBC"][0] == "6.1"
    assert TrailChange.objects.get(item="lab_value", old="5.2").reason_code == "late_source"


def test_a_line_that_cannot_be_read_stays_in_the_text_and_says_why(desk: Client, page: Page) -> None:
    shown = read(desk, page, "WBC\t5.2\t10^9/L\nPLT\t阴性\t10^9/L\n\tx")
    assert form_of(shown)["block"] == ["PLT\t阴性\t10^9/L\n\tx"]
    text = shown.content.decode()
    assert "Line 2 was not read: “阴性” is not a number." in text
    assert "Line 3 was not read: There is no test on it." in text
    refused = desk.post(url(page), form_of(shown, do="save"))
    assert (refused.status_code, stored(page)) == (422, {})
    assert form_of(refused)["block"] == ["PLT\t阴性\t10^9/L\n\tx"]
    mended = desk.post(url(page), form_of(refused, block="PLT\t120\t10^9/L", do="read"))
    assert desk.post(url(page), form_of(mended, do="save")).status_code == 302
    assert set(stored(page)) == {"WBC", "PLAT"}


def test_the_heading_stays_with_the_lines_that_need_it(desk: Client, page: Page) -> None:
    shown = read(desk, page, "结果\t项目\t单位\n5.2\tWBC\t10^9/L\n?\tPLT\t10^9/L")
    assert form_of(shown)["block"] == ["结果\t项目\t单位\n?\tPLT\t10^9/L"]


@pytest.mark.parametrize(
    ("block", "field", "chosen", "test"),
    [
        ("胆红素\t12\tumol/L", "test", "BILDIR", "BILDIR"),
        ("Vitamin D\t12\tumol/L", "test", "CREAT", "CREAT"),
        ("NEUT\t1.2\t?", "unit", "10^9/L", "NEUT"),
    ],
)
def test_what_is_not_clear_is_chosen(
    desk: Client, page: Page, block: str, field: str, chosen: str, test: str
) -> None:
    shown = read(desk, page, block)
    assert "not clear yet" in shown.content.decode()
    assert ("Several tests are called so" in shown.content.decode()) is (test == "BILDIR")
    assert desk.post(url(page), form_of(shown, do="save")).status_code == 422
    assert stored(page) == {}
    clear = form_of(shown, **{f"p0-{field}": chosen, "do": "save"})
    assert desk.post(url(page), clear).status_code == 302
    assert set(stored(page)) == {test}


def test_a_test_that_stands_twice_is_named_with_its_line(desk: Client, page: Page) -> None:
    shown = read(desk, page, "WBC\t5.2\t10^9/L\nWBC\t5.3\t10^9/L")
    assert "The test of this sample stands on line 1, too." in shown.content.decode()
    assert desk.post(url(page), form_of(shown, do="save")).status_code == 422
    left_out = form_of(shown, **{"p0-out": "1", "do": "save"})
    assert desk.post(url(page), left_out).status_code == 302
    assert stored(page)["WBC"][0] == "5.3"


def test_what_the_save_refuses_is_said_at_its_line_and_stays(desk: Client, page: Page) -> None:
    shown = read(desk, page, "WBC\t5.2\t10^9/L", laboratory="330102199001011234")
    refused = desk.post(url(page), form_of(shown, do="save"))
    assert (refused.status_code, stored(page)) == (422, {})
    assert form_of(refused)["p0-value"] == ["5.2"]


def test_without_consent_nothing_is_saved_and_the_block_stays(desk: Client) -> None:
    page = people.page_of(people.a_subject("HZ01-002", consented=False), "LAB", "SCR")
    refused = desk.post(url(page), form_of(read(desk, page), do="save"))
    assert (refused.status_code, stored(page)) == (422, {})
    assert form_of(refused)["p1-value"] == ["9.8"]


@pytest.mark.requirement("DI-03")
def test_a_conflict_shows_what_stands_there_now_and_keeps_the_block(desk: Client, page: Page) -> None:
    mine = read(desk, page)
    other = people.signed_in(people.a_member(Role.COORDINATOR, name="ben.wu"))
    other.post(url(page), form_of(read(other, page, "WBC\t7.7\t10^9/L"), do="save"))
    clash = desk.post(url(page), form_of(mine, do="save"))
    text = clash.content.decode()
    assert clash.status_code == 409
    assert "Nothing was saved and nothing is lost." in text
    assert "7.7 10^9/L" in text
    assert "replaces what stands there" in text
    assert form_of(clash)["p2-value"] == [">1,234"]
    given = form_of(clash, **{"p0-__reason": "clinical_review", "do": "save"})
    assert desk.post(url(page), given).status_code == 302
    assert {test: row[0] for test, row in stored(page).items()} == {
        "WBC": "5.2",
        "HGB": "9.8",
        "FERRITIN": "1234",
    }


@pytest.mark.requirement("DI-02")
def test_a_form_that_is_sent_twice_saves_once(desk: Client, page: Page) -> None:
    sent = form_of(read(desk, page), do="save")
    assert [desk.post(url(page), sent).status_code for _time in range(2)] == [302, 302]
    assert TrailEvent.objects.filter(form="LAB").count() == 1


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_page_that_was_closed_meanwhile_keeps_what_was_pasted_to_be_copied(
    desk: Client, page: Page, state: PageState
) -> None:
    sent = form_of(read(desk, page), do="save", block="more")
    put_in_state(page, state)
    answer = desk.post(url(page), sent)
    assert (answer.status_code, stored(page)) == (423, {})
    kept = form_of(answer)
    assert (kept["block"], kept["p0-value"]) == (["more"], ["5.2"])
    assert "Save these rows" not in answer.content.decode()
    assert desk.get(url(page))["Location"] == page.get_absolute_url()


def test_it_is_offered_on_an_open_laboratory_page_to_who_enters(desk: Client, page: Page) -> None:
    monitor = people.signed_in(people.a_member(Role.MONITOR))
    assert "Paste results" in desk.get(page.get_absolute_url()).content.decode()
    assert "Paste results" not in monitor.get(page.get_absolute_url()).content.decode()
    other = people.page_of(page.subject, "DX", "SCR")
    assert "Paste results" not in desk.get(other.get_absolute_url()).content.decode()
    assert desk.get(url(other)).status_code == 404
    put_in_state(page, PageState.FROZEN)
    assert "Paste results" not in desk.get(page.get_absolute_url()).content.decode()


def test_who_may_not_enter_pastes_nothing(desk: Client, page: Page) -> None:
    sent = form_of(read(desk, page), do="save")
    for who, site, status in (
        (Role.MONITOR, "HZ01", 403),
        (Role.CELL_LAB, "HZ01", 403),
        (Role.COORDINATOR, "HZ02", 404),
    ):
        client = people.signed_in(people.a_member(who, site))
        assert client.post(url(page), sent).status_code == status
    assert stored(page) == {}


def test_the_form_of_somebody_else_is_not_saved(desk: Client, page: Page, coordinator: Account) -> None:
    sent = form_of(read(desk, page), do="save")
    another = people.signed_in(people.a_member(Role.COORDINATOR, name="mei.zhang"))
    assert another.post(url(page), sent).status_code == 302
    assert stored(page) == {}


def test_too_much_is_said_and_stays(desk: Client, page: Page) -> None:
    block = "WBC\t5.2\t10^9/L\n" * 501
    shown = read(desk, page, block)
    assert "At most 500 lines are read at once." in shown.content.decode()
    assert form_of(shown)["block"] == [block]


def test_a_row_that_is_void_keeps_its_key_and_takes_no_result(desk: Client, page: Page) -> None:
    desk.post(url(page), form_of(read(desk, page, "WBC\t5.2\t10^9/L"), do="save"))
    people.save(page, {"void": "Y"}, row="1", reasons={("1", "void"): Reason("transcription_error")})
    again = read(desk, page, "WBC\t6.1\t10^9/L")
    assert "new row" in again.content.decode()
    assert desk.post(url(page), form_of(again, do="save")).status_code == 302
    rows = form_model("LAB").objects.filter(page=page)
    assert [(row.row_key, str(row.lab_value)) for row in rows] == [("2", "6.1")]


# --- what was pasted and not saved -------------------------------------------------------------------------
def shown(client: Client, page: Page) -> str:
    return html.unescape(client.get(url(page)).content.decode())


def test_what_was_read_is_there_after_the_tab_was_closed(desk: Client, page: Page) -> None:
    read(desk, page)
    assert "What you pasted at" in shown(desk, page)
    back = form_of(desk.get(url(page)))
    assert len(back["line"]) == len(BLOCK.splitlines())
    assert desk.post(url(page), back | {"do": "save"}).status_code == 302
    assert len(stored(page)) == len(back["line"])
    assert "What you pasted at" not in shown(desk, page)
    assert not KeptDraft.objects.exists()


def test_a_form_that_is_sent_after_its_session_has_ended_is_kept(
    desk: Client, page: Page, coordinator: Account
) -> None:
    sent = form_of(desk.get(url(page)), block=BLOCK)
    desk.session.delete()
    answer = desk.post(url(page), sent | {"do": "read"})
    assert answer["Location"].startswith(reverse("sign-in"))
    again = Client()
    again.force_login(coordinator)
    assert "What you pasted at" in shown(again, page)
    assert KeptDraft.objects.get().account == coordinator
    assert reverse("paste", args=[page.pk]) in again.get(reverse("home")).content.decode()


def test_it_is_given_up_on_request(desk: Client, page: Page) -> None:
    read(desk, page)
    assert desk.post(url(page), {"do": "give-up"}).status_code == 302
    assert "What you pasted at" not in shown(desk, page)


def test_nobody_else_is_shown_it(desk: Client, page: Page) -> None:
    read(desk, page)
    other = people.signed_in(people.a_member(Role.COORDINATOR, name="ben.wu"))
    assert "What you pasted at" not in shown(other, page)


def test_what_is_typed_on_the_page_itself_is_kept_beside_it(desk: Client, page: Page) -> None:
    typed = form_of(desk.get(page.get_absolute_url()), form_date="2025-07-05")
    desk.post(f"{page.get_absolute_url()}draft/", typed)
    read(desk, page)
    assert KeptDraft.objects.count() == 2
    assert form_of(desk.get(page.get_absolute_url()))["form_date"] == ["2025-07-05"]
