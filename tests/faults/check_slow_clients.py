"""Hundreds of clients that never come to an end, in front of nginx as a site has it: others are served (F18).

Needs nginx and slowhttptest.
"""

import os
import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import services
from tests.analytics.workers import until
from tests.conftest import ROOT, Registry
from tests.faults.judge import judge
from tests.faults.web import web_server

pytestmark = pytest.mark.django_db
SLOW_CLIENTS = int(os.environ.get("SLOW_CLIENTS", "200"))  # 500 in `make faults`
SECONDS = 15
WAYS = {"headers": ["-H"], "bodies": ["-B"], "reading": ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32"]}
FRAME = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def certificate(folder: Path) -> None:
    """For one day, by ourselves."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", folder / "tls_key", "-out", folder / "tls_certificate"],
        check=True, capture_output=True,
    )  # fmt: skip


@contextmanager
def front(web: str, folder: Path) -> Iterator[str]:
    """The address of nginx with the file that a site takes; names, ports and places are those of the test."""
    certificate(folder)
    port = services.free_port()
    site = (ROOT / "deploy" / "nginx-host.conf").read_text()
    for shipped, ours in {
        "listen 80;": f"listen 127.0.0.1:{services.free_port()};",
        "listen 443": f"listen 127.0.0.1:{port}",
        "registry.example.org": "localhost",
        "/etc/chimera": str(folder),
        "http://127.0.0.1:8000": web,
    }.items():
        assert shipped in site
        site = site.replace(shipped, ours)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    with subprocess.Popen([program, "-c", folder / "nginx.conf", "-e", folder / "error.log"]) as nginx:
        address = f"https://localhost:{port}"
        try:
            until(lambda: is_served(address))
            yield address
        finally:
            nginx.terminate()


def is_served(address: str) -> bool:
    trusting = ssl._create_unverified_context()
    try:
        with urllib.request.urlopen(f"{address}/sign-in/", timeout=10, context=trusting) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def slow_clients(address: str, way: list[str]) -> Iterator[None]:
    """So many of them, until the block ends."""
    many = ["-c", str(SLOW_CLIENTS), "-r", "200", "-i", "5", "-l", str(SECONDS + 30), "-x", "24"]
    command = [
        "slowhttptest",
        *way,
        *many,
        "-u",
        f"{address}/sign-in/",
        "-t",
        "POST" if "-B" in way else "GET",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as slow:
        time.sleep(SLOW_CLIENTS / 200 + 1)
        assert slow.poll() is None
        yield
        slow.terminate()


def test_others_are_served_while_hundreds_are_slow(
    registry: Registry, tmp_path: Path, tried: Callable[..., None]
) -> None:
    asked, missed = 0, 0
    hosts = {"CHIMERA_HOSTS": "localhost,127.0.0.1"}
    with web_server(registry, **hosts) as web, front(web.address, tmp_path) as address:
        for way in WAYS.values():
            with slow_clients(address, way):
                end = time.monotonic() + SECONDS
                while time.monotonic() < end:
                    asked += 1
                    missed += not is_served(address)
                    time.sleep(0.1)
    bad = judge(registry)
    tried(asked, bad=missed + len(bad))
    assert (missed, bad) == (0, [])
