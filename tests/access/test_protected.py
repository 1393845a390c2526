"""What may be written is listed: a form that also sends every column of every model changes none (AC-04)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.casebook.form import form_model
from patients.casebook.header import HEADER
from patients.casebook.identity import Identity
from patients.casebook.page import Page, Subject
from tests.patients.web import people
from tests.trial.trail.tables import project_models
from trial.people.access_review import AccessReview
from trial.people.accounts import issue_link
from trial.people.models import Account, Member, SecondFactorReset, SetUpLink, Site
from trial.people.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AC-04")]
HOSTILE = ("locked", "99", "HZ02", "2001-01-01")
DATED = {"form_date": "2025-05-20", "form_date__base": ""}


def hostile(without: set[str]) -> dict[str, str]:
    """A value for every column of every model, by name and as the browser would send a changed field."""
    fields = [field for model in project_models() for field in model._meta.fields]
    columns = {name for field in fields for name in (field.name, field.attname)}
    named = sorted(columns - without)
    sent = {name: HOSTILE[number % len(HOSTILE)] for number, name in enumerate(named)}
    return sent | {f"{name}__base": "" for name in named}


def rows(model: type[Model], without: frozenset[str] | set[str] = frozenset()) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name not in without}
        for row in model._default_manager.order_by("pk").values()
    ]


def pages_of(subject: Subject) -> list[Page]:
    return list(Page.objects.filter(subject=subject).select_related("visit", "subject").order_by("pk"))


def protected() -> list[list[dict[str, Any]]]:
    """What no save of a page may change, of the rows that are there: whose they are, and where."""
    own = {"version", "form_date", "header_versions", "state", "entered_by"}
    header = {"not_done", "not_done_reason", "source_documents", "recorded"}
    counted = {"critical_items", "other_items", "verification_draw"}
    return [rows(model) for model in (Site, Subject, Account, Member, Identity)] + [
        rows(Page, own | header | counted)
    ]


def test_a_save_of_any_form_changes_what_it_lists_and_nothing_else() -> None:
    subject, desk = people.a_subject(infused=True), people.signed_in(people.a_member(Role.COORDINATOR))
    people.a_subject("HZ02-001")
    people.a_member(Role.COORDINATOR, "HZ02")
    first_of_form = {page.form_code: page for page in reversed(pages_of(subject)) if page.version == 0}
    saved = 0
    for page in first_of_form.values():
        model, before = form_model(page.form_code), protected()
        items = {item.name for item in model.items() if not item.is_derived}
        sent = hostile(items | set(HEADER)) | DATED | {"base_version": "0", "do": "save"}
        answer = desk.post(page.get_absolute_url(), sent)
        assert answer.status_code in (302, 422), page
        page.refresh_from_db()
        saved += answer.status_code == 302
        assert page.version <= 1
        assert page.state in ("empty", "in_progress", "complete")
        for was, now in zip(before, protected(), strict=True):
            assert now[: len(was)] == was, page
        for row in rows(model):
            assert not set(map(str, row.values())) & set(HOSTILE), page
    assert saved > 12


@pytest.fixture
def administrator() -> Client:
    return people.signed_in(people.a_member(Role.ACCOUNT_ADMINISTRATOR))


def post(client: Client, url: str, without: set[str], **typed: str) -> HttpResponse:
    return client.post(url, hostile(without) | typed)


def test_a_new_account_is_what_is_asked_for(administrator: Client) -> None:
    post(administrator, reverse("people"), set(), user_name="new.one", printed_name="New One")
    account = Account.objects.get(user_name="new.one")
    assert account.is_active
    assert not account.has_usable_password()
    assert (account.session_generation, account.last_login, account.held()) == (0, None, [])


def test_the_acts_on_an_account_write_what_they_list(administrator: Client) -> None:
    somebody, other = (people.a_member(Role.MONITOR, name=name) for name in ("some.body", "other.one"))
    url, before = reverse("person", args=[somebody.pk]), rows(Account)
    granted = {"do": "grant", "role": "auditor", "site": "HZ01", "reason": "an audit"}
    assert post(administrator, url, set(), **granted, starts="", ends="").status_code == 302
    grant = Member.objects.get(role=Role.AUDITOR)
    assert (grant.account, grant.site.code, grant.ends) == (somebody, "HZ01", None)
    assert grant.granted_by == "account_administrator.hz01"
    assert timezone.now() - grant.starts < timedelta(minutes=5)
    for do, model in (("link", SetUpLink), ("ask-reset", SecondFactorReset)):
        post(administrator, url, set(), do=do, reason="was lost")
        made = model.objects.get()
        assert made.account == somebody
        by = getattr(made, "issued_by", "") or getattr(made, "requested_by", "")
        assert by == "account_administrator.hz01"
        assert (getattr(made, "used", None), getattr(made, "approved", None)) == (None, None)
    assert rows(Account, {"last_login"}) == [
        {name: value for name, value in row.items() if name != "last_login"} for row in before
    ]
    ended = {"do": "end", "grant": str(grant.pk), "reason": "it is over"}
    assert post(administrator, url, set(), **ended).status_code == 302
    assert [(site.code, role) for site, role in other.held()] == [("HZ01", "monitor")]
    assert post(administrator, url, set(), do="disable", reason="has left").status_code == 302
    assert list(Account.objects.filter(is_active=False)) == [somebody]


def test_a_review_is_of_today_and_by_who_signed_in(administrator: Client) -> None:
    assert post(administrator, reverse("access-review"), set(), remark="all in order").status_code == 302
    review = AccessReview.objects.get()
    assert (review.reviewed_by, review.grants, review.unused) == ("account_administrator.hz01", 1, 0)
    assert review.day.year > 2001


def test_a_link_sets_the_password_of_its_owner_alone() -> None:
    owner, other = (people.a_member(Role.MONITOR, name=name) for name in ("lin.qiao", "other.one"))
    before, password = rows(Account, {"password", "session_generation"}), "a sentence that nobody else has"
    answer = post(Client(), issue_link(owner, by=people.SETUP), set(), password=password, again=password)
    assert answer.status_code == 200
    assert rows(Account, {"password", "session_generation"}) == before
    for account, changed in ((owner, True), (other, False)):
        account.refresh_from_db()
        assert account.check_password(password) is changed


OWN_PAGES = ["my-sessions", "second-factor", "change-password", "confirm", "recovery-codes"]


@pytest.mark.parametrize("name", OWN_PAGES)
def test_the_pages_of_the_own_account_write_nothing_that_was_not_asked_for(name: str) -> None:
    people.a_member(Role.MONITOR, name="other.one")
    client = people.signed_in(people.a_member(Role.MONITOR, name="some.body"))
    before = rows(Account, {"last_login"})
    post(client, reverse(name), {"password", "code"})
    assert rows(Account, {"last_login"}) == before
