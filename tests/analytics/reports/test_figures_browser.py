"""The figures of a lock in a browser: accessible in both languages, read at the pointer, led on by clicks."""

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from analytics.locks.models import Lock
from tests.patients.web import people
from tests.patients.web.test_accessibility import WAYS, looked_at, signed_in
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def statistician(transactional_db: None) -> Account:
    return people.a_member(Role.STATISTICIAN)


def test_nothing_stands_in_the_way_of_the_figures(
    chromium: "Browser", live_server: Any, statistician: Account, lock: Lock
) -> None:
    """Axe finds nothing grave, and nothing runs out of the side of the window, wide and narrow."""
    trail = reverse("figure-subjects", args=[lock.pk, "crs", "HZ01-004"])
    screens = [reverse("lock-figures", args=[lock.pk]), reverse("results", args=[lock.pk]), trail]
    for way in WAYS[1:]:
        person = Account.objects.get(pk=statistician.pk)
        seen, found = looked_at(chromium, live_server.url, person, screens, *way.values)  # type: ignore[arg-type]
        assert (seen, found) == (len(screens), [])


def test_a_plot_is_read_at_the_pointer_and_a_mark_leads_on(
    chromium: "Browser", live_server: Any, statistician: Account, lock: Lock
) -> None:
    context = chromium.new_context(base_url=live_server.url, locale="en-GB")
    signed_in(context, statistician, live_server.url)
    tab = context.new_page()
    tab.goto(reverse("results", args=[lock.pk]))
    plot = tab.locator("svg[data-readout=r-survival]")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    twelve_months = 58 + 12 / 18 * (506 - 58)
    tab.mouse.move(box["x"] + (twelve_months + 1) * box["width"] / 520, box["y"] + box["height"] / 3)
    said = tab.locator("#r-survival span").inner_text()
    assert "OS 54.8 %, 2 at risk" in said
    assert "PFS 48.7 %, 2 at risk" in said
    tab.goto(reverse("lock-figures", args=[lock.pk]))
    tab.locator("#crs svg a[aria-label*='HZ01-004, day 1: grade 3'] path").click()
    assert tab.locator("h1").inner_text() == "HZ01-004"
    assert tab.locator("td", has_text="CRS grade of the day").count() == 15
    context.close()
