"""Every screen is asked what WCAG 2.2 AA asks, in both languages, light and dark, wide and narrow: in two
ways that together have each of these."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.coding.schemes import Kind
from patients.entry.opening import open_log
from patients.oversight.queries import Query
from tests.patients.coding.distributions import loaded, meddra
from tests.patients.web import people
from trial.people.models import Account
from trial.people.needs import Door
from trial.people.roles import Role
from trial.people.routes import routes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.django_db(transaction=True)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = ("serious", "critical")
WAYS = [
    pytest.param("en-GB", "light", 1360, id="wide"),
    pytest.param("zh-CN", "dark", 360, id="narrow, dark, in Chinese"),  # as wide as at four times its size
]


@pytest.fixture
def investigator() -> Account:
    people.a_member(Role.AUDITOR, name="shen.yi")
    return people.a_member(Role.INVESTIGATOR, name="shen.yi", printed="Shen Yi")


@pytest.fixture
def screens(investigator: Account) -> list[str]:
    """The addresses of all screens that somebody who enters, signs and audits sees, of a treated subject."""
    subject = people.a_subject(infused=True)
    pages = [people.page_of(subject, form, "C28") for form in ("RESP", "LAB", "VS")]
    for one in (subject, people.a_subject("HZ01-002")):  # that may be one person
        people.save(people.page_of(one, "DM", "SCR"), {"birth_date": "1992-04-04"})
    people.save(pages[2], {"vs_temp": "46"}, {"form_date": "2025-07-05"})  # with a query
    pages += [open_log(subject, form, by=investigator) for form in ("AE", "CM")]
    pages += Page.objects.filter(subject=subject, visit__code="SCR", form_code__in=("ELIG", "DM", "DX"))
    named = {"code": subject.code, "name": "approvals", "kind": "overdue", "site": subject.site.code}
    found = [page.get_absolute_url() for page in pages]
    found.append(f"{pages[0].get_absolute_url()}attachments/")
    found.append(reverse("query", args=[Query.objects.earliest("pk").pk]))
    for route in routes():
        is_screen = route.need is not None and route.need.door is Door.PERSON
        address = route.address
        for name, value in named.items():
            address = address.replace(f"<str:{name}>", value).replace(f"<slug:{name}>", value)
        if is_screen and "GET" in route.need.by_method and "<" not in address:  # type: ignore[union-attr]
            found.append(address.replace("/dictionary/HZ01-001/", "/dictionary/LAB/"))
    return [address for address in found if not address.endswith((".csv", ".pdf"))]


def signed_in(context: "BrowserContext", account: Account, url: str) -> None:
    client = people.signed_in(account)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])


def looked_at(
    chromium: "Browser", url: str, person: Account, screens: list[str], language: str, scheme: Any, width: int
) -> tuple[int, list[tuple[str, str, str]]]:
    """How many of these screens the person was shown, and what stands in the way on them."""
    context = chromium.new_context(
        base_url=url,
        locale=language,
        color_scheme=scheme,
        reduced_motion="reduce",  # no colour is looked at on its way to another
        viewport={"width": width, "height": 800},
        bypass_csp=True,  # for the checker, which the policy of the page would keep out
    )
    context.set_default_timeout(20_000)
    signed_in(context, person, url)
    tab, axe, found, seen = context.new_page(), Axe(), [], 0
    for address in screens:
        answer = tab.goto(address)
        assert answer is not None
        if answer.status != 200:
            continue
        seen += 1
        told = axe.run(tab, options={"resultTypes": ["violations"], "runOnly": WCAG}).response
        found += [(address, each["id"], each["nodes"][0]["html"]) for each in _grave(told)]
        if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
            found.append((address, "wider than its window", ""))
    context.close()
    return seen, found


@pytest.mark.parametrize(("language", "scheme", "width"), WAYS[1:])  # the first is looked at below
def test_nothing_grave_stands_in_the_way(
    chromium: "Browser",
    live_server: Any,
    investigator: Account,
    screens: list[str],
    language: str,
    scheme: Any,
    width: int,
) -> None:
    """Nothing serious or critical, and nothing runs out of the side of the window."""
    seen, found = looked_at(chromium, live_server.url, investigator, screens, language, scheme, width)
    assert seen > 25, "the screens were there"
    assert found == []


@pytest.mark.parametrize(("language", "scheme", "width"), WAYS)
def test_nor_where_others_work(
    chromium: "Browser", live_server: Any, tmp_path: Path, language: str, scheme: Any, width: int
) -> None:
    """The screens of monitors and of a data manager, and those on which an event is reported and judged."""
    loaded(Kind.MEDDRA, meddra(tmp_path))
    subject = people.a_subject(infused=True)
    coordinator = people.a_member(Role.COORDINATOR, name="lin.qiao")
    events = open_log(subject, "AE", by=coordinator)
    serious = {"ae_term": "sepsis", "ae_start": "2025-07-01", "ae_serious": "Y"}
    people.save(events, serious, row="1")
    reports = open_log(subject, "SAE", by=coordinator)
    sent = {"sae_ae": "1", "sae_report_type": "initial", "sae_to_sponsor_dt": "2025-07-02 09:00"}
    people.save(reports, sent | {"sae_aware_dt": "2025-07-02 08:00"}, row="1")
    people.save(events, {"ae_term": "fever"}, row="2")
    term = reverse("coding-term", args=[form_model("AE").objects.get(row_key="2").pk, "AE"])
    vital = people.page_of(subject, "VS", "C28")
    people.save(vital, {"vs_temp": "46"}, {"form_date": "2025-07-05"})
    visited = reverse("verify-visit", args=[vital.visit_id])
    work = {
        coordinator: [reverse("report-event", args=[events.pk]) + "?row=1", events.get_absolute_url()],
        people.a_member(Role.MONITOR, name="ke.fan"): [reverse("verify", args=[vital.pk]), visited],
        people.a_member(Role.DATA_MANAGER, name="mei.zhang"): [
            reverse("freeze", args=[subject.code]),
            reverse("study-file", args=["safety-contacts"]),
            reverse("coding"),
            reverse("coding-exact"),
            f"{term}?q=rash",
        ],
        people.a_member(Role.MEDICAL_MONITOR, name="ru.bai"): [
            reverse("judge", args=[reports.pk]),
            reports.get_absolute_url(),
            reverse("safety"),
            reverse("adjudication"),
        ],
    }
    for person, screens in work.items():
        seen, found = looked_at(chromium, live_server.url, person, screens, language, scheme, width)
        assert (seen, found) == (len(screens), [])


def _grave(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in told["violations"] if each["impact"] in GRAVE]
