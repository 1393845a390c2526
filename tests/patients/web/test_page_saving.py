"""A page in the browser: what a person changes is saved, what is refused comes back as it was typed."""

import pytest
from django.test import Client
from django.utils import timezone

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.items.partial_date import PartialDate
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.access import actor_at
from trial.people.roles import FORMS_ENTERED, Role
from trial.trail.actor import Source, acting
from trial.trail.models import TrailChange, TrailEvent

pytestmark = pytest.mark.one_engine

BASELINE = {"resp_dt": "2025-05-20", "bm_done": "Y", "bm_blast": "61.5", "pb_blast": "12.0"}


def row_of(page: Page):
    return form_model(page.form_code).objects.get(page=page)


def post(client: Client, page: Page, **typed: str | list[str]):
    """Open the page, fill in, send."""
    shown = client.get(page.get_absolute_url())
    return client.post(page.get_absolute_url(), form_of(shown, **typed))


# --- saving ----------------------------------------------------------------------------------------------
def test_a_page_is_saved_and_shown_again(desk: Client, response_page: Page) -> None:
    answer = post(desk, response_page, form_date="2025-05-20", **BASELINE, do="save")
    assert answer["Location"] == response_page.get_absolute_url()
    row = row_of(response_page)
    assert (row.bm_done, str(row.bm_blast), str(row.resp_dt)) == (True, "61.5", "2025-05-20")
    shown = desk.get(answer["Location"]).content.decode()
    assert 'value="61.5"' in shown
    assert "Saved as version 1: 5 items changed." in shown


def test_a_save_names_its_author_its_door_and_its_request(desk: Client, response_page: Page) -> None:
    answer = post(desk, response_page, **BASELINE)
    event = TrailEvent.objects.filter(action="page.saved").latest("id")
    assert (event.actor, event.actor_role, event.source) == ("lin.qiao", "coordinator", "web")
    assert event.request_id == answer.wsgi_request.request_id


def test_nothing_changed_is_nothing_written(desk: Client, response_page: Page) -> None:
    post(desk, response_page, **BASELINE)
    events = TrailEvent.objects.count()
    answer = post(desk, response_page)
    assert TrailEvent.objects.count() == events
    assert "Nothing had changed; version 1 stands." in desk.get(answer["Location"]).content.decode()


def test_the_person_comes_back_to_the_item_that_was_in_view(desk: Client, response_page: Page) -> None:
    answer = post(desk, response_page, **BASELINE, at="pb_blast")
    assert answer["Location"] == f"{response_page.get_absolute_url()}#i-pb_blast"
    strange = post(desk, response_page, resp_inv="PD", at='"><script>')
    assert strange["Location"] == response_page.get_absolute_url()


def test_several_answers_are_kept_sorted(desk: Client, subject: Subject) -> None:
    page = people.page_of(subject, "DX", "SCR")
    post(desk, page, mutations=["TP53", "NPM1"])
    assert row_of(page).mutations == ["NPM1", "TP53"]
    post(desk, page)
    assert row_of(page).mutations == ["NPM1", "TP53"]


def test_a_moment_is_shown_as_it_is_typed_and_stays_unchanged(desk: Client, subject: Subject) -> None:
    page = people.page_of(subject, "ELIG", "SCR")
    shown = desk.get(page.get_absolute_url())
    assert form_of(shown)["icf_main_dt"] == ["2025-05-16 09:00"]
    desk.post(page.get_absolute_url(), form_of(shown))
    page.refresh_from_db()
    assert page.version == 1


def test_text_of_several_lines_stays_as_it_is(desk: Client, subject: Subject) -> None:
    page = people.page_of(subject, "DX", "SCR")
    post(desk, page, karyotype_iscn="46,XX\r\n47,XY")
    assert row_of(page).karyotype_iscn == "46,XX\n47,XY"
    post(desk, page)
    page.refresh_from_db()
    assert page.version == 1


def test_a_page_is_completed_when_nothing_stands_in_the_way(desk: Client, subject: Subject) -> None:
    page = people.page_of(subject, "RESP", "SCR")
    answer = post(desk, page, not_done="Y", not_done_reason="too_ill", form_date="2025-05-20", do="complete")
    page.refresh_from_db()
    assert page.state == PageState.COMPLETE
    assert "The page is complete." in desk.get(answer["Location"]).content.decode()


def test_what_stands_in_the_way_is_said_at_its_item(desk: Client, response_page: Page) -> None:
    answer = post(desk, response_page, **BASELINE | {"bm_blast": "104"}, do="complete")
    assert answer["Location"].endswith("?complete")
    shown = desk.get(answer["Location"]).content.decode()
    assert "Saved, not complete:" in shown
    assert '<a href="#bm_blast">Marrow blasts: 104.0 % does not keep' in shown.replace("104 %", "104.0 %")
    assert '<a href="#cns_resp">CNS status is not answered.</a>' in shown
    assert 'id="m-bm_blast-1"' in shown
    assert 'aria-describedby="h-bm_blast m-bm_blast-1" aria-invalid="true"' in shown
    response_page.refresh_from_db()
    assert response_page.state == PageState.IN_PROGRESS


# --- missing, clearing, orphans --------------------------------------------------------------------------
def test_why_an_answer_is_missing_takes_one_click(desk: Client, response_page: Page) -> None:
    post(desk, response_page, missing="pb_blast:not_done")
    row = row_of(response_page)
    assert (row.pb_blast, row.missing) == (None, {"pb_blast": "not_done"})
    shown = desk.get(response_page.get_absolute_url())
    assert form_of(shown)["pb_blast__base"] == ["[not_done]"]
    post(desk, response_page)
    response_page.refresh_from_db()
    assert response_page.version == 1


def test_an_answer_takes_the_place_of_the_reason_for_its_absence(desk: Client, response_page: Page) -> None:
    post(desk, response_page, missing="pb_blast:not_done")
    post(desk, response_page, pb_blast="3", pb_blast__reason="late_source")
    row = row_of(response_page)
    assert (str(row.pb_blast), row.missing) == ("3", {})


def test_an_item_no_longer_asked_stays_in_sight_and_can_be_cleared(desk: Client, response_page: Page) -> None:
    post(desk, response_page, **BASELINE)
    post(desk, response_page, bm_done="N", bm_done__reason="transcription_error")
    shown = desk.get(response_page.get_absolute_url()).content.decode()
    assert "no longer asked, still holds a value" in shown
    assert '<button class="btn btn-sm" name="clear" value="bm_blast">Clear</button>' in shown

    asked = post(desk, response_page, clear="bm_blast")
    assert asked.status_code == 422
    assert "Why does “Marrow blasts” change from 61.5 %?" in asked.content.decode()
    sent = form_of(asked, bm_blast__reason="transcription_error")
    assert desk.post(response_page.get_absolute_url(), sent).status_code == 302
    assert row_of(response_page).bm_blast is None
    assert "no longer asked" not in desk.get(response_page.get_absolute_url()).content.decode()


# --- refused ---------------------------------------------------------------------------------------------
def test_what_cannot_be_read_comes_back_as_it_was_typed(desk: Client, response_page: Page) -> None:
    answer = post(desk, response_page, resp_dt="5/8/2025", bm_done="Y", bm_blast="61.5", mol_marker="NPM1")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Not saved yet: 1 thing needs you" in text
    assert '<a href="#resp_dt">Assessment date: 5/8/2025 is ambiguous' in text
    sent = form_of(answer)
    typed = {name: sent[name] for name in ("resp_dt", "bm_done", "bm_blast", "mol_marker")}
    assert typed == {"resp_dt": ["5/8/2025"], "bm_done": ["Y"], "bm_blast": ["61.5"], "mol_marker": ["NPM1"]}
    assert 'id="resp_dt" name="resp_dt" value="5/8/2025"' in text
    assert 'aria-invalid="true"' in text
    response_page.refresh_from_db()
    assert response_page.version == 0


def test_what_was_typed_reveals_what_hangs_on_it(desk: Client, response_page: Page) -> None:
    answer = post(desk, response_page, resp_dt="5/8/2025", bm_done="Y")
    text = answer.content.decode()
    block = text[: text.index('id="i-bm_blast"')].rsplit('<div class="reveal"', 1)[1]
    assert "hidden" not in block


def test_a_saved_value_needs_a_reason_at_the_item(desk: Client, response_page: Page) -> None:
    post(desk, response_page, **BASELINE)
    answer = post(desk, response_page, bm_blast="6.5", resp_inv="PD")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Why does “Marrow blasts” change from 61.5 %?" in text
    assert text.count('<fieldset class="reason"') == 2  # the one asked, and the template for the script
    assert '<a href="#why-bm_blast">' in text
    given = form_of(answer, bm_blast__reason="transcription_error", bm_blast__why="row above was read")
    assert desk.post(response_page.get_absolute_url(), given).status_code == 302
    change = TrailChange.objects.get(item="bm_blast", old="61.5")
    assert (change.new, change.reason_code, change.reason) == (
        "6.5",
        "transcription_error",
        "row above was read",
    )
    assert row_of(response_page).resp_inv == "PD"


def test_other_needs_words_and_what_was_given_stays(desk: Client, response_page: Page) -> None:
    post(desk, response_page, **BASELINE)
    answer = post(desk, response_page, bm_blast="6.5", bm_blast__reason="other", bm_blast__why="abc")
    assert answer.status_code == 422
    sent = form_of(answer)
    assert (sent["bm_blast__reason"], sent["bm_blast__why"]) == (["other"], ["abc"])


def test_without_consent_the_page_says_so_and_keeps_what_was_typed(desk: Client) -> None:
    subject = people.a_subject("HZ01-002", consented=False)
    page = people.page_of(subject, "RESP", "SCR")
    answer = post(desk, page, **BASELINE)
    assert answer.status_code == 422
    assert "Main consent is not recorded." in answer.content.decode()
    assert form_of(answer)["bm_blast"] == ["61.5"]


def test_a_form_without_the_version_that_was_read_is_not_understood(
    desk: Client, response_page: Page
) -> None:
    for version in ("", "-1", "9" * 12, "²", "1"):
        sent = {"base_version": version, "bm_done": "Y", "bm_done__base": ""}
        assert desk.post(response_page.get_absolute_url(), sent).status_code == 400


# --- two people ------------------------------------------------------------------------------------------
@pytest.fixture
def colleague() -> Client:
    return people.signed_in(people.a_member(Role.COORDINATOR, name="zhou.lan", printed="Zhou Lan"))


def test_edits_of_different_items_go_together(desk: Client, colleague: Client, response_page: Page) -> None:
    post(desk, response_page, **BASELINE)
    mine, theirs = (c.get(response_page.get_absolute_url()) for c in (desk, colleague))
    colleague.post(response_page.get_absolute_url(), form_of(theirs, cns_resp="CNS1"))
    saved = desk.post(response_page.get_absolute_url(), form_of(mine, emd_resp="new"))
    assert saved.status_code == 302
    row = row_of(response_page)
    assert (row.cns_resp, row.emd_resp) == ("CNS1", "new")


@pytest.fixture
def clash(desk: Client, colleague: Client, response_page: Page):
    """Both changed the blasts; I changed the CNS status, too."""
    post(desk, response_page, **BASELINE)
    mine, theirs = (c.get(response_page.get_absolute_url()) for c in (desk, colleague))
    reason = {"bm_blast__reason": "late_source"}
    colleague.post(response_page.get_absolute_url(), form_of(theirs, bm_blast="18.0", **reason))
    return desk.post(
        response_page.get_absolute_url(), form_of(mine, bm_blast="12.0", cns_resp="CNS1", **reason)
    )


def test_edits_of_the_same_item_show_both_values(clash, response_page: Page) -> None:
    text = clash.content.decode()
    assert clash.status_code == 409
    for words in ("was 61.5 %", "<b>12.0 %</b>", "<b>18.0 %</b>", "Zhou Lan", "Nothing is lost"):
        assert words in text, words
    assert "CNS1: no blasts" in text  # what goes together without a question
    assert str(row_of(response_page).bm_blast) == "18.0"


def test_mine_is_saved_over_theirs_with_its_reason(desk: Client, clash, response_page: Page) -> None:
    chosen = {"choose-bm_blast": "mine", "why-code": "clinical_review"}
    saved = desk.post(response_page.get_absolute_url(), form_of(clash, **chosen))
    assert saved.status_code == 302
    row = row_of(response_page)
    assert (str(row.bm_blast), row.cns_resp) == ("12.0", "CNS1")
    change = TrailChange.objects.get(item="bm_blast", old="18.0")
    assert (change.new, change.reason_code) == ("12.0", "clinical_review")


@pytest.mark.parametrize("typed", [{"choose-bm_blast": "theirs"}, {"do": "theirs"}])
def test_theirs_stays_and_the_rest_is_saved(desk: Client, clash, response_page: Page, typed) -> None:
    saved = desk.post(response_page.get_absolute_url(), form_of(clash, **typed))
    assert saved.status_code == 302
    row = row_of(response_page)
    assert (str(row.bm_blast), row.cns_resp) == ("18.0", "CNS1")


def test_without_a_choice_nothing_is_decided(desk: Client, clash, response_page: Page) -> None:
    again = desk.post(response_page.get_absolute_url(), form_of(clash))
    assert again.status_code == 409
    assert str(row_of(response_page).bm_blast) == "18.0"
    chosen = {"choose-bm_blast": "mine", "why-code": "late_source"}
    assert desk.post(response_page.get_absolute_url(), form_of(again, **chosen)).status_code == 302
    assert str(row_of(response_page).bm_blast) == "12.0"


def test_a_third_version_asks_again(desk: Client, colleague: Client, clash, response_page: Page) -> None:
    post(colleague, response_page, bm_blast="19.0", bm_blast__reason="late_source")
    chosen = {"choose-bm_blast": "mine", "why-code": "late_source"}
    again = desk.post(response_page.get_absolute_url(), form_of(clash, **chosen))
    assert again.status_code == 409
    assert "<b>19.0 %</b>" in again.content.decode()


# --- closed ----------------------------------------------------------------------------------------------
def freeze(page: Page, state: PageState = PageState.FROZEN) -> None:
    from django.db import transaction

    with transaction.atomic(), acting(actor_at(people.SETUP, site="HZ01", source=Source.COMMAND)):
        page.refresh_from_db()
        page.state = page.stored_state = state
        page.save()


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_closed_page_refuses_and_keeps_what_was_typed(desk: Client, response_page: Page, state) -> None:
    shown = desk.get(response_page.get_absolute_url())
    freeze(response_page, state)
    answer = desk.post(response_page.get_absolute_url(), form_of(shown, **BASELINE))
    text = answer.content.decode()
    assert answer.status_code == 423
    assert f"This page is {state.label}." in text
    assert "Nothing was saved." in text
    assert 'value="61.5"' in text
    assert 'name="do"' not in text
    assert not form_model("RESP").objects.exists()


def test_a_closed_page_with_nothing_to_keep_shows_a_number(desk: Client, response_page: Page) -> None:
    shown = desk.get(response_page.get_absolute_url())
    freeze(response_page)
    answer = desk.post(response_page.get_absolute_url(), form_of(shown))
    assert answer.status_code == 423
    assert answer.wsgi_request.request_id in answer.content.decode()


def test_a_closed_page_is_shown_without_anything_to_save(desk: Client, response_page: Page) -> None:
    post(desk, response_page, **BASELINE)
    freeze(response_page)
    text = desk.get(response_page.get_absolute_url()).content.decode()
    assert "This page is frozen." in text
    assert "61.5" in text
    assert 'name="do"' not in text
    assert 'name="bm_blast"' not in text


def test_a_monitor_reads_values_and_cannot_type(response_page: Page, desk: Client) -> None:
    post(desk, response_page, **BASELINE)
    monitor = people.signed_in(people.a_member(Role.MONITOR))
    text = monitor.get(response_page.get_absolute_url()).content.decode()
    assert '<span class="value">61.5 %</span>' in text
    assert 'name="bm_blast"' not in text
    assert 'name="do"' not in text


# --- identity --------------------------------------------------------------------------------------------
@pytest.fixture
def demographics(subject: Subject, desk: Client) -> Page:
    page = people.page_of(subject, "DM", "SCR")
    post(desk, page, birth_date="1977-06", sex="F")
    return page


def test_the_birth_date_is_shown_to_those_who_may(desk: Client, demographics: Page) -> None:
    assert form_of(desk.get(demographics.get_absolute_url()))["birth_date"] == ["1977-06"]
    demographics.subject.refresh_from_db()
    assert demographics.subject.identity.birth_date == "1977-06"


@pytest.mark.parametrize("role", [Role.MONITOR, Role.CELL_LAB, Role.DATA_MANAGER, Role.AUDITOR])
def test_the_birth_date_is_withheld_from_others(demographics: Page, role: Role) -> None:
    client = people.signed_in(people.a_member(role))
    text = client.get(demographics.get_absolute_url()).content.decode()
    assert "1977-06" not in text
    assert demographics_hash(demographics) not in text
    assert '<span class="chip">withheld</span>' in text
    trail = client.get(f"/subjects/{demographics.subject.code}/trail/").content.decode()
    assert "1977-06" not in trail
    assert demographics_hash(demographics) not in trail


def demographics_hash(page: Page) -> str:
    return str(row_of(page).birth_date)


def test_who_must_not_see_it_cannot_enter_it(demographics: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMS_ENTERED, Role.CELL_LAB, frozenset({"DM"}))
    laboratory = people.signed_in(people.a_member(Role.CELL_LAB))
    sent = form_of(laboratory.get(demographics.get_absolute_url()))
    assert "birth_date" not in sent
    forged = sent | {"birth_date": ["1980-01-01"], "birth_date__base": [""]}
    assert laboratory.post(demographics.get_absolute_url(), forged).status_code == 403
    assert laboratory.post(demographics.get_absolute_url(), sent | {"race": ["ASIAN"]}).status_code == 302
    assert PartialDate(1977, 6) == people_birth(demographics)


def people_birth(page: Page):
    from patients.casebook.answers import identifying_value
    from patients.casebook.identity import Identity

    page.subject.identity = Identity.objects.get(subject=page.subject)
    return identifying_value(page.subject, "birth_date")


def test_a_finding_about_it_does_not_give_it_away(demographics: Page, desk: Client) -> None:
    """Nor does its sentence, which is kept: whoever may read the value has it before their eyes."""
    this_year = f"{timezone.now():%Y}"
    answer = post(desk, demographics, birth_date=this_year, birth_date__reason="late_source")
    assert answer.status_code == 302
    own = desk.get(demographics.get_absolute_url()).content.decode()
    assert "the value does not keep" in own
    assert f'value="{this_year}"' in own
    monitor = people.signed_in(people.a_member(Role.MONITOR))
    text = monitor.get(f"{demographics.get_absolute_url()}?complete").content.decode()
    assert "the value does not keep" not in text
    assert "The value is withheld." in text
