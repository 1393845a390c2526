"""The registry as gunicorn serves it, to programs that keep no connection."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests import services
from tests.analytics.workers import until
from tests.conftest import ROOT, Registry


@contextmanager
def web_server(registry: Registry) -> Iterator[str]:
    """The address of the registry, while it is served."""
    address = f"http://127.0.0.1:{services.free_port()}"
    bind = f"--bind={address.removeprefix('http://')}"
    command = [sys.executable, "-m", "gunicorn", "trial.wsgi", bind, "--worker-class=gthread"]
    log = registry.home / "web.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [*command, "--workers=2", "--threads=8", "--no-control-socket"],
            cwd=ROOT,
            env={**os.environ, **registry.env},
            stdout=out,
            stderr=out,
        ) as served,
    ):
        try:
            until(lambda: answers(address))
            yield address
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
