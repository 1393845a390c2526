"""Running the quick-starts of the documentation against a registry that is served."""

import os
import subprocess
from pathlib import Path

from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "quickstart"


def said(program: str, script: Path, url: str, token: str) -> str:
    """What a quick-start prints."""
    own = {"CHIMERA_URL": url, "CHIMERA_TOKEN": token, "NO_PROXY": "*"}
    told = subprocess.run([program, str(script)], env=os.environ | own, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return told.stdout
