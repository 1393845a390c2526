"""Fifty coordinators, monitors and an export at once: no fault, and no save lost (F13)."""

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import ROOT, Registry

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
LOAD_SECONDS = os.environ.get("LOAD_SECONDS", "10")  # 120 in `make faults`
SUBJECTS = "500"


def test_every_save_of_fifty_people_is_answered_and_kept(
    registry: Registry, tried: Callable[..., None]
) -> None:
    command = [sys.executable, "-m", "benchmarks.load", LOAD_SECONDS, SUBJECTS]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **registry.env}, capture_output=True, text=True, check=False
    )
    found = re.search(r"(\d+) saves acknowledged, (\d+) lost", done.stdout)
    assert found is not None, done.stderr
    tried(int(found[1]), bad=int(found[2]))
    assert done.returncode == 0, done.stdout
