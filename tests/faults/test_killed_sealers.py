"""A sealer is killed at each of its steps, and two seal at once: each act in one seal, no gap (F22)."""

import os
from collections.abc import Callable

import pytest

from tests.conftest import Registry
from tests.faults.judge import judge

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AT-08")]
SEALINGS = int(os.environ.get("SEALINGS", "10"))  # 100 in `make faults`


def test_each_act_is_in_one_seal_however_the_sealer_ends(
    registry: Registry, tried: Callable[..., None]
) -> None:
    code = f"from tests.faults.sealing import main; main({SEALINGS})"
    *bad, number = registry.run("shell", "--verbosity=0", "-c", code, timeout=3600).stdout.splitlines()
    bad += judge(registry)
    tried(int(number), bad=len(bad))
    assert bad == []
