"""What the source itself must not hold (SE-10, SE-12, SE-13)."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("trial", "patients", "analytics")
EVALUATES_TEXT = {"pandas", "numexpr", "pickle", "marshal", "shelve"}
FETCHING = {"requests", "httpx", "urllib3", "aiohttp", "http.client", "urllib.request", "ftplib", "socket"}
FETCHING |= {"boto3", "botocore"}
STORE = "trial/storage/bucket.py"
SEALER = "trial/trail/sealer.py"
EVALUATING = {"eval", "exec", "compile", "__import__"}
ON_TEXT = {"extra", "raw", "RawSQL", "mark_safe", "SafeString"}


@cache
def modules() -> list[tuple[str, ast.Module]]:
    """Each module of the product, parsed."""
    paths = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def imported(tree: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def called(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


@pytest.mark.requirement("SE-13")
def test_nothing_is_fetched_from_another_host() -> None:
    fetching = {name: imported(tree) & FETCHING for name, tree in modules() if imported(tree) & FETCHING}
    assert fetching == {SEALER: {"socket"}, STORE: {"boto3"}}, "and nothing but what was put there"
    families = set(re.findall(r"AF_\w+", (ROOT / SEALER).read_text(encoding="utf-8")))
    assert families == {"AF_UNIX"}, "it asks a process of this host alone"


@pytest.mark.requirement("SE-10")
def test_no_text_is_evaluated_and_no_sql_made_of_text() -> None:
    plain = [
        (name, node.func.id)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EVALUATING
    ]
    assert plain == []
    assert [(name, word) for name, tree in modules() for word in called(tree) if word in ON_TEXT] == []


@pytest.mark.requirement("SE-10")
def test_nothing_is_used_that_would_evaluate_text() -> None:
    """pandas evaluates the text of a query; pickle builds whatever it is given."""
    assert [
        (name, imported(tree) & EVALUATES_TEXT) for name, tree in modules() if imported(tree) & EVALUATES_TEXT
    ] == []


@pytest.mark.requirement("SE-10")
def test_bandit_finds_nothing() -> None:
    command = [sys.executable, "-m", "bandit", "-q", "-c", "pyproject.toml", "-ll", "-r", *ROOMS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout


@pytest.mark.requirement("SE-12")
def test_no_secret_stands_in_the_source() -> None:
    """Of what is under version control, but for lock files and translations, all hashes and words, and
    pictures."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.fail("not a checkout")
    left_out = ("requirements/", "locale/", "static/", "docs/images/", "docs/screenshots/")
    looked_at = [name for name in listed.stdout.split("\0") if name and not name.startswith(left_out)]
    command = [sys.executable, "-m", "detect_secrets.pre_commit_hook", *looked_at]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
