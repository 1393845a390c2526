"""The registry as gunicorn serves it, to programs that keep no connection."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import services
from tests.analytics.workers import until
from tests.conftest import ROOT, Registry


@dataclass(frozen=True)
class Web:
    """Its address, its first process, and what it says."""

    address: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def workers(self) -> list[int]:
        """The processes that answer."""
        pid = self.process.pid
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def web_server(registry: Registry, *, before: Sequence[str] = (), **environment: str) -> Iterator[Web]:
    """The registry, while it is served, by a command that may stand behind another one."""
    address = f"http://127.0.0.1:{services.free_port()}"
    bind = f"--bind={address.removeprefix('http://')}"
    command = [*before, sys.executable, "-m", "gunicorn", "trial.wsgi", bind, "--worker-class=gthread"]
    log = registry.home / "web.log"
    with (
        log.open("ab") as out,
        subprocess.Popen(
            [*command, "--workers=2", "--threads=8", "--no-control-socket"],
            cwd=ROOT,
            env={**os.environ, **registry.env, **environment},
            stdout=out,
            stderr=out,
        ) as served,
    ):
        try:
            until(lambda: answers(address))
            yield Web(address, served, log)
        finally:
            served.terminate()


def answers(address: str) -> bool:
    """Whether a page that needs the database is shown."""
    try:
        with urllib.request.urlopen(f"{address}/sign-in/", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(url: str, session: str, body: object = None, key: str = "") -> Any:
    """What the API answers to who has this session. Raises OSError for anything but a good answer."""
    token = "t" * 32
    headers = {"Cookie": f"sessionid={session}; csrftoken={token}", "X-CSRFToken": token}
    headers |= {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=20) as answer:
        return json.loads(answer.read())
