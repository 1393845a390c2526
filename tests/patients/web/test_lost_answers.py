"""A save is done, and its answer never arrives: sent again, it is answered as it was, and nothing is done
twice (F24)."""

import http.client
import os
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse

from patients.casebook.page import Page
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.patients.web.cut_line import Line
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("DI-02")]
DROPS = int(os.environ.get("DROPS", "10"))  # 1,000 in `make faults`


class Program:
    """A browser without scripts, or a program: it keeps cookies, and a connection for each request."""

    def __init__(self, line: Line, session: str) -> None:
        self._place = line.url.removeprefix("http://")
        self._cookies = {"sessionid": session}

    def ask(self, method: str, url: str, form: dict[str, list[str]] | None = None) -> HttpResponse:
        connection = http.client.HTTPConnection(self._place, timeout=10)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, url, urlencode(form or {}, doseq=True), headers)
        try:
            answer = connection.getresponse()
            for cookie in answer.msg.get_all("Set-Cookie", []):
                name, _sign, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            told = {"Location": answer.getheader("Location", "")}
            return HttpResponse(answer.read(), status=answer.status, headers=told)
        finally:
            connection.close()


@pytest.fixture
def page() -> Page:
    return people.page_of(people.a_subject(), "RESP", "SCR")


@pytest.fixture
def line(live_server) -> Iterator[Line]:
    line = Line(live_server.thread.host, live_server.thread.port)
    yield line
    line.cut()


def saves() -> int:
    return TrailEvent.objects.filter(action="page.saved", form="RESP").count()


def test_what_is_sent_again_is_answered_as_it_was_and_done_once(
    line: Line, page: Page, tried: Callable[[int], None]
) -> None:
    tried(DROPS)
    lin = people.signed_in(people.a_member(Role.COORDINATOR, name="lin.qiao"))
    program, url = Program(line, lin.cookies["sessionid"].value), page.get_absolute_url()
    for number in range(1, DROPS + 1):
        why = {"mol_marker__reason": "late_source"} if number > 1 else {}
        form = form_of(program.ask("GET", url), mol_marker=f"M{number}", **why)
        line.loses_answers = True
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            program.ask("POST", url, form)
        assert saves() == number, "it was done"
        line.loses_answers = False
        again = program.ask("POST", url, form)
        assert (again.status_code, again["Location"]) == (302, url)
        shown = program.ask("GET", url).content.decode()
        assert f"Saved as version {number}: 1 item changed." in shown
    assert saves() == DROPS
