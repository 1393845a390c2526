"""Two thousand hostile requests: each is answered, none is a fault of ours (SE-05, F17 in short)."""

from itertools import cycle
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.urls import NoReverseMatch, reverse

from tests.access.registry import OWN, Registry, targets_of
from tests.access.test_answers import reader_of
from trial.people.policy import roles_with
from trial.people.roles import Role
from trial.people.routes import Route, routes

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SE-05")]

TEXTS = [
    "", " ", "\0", "a\0b", "\ud83d", "\u202e\u200b", "\ufeff", "\x1b[31m", "é" * 300, "中" * 5000,
    "'", "' OR '1'='1", "1; DROP TABLE patients_subject--", "%", "_", "\\", "%s", "%(day)s", "{0}", "{{7*7}}",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "../../etc/passwd",
    "..%2f..%2f", "=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "NaN", "Infinity", "-0", "1e999", "9" * 5000,
    "-1", "0", "2147483648", "9223372036854775808", "99999999999999999999", "0x10", "١٢٣", "1_000", "1,5",
    "0000-00-00", "9999-99-99", "2025-02-30", "10000-01-01", "2025-08-05T25:61", "null", "true", "[]", "{}",
]  # fmt: skip
NAMES = (
    "q", "on", "before", "after", "site", "subject", "visit", "form", "item", "actor", "from", "to", "kind",
    "reason", "since", "count", "order", "key", "complete", "next", "page",
)  # fmt: skip
FIELDS = (
    "do", "base_version", "form_date", "bm_blast", "bm_blast__base", "row", "at", "reason", "text", "pk",
    "user_name", "printed_name", "role", "site", "starts", "ends", "grant", "remark", "session", "up_to",
    "acts", "meaning", "seen", "password", "code", "credential", "login", "language", "next",
    "add-approved_on", "add-tasks", "page", "value", "class", "aware", "item", "query", "priority",
)  # fmt: skip


def writer_of(route: Route) -> Any:
    """Somebody whose POST the route does not refuse for want of a right."""
    assert route.need is not None
    permission = route.need.by_method.get("POST")
    return roles_with(permission)[0] if permission else Role.COORDINATOR


def faults(registry: Registry, ask: Any, method: str) -> tuple[int, list[str]]:
    """How many requests were made with a text somewhere in them, and which were a fault. Every second address
    is asked on each engine, so that the two runs of the tests ask them all, and with every third text."""
    asked, wrong, names = 0, [], cycle(NAMES if method == "GET" else FIELDS)
    mine = 0 if connection.vendor == "sqlite" else 1
    for number, route in enumerate(routes()):
        if number % 2 != mine or route.need is None or method not in route.need.by_method:
            continue
        target = targets_of(route, registry)[0]
        who = reader_of(route) if method == "GET" else writer_of(route)
        for text in TEXTS[number // 2 % 3 :: 3]:
            name = next(names)
            asked += 1
            url, data = target.url, {name: text}
            if method == "GET":
                url, data = f"{url}?{urlencode({name: text}, errors='surrogatepass')}", None
            elif any("\ud800" <= letter <= "\udfff" for letter in text):
                data = {name: text.encode("utf-8", "surrogatepass")}
            answer = ask(who, OWN, method, url, data, raises=False)
            if answer.status_code >= 500:
                wrong.append(f"{method} {route.address} {name}={text[:40]!r}: {answer.status_code}")
    return asked, wrong


def test_no_query_and_no_form_is_answered_by_a_fault(registry: Registry, ask: Any) -> None:
    asked, wrong = faults(registry, ask, "GET")
    more, also = faults(registry, ask, "POST")
    assert wrong + also == []
    assert asked + more >= 1000  # on each of the two engines
    assert connection.is_usable()


@pytest.mark.parametrize("text", [text for text in TEXTS if text.strip()])
def test_no_name_in_an_address_is_answered_by_a_fault(registry: Registry, ask: Any, text: str) -> None:
    for name in ("subject", "trail", "dictionary", "study-file", "set-password"):
        try:
            url = reverse(name, args=[text])
        except (NoReverseMatch, UnicodeEncodeError):
            continue
        assert ask(Role.COORDINATOR, OWN, "GET", url, raises=False).status_code < 500, name
