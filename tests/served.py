"""The registry as a site serves it: gunicorn, with the settings of production, on the database of the test.

What `live_server` leaves out is what counts on the wire: hashed names that may be kept for ever, and files
that are compressed. TLS ends before it, so a browser says by `BEHIND_TLS` what the proxy would say.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60.0
BEHIND_TLS = {"X-Forwarded-Proto": "https"}
SESSION_COOKIE = "__Host-session"


def _environment(home: Path) -> dict[str, str]:
    """Of a production that reads the database of this test, with its keys: so its sessions hold here, too."""
    keys = settings.CHIMERA_HOME / "keys"
    secrets = {f"CHIMERA_{key.upper()}_FILE": str(keys / key) for key in ("secret_key", "identity_key")}
    secrets |= {f"CHIMERA_{key.upper()}_FILE": str(keys / key) for key in ("second_factor_key", "seal_key")}
    own = {"CHIMERA_PRODUCTION": "yes", "CHIMERA_HOME": str(home), "CHIMERA_HOSTS": "localhost"}
    database = {"DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHIMERA_")}
    return kept | secrets | own | database | {"DJANGO_SETTINGS_MODULE": "trial.settings"}


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of the registry, which runs until the block ends."""
    environment = _environment(home)
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(collect, cwd=ROOT, env=environment, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    gunicorn = shutil.which("gunicorn", path=str(Path(sys.executable).parent)) or "gunicorn"
    command = [gunicorn, "trial.wsgi", "--config=deploy/gunicorn.conf.py", f"--bind=127.0.0.1:{port}"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--workers=1"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            _wait_for(f"http://localhost:{port}/sign-in/", process, home / "log")
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(urllib.request.Request(address, headers=BEHIND_TLS), timeout=5).close()
        except OSError:  # not there yet, or slow
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"gunicorn did not start:\n{log.read_text(errors='replace')[-4000:]}")
