"""Forged forms, and what an error tells.

Who gets to see and do what, and what every answer carries, stands in `tests/access`.
"""

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, Subject
from trial.people.models import Account


@pytest.mark.requirement("SE-03")
def test_a_form_without_the_token_of_the_site_is_refused(coordinator: Account, response_page: Page) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    for url in (response_page.get_absolute_url(), reverse("sign-out"), reverse("set-language")):
        assert client.post(url, {"base_version": "0", "do": "save"}).status_code == 403, url
    assert client.post(reverse("sign-in"), {"login": "a", "password": "b"}).status_code == 403


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
