"""Nobody changes the trail by any address, and no clock but the server's dates or orders it."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone, translation

from patients.casebook.form import form_model
from patients.casebook.page import Page, Subject
from patients.entry.reasons import Reason
from patients.items.codelists import CodeList
from patients.web.trail_presenter import row_of
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.trial.trail.tables import append_only_models
from trial.people.roles import TABLE, Role
from trial.trail.ledger import LedgerLeaf
from trial.trail.models import TrailChange, TrailEvent

SENT = b"id=1&pk=1&reason=x&do=delete&_method=DELETE"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LATE = Reason("late_source", "report 25-3391")


# --- by any address ----------------------------------------------------------------------------------------
def patterns(found: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """The routes of all addresses, as `path()` writes them."""
    for each in found:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, route)
        else:
            yield route


def address(route: str, page: Page) -> str:
    """A route with what is there in its places."""
    places = {
        "<int:pk>": str(page.pk),
        "<str:code>": page.subject.code,
        "<str:site>": page.subject.site.code,
        "<str:kind>": "csv",
    }
    for place, value in places.items():
        route = route.replace(place, value)
    while "<" in route:
        start, _, rest = route.partition("<")
        route = f"{start}1{rest.partition('>')[2]}"
    return "/" + route.replace("^", "").replace("\\Z", "").replace("$", "").replace("\\", "")


def kept() -> dict[str, dict[int, str]]:
    """A hash of each row of each table that only grows."""
    found: dict[str, dict[int, str]] = {}
    with connection.cursor() as cursor:
        for model in append_only_models():
            key = model._meta.pk.column
            cursor.execute(f'SELECT "{key}", t.* FROM {model._meta.db_table} t')
            rows = cursor.fetchall()
            found[model._meta.db_table] = {
                row[0]: hashlib.sha256(repr(row).encode()).hexdigest() for row in rows
            }
    return found


ACTING = (
    Role.COORDINATOR,
    Role.PRINCIPAL_INVESTIGATOR,
    Role.MONITOR,
    Role.MEDICAL_MONITOR,
    Role.DATA_MANAGER,
    Role.ACCOUNT_ADMINISTRATOR,
)


def test_together_they_may_do_whatever_anybody_may() -> None:
    assert set().union(*TABLE.values()) == set().union(*(TABLE[role] for role in ACTING))


@pytest.mark.one_engine
@pytest.mark.requirement("AT-05")
@pytest.mark.parametrize("role", [*ACTING, None])
def test_no_address_changes_what_is_on_the_trail(role: Role | None, response_page: Page) -> None:
    people.save(response_page, {"bm_done": "Y", "bm_blast": "61.5"}, {"form_date": "2025-05-20"})
    client = people.signed_in(people.a_member(role)) if role else Client()
    session = client.cookies.get(settings.SESSION_COOKIE_NAME)
    client.raise_request_exception = False
    before = kept()
    routes = sorted(set(patterns(get_resolver().url_patterns)))
    assert len(routes) > 30
    for route in routes:
        for method in METHODS:
            client.generic(method, address(route, response_page), SENT)
        if session:
            client.cookies[settings.SESSION_COOKIE_NAME] = session.value  # one of them signs out
    after = kept()
    for table, rows in before.items():
        assert rows.items() <= after[table].items(), table


@pytest.mark.requirement("AT-05")
def test_no_setting_names_the_trail_or_a_switch_of_its_history() -> None:
    names = [name for name in dir(settings) if name.isupper()]
    about = [name for name in names if any(word in name for word in ("TRAIL", "HISTORY", "AUDIT"))]
    assert about == ["SIMPLE_HISTORY_DATE_INDEX"]  # an index, and no switch
    assert "django.contrib.admin" not in settings.INSTALLED_APPS


# --- time ------------------------------------------------------------------------------------------------
@pytest.mark.requirement("TS-01")
def test_the_time_of_an_act_is_that_of_the_server(desk: Client, response_page: Page) -> None:
    url = response_page.get_absolute_url()
    forged = "2001-01-01T00:00:00+00:00"
    form = form_of(desk.get(url), bm_done="Y", form_date="2025-05-20")
    form |= dict.fromkeys(("at", "date", "history_date", "opened_at", "timestamp"), forged)
    start = timezone.now()
    answer = desk.post(url, form, headers={"date": "Mon, 01 Jan 2001 00:00:00 GMT", "x-date": forged})
    assert answer.status_code == 302
    event = TrailEvent.objects.latest("pk")
    assert event.action == "page.saved"
    assert start <= event.at <= timezone.now()
    version = form_model("RESP").history.latest("history_id")
    assert start <= version.history_date <= timezone.now()


@pytest.mark.requirement("TS-01")
def test_the_time_of_an_act_is_shown_with_the_offset_of_the_site(desk: Client, subject: Subject) -> None:
    with time_machine.travel(datetime(2025, 8, 5, 17, 30, tzinfo=UTC), tick=False):
        people.save(people.page_of(subject, "DM", "SCR"), {"sex": "F"})
    text = desk.get(reverse("trail", args=[subject.code])).content.decode()
    assert '<time datetime="2025-08-06T01:30:00+08:00">2025-08-06 01:30 UTC+8</time>' in text


@pytest.mark.requirement("TS-03")
def test_a_clock_that_goes_back_moves_no_act(desk: Client, subject: Subject) -> None:
    """An hour back in the middle of the run: the acts stand as they were done, in ledger and screen."""
    page = people.page_of(subject, "DM", "SCR")
    scores = ("1", "2", "3", "4")
    start = datetime(2025, 8, 5, 10, tzinfo=UTC)
    for number, score in enumerate(scores):
        back = timedelta(hours=1) if number >= 2 else timedelta()
        with time_machine.travel(start + timedelta(minutes=number) - back, tick=False):
            people.save(page, {"hctci": score}, reasons={("", "hctci"): LATE})
    changes = TrailChange.objects.filter(item="hctci")
    by_ledger = [change.new for change in changes.order_by("event__leaf__seq")]
    by_clock = [change.new for change in changes.order_by("event__at")]
    assert by_ledger == list(scores)
    assert by_clock == ["3", "4", "1", "2"]
    asked = {"item": "hctci", "order": "oldest"}
    text = desk.get(reverse("trail", args=[subject.code]), asked).content.decode()
    shown = [part.partition("</ins>")[0] for part in text.split("<ins>")[1:]]
    assert shown == list(scores)
    seqs = list(LedgerLeaf.objects.order_by("event_id").values_list("seq", flat=True))
    assert seqs == sorted(seqs)


# --- old values ------------------------------------------------------------------------------------------
@pytest.mark.requirement("AT-14")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_old_value_reads_as_it_did_when_label_and_options_have_changed(
    response_page: Page, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.save(response_page, {"cns_resp": "CNS1"}, {"form_date": "2025-05-20"})
    change = TrailChange.objects.select_related("event").get(item="cns_resp")
    item = form_model("RESP").item("cns_resp")
    assert (change.new, change.event.form_version) == ("CNS1", form_model("RESP").form.version)
    with translation.override("en"):
        before = row_of(change, change.event)
    codes = tuple(code for code in item.codes.codes if code.code != "CNS1")
    monkeypatch.setattr(item, "codes", CodeList(item.codes.name, codes))
    monkeypatch.setattr(item, "declared", replaced(item.declared, label="Another name"))
    with translation.override(language):
        now = row_of(change, change.event)
    assert (now.label, now.new) == (before.label, before.new)
    assert "CNS1" in now.new


@pytest.mark.requirement("AT-14")
def test_an_old_value_reads_as_it_did_when_its_option_is_called_otherwise(
    response_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.save(response_page, {"cns_resp": "CNS1"}, {"form_date": "2025-05-20"})
    change = TrailChange.objects.select_related("event").get(item="cns_resp")
    item = form_model("RESP").item("cns_resp")
    shown = change.new_shown
    codes = tuple(replaced(code, label="something else") for code in item.codes.codes)
    monkeypatch.setattr(item, "codes", CodeList(item.codes.name, codes))
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert row_of(change, change.event).new == shown


def replaced(declared: object, **new: object) -> object:
    from dataclasses import replace

    return replace(declared, **new)  # type: ignore[type-var]
