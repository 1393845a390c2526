"""Who saves is killed before each statement, at any moment, and while many save: all or nothing (F04)."""

import os
import random
import signal
from collections.abc import Callable

import pytest

from tests.conftest import Registry
from tests.faults.judge import judge
from tests.faults.web import web_server
from tests.faults.writers import Writer, acknowledged_by, go_on, pages_for, writing

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-02")]
MOMENTS = int(os.environ.get("MOMENTS", "10"))  # 500 in `make faults`
WEB_KILLS = int(os.environ.get("WEB_KILLS", "1"))  # 20
WRITERS = 4
BACK_WITHIN_S = 30


def test_a_save_that_is_killed_has_written_all_or_nothing(
    registry: Registry, tried: Callable[..., None]
) -> None:
    code = f"from tests.faults.saving import main; main({MOMENTS})"
    told = registry.run("shell", "--verbosity=0", "-c", code, timeout=3600).stdout.splitlines()
    bad = [*told[1:], *judge(registry)]
    tried(int(told[0]), bad=len(bad))
    assert bad == []
    assert int(told[0]) > MOMENTS + 10, "a save has more statements than ten"


def test_what_was_acknowledged_is_there_however_often_the_web_is_killed(
    registry: Registry, tried: Callable[..., None]
) -> None:
    session, pages = pages_for(WRITERS, registry)
    chance = random.Random(1)
    with web_server(registry) as web:
        writers = [Writer(f"{web.address}/api/v1/pages/{page}", session) for page in pages]
        with writing(writers):
            for _kill in range(WEB_KILLS):
                go_on(writers, BACK_WITHIN_S)
                os.kill(chance.choice(web.workers), signal.SIGKILL)
                go_on(writers, BACK_WITHIN_S)
    bad = judge(registry, acknowledged_by(pages, writers))
    tried(WEB_KILLS, bad=len(bad))
    assert bad == []
