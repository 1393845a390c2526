"""What the sponsor judges of a serious event: entered by the medical monitor, and by nobody of the site."""

import html
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from patients.casebook.form import declared_forms, form_model
from patients.casebook.page import Page, PageState
from patients.entry.drafts import KeptDraft, On
from tests.patients.entry import desk as entry
from tests.patients.oversight.test_safety_clocks import EVENT, SENT, log
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.watched_tab import look, watched_tab
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
JUDGED = {"sae_causality_spo": "cart=probable", "sae_expected": "unexpected"}


@pytest.fixture
def report() -> Page:
    """An initial report that has gone to the sponsor."""
    subject = entry.infused()
    log(subject, "AE", {"1": EVENT})
    return log(subject, "SAE", {"1": SENT | {"sae_causality_inv": "cart=possible"}})


@pytest.fixture
def monitor(report: Page) -> Account:
    return people.a_member(Role.MEDICAL_MONITOR, name="ru.bai")


@pytest.fixture
def investigator(report: Page) -> Account:
    return people.a_member(Role.INVESTIGATOR, name="yi.shen")


def row_of(page: Page) -> Any:
    return form_model(page.form_code).of_page(page).get()


def test_the_items_of_the_sponsor_are_items_of_their_form() -> None:
    found = {model.form.code: model.form.judged for model in declared_forms() if model.form.judged}
    assert found == {"SAE": ("sae_causality_spo", "sae_expected"), "AE": ("ae_expected",)}
    for form, names in found.items():
        assert not any(form_model(form).item(name).is_derived for name in names)


def test_the_medical_monitor_judges_and_a_susar_starts_its_clock(report: Page, monitor: Account) -> None:
    entry.save(report, rows={"1": JUDGED}, by=monitor)
    row = row_of(report)
    assert (row.sae_susar, row.sae_clock_days, str(row.sae_due_dt)) == (True, 7, "2024-02-18")
    event = TrailEvent.objects.latest("pk")
    assert (event.actor, event.actor_role) == ("ru.bai", "medical_monitor")


def test_the_sponsor_may_not_lower_what_the_investigator_said(report: Page, monitor: Account) -> None:
    saved = entry.save(report, rows={"1": JUDGED | {"sae_causality_spo": "cart=unlikely"}}, by=monitor)
    (found,) = (each for each in saved.findings if each.check == "X-SAE-02")
    assert str(found.message) == "Sponsor may not downgrade causality."
    with_reason = {"1": {"sae_causality_spo": "cart=definite"}}
    saved = entry.save(report, rows=with_reason, by=monitor, why=entry.BECAUSE)
    assert not [each for each in saved.findings if each.check == "X-SAE-02"], "higher is allowed"


@pytest.mark.parametrize(
    "rows",
    [
        {"1": {"sae_narrative": "told otherwise " * 10}},
        {"1": {"sae_causality_inv": "cart=unlikely"}},
        {"1": JUDGED | {"sae_to_ec_dt": "2024-02-11 16:00"}},
        {"1": {"void": "Y"}},
        {"2": SENT},
    ],
)
def test_the_medical_monitor_changes_nothing_else(
    report: Page, monitor: Account, rows: dict[str, dict[str, str]]
) -> None:
    before = entry.content()
    with pytest.raises(PermissionDenied):
        entry.save(report, rows=rows, by=monitor, why=entry.BECAUSE)
    assert entry.content() == before


def test_the_medical_monitor_enters_no_other_form(report: Page, monitor: Account) -> None:
    with pytest.raises(PermissionDenied):
        entry.save(entry.page_of(report.subject, "DM"), {"sex": "F"}, by=monitor)
    with pytest.raises(PermissionDenied):
        entry.save(report, on="2024-02-12", by=monitor)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR])
@pytest.mark.parametrize("item", JUDGED)
def test_nobody_of_the_site_judges_for_the_sponsor(report: Page, role: Role, item: str) -> None:
    somebody = people.a_member(role, name="some.body")
    with pytest.raises(PermissionDenied):
        entry.save(report, rows={"1": {item: JUDGED[item]}}, by=somebody)
    entry.save(report, rows={"1": {"sae_to_ec_dt": "2024-02-11 16:00"}}, by=somebody)


def test_expectedness_of_the_event_is_the_medical_monitors_too(report: Page, monitor: Account) -> None:
    events = Page.objects.get(subject=report.subject, form_code="AE")
    somebody = people.a_member(Role.COORDINATOR, name="some.body")
    with pytest.raises(PermissionDenied):
        entry.save(events, rows={"1": {"ae_expected": "N"}}, by=somebody)
    entry.save(events, rows={"1": {"ae_expected": "N"}}, by=monitor)
    assert row_of(events).ae_expected == "N"


# --- on screen ---------------------------------------------------------------------------------------------
def url_of(page: Page) -> str:
    return reverse("judge", args=[page.pk])


def boxes(client: Client, url: str) -> set[str]:
    """The items of row 1 that can be typed."""
    sent = form_of(client.get(url))
    return {name.removeprefix("r0-").removesuffix("__base") for name in sent if name.endswith("__base")}


def test_the_page_is_open_to_each_for_what_is_theirs(
    report: Page, monitor: Account, investigator: Account
) -> None:
    page = report.get_absolute_url()
    theirs = boxes(people.signed_in(investigator), page)
    assert "sae_narrative" in theirs
    assert theirs.isdisjoint(JUDGED)
    client = people.signed_in(monitor)
    assert f'href="{url_of(report)}"' in client.get(page).content.decode()
    assert boxes(client, url_of(report)) == set(JUDGED)
    shown = client.get(url_of(report)).content.decode()
    for not_offered in ('value="complete"', 'value="next"', "data-live", "Add a row", "Entered by mistake"):
        assert not_offered not in shown


def test_what_is_judged_on_screen_is_saved(report: Page, monitor: Account) -> None:
    client = people.signed_in(monitor)
    typed = {"r0-sae_expected": "unexpected", "r0-sae_causality_spo.cart": "probable"}
    answer = client.post(url_of(report), form_of(client.get(url_of(report)), **typed))
    assert answer.status_code == 302
    row = row_of(report)
    assert (row.sae_expected, row.sae_causality_spo, row.sae_susar) == (
        "unexpected",
        {"cart": "probable"},
        True,
    )


def test_a_change_asks_for_its_reason_and_what_was_typed_is_shown(report: Page, monitor: Account) -> None:
    entry.save(report, rows={"1": JUDGED}, by=monitor)
    client = people.signed_in(monitor)
    typed = {"r0-sae_expected": "expected"}
    answer = client.post(url_of(report), form_of(client.get(url_of(report)), **typed))
    assert answer.status_code == 422
    assert f'action="{url_of(report)}"' in html.unescape(answer.content.decode())
    assert row_of(report).sae_expected == "unexpected"


def test_the_site_is_not_led_there_and_another_site_finds_nothing(
    report: Page, investigator: Account
) -> None:
    client = people.signed_in(investigator)
    assert url_of(report) not in client.get(report.get_absolute_url()).content.decode()
    assert client.get(url_of(report)).status_code == 403
    assert client.post(url_of(report), {"base_version": "1"}).status_code == 403
    other = people.signed_in(people.a_member(Role.MEDICAL_MONITOR, "HZ02", name="mo.nitor"))
    assert other.get(url_of(report)).status_code == 404


def test_a_form_that_asks_nothing_of_the_sponsor_leads_back(report: Page, monitor: Account) -> None:
    page = entry.page_of(report.subject, "DM")
    answer = people.signed_in(monitor).get(url_of(page))
    assert (answer.status_code, answer["Location"]) == (302, page.get_absolute_url())


def test_two_judgements_at_once_are_laid_side_by_side(report: Page, monitor: Account) -> None:
    client = people.signed_in(monitor)
    form = form_of(client.get(url_of(report)), **{"r0-sae_expected": "expected"})
    entry.save(report, rows={"1": JUDGED})
    answer = client.post(url_of(report), form)
    assert answer.status_code == 409
    assert f'action="{url_of(report)}"' in answer.content.decode()


def test_an_item_is_revealed_by_no_box_that_is_locked(
    report: Page, monitor: Account, investigator: Account
) -> None:
    """The script would look for what is not there, and take the item for one that is no longer asked."""

    def revealing(account: Account, url: str) -> str:
        shown = html.unescape(people.signed_in(account).get(url).content.decode())
        return " ".join(re.findall(r'data-reveal="(.*?)"[ >]', shown))

    assert "sae_to_sponsor_dt" in revealing(investigator, report.get_absolute_url())
    assert "sae_to_sponsor_dt" not in revealing(monitor, url_of(report))


# --- typed and not saved -----------------------------------------------------------------------------------
EXPECTED, CAUSALITY = "r0-sae_expected", "r0-sae_causality_spo.cart"
NOT_SAVED = {EXPECTED: "unexpected", CAUSALITY: "probable"}
IS_KEPT = "It is kept, and not saved."
kept = pytest.mark.requirement("DI-02")


def draft_of(page: Page) -> str:
    return reverse("judge-draft", args=[page.pk])


def autosave(client: Client, page: Page, **typed: str) -> Any:
    """What the script sends while somebody judges."""
    return client.post(draft_of(page), form_of(client.get(url_of(page)), **typed))


def come_back(account: Account) -> Client:
    """In a session of its own, of whoever was signed in before."""
    client = Client()
    client.force_login(account)
    return client


def stands(client: Client, page: Page) -> dict[str, str]:
    """What the form holds of the two items, opened again."""
    sent = form_of(client.get(url_of(page)))
    return {name: sent[name][0] for name in NOT_SAVED if sent.get(name, [""])[0]}


@kept
def test_what_is_judged_and_not_saved_is_there_again_and_goes_with_the_save(
    report: Page, monitor: Account
) -> None:
    client, events = people.signed_in(monitor), TrailEvent.objects.count()
    assert autosave(client, report, **NOT_SAVED).json()["kept"]
    assert TrailEvent.objects.count() == events
    shown = client.get(url_of(report))
    assert IS_KEPT in shown.content.decode()
    assert stands(client, report) == NOT_SAVED
    assert f'href="{url_of(report)}"' in client.get("/").content.decode(), "to carry on with"
    assert client.post(url_of(report), form_of(shown)).status_code == 302
    assert row_of(report).sae_expected == "unexpected"
    assert not KeptDraft.objects.exists()


@kept
def test_it_goes_when_it_is_given_up(report: Page, monitor: Account) -> None:
    client = people.signed_in(monitor)
    autosave(client, report, **NOT_SAVED)
    given_up = client.post(draft_of(report), {"do": "discard"})
    assert (given_up.status_code, given_up["Location"]) == (302, url_of(report))
    assert stands(client, report) == {}
    autosave(client, report, **NOT_SAVED)
    assert autosave(client, report, **dict.fromkeys(NOT_SAVED, "")).json()["kept"] == ""
    assert not KeptDraft.objects.exists()


@kept
def test_what_was_refused_or_came_to_a_closed_page_is_kept(report: Page, monitor: Account) -> None:
    entry.save(report, rows={"1": JUDGED}, by=monitor)
    client = people.signed_in(monitor)
    unexplained = form_of(client.get(url_of(report)), **{EXPECTED: "expected"})
    assert client.post(url_of(report), unexplained).status_code == 422
    assert stands(client, report)[EXPECTED] == "expected"
    KeptDraft.objects.all().delete()
    entry.put_in_state(Page.objects.get(pk=report.pk), PageState.FROZEN)
    assert client.post(url_of(report), unexplained).status_code == 423
    assert KeptDraft.objects.get().screen == On.JUDGE


@kept
def test_it_is_nobody_elses_and_no_draft_of_the_page(
    report: Page, monitor: Account, investigator: Account
) -> None:
    sponsor, site = people.signed_in(monitor), people.signed_in(investigator)
    autosave(sponsor, report, **NOT_SAVED)
    page = report.get_absolute_url()
    assert IS_KEPT not in site.get(page).content.decode()
    site.post(f"{page}draft/", form_of(site.get(page), **{"r0-sae_narrative": "begun"}))
    assert KeptDraft.objects.count() == 2
    assert stands(sponsor, report) == NOT_SAVED
    assert people.signed_in(a_second_monitor()).get(url_of(report)).content.decode().count(IS_KEPT) == 0


def a_second_monitor() -> Account:
    return people.a_member(Role.MEDICAL_MONITOR, name="an.other")


@kept
@pytest.mark.parametrize(
    "typed",
    [
        {"r0-sae_narrative": "x", "r0-sae_narrative__base": ""},
        {"form_date": "2025-01-01", "form_date__base": ""},
    ],
)
def test_no_other_item_is_kept_of_a_page_that_is_judged(
    report: Page, monitor: Account, typed: dict[str, str]
) -> None:
    client = people.signed_in(monitor)
    assert autosave(client, report, **NOT_SAVED, **typed).status_code == 403
    assert not KeptDraft.objects.exists()


@kept
def test_whoever_does_not_judge_keeps_nothing_there(
    report: Page, monitor: Account, investigator: Account
) -> None:
    sent = form_of(people.signed_in(monitor).get(url_of(report)), **NOT_SAVED) | {"form_token": [""]}
    other = people.a_member(Role.MEDICAL_MONITOR, "HZ02", name="mo.nitor")
    for account, status in ((investigator, 403), (other, 404)):
        assert people.signed_in(account).post(draft_of(report), sent).status_code == status
    assert not KeptDraft.objects.exists()


@kept
@pytest.mark.parametrize("address", [url_of, draft_of])
def test_what_is_sent_after_the_session_has_ended_is_there_after_signing_in(
    report: Page, monitor: Account, address: Any
) -> None:
    client = people.signed_in(monitor)
    sent = form_of(client.get(url_of(report)), **NOT_SAVED)
    Session.objects.all().delete()
    to_sign_in = client.post(address(report), sent)["Location"]
    assert to_sign_in == f"/sign-in/?next={address(report)}"
    assert "SAE</b> was kept" in client.get(to_sign_in).content.decode()
    client = come_back(monitor)
    back = client.get(address(report), follow=True)
    assert back.request["PATH_INFO"] == url_of(report)
    assert IS_KEPT in back.content.decode()
    assert stands(client, report) == NOT_SAVED
    assert row_of(report).sae_expected is None


@kept
def test_a_form_that_was_given_to_another_or_before_the_last_sign_in_is_kept_for_its_owner(
    report: Page, monitor: Account
) -> None:
    sent = form_of(people.signed_in(monitor).get(url_of(report)), **NOT_SAVED)
    other = people.signed_in(a_second_monitor())
    answer = other.post(url_of(report), sent)
    assert (answer.status_code, answer["Location"]) == (302, url_of(report))
    assert KeptDraft.objects.get().account == monitor
    KeptDraft.objects.all().delete()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(monitor)
    answer = strict.post(url_of(report), sent)
    assert (answer.status_code, answer["Location"]) == (302, url_of(report))
    assert stands(strict, report) == NOT_SAVED


@kept
@pytest.mark.django_db(transaction=True)
def test_whoever_leaves_a_judgement_in_the_middle_finds_it_again(
    chromium: "Browser", live_server, report: Page, monitor: Account
) -> None:
    """In a browser: left while typing, and with a session that ends while typing."""
    with watched_tab(chromium, live_server.url, language="en", person=monitor) as tab:
        tab.goto(url_of(report))
        tab.locator(f'input[name="{EXPECTED}"][value="unexpected"]').check()
        tab.goto("/subjects/")
        tab.go_back()
        tab.wait_for_selector(".banner-warn")
        assert tab.is_checked(f'input[name="{EXPECTED}"][value="unexpected"]')
        look(tab, "judging-kept")
        tab.locator(f'select[name="{CAUSALITY}"]').select_option("probable")
        tab.locator("[data-kept]", has_text="kept at").wait_for()
        Session.objects.all().delete()
        tab.locator(".actionbar button[value=save]").click()
        tab.wait_for_selector("#login")
        assert "was kept" in tab.inner_text("[role=status]")
    assert stands(come_back(monitor), report) == NOT_SAVED
    assert row_of(report).sae_expected is None
