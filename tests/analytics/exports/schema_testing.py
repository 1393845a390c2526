"""schemathesis against a live server: it makes requests out of the document, good ones and bad ones, and
judges each answer by what the document says."""

import subprocess
import sys
from pathlib import Path

NAMED = """
[parameters]
"path.lock" = "latest"
"path.name" = "ADSL"
"path.suffix" = "csv"
"""
"""What the addresses name; anything made up is absent."""


def judged(url: str, key: str, folder: Path, among: str, *options: str) -> str:
    """What it says of the GET of the addresses that the pattern `among` finds. Raises AssertionError, with
    the report, where something is wrong."""
    config = folder / "schemathesis.toml"
    config.write_text(NAMED)
    program = Path(sys.executable).with_name("st")
    command = [
        str(program), "--config-file", str(config), "run", f"{url}/api/v1/schema", "--url", url,
        "--header", f"Authorization: Token {key}", "--include-path-regex", among,
        "--exclude-method", "POST", "--exclude-method", "DELETE", "--checks", "all",
        "--no-color", "--generation-deterministic",
    ]  # fmt: skip
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2000:]
    return done.stdout
