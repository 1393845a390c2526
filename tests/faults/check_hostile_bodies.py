"""Bodies that no honest client sends, to gunicorn itself: refused, in steady memory (F17)."""

import http.client
import io
import os
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Registry
from tests.faults.judge import judge
from tests.faults.web import Web, web_server

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SE-05")]
BODIES = int(os.environ.get("BODIES", "60"))  # 5,000 in `make faults`
MOST_GROWTH_KB = 200 * 1024
SOMEBODY = """
from tests.patients.web import people
from trial.people.roles import Role
print(people.page_of(people.a_subject(), "RESP", "SCR").pk)
for role in (Role.COORDINATOR, Role.DATA_MANAGER):
    print(people.signed_in(people.a_member(role)).cookies["sessionid"].value)
"""
JSON, ZIP, XML, FORM = (
    "application/json",
    "application/zip",
    "application/xml",
    "application/x-www-form-urlencoded",
)
TEXTS = (
    "\\u0000", "\\ud800", "\\u202e\\u200b", "9" * 5000, "NaN", "1e999", "' OR 1=1 --", "${7*7}", "../" * 50,
    "中" * 1000, "\\n", "=cmd|' /C calc'!A0", "<script>",
)  # fmt: skip


def bomb(entries: int, name: str = "DM.csv") -> bytes:
    """So many megabytes of nothing, packed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"\0" * (entries << 20))
    return packed.getvalue()


def laughs() -> bytes:
    """Ten names, each ten times the one before."""
    entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><x>&a9;</x>'.encode()


def large(page: str) -> Iterator[tuple[str, str, bytes]]:
    """Where to, as what, and what."""
    yield f"/api/v1/pages/{page}", JSON, b'{"base_version": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    yield f"/api/v1/pages/{page}", JSON, b'{"rows": {"": {"mol_marker": "' + b"x" * (64 << 20) + b'"}}}'
    yield "/sign-in/", FORM, b"login=" + b"x" * (64 << 20)
    yield "/sign-in/", FORM, b"&".join(b"a%d=1" % number for number in range(200_000))
    yield "/api/v1/imports/casebook", ZIP, bomb(256)
    yield "/api/v1/imports/casebook", ZIP, bomb(1, "../../etc/passwd")
    yield "/api/v1/imports/casebook", ZIP, b"PK\x03\x04" + b"\0" * 1000
    yield "/api/v1/imports/casebook", ZIP, b"\0" * (32 << 20)
    yield "/api/v1/imports/odm", XML, laughs()
    yield "/api/v1/imports/odm", XML, b"<a>" * 100_000
    yield "/api/v1/imports/odm", XML, b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'


def by_chance(page: str, number: int) -> Iterator[tuple[str, str, bytes]]:
    """JSON in which anything stands anywhere."""
    drawn = random.Random(1)
    for _body in range(number):
        text = drawn.choice(TEXTS)
        item = drawn.choice(("mol_marker", "bm_blast", "resp_dt", "bm_done", text))
        version = drawn.choice(("0", "-1", "1e5", "null", '"0"', "9" * 4000))
        body = f'{{"base_version": {version}, "rows": {{"": {{"{item}": "{text}"}}}}}}'
        yield f"/api/v1/pages/{page}", JSON, body.encode()[: drawn.choice((None, None, 30))]


def status_of(web: Web, session: str, where: str, kind: str, body: bytes) -> int:
    """What is answered; 0 where the line is closed before all has been sent, which refuses it, too."""
    connection = http.client.HTTPConnection(web.address.removeprefix("http://"), timeout=60)
    token = "t" * 32
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={token}",
        "X-CSRFToken": token,
        "Content-Type": kind,
    }
    try:
        connection.request("POST", where, body, headers)
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 0
    finally:
        connection.close()


def memory_kb(web: Web) -> int:
    """Of all that answer."""
    status = [Path(f"/proc/{pid}/status").read_text() for pid in web.workers]
    return sum(int(line.split()[1]) for text in status for line in text.splitlines() if "VmRSS" in line)


def test_no_body_is_answered_by_a_fault_or_kept_in_memory(
    registry: Registry, tried: Callable[..., None]
) -> None:
    told = registry.run("shell", "--verbosity=0", "-c", SOMEBODY).stdout.split()
    page, coordinator, manager = told
    with web_server(registry) as web:
        bodies = [*large(page), *by_chance(page, BODIES)]
        before, bad = memory_kb(web), []
        for where, kind, body in bodies:
            who = coordinator if "pages" in where else manager
            status = status_of(web, who, where, kind, body)
            if status >= 500 or (status and status < 400 and "imports" in where):
                bad.append(f"{where} {body[:60]!r}: {status}")
        grown = memory_kb(web) - before
    if grown > MOST_GROWTH_KB:
        bad.append(f"{grown} kB more in memory")
    bad += judge(registry)
    tried(len(bodies), bad=len(bad))
    assert bad == []
