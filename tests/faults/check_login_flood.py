"""A thousand wrong passwords for fifty names: few reach the hasher, and who is meant gets in (F19)."""

import http.client
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.conftest import Registry
from tests.faults.judge import judge
from tests.faults.web import Web, web_server

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AC-11")]
GUESSES = int(os.environ.get("GUESSES", "24"))  # 1,000 in `make faults`
NAMES, ADDRESSES, MOST_OF_NAME, MOST_OF_ADDRESS = 50, 10, 5, 30
PASSWORD = "correct horse battery staple"  # pragma: allowlist secret
PEOPLE = """
from tests.patients.web import people
from trial.people.roles import Role
for number in range({names} + 1):
    people.a_member(Role.COORDINATOR, name=f"person.{{number}}")
"""
COUNT = """
from trial.trail.models import TrailEvent
for action in ("sign_in.refused", "sign_in.locked"):
    print(TrailEvent.objects.filter(action=action).count())
"""
A_QUARTER_OF_AN_HOUR_LATER = """
from datetime import timedelta
from axes.models import AccessAttempt
from django.db.models import F
AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=16))
"""


def sign_in(web: Web, name: str, password: str, *, from_: str) -> int:
    """The status that who asks from this address is answered with; 302 is in."""
    place = web.address.removeprefix("http://")
    connection = http.client.HTTPConnection(place, timeout=60, source_address=(from_, 0))
    try:
        connection.request("GET", "/sign-in/")
        shown = connection.getresponse()
        token = re.search(rb'csrfmiddlewaretoken" value="(\w+)"', shown.read())
        cookies = "; ".join(line.partition(";")[0] for line in shown.msg.get_all("Set-Cookie", []))
        sent = {"login": name, "password": password, "csrfmiddlewaretoken": token[1].decode()}
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/sign-in/", urlencode(sent), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_few_guesses_are_looked_at_and_nobody_is_kept_out_for_long(
    registry: Registry, tried: Callable[..., None]
) -> None:
    registry.run("shell", "--verbosity=0", "-c", PEOPLE.format(names=NAMES))
    with web_server(registry) as web:

        def guess(number: int) -> int:
            address = f"127.0.0.{2 + number % ADDRESSES}"
            return sign_in(web, f"person.{number % NAMES}", f"guess {number}", from_=address)

        with ThreadPoolExecutor(8) as pool:
            answered = list(pool.map(guess, range(GUESSES)))
        assert set(answered) <= {200, 429}
        refused, locked = map(int, registry.run("shell", "--verbosity=0", "-c", COUNT).stdout.split())
        assert refused <= min(NAMES * MOST_OF_NAME, ADDRESSES * MOST_OF_ADDRESS) + 16, "eight ask at once"
        assert answered.count(200) <= refused
        assert sign_in(web, f"person.{NAMES}", PASSWORD, from_="127.0.0.1") == 302, (
            "nobody guessed at this one"
        )
        registry.run("shell", "--verbosity=0", "-c", A_QUARTER_OF_AN_HOUR_LATER)
        assert sign_in(web, "person.0", PASSWORD, from_="127.0.0.1") == 302, "locked for 15 minutes at most"
    assert locked <= NAMES + ADDRESSES
    bad = judge(registry)
    tried(GUESSES, bad=len(bad))
    assert bad == []
