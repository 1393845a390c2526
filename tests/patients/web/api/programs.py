"""A program of somebody who has signed in."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from patients.casebook.page import Page
from trial.problems import MEDIA_TYPE


def address(page: Page) -> str:
    return f"/api/v1/pages/{page.pk}"


def read(client: Client, page: Page) -> dict[str, Any]:
    answer = client.get(address(page))
    assert answer.status_code == 200, answer.content
    return answer.json()


def send(client: Client, page: Page, body: object, **more: Any) -> HttpResponse:
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(address(page), content, content_type="application/json", **more)


def save(client: Client, page: Page, answers: dict[str, str], **more: Any) -> HttpResponse:
    """Save the one row of a single form, as it was just read."""
    base = more.pop("base_version", None)
    base = read(client, page)["version"] if base is None else base
    return send(client, page, {"base_version": base, "rows": {"": answers}, **more})


def problem(answer: HttpResponse, status: int) -> dict[str, Any]:
    """The problem that an answer tells."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == MEDIA_TYPE
    assert answer["Cache-Control"] == "private, no-store"
    told = answer.json()
    assert told["status"] == status
    assert len(told["request_id"]) == 32
    return told
