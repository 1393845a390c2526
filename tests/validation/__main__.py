"""`python -m tests.validation OUT.zip [REPORT_OF_SQLITE REPORT_OF_POSTGRESQL]`: writes the validation pack.

Without reports it runs all tests on both engines first. All of it comes from the run and the repository:

    summary.json       when, which commit, how many tests, on what
    requirements.csv   what is asked
    risks.csv          what could go wrong, and which of the requirements against it were not shown
    matrix.csv         requirement, test, engine, outcome
    evidence/          the reports of the runs
    installation.json  `check_installation` of a registry that was just made
    packages.txt       what is installed, and its versions
    limits.md          what each decision says of its own limits

Exit 0 if every requirement has tests and all of them passed, else 1.
"""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from tests.risks import judged
from tests.tracing import requirements
from tests.validation.evidence import ENGINES, Shown, matrix, read, without_a_passing_test

ROOT = Path(__file__).resolve().parents[2]
PYTEST = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder"]


def run_tests(folder: Path) -> list[Path]:
    """A report for each engine; what fails stands in it."""
    reports = [folder / f"{engine}.xml" for engine in ENGINES]
    here = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    for report, before in zip(reports, ([], [sys.executable, "-m", "tests.services"]), strict=True):
        command = [*before, *PYTEST, "-p", "tests.tracing", f"--junitxml={report}"]
        subprocess.run(command, cwd=ROOT, env=here, check=False, stdout=sys.stderr)
    return reports


def pack(out: Path, reports: list[Path]) -> list[str]:
    """Write the pack; the requirements without a passing test."""
    shown = [each for engine, path in zip(ENGINES, reports, strict=True) for each in read(path, engine)]
    table = requirements()
    lacking = without_a_passing_test(table, shown)
    files = {
        "summary.json": json.dumps(summary(shown, lacking), indent=1, sort_keys=True),
        "requirements.csv": (ROOT / "tests" / "requirements.csv").read_text(encoding="utf-8"),
        "risks.csv": judged(lacking),
        "matrix.csv": matrix(table, shown),
        "installation.json": installation(),
        "packages.txt": packages(),
        "limits.md": limits(),
        **{f"evidence/{path.name}": path.read_text(encoding="utf-8") for path in reports},
    }
    sums = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in files.items())
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**files, "SHA256SUMS": sums}.items():
            archive.writestr(name, text)
    return lacking


def summary(shown: list[Shown], lacking: list[str]) -> dict[str, object]:
    counts = {engine: Counter(each.outcome for each in shown if each.engine == engine) for engine in ENGINES}
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "changed_since_commit": _git("status", "--porcelain", "--untracked-files=no").splitlines(),
        "tests": counts,
        "requirements_without_a_passing_test": lacking,
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def installation() -> str:
    """What `check_installation` finds of a registry that was just made."""
    with tempfile.TemporaryDirectory(prefix="chimera-iq-") as home:
        own = {**os.environ, "CHIMERA_HOME": home, "DJANGO_SETTINGS_MODULE": "trial.settings"}
        own.pop("DATABASE_URL", None)
        command = [sys.executable, "manage.py"]
        subprocess.run([*command, "migrate", "--verbosity=0"], cwd=ROOT, env=own, check=True)
        looked = [*command, "check_installation", "--json"]
        return subprocess.run(looked, cwd=ROOT, env=own, check=False, capture_output=True, text=True).stdout


def packages() -> str:
    found = {f"{each.metadata['Name']}=={each.version}" for each in distributions()}
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def limits() -> str:
    """The paragraphs of the decisions that begin with their limits."""
    found = []
    for path in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        title, paragraphs = text.splitlines()[0], re.split(r"\n\n+", text)
        found += [f"{title}\n\n{one}\n" for one in paragraphs if re.match(r"\*\*Limits?", one)]
    return "\n".join(found)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 3):
        sys.exit(
            f"usage: python -m tests.validation OUT.zip [{' '.join(ENGINES)}: the reports of their runs]"
        )
    out, *reports = map(Path, arguments)
    with tempfile.TemporaryDirectory(prefix="chimera-validation-") as folder:
        lacking = pack(out, reports or run_tests(Path(folder)))
    sys.stdout.write(f"{out}: requirements without a passing test: {', '.join(lacking) or 'none'}\n")
    return bool(lacking)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
