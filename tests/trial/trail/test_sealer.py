"""The sealer holds the key for the others: they seal and sign through it, and never see the key."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.analytics.workers import until
from tests.conftest import ROOT, Registry
from trial.trail.sealer import SealerSilent, ask
from trial.trail.verify_archive import is_signed, text_of

VALUE = ("configure", "dlt_window_days", "--reason", "a test", "--approver", "nobody")
A_SEAL = {"number": 2, "first": 2, "last": 9, "count": 8, "root": "00", "previous": "11", "at": "", "key": ""}


class Sealed:
    """A registry whose processes do not have the key, and the socket at which the sealer answers."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.registry, self.socket, self.key = registry, folder / "sealer", folder / "key"
        self.key.write_text("a key of the tests that nobody else reads", encoding="ascii")
        self.env = {"CHIMERA_SEALER": str(self.socket)}

    def run(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.registry.run(*args, check=check, env=self.env)

    def change(self, days: int) -> None:
        self.run(*VALUE[:2], str(days), *VALUE[2:])

    @contextmanager
    def sealer(self) -> Iterator[None]:
        env = {**os.environ, **self.registry.env, "CHIMERA_SEAL_KEY_FILE": str(self.key)}
        command = [sys.executable, "manage.py", "sealer", str(self.socket)]
        with subprocess.Popen(command, cwd=ROOT, env=env) as process:
            try:
                until(self.answers)
                yield
            finally:
                process.kill()

    def answers(self) -> bool:
        try:
            return bool(self.ask(keys=True))
        except SealerSilent:
            return False

    def ask(self, **question: Any) -> dict[str, Any]:
        return ask(self.socket, question)


@pytest.fixture
def sealed(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return Sealed(registry, tmp_path_factory.mktemp("s"))  # the address of a socket is at most 107 long


@pytest.mark.requirement("SE-12")
def test_others_seal_and_sign_without_the_key(sealed: Sealed) -> None:
    with sealed.sealer():
        sealed.change(21)
        assert "1 sealed" in sealed.run("seal_trail").stdout
        assert sealed.run("verify_trail").returncode == 0
        [key] = sealed.ask(keys=True)["keys"]
        said = b64encode(b"a manifest").decode()
        assert is_signed(key, sealed.ask(sign=said, key=key)["signature"], b"a manifest")
        for refused in (
            {"sign": b64encode(text_of(A_SEAL)).decode(), "key": key},
            {"sign": b64encode(json.dumps(A_SEAL, indent=1).encode()).decode(), "key": key},
            {"sign": said, "key": "00" * 32},
            {"sign": "no base64!", "key": key},
            {"read": "the key"},
        ):
            with pytest.raises(SealerSilent, match="refuses"):
                sealed.ask(**refused)
        assert sealed.answers()
        anchor = sealed.registry.home / "anchor" / "seals.jsonl"
        anchor.write_bytes(anchor.read_bytes().replace(b'"signature": "', b'"signature": "00'))
        with pytest.raises(SealerSilent, match="not those outside"):
            sealed.ask(seal=True)
    assert not (sealed.registry.home / "keys" / "seal_key").exists()


@pytest.mark.one_engine
@pytest.mark.requirement("SE-12")
def test_without_the_sealer_acts_go_on_and_wait_for_their_seal(sealed: Sealed) -> None:
    with sealed.sealer():
        sealed.change(21)
        sealed.run("seal_trail")
    sealed.change(22)
    silent = sealed.run("seal_trail", check=False)
    assert silent.returncode == 1
    assert "does not answer" in silent.stderr
    found = json.loads(sealed.run("check_installation", "--json", check=False).stdout)
    assert ("wrong", "keys") in [(one["verdict"], one["subject"]) for one in found]
    with sealed.sealer():
        assert "1 sealed" in sealed.run("seal_trail").stdout
        assert sealed.run("verify_trail").returncode == 0
