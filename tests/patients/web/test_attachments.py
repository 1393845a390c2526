"""The sources of a page on the screen: attached, opened, withdrawn."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, PageState
from patients.entry.attachments import Attachment
from tests.access.registry import put_in_state
from tests.patients.entry import signing_desk
from tests.patients.entry.uploaded import pdf
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.ATTACHMENT_DIR = tmp_path / "attachments"
    return settings.ATTACHMENT_DIR


def attach(client: Client, page: Page, **typed: Any) -> HttpResponse:
    said = {"title": "Marrow report", "kind": "pathology_report", "redacted": "Y", "do": "attach"} | typed
    said.setdefault("file", SimpleUploadedFile("Wang Wu.pdf", pdf()))
    return client.post(reverse("attachments", args=[page.pk]), said)


def opened(client: Client, page: Page) -> HttpResponse:
    return client.post(reverse("attachment", args=[page.pk, Attachment.objects.latest("id").pk]))


def text(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


def test_a_source_is_attached_and_stands_on_its_page(desk: Client, response_page: Page) -> None:
    assert "Attach or withdraw" in text(desk.get(response_page.get_absolute_url()))
    assert attach(desk, response_page).status_code == 302
    shown = text(desk.get(response_page.get_absolute_url()))
    for words in ("Marrow report", "pathology report", "Lin Qiao", Attachment.objects.get().sha256[:12]):
        assert words in shown
    assert "attached after the signature" not in shown


@pytest.mark.requirement("SE-04")
def test_it_is_opened_as_a_download_that_runs_nothing(desk: Client, response_page: Page) -> None:
    attach(desk, response_page)
    answer = opened(desk, response_page)
    assert answer.content == pdf()
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith('attachment; filename="HZ01-001-')
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert TrailEvent.objects.latest("id").action == "attachment.opened"


def test_what_is_refused_is_said_and_what_was_typed_stays(desk: Client, response_page: Page) -> None:
    answer = attach(desk, response_page, file=SimpleUploadedFile("x.pdf", b"MZ"), kind="emr")
    assert answer.status_code == 422
    assert "it is not a PDF" in text(answer)
    assert 'value="Marrow report"' in text(answer)
    assert '<option value="emr" selected>' in text(answer)


@pytest.mark.requirement("SE-04")
def test_a_file_that_is_too_large_is_told_in_words(desk: Client, response_page: Page) -> None:
    large = SimpleUploadedFile("x.pdf", b"%PDF-" + b"0" * 11_000_000)
    answer = attach(desk, response_page, file=large)
    assert (answer.status_code, "larger than 10 MB" in text(answer)) == (422, True)


@pytest.mark.requirement("DI-02")
def test_a_form_that_is_sent_twice_attaches_once(desk: Client, response_page: Page) -> None:
    shown = text(desk.get(reverse("attachments", args=[response_page.pk])))
    key = shown.split('name="form_token" value="')[1].split('"')[0]
    for _time in range(2):
        assert attach(desk, response_page, form_token=key).status_code == 302
    assert Attachment.objects.count() == 1


def test_a_withdrawn_source_stays_named_and_is_closed(desk: Client, response_page: Page) -> None:
    attach(desk, response_page)
    number = Attachment.objects.get().pk
    url = reverse("attachments", args=[response_page.pk])
    withdraw = {"do": "withdraw", "attachment": str(number), "reason": "a name was left"}
    assert desk.post(url, withdraw | {"reason": "no"}).status_code == 422
    assert desk.post(url, withdraw | {"attachment": "999"}).status_code == 404
    assert desk.post(url, withdraw).status_code == 302
    assert desk.post(url, withdraw).status_code == 409
    assert "<del>Marrow report</del>" in text(desk.get(url))
    assert "a name was left" in text(desk.get(url))
    assert opened(desk, response_page).status_code == 403
    hides = people.signed_in(people.a_member(Role.PRINCIPAL_INVESTIGATOR))
    assert opened(hides, response_page).status_code == 200


def test_a_closed_page_says_so(desk: Client, response_page: Page) -> None:
    attach(desk, response_page)
    put_in_state(response_page, PageState.FROZEN)
    assert attach(desk, response_page).status_code == 423
    shown = text(desk.get(reverse("attachments", args=[response_page.pk])))
    assert "frozen or locked" in shown
    assert 'type="file"' not in shown
    assert opened(desk, response_page).status_code == 200


def test_a_changed_file_is_refused_in_words(desk: Client, response_page: Page, folder: Path) -> None:
    attach(desk, response_page)
    next(folder.iterdir()).write_bytes(b"x")
    answer = opened(desk, response_page)
    assert answer.status_code == 409
    assert "not any more what was attached" in text(answer)


def test_the_attachment_of_another_page_is_absent(desk: Client, response_page: Page) -> None:
    attach(desk, response_page)
    other = people.page_of(response_page.subject, "DM", "SCR")
    assert opened(desk, other).status_code == 404


def test_one_that_came_after_the_signature_is_marked(coordinator: Account) -> None:
    by, subject = signing_desk.principal_investigator(), signing_desk.screened("HZ01-002")
    client = people.signed_in(by)
    attach(client, signing_desk.eligibility(subject), title="Before")
    signing_desk.sign(signing_desk.eligibility(subject), by)
    attach(client, signing_desk.eligibility(subject), title="After")
    shown = text(client.get(signing_desk.eligibility(subject).get_absolute_url()))
    assert shown.count("attached after the signature") == 1
    assert shown.index("<b>After</b>") < shown.index("attached after the signature")
