"""sqlmap, wapiti and ffuf find what they look for in a careless application, and nothing here (F17)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.attacks.control import careless
from tests.patients.entry import desk
from tests.patients.web import people
from tests.served import BEHIND_TLS, served
from trial.people.roles import Role

ASKED = (
    "/trail/?subject=HZ01-001&user=test&words=a",
    "/subjects/?site=HZ01&q=a",
    "/queries/?subject=HZ01-001&state=open",
)
"""Lists with filters, each with rows behind it: a blind injection shows in what is found."""
OPEN_TO_STRANGERS = {"sign-in", "health", "static"}
WORDS = Path("/usr/share/dirb/wordlists/common.txt")
pytestmark = pytest.mark.django_db(transaction=True)


def needs(tool: str) -> str:
    return shutil.which(tool) or pytest.fail(f"{tool} is not there: scripts/bring attacks", pytrace=False)


@pytest.fixture
def session(live_server: LiveServer) -> str:
    """The cookie of a data manager at a site with a subject, changes and queries."""
    subject = desk.infused()
    desk.save(desk.logged(subject, "AE"), rows={"1": {"ae_term": "fever"}})
    manager = people.signed_in(people.a_member(Role.DATA_MANAGER))
    return f"sessionid={manager.cookies['sessionid'].value}"


def sqlmap(url: str, folder: Path, *more: str) -> str:
    command = [needs("sqlmap"), "-u", url, "--batch", "--level=2", "--dbms=sqlite", "--flush-session"]
    command += [
        "--skip=cookie,user-agent,referer,host",
        "--technique=BEU",
        "--threads=2",
        f"--output-dir={folder}",
    ]
    return subprocess.run([*command, *more], capture_output=True, text=True, check=False, timeout=900).stdout


def wapiti(url: str, folder: Path, *more: str) -> dict[str, list[object]]:
    """What was found, by kind."""
    report = folder / "wapiti.json"
    command = [
        needs("wapiti"),
        "-u",
        url,
        "--scope",
        "folder",
        "-m",
        "sql,blindsql,xss,exec,file,crlf,redirect",
    ]
    command += ["--flush-session", "--max-scan-time", "60", "--max-attack-time", "15", "-d", "1"]
    command += ["-f", "json", "-o", str(report), "--store-session", str(folder)]
    done = subprocess.run([*command, *more], capture_output=True, text=True, check=False, timeout=900)
    assert report.exists(), done.stdout + done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))["vulnerabilities"]
    return {kind: many for kind, many in found.items() if many}


def test_no_filter_is_injected(live_server: LiveServer, session: str, tmp_path: Path) -> None:
    with careless() as control:
        assert "is vulnerable" in sqlmap(f"{control}/search?q=a", tmp_path / "control")
    for path in ASKED:
        said = sqlmap(f"{live_server.url}{path}", tmp_path / "here", f"--cookie={session}")
        assert "all tested parameters do not appear to be injectable" in said, said[-3000:]


def test_nothing_reflects_or_runs(live_server: LiveServer, session: str, tmp_path: Path) -> None:
    with careless() as control:
        assert "Cross Site Scripting" in wapiti(f"{control}/", tmp_path)
    assert wapiti(f"{live_server.url}/trail/?words=a", tmp_path, "-H", f"Cookie: {session}") == {}


def test_a_stranger_finds_the_sign_in_alone(tmp_path: Path) -> None:
    """As a site serves it: the live server of tests also serves the folder that it runs in."""
    report = tmp_path / "ffuf.json"
    with served(tmp_path) as url:
        command = [needs("ffuf"), "-u", f"{url}/FUZZ/", "-w", str(WORDS), "-t", "8", "-s"]
        command += [*(part for name, text in BEHIND_TLS.items() for part in ("-H", f"{name}: {text}"))]
        asked = subprocess.run(
            [*command, "-mc", "200,201,204,401,405,500,502,503", "-o", str(report), "-of", "json"],
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
    assert report.exists(), asked.stderr
    found = json.loads(report.read_text(encoding="utf-8"))["results"]
    assert {one["input"]["FUZZ"].strip("/") for one in found} <= OPEN_TO_STRANGERS | {""}, found
