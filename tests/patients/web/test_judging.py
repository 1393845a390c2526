"""What the sponsor judges of a serious event: entered by the medical monitor, and by nobody of the site."""

import html
import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from patients.casebook.form import declared_forms, form_model
from patients.casebook.page import Page
from tests.patients.entry import desk as entry
from tests.patients.oversight.test_safety_clocks import EVENT, SENT, log
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
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
    for not_offered in ('value="complete"', 'value="next"', "data-draft", "Add a row", "Entered by mistake"):
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
