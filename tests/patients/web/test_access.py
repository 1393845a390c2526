"""Who gets to see and do what: by role, by site, without signing in, and from elsewhere."""

import hashlib
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, Subject
from patients.web import urls as web_urls
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people import urls as people_urls
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role

OPEN = {"sign-in", "account_login", "mfa_authenticate", "set-password", "set-language"}
POSTED = ("sign-out", "stay", "trail-export")
OWN_ACCOUNT = ("my-sessions", "second-factor", "add-telephone", "add-passkey", "recovery-codes", "confirm")
CSP = {
    "default-src 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}


def screens(page: Page) -> dict[str, str]:
    code = page.subject.code
    return {
        "home": reverse("home"),
        "subjects": reverse("subjects"),
        "subject": reverse("subject", args=[code]),
        "trail": reverse("trail", args=[code]),
        "trail-of-sites": reverse("trail-of-sites"),
        "entry-lag": reverse("entry-lag"),
        "page": reverse("page", args=[page.pk]),
        "gallery": reverse("gallery"),
        "due": reverse("due"),
        "configuration": reverse("configuration"),
        "dictionary": reverse("dictionary"),
        "dictionary-sheet": reverse("dictionary-sheet"),
        "blank-casebook": reverse("blank-casebook"),
    }


def reviews(page: Page) -> dict[str, str]:
    """The screens of those who may mark the trail as reviewed."""
    site = page.subject.site.code
    return {
        "review": reverse("review", args=[site]),
        "redactions": reverse("redactions", args=[page.subject.code]),
        "review-subject": reverse("review-subject", args=[site, page.subject.code]),
    }


def test_every_address_is_closed_unless_it_is_meant_to_be_open(client: Client, response_page: Page) -> None:
    names = {each.name for each in (*people_urls.urlpatterns, *web_urls.urlpatterns)}
    addresses = screens(response_page) | {name: reverse(name) for name in (*OWN_ACCOUNT, *POSTED[:2])}
    addresses |= reviews(response_page) | {"trail-export": reverse("trail-export", args=["csv"])}
    for name, url in addresses.items():
        answer = client.post(url) if name in POSTED else client.get(url)
        assert answer.status_code == 302, name
        assert answer["Location"].startswith(reverse("sign-in")), name
    assert names - OPEN == set(addresses), "an address that this test does not know"


def test_a_form_sent_without_signing_in_changes_nothing(client: Client, response_page: Page) -> None:
    answer = client.post(response_page.get_absolute_url(), {"base_version": "0", "do": "save"})
    assert answer["Location"].startswith(reverse("sign-in"))


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_and_saves_what_the_table_says(response_page: Page, role: Role) -> None:
    client, rights = people.signed_in(people.a_member(role)), TABLE[role]
    reads, enters = Permission.READ in rights, Permission.ENTER in rights
    found = screens(response_page)
    assert client.get(found["subjects"]).status_code == (200 if reads else 403)
    for name in ("subject", "page"):
        assert client.get(found[name]).status_code == (200 if reads else 404), name
    reviews = 200 if Permission.REVIEW_TRAIL in rights else 403
    assert client.get(found["trail"]).status_code == (reviews if reads else 404)
    sent = {"base_version": "0", "do": "save", "bm_done": "Y", "bm_done__base": ""}
    saved = client.post(found["page"], sent)
    assert saved.status_code == (302 if enters else 403 if reads else 404)
    response_page.refresh_from_db()
    assert response_page.version == (1 if enters else 0)


@pytest.mark.parametrize("role", list(Role))
def test_another_site_is_absent_for_every_role(response_page: Page, role: Role) -> None:
    client = people.signed_in(people.a_member(role, "HZ02"))
    found = screens(response_page)
    for name in ("subject", "trail", "page"):
        assert client.get(found[name]).status_code == 404, name
    assert client.post(found["page"], {"base_version": "0", "do": "save"}).status_code == 404
    listed = client.get(found["subjects"])
    assert response_page.subject.code not in listed.content.decode()


def test_a_grant_that_has_ended_opens_nothing(response_page: Page, coordinator: Account) -> None:
    from django.utils import timezone

    grant = coordinator.grants.get()
    grant.ends = timezone.now()
    grant.save()
    assert people.signed_in(coordinator).get(response_page.get_absolute_url()).status_code == 404


def test_a_form_without_the_token_of_the_site_is_refused(coordinator: Account, response_page: Page) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    for url in (response_page.get_absolute_url(), reverse("sign-out"), reverse("set-language")):
        assert client.post(url, {"base_version": "0", "do": "save"}).status_code == 403, url
    assert client.post(reverse("sign-in"), {"login": "a", "password": "b"}).status_code == 403


def digest() -> str:
    """A hash over every row of every table but the sessions."""
    found = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table != "django_session":
                cursor.execute(f'SELECT * FROM "{table}"')
                found.update(repr((table, sorted(map(repr, cursor.fetchall())))).encode())
    return found.hexdigest()


def test_looking_changes_nothing(desk: Client, response_page: Page) -> None:
    before = digest()
    for name, url in screens(response_page).items():
        assert desk.get(url).status_code in (200, 301, 302), name
        assert desk.head(url).status_code in (200, 301, 302), name
    assert digest() == before


def documents(desk: Client, page: Page) -> Iterator[tuple[str, object]]:
    yield from ((name, desk.get(url)) for name, url in screens(page).items())
    yield "not found", desk.get("/nothing/")
    yield "sign-in", Client().get(reverse("sign-in"))
    yield (
        "refused",
        desk.post(page.get_absolute_url(), form_of(desk.get(page.get_absolute_url()), resp_dt="5/8/25")),
    )


def test_every_answer_carries_the_whole_policy_and_nothing_else(desk: Client, response_page: Page) -> None:
    for name, answer in documents(desk, response_page):
        assert {part.strip() for part in answer["Content-Security-Policy"].split(";")} == CSP, name
        assert answer["X-Content-Type-Options"] == "nosniff", name


def test_what_is_shown_of_patients_is_kept_by_no_cache(desk: Client, response_page: Page) -> None:
    for name in ("subjects", "subject", "trail", "page"):
        assert "no-store" in desk.get(screens(response_page)[name])["Cache-Control"], name


def test_an_error_shows_its_number_and_nothing_else(desk: Client, subject: Subject) -> None:
    for url, status in (("/subjects/HZ01-999/", 404), ("/no/such/place/", 404)):
        answer = desk.get(url)
        assert answer.status_code == status
        assert answer.wsgi_request.request_id in answer.content.decode()
        assert "HZ01-999" not in answer.content.decode()


def test_a_fault_shows_its_number_and_nothing_of_the_fault(
    desk: Client, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("patients.web.views.subject_screen", broken)
    desk.raise_request_exception = False
    answer = desk.get(reverse("subject", args=[subject.code]))
    assert answer.status_code == 500
    assert answer.wsgi_request.request_id in answer.content.decode()
    assert "canary" not in answer.content.decode()


def test_a_request_of_the_interface_is_never_sent_to_the_sign_in() -> None:
    from rest_framework.views import APIView

    assert APIView.as_view().login_required is False  # type: ignore[attr-defined]
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE
