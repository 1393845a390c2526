"""Migrations of tables that hold versions: what is kept stays, and stays protected, forward and back."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from patients.casebook.page import Page
from tests.patients.entry import desk

VERSIONS = Page.history.model._meta.db_table
BEFORE = ("patients", "0003_history_product_toxicity")


def migrate(*targets: tuple[str, str]) -> None:
    """To these migrations, or to the newest."""
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())


@pytest.fixture
def before(transactional_db: None) -> Iterator[Page]:
    """A saved page in a registry that was taken back to before its header had versions."""
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, {"sex": "F"}, on=desk.CONSENT)
    migrate(BEFORE)
    yield page
    migrate()


TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
}


def triggers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS[connection.vendor], [VERSIONS])
        return {name for (name,) in cursor.fetchall()}


def versions() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT history_id, id, version, form_date, actor_name FROM {VERSIONS} ORDER BY 1")
        return list(cursor.fetchall())


@pytest.mark.requirement("AT-06")
def test_the_versions_of_pages_stay_protected_forward_and_back(before: Page) -> None:
    kept, back = versions(), triggers()
    assert len(back) == 2
    migrate()
    assert triggers() == back | {f"{VERSIONS}_version"}  # which the ledger has brought since
    assert versions() == kept


def test_a_page_from_before_is_saved_after(before: Page) -> None:
    migrate()
    assert desk.now(before).header_versions == {}
    desk.save(before, on="2023-12-10", why=desk.BECAUSE)
    page = desk.now(before)
    assert (page.version, page.header_versions) == (2, {"form_date": 2})
