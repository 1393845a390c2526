"""Fifty coordinators, monitors and an export for minutes: what goes through, how long each waits (B4, F13).

`python -m tests.services python -m benchmarks.load [SECONDS] [SUBJECTS]`: on a PostgreSQL of its own, the
registry served by gunicorn as a site has it. A coordinator looks at the response page of a subject of her
own (31 items), changes values and sends the whole form; a monitor looks at the trail and at the list of
subjects by turns; a program reads all values by REST, again and again. Nobody pauses. One subject is entered
by the acts of the registry; the others are copies of it and of its rows by SQL, without a history.

Exits with 1 where an answer was a fault, or a save that was acknowledged is not there.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-load-"))

ROOT = Path(__file__).resolve().parents[1]
COORDINATORS, MONITORS, SAMPLED_EVERY_S = 50, 4, 5.0
COLUMNS = ("what", "requests", "a second", "p50, ms", "p95, ms", "p99, ms", "faults")
BLASTS = ("1.0", "2.0", "3.0", "4.0")


@dataclass
class Measured:
    """What was answered, by kind: how long each took, and what was a fault."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    memory_mib: list[float] = field(default_factory=list)

    def note(self, kind: str, seconds: float, status: int, wanted: int) -> None:
        self.took[kind].append(seconds * 1000)
        if status != wanted:
            self.faults[kind].append(str(status))


class Client:
    """A browser without scripts, or a program: one connection that is kept, one set of cookies."""

    def __init__(self, place: str, measured: Measured, **headers: str) -> None:
        self._connection = http.client.HTTPConnection(place, timeout=60)
        self._headers, self._cookies, self._measured = headers, dict[str, str](), measured

    def signed_in(self, session: str) -> "Client":
        self._cookies["sessionid"] = session
        return self

    def ask(self, kind: str, url: str, form: dict[str, list[str]] | None = None) -> str:
        """The text of the answer, which is measured; a form is answered by a way on."""
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {**self._headers, "Cookie": cookies}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began, body = time.perf_counter(), urlencode(form, doseq=True) if form is not None else None
        self._connection.request("POST" if form is not None else "GET", url, body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        self._measured.note(
            kind, time.perf_counter() - began, answer.status, 302 if form is not None else 200
        )
        for cookie in answer.msg.get_all("Set-Cookie", []):
            name, _sign, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return text


# --- who asks --------------------------------------------------------------------------------------------
@dataclass
class Coordinator:
    """She saves one page again and again: three items change each time, with their reasons."""

    client: Client
    url: str
    saved: int = 0

    def work(self) -> None:
        from django.http import HttpResponse

        from tests.patients.web.browser_form import form_of

        shown = HttpResponse(self.client.ask("page shown", self.url))
        changed = {"bm_blast": BLASTS[self.saved % 4], "mol_marker": f"M{self.saved}"}
        reasons = {f"{name}__reason": "late_source" for name in changed}
        faults = len(self.client._measured.faults["page saved"])
        self.client.ask("page saved", self.url, form_of(shown, **changed, **reasons))
        self.saved += len(self.client._measured.faults["page saved"]) == faults


def monitor(client: Client) -> Callable[[], None]:
    def work() -> None:
        client.ask("trail", "/trail/")
        client.ask("subjects", "/subjects/")

    return work


def program(client: Client) -> Callable[[], None]:
    def work() -> None:
        told = json.loads(client.ask("export, a part", "/api/v1/items"))
        while following := told["next"]:
            told = json.loads(client.ask("export, a part", "/" + following.split("/", 3)[3]))

    return work


# --- the registry ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Filled:
    """The pages that are saved, sessions of coordinators and monitors, the key of a program."""

    pages: list[int]
    coordinators: list[str]
    monitors: list[str]
    key: str


def fill(subjects: int) -> Filled:
    from benchmarks.showing import a_page, answer_wholly, copy_subject
    from patients.casebook.page import Page
    from tests.patients.web import people
    from trial.people.models import Site
    from trial.people.roles import Permission, Role
    from trial.people.tokens import Dates, issue_token

    page, _client = a_page()
    answer_wholly(page)
    copy_subject(page.subject_id, 2, subjects)
    copy_rows(page.subject_id, 2, subjects)
    found = Page.objects.filter(form_code="RESP", visit__code=page.visit_code).order_by("pk")
    rights = [Permission.READ, Permission.EXPORT]
    sites = list(Site.objects.all())
    key = issue_token(
        "sponsor", by="load", sites=sites, permissions=rights, dates=Dates.TRUE, filing="2025-BGH-1"
    )

    def session(role: Role, number: int) -> str:
        member = people.a_member(role, name=f"{role.value}.{number}")
        return str(people.signed_in(member).cookies["sessionid"].value)

    return Filled(
        list(found.values_list("pk", flat=True)[:COORDINATORS]),
        [session(Role.COORDINATOR, number) for number in range(COORDINATORS)],
        [session(Role.MONITOR, number) for number in range(MONITORS)],
        key,
    )


def copy_rows(subject: int, first: int, last: int) -> None:
    """What stands on the pages of one subject, on those of its copies; numbers are free for what comes."""
    from django.apps import apps
    from django.db import connection, transaction

    from benchmarks.showing import NUMBER, _set_triggers_aside
    from patients.casebook.form import FormRow

    tables = [model for model in apps.get_models() if issubclass(model, FormRow)]
    with transaction.atomic(), connection.cursor() as cursor:
        _set_triggers_aside(cursor)
        for model in tables:
            columns = [f'"{column.column}"' for column in model._meta.concrete_fields]
            own = {'"id"': NUMBER, '"page_id"': NUMBER}
            values = ", ".join(
                own.get(name, f"source.{name}").format(name=f"source.{name}") for name in columns
            )
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {values} "
                f"FROM {model._meta.db_table} source JOIN patients_page page ON page.id = source.page_id, "
                f"generate_series({first}, {last}) n WHERE page.subject_id = {subject}"
            )
        for table in (
            "patients_subject",
            "patients_visit",
            "patients_page",
            *(m._meta.db_table for m in tables),
        ):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) + 1 FROM {table}))"
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


# --- the server ------------------------------------------------------------------------------------------
@contextmanager
def served(**environment: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """gunicorn with the file that a site takes."""
    from tests.faults.web import answers
    from tests.services import free_port

    place = f"127.0.0.1:{free_port()}"
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "trial.wsgi",
        "--config=deploy/gunicorn.conf.py",
        f"--bind={place}",
    ]
    log = Path(os.environ["CHIMERA_HOME"]) / "web.log"
    env = {**os.environ, **environment}
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out) as web:
        try:
            while not answers(f"http://{place}"):
                time.sleep(0.1)
            yield place, web
        finally:
            web.terminate()


def memory_mib(web: "subprocess.Popen[bytes]") -> float:
    """Of all processes that answer."""
    children = Path(f"/proc/{web.pid}/task/{web.pid}/children").read_text().split()
    status = "".join(Path(f"/proc/{pid}/status").read_text() for pid in children)
    return sum(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line) / 1024


def measure(filled: Filled, seconds: float) -> tuple[Measured, list[Coordinator]]:
    measured, over = Measured(), threading.Event()
    with served() as (place, web):
        coordinators = [
            Coordinator(Client(place, measured).signed_in(session), f"/pages/{page}/")
            for page, session in zip(filled.pages, filled.coordinators, strict=False)
        ]
        acts = [one.work for one in coordinators]
        acts += [monitor(Client(place, measured).signed_in(session)) for session in filled.monitors]
        acts.append(program(Client(place, measured, Authorization=f"Token {filled.key}")))

        def repeat(act: Callable[[], None]) -> None:
            while not over.is_set():
                try:
                    act()
                except (OSError, http.client.HTTPException, ValueError, KeyError) as failure:
                    measured.faults["broken off"].append(repr(failure))
                    return

        threads = [threading.Thread(target=repeat, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(SAMPLED_EVERY_S, left))
            measured.memory_mib.append(memory_mib(web))
        over.set()
        for thread in threads:
            thread.join(timeout=120)
    return measured, coordinators


def database_mib() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0]) / 2**20


def lost(filled: Filled, coordinators: list[Coordinator], before: dict[int, int]) -> int:
    """Saves that were acknowledged and are not there, or are there twice."""
    from patients.casebook.page import Page

    now = dict(Page.objects.filter(pk__in=filled.pages).values_list("pk", "version"))
    pairs = zip(filled.pages, coordinators, strict=False)
    return sum(abs(now[page] - before[page] - one.saved) for page, one in pairs)


def report(measured: Measured, seconds: float) -> None:
    for cells in (COLUMNS, ("---",) * len(COLUMNS)):
        print("|", " | ".join(cells), "|")
    for kind, took in sorted(measured.took.items()):
        cut = statistics.quantiles(took, n=100) if len(took) > 1 else took * 99
        numbers = (len(took) / seconds, cut[49], cut[94], cut[98])
        told = (f"{numbers[0]:.1f}", *(f"{number:.0f}" for number in numbers[1:]))
        print("|", " | ".join((kind, f"{len(took):,}", *told, str(len(measured.faults[kind])))), "|")
    memory = measured.memory_mib
    at = [memory[0], *(memory[len(memory) * part // 4] for part in (1, 2, 3)), memory[-1]]
    print("web processes, MiB at 0, 1/4, 1/2, 3/4 and the end:", ", ".join(f"{number:.0f}" for number in at))


def main(seconds: float, subjects: int) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from patients.casebook.page import Page

    call_command("migrate", verbosity=0)
    filled = fill(subjects)
    before = dict(Page.objects.filter(pk__in=filled.pages).values_list("pk", "version"))
    told = f"{Page.objects.count():,} pages of {subjects:,} subjects, {database_mib():,.0f} MiB"
    print(f"{told}; {seconds:.0f} s, load of the machine before {os.getloadavg()[0]:.1f}", flush=True)
    measured, coordinators = measure(filled, seconds)
    report(measured, seconds)
    missing = lost(filled, coordinators, before)
    faults = {kind: found for kind, found in measured.faults.items() if found}
    print(f"{sum(one.saved for one in coordinators)} saves acknowledged, {missing} lost or twice")
    for kind, found in faults.items():
        print(f"{kind}: {', '.join(found[:5])}")
    return int(bool(missing or faults))


def _given(number: int, otherwise: int) -> Any:
    return int(sys.argv[number]) if len(sys.argv) > number else otherwise


if __name__ == "__main__":
    sys.exit(main(_given(1, 180), _given(2, 5000)))
