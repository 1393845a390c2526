"""Fifty coordinators who save, beside what Django and simple-history alone would do for them (B4).

`python -m benchmarks.saving_together [SECONDS]`, for PostgreSQL after `python -m tests.services`. Each
coordinator has a response page of her own (31 items), which she looks at, changes in two items and sends as
a whole, without a pause. Chimera and the plain view (`benchmarks/plain`) are served in turn by gunicorn with
two processes, from one database; the clients run on the same machine. The processor is that of the web
processes for a look and a save. A fault is any answer but the wanted
one; saves that were acknowledged are counted in the database.
"""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import COORDINATORS, ROOT, Client, Coordinator, Measured, served

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-bench-"))

SETTINGS = {"Chimera": "trial.settings", "plain": "benchmarks.plain.settings"}
ROUNDS, WARM_S = 3, 2.0
COLUMNS = (
    "served by",
    "saves a second",
    "p50, ms",
    "p95, ms",
    "ms of a processor each",
    "faults",
    "locked",
    "lost",
)


@dataclass
class Side:
    """What one side came to in a round."""

    saves_a_second: float
    p50_ms: float
    p95_ms: float
    processor_ms: float
    faults: list[str]
    locked: int
    lost: int


def main(seconds: float) -> int:
    import django

    django.setup()
    from django.db import connection

    _migrate()
    pages, sessions = _filled()
    how = f"{COORDINATORS} coordinators, {ROUNDS} rounds of {seconds:.0f} s each in turn"
    print(f"{connection.vendor}, {how}; load before {os.getloadavg()[0]:.1f}\n", flush=True)
    found: dict[str, list[Side]] = {name: [] for name in SETTINGS}
    saved = {name: [0] * COORDINATORS for name in SETTINGS}
    for _round in range(ROUNDS):
        for name, sides in found.items():
            sides.append(measure(name, pages, sessions, saved[name], seconds))
    return report(found)


def _migrate() -> None:
    """The tables of both; those of the plain view, which name accounts, come after."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS["plain"]}
    command = [sys.executable, "manage.py", "migrate", "--run-syncdb", "--skip-checks", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


def _filled() -> tuple[list[int], list[str]]:
    """A page and a session for each coordinator."""
    from tests.patients.web import people
    from trial.people.roles import Role

    pages = [
        people.page_of(people.a_subject(f"HZ01-{number:03d}"), "RESP", "SCR").pk
        for number in range(COORDINATORS)
    ]
    members = [people.a_member(Role.COORDINATOR, name=f"coordinator.{n}") for n in range(COORDINATORS)]
    return pages, [str(people.signed_in(one).cookies["sessionid"].value) for one in members]


def measure(name: str, pages: list[int], sessions: list[str], saved: list[int], seconds: float) -> Side:
    """A round of one side. `saved` are the saves of each coordinator so far: what she sends next is new."""
    measured, over = Measured(), threading.Event()
    with served(DJANGO_SETTINGS_MODULE=SETTINGS[name]) as (place, web):
        everybody = [
            Coordinator(Client(place, measured).signed_in(session), f"/pages/{page}/", so_far)
            for page, session, so_far in zip(pages, sessions, saved, strict=True)
        ]
        threads = [threading.Thread(target=_repeat, args=(one, over, measured)) for one in everybody]
        for thread in threads:
            thread.start()
        time.sleep(WARM_S)
        measured.took.clear()
        spent = _processor_s(web)
        time.sleep(seconds)
        took, spent = sorted(measured.took["page saved"]), _processor_s(web) - spent
        over.set()
        for thread in threads:
            thread.join(timeout=120)
    faults = [f"{kind}: {told}" for kind, found in measured.faults.items() for told in found]
    saved[:] = [one.saved for one in everybody]
    lost = abs(_versions(name) - sum(saved))
    cut = statistics.quantiles(took, n=20) if len(took) > 1 else took * 19 or [0.0] * 19
    each_ms = spent / max(1, len(took)) * 1000
    return Side(len(took) / seconds, cut[9], cut[18], each_ms, faults, _locked(), lost)


def _processor_s(web: "subprocess.Popen[bytes]") -> float:
    """What the web processes have spent so far, which other work on the machine lengthens less."""
    children = Path(f"/proc/{web.pid}/task/{web.pid}/children").read_text(encoding="ascii").split()
    stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in children)
    return sum(int(one[11]) + int(one[12]) for one in stats) / os.sysconf("SC_CLK_TCK")


def _repeat(one: Coordinator, over: threading.Event, measured: Measured) -> None:
    while not over.is_set():
        try:
            one.work()
        except (OSError, http.client.HTTPException, KeyError) as failure:
            measured.faults["broken off"].append(repr(failure))
            return


def _versions(name: str) -> int:
    """How many saves the database has."""
    from django.db import connection

    asked = {
        "Chimera": "SELECT sum(version) FROM patients_page WHERE form_code = 'RESP'",
        "plain": "SELECT count(*) FROM plain_historicalplainresponse",
    }
    with connection.cursor() as cursor:
        cursor.execute(asked[name])
        return int(cursor.fetchone()[0] or 0)


def _locked() -> int:
    """How often the log of the server says that the database was locked."""
    log = Path(os.environ["CHIMERA_HOME"]) / "web.log"
    return log.read_text(encoding="utf-8", errors="replace").count("database is locked")


def report(found: dict[str, list[Side]]) -> int:
    for cells in (COLUMNS, ("---",) * len(COLUMNS)):
        print("|", " | ".join(cells), "|")
    for name, sides in found.items():
        medians = [statistics.median(getattr(one, what) for one in sides) for what in _MEDIANS]
        counts = [len([told for one in sides for told in one.faults])]
        counts += [sum(getattr(one, what) for one in sides) for what in ("locked", "lost")]
        told = (f"{medians[0]:.1f}", *(f"{one:.0f}" for one in medians[1:]), *map(str, counts))
        print("|", " | ".join((name, *told)), "|")
    pairs = zip(found["Chimera"], found["plain"], strict=True)
    ratios = [one.saves_a_second / other.saves_a_second for one, other in pairs]
    print(f"\nThroughput of Chimera, times that of the plain view: {statistics.median(ratios):.2f}")
    print("in each round:", ", ".join(f"{ratio:.2f}" for ratio in ratios))
    ours = found["Chimera"]
    for name, sides in found.items():
        for fault in sorted({told for one in sides for told in one.faults})[:5]:
            print(name, fault)
    return int(any(one.faults or one.locked or one.lost for one in ours))


_MEDIANS = ("saves_a_second", "p50_ms", "p95_ms", "processor_ms")

if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 8))
