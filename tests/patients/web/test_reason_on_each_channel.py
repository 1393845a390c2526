"""A changed value needs its reason, in the browser, by the API and by the import alike (AT-04)."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from patients.casebook.page import Page, Subject
from patients.entry.exporting import export_registry
from tests.patients.web import people
from tests.patients.web.api import programs
from tests.patients.web.browser_form import form_of
from trial.trail.models import TrailChange, TrailEvent

pytestmark = pytest.mark.django_db

REASONS = {"none": None, "blank": "   ", "short": "typo", "ok": "read the wrong line"}
Change = Callable[[Client, Page, "str | None", Path], bool]


def in_the_browser(desk: Client, page: Page, reason: str | None, folder: Path) -> bool:
    """Whether the change of the sex was accepted."""
    given = {} if reason is None else {"sex__why": reason}
    form = form_of(desk.get(page.get_absolute_url()), sex="M", **given)
    answer = desk.post(page.get_absolute_url(), form)
    assert answer.status_code in (302, 422)
    return answer.status_code == 302


def by_the_api(desk: Client, page: Page, reason: str | None, folder: Path) -> bool:
    given = {} if reason is None else {"": {"sex": {"text": reason}}}
    answer = programs.save(desk, page, {"sex": "M"}, reasons=given)
    if answer.status_code != 200:
        (found,) = programs.problem(answer, 422)["findings"]
        assert (found["item"], found["check"]) == ("sex", "X-SYS-03")
    return answer.status_code == 200


def by_the_import(desk: Client, page: Page, reason: str | None, folder: Path) -> bool:
    export_registry(folder / "out")
    sheet = folder / "out" / "DM.csv"
    sheet.write_text(sheet.read_text().replace(",F,", ",M,"))
    given = {} if reason is None else {"reason": reason}
    try:
        call_command("import_casebook", folder / "out", stdout=StringIO(), stderr=StringIO(), **given)
    except (CommandError, SystemExit):
        return False
    return True


@pytest.mark.requirement("AT-04", "DI-03")
@pytest.mark.parametrize("name", REASONS)
@pytest.mark.parametrize("change", [in_the_browser, by_the_api, by_the_import])
def test_a_change_without_a_reason_changes_nothing(
    desk: Client, subject: Subject, tmp_path: Path, change: Change, name: str
) -> None:
    page = people.page_of(subject, "DM", "SCR")
    people.save(page, {"sex": "F"}, {"form_date": "2025-05-16"})
    saves = TrailEvent.objects.filter(action="page.saved").count()
    accepted = change(desk, page, REASONS[name], tmp_path)
    assert accepted == (name == "ok")
    assert people.page_of(subject, "DM", "SCR").version == (2 if accepted else 1)
    assert TrailEvent.objects.filter(action="page.saved").count() == saves + accepted
    if accepted:
        changed = TrailChange.objects.get(item="sex", old="F")
        assert (changed.new, changed.reason) == ("M", REASONS["ok"])
