"""PostgreSQL is stopped at once while people save, and comes back by itself (F06)."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import services
from tests.conftest import Registry
from tests.faults.judge import judge
from tests.faults.web import web_server
from tests.faults.writers import Writer, acknowledged_by, go_on, pages_for, writing

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db, pytest.mark.requirement("DI-02")]
STOPS = int(os.environ.get("STOPS", "1"))  # 20 in `make faults`
WRITERS = int(os.environ.get("WRITERS", "8"))  # 50
BACK_WITHIN_S = 15


def test_no_save_that_was_acknowledged_is_lost_and_none_is_done_twice(
    registry_template: Registry, tmp_path: Path, tried: Callable[..., None]
) -> None:
    with services.cluster({}) as cluster, ExitStack() as power:
        power.enter_context(cluster.running())
        registry = filled(cluster.url, registry_template, tmp_path)
        session, pages = pages_for(WRITERS, registry)
        with web_server(registry) as web:
            writers = [Writer(f"{web.address}/api/v1/pages/{page}", session) for page in pages]
            with writing(writers):
                for _stop in range(STOPS):
                    go_on(writers, BACK_WITHIN_S)
                    power.close()
                    power.enter_context(cluster.running())
                    go_on(writers, BACK_WITHIN_S)
        assert sum(one.repeated for one in writers) >= STOPS
        bad = judge(registry, acknowledged_by(pages, writers))
        tried(STOPS, bad=len(bad))
        assert bad == []


def filled(server: str, template: Registry, home: Path) -> Registry:
    """A registry on a server of its own, as the template."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE registry")
    url = urlsplit(server)._replace(path="/registry").geturl()
    services.copy_database(template.database_url, url)
    return Registry(home, url)
