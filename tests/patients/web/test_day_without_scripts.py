"""The coordinator's day in a browser that runs no scripts, in both languages."""

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from patients.casebook.form import form_model
from patients.entry.reasons import ReasonCode
from tests.patients.web import people
from tests.patients.web.typist import Keys, send
from tests.patients.web.words import label
from tests.watched_tab import watched_tab
from trial.people.roles import Role
from trial.trail.models import TrailChange

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-CN"])
def test_a_day_is_entered_graded_and_corrected(chromium: "Browser", live_server, language: str) -> None:
    subject = people.a_subject(infused=True)
    page = people.page_of(subject, "CRS", "C1")
    lin = people.a_member(Role.COORDINATOR, name="lin.qiao")
    with watched_tab(chromium, live_server.url, language=language, person=lin, scripts=False) as tab:
        # given: the page of a day, reached from the subject
        tab.goto(f"{reverse('subject', args=[subject.code])}?days=all")
        tab.locator(f"table.matrix a[href='{page.get_absolute_url()}']").click()

        # when: what is asked at once is answered and saved
        tab.fill("#form_date", "2025-06-08")
        tab.fill("#crs_date", "2025-06-08")
        tab.fill("#crs_episode", "1")
        tab.fill("#crs_tmax", "38.5")
        for item, answer in (("crs_fever", "Y"), ("crs_hypot", "N"), ("crs_hypox", "Y")):
            tab.locator(f"#i-{item} label:has(input[value={answer}])").click()
        send(Keys(tab))

        # then: the grade is derived as far as it can be, and what the answers bring up is asked
        assert not tab.locator("#i-crs_pressor_n").is_visible()
        tab.select_option("#crs_o2", "mask")
        send(Keys(tab))
        assert tab.inner_text("output#crs_grade") == "3"

        # when: a value is corrected, the save asks why, and keeps what was typed
        tab.fill("#crs_tmax", "38.9")
        tab.locator("button.btn[name=do][value=save]").click()
        assert tab.input_value("#crs_tmax") == "38.9"
        assert label(language, ReasonCode.LATE_SOURCE.label) in tab.inner_text("#r-crs_tmax")
        tab.locator(f"#r-crs_tmax input[value={ReasonCode.LATE_SOURCE}]").check()
        send(Keys(tab))

    # then: it is saved with its reason
    assert str(form_model("CRS").objects.get(page=page).crs_tmax) == "38.9"
    change = TrailChange.objects.get(item="crs_tmax", old="38.5")
    assert (change.new, change.reason_code) == ("38.9", ReasonCode.LATE_SOURCE)
