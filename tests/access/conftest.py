"""The registry is built once for a module; what a request of a test changed is undone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from tests.access.registry import ANONYMOUS, TOKEN, Registry, Who, built_registry
from trial.people.roles import Role


@pytest.fixture(scope="module")
def registry(django_db_setup: None, django_db_blocker: Any) -> Iterator[Registry]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield built_registry()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def ask(registry: Registry) -> Any:
    """Ask as somebody; whatever it changed is undone."""

    def asked(
        who: Who, site: str, method: str, url: str, data: Any = None, *, raises: bool = True
    ) -> HttpResponse:
        client, headers = Client(raise_request_exception=raises), {}
        if who == TOKEN:
            headers["Authorization"] = f"Token {registry.tokens[site]}"
        elif who != ANONYMOUS:
            client.cookies[settings.SESSION_COOKIE_NAME] = registry.sessions[Role(who), site]
        given = {"data": data} if method == "POST" else {}
        if isinstance(data, str):
            given["content_type"] = "application/json"
        with transaction.atomic():
            answer = getattr(client, method.lower())(url, headers=headers, **given)
            transaction.set_rollback(True)
        return _read(answer)

    return asked


def _read(answer: HttpResponse) -> HttpResponse:
    """The answer, its file closed if it is one: its own `close()` would close the database as well."""
    if answer.streaming:
        content = list(answer.streaming_content)
        for close in answer._resource_closers:
            close()
        answer.streaming_content = content
    return answer
