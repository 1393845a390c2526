"""A waiting run for a snapshot, and the version of what will compute it."""

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from analytics.locks.models import Snapshot
from analytics.runs.models import CODES, Run, RunState
from trial import __version__
from trial.protocol.in_force import in_force

_ROOT = Path(__file__).resolve().parent.parent.parent
# What the numbers depend on: the definitions, the estimators, the engines, the declarations.
_COMPUTING = (
    "analytics/datasets",
    "analytics/endpoints",
    "analytics/survival",
    "analytics/bootstrap.py",
    "analytics/locks",
    "patients/casebook",
    "patients/entry/derive.py",
    "patients/forms",
    "patients/grading",
    "patients/items",
    "trial/protocol",
)
_LIBRARIES = ("numpy", "scipy", "polars")


@cache
def sources_digest() -> str:
    """SHA-256 over the source of everything that the numbers depend on, and the versions of its libraries."""
    return digest_of(_COMPUTING)


def digest_of(places: tuple[str, ...]) -> str:
    """The same over the source of these files and folders, as they are named from the root of the project."""
    digest = hashlib.sha256()
    for file in _files(places):
        digest.update(file.relative_to(_ROOT).as_posix().encode())
        digest.update(file.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()


def _files(places: tuple[str, ...]) -> list[Path]:
    roots = [_ROOT / place for place in places]
    found = [file for root in roots for file in (root.rglob("*") if root.is_dir() else [root])]
    return sorted(file for file in found if file.suffix in (".py", ".json"))


def code_version(configuration: dict[str, str]) -> str:
    """The version of the code together with the configuration that it is given."""
    told = json.dumps(configuration, sort_keys=True)
    return hashlib.sha256(f"{sources_digest()}{told}".encode()).hexdigest()


def run_of(snapshot: Snapshot, codes: str = "") -> Run:
    """The run of a snapshot by this code and what is in force beside it, with the codes of its terms that are
    sealed under a hash, if any are; a new one waits."""
    configuration = {**in_force(), CODES: codes} if codes else in_force()
    run, _ = Run.objects.get_or_create(
        snapshot=snapshot,
        code_version=code_version(configuration),
        defaults={"configuration": configuration},
    )
    return run


def waiting_run(snapshot: Snapshot, codes: str = "") -> Run:
    """As `run_of`; a run that failed or was cancelled waits again."""
    run = run_of(snapshot, codes)
    if queue_again(run):
        run.refresh_from_db()
    return run


def queue_again(run: Run) -> bool:
    """Let a run that failed or was cancelled wait again; whether it was one."""
    ended = Run.objects.filter(pk=run.pk, state__in=(RunState.FAILED, RunState.CANCELLED))
    return bool(ended.update(state=RunState.QUEUED, error="", traceback="", finished_at=None, progress={}))


def environment() -> dict[str, str]:
    """The versions of what computes here."""
    found = {name: version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), "chimera": __version__, "system": platform.system(), **found}
