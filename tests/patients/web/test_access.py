"""What holds for every answer: forged forms, reading that writes, headers, and what an error tells.

Who gets to see and do what stands in `tests/access`.
"""

import hashlib
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, Subject
from tests.patients.web.browser_form import form_of
from trial.people.models import Account

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
        "sign": reverse("sign", args=[page.pk]),
        "gallery": reverse("gallery"),
        "due": reverse("due"),
        "configuration": reverse("configuration"),
        "dictionary": reverse("dictionary"),
        "dictionary-sheet": reverse("dictionary-sheet"),
        "blank-casebook": reverse("blank-casebook"),
    }


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
        expected = (403,) if name == "sign" else (200, 301, 302)  # a coordinator signs nothing
        assert desk.get(url).status_code in expected, name
        assert desk.head(url).status_code in expected, name
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
