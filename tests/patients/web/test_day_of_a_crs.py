"""The coordinator's day: a cytokine release syndrome from the infusion to day 14, in both languages."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import PageState, Subject
from tests.counts import counted_work
from tests.patients.entry import casebooks
from tests.patients.web import people
from tests.patients.web.typist import Keys, enter, enter_what_is_asked_then, focus_first, send
from tests.patients.web.words import said
from tests.watched_tab import look, watched_tab
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db(transaction=True)
CRS = form_model("CRS")
SHOWN = 8  # statements; a save that moves the episode writes on its other days as well
DAYS = [f"C{day}" for day in range(15)]
BEFORE = {"SCR", "APH", "REL", "BL", "LD1", "LD2", "LD3", "PRE", *DAYS}
LAST_DAY = "2025-06-03"
STARTED = {"AE": "ae_start", "CM": "cm_start"}
NOT_YET = ("CRS", "SAE", "INFX", "DTH", "HSCT", "RLP", "SUBTX", "PDEV")


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """The patient of the demo on day 14: all is entered but the daily record of the CRS."""
    found = {name: rows for name, rows in casebooks.sheets().items() if name not in NOT_YET}
    for name, rows in found.items():
        found[name] = [row for row in rows if _is_there(name, row)]
    report = casebooks.imported(casebooks.write(tmp_path / "casebook", found))
    assert "refused" not in casebooks.counts(report), report
    return Subject.objects.get()


def _is_there(name: str, row: dict[str, str]) -> bool:
    if name in STARTED:
        return row[STARTED[name]] <= LAST_DAY
    return row.get("visit_code", "") in BEFORE | {""}


@pytest.fixture
def lin(subject: Subject) -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


def daily_record() -> list[dict[str, str]]:
    """What the demo has of each day; on the worst the investigator grades it as well."""
    rows = [dict(row) for row in casebooks.sheets()["CRS"]]
    rows[2]["crs_grade_inv"] = "3"
    return rows


@pytest.mark.parametrize("language", ["zh-CN"])
def test_each_day_is_typed_and_the_episode_is_derived(
    chromium: "Browser",
    live_server,
    subject: Subject,
    lin: Account,
    language: str,
    record_property: Callable[[str, object], None],
) -> None:
    with watched_tab(chromium, live_server.url, language=language, person=lin) as tab:
        # given: a subject on day 14, whose daily record of the CRS has not been entered
        tab.goto(reverse("subject", args=[subject.code]))
        due = said(language, "Next due: %(form)s %(visit)s", form="CRS", visit="C0")
        start = Keys(tab)
        start.click(tab.get_by_role("link", name=due))

        # when: each day is typed, and saved on the way to the next
        for visit, row in zip(DAYS, daily_record(), strict=True):
            page = people.page_of(subject, "CRS", visit)
            tab.wait_for_url(f"**{page.get_absolute_url()}")
            keys = Keys(tab)
            with counted_work(tab) as work:
                answer = type_day(keys, row)
            keys.tell(record_property, f"CRS {visit} ({language})", work)
            page.refresh_from_db()
            assert page.version == (2 if visit == DAYS[-1] else 1)
            assert keys.pressed <= keys.allowed
            assert work.most("page GET") <= SHOWN

        look(tab, f"crs-ended-{language}")
        # then: the last day says how it ended, from its days, and is complete
        assert page.state == PageState.COMPLETE
        assert said(language, "The page is complete.") in answer
        for name, text in {"crs_onset_dt": "2025-05-22", "crs_end_dt": "2025-05-28", "crs_max": "3"}.items():
            assert text in tab.inner_text(f"output#{name}")
        grades = [row.crs_grade for row in CRS.objects.order_by("crs_date")]
        assert grades == [0, 0, 3, *[1] * 5, *[0] * 7]


def type_day(keys: Keys, row: dict[str, str]) -> str:
    """The page of a day. Its grade stands beside the investigator's before it is saved; the outcome is asked
    on the last day, once it is known to be the last."""
    focus_first(keys)
    if row.get("crs_outcome"):
        return enter_what_is_asked_then(keys, CRS, row, "crs_outcome")
    enter(keys, CRS, row)
    if "crs_grade_inv" in row:
        keys.tab.locator("output#crs_grade").get_by_text(row["crs_grade_inv"], exact=True).wait_for()
        look(keys.tab, f"crs-{keys.tab.evaluate('navigator.language')}")
    return send(keys, "next")
