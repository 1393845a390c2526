"""A cut that several processes share holds what one cuts, of one moment, and leaves no process behind."""

import json
from pathlib import Path

import pytest
from django.db import connection

from tests.analytics.workers import Row, until
from tests.conftest import Registry


def in_its_own_process(registry: Registry, name: str, *, check: bool = True) -> str:
    code = f"from tests.analytics.sharing_a_cut import {name}; {name}()"
    return registry.run("shell", "--verbosity=0", "-c", code, check=check).stdout


@pytest.mark.requirement("LK-06")
def test_two_processes_cut_what_one_does_while_somebody_writes(demo_registry: Registry) -> None:
    told = json.loads(in_its_own_process(demo_registry, "main"))
    assert told["now"][1] > 8_000
    assert told["now, shared"] == told["now"]
    assert told["then, shared"] == told["then"]
    if connection.vendor == "postgresql":
        assert told["somebody"] == ["written"]
        assert told["after"][0] != told["now"][0], "what was written is in the next cut"
    else:
        assert told["somebody"] == ["database is locked"]
        assert told["after"] == told["now"]


def test_who_shares_a_cut_ends_with_who_makes_it(demo_registry: Registry) -> None:
    shares = json.loads(in_its_own_process(demo_registry, "killed", check=False))
    assert len(shares) == 2
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in shares))
    assert Row(demo_registry).count("analytics_lock") == 1, "the one of before"
