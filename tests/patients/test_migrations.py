"""A registry of before goes through one migration after the other; a new one is made at once.

SQLite alone: there a change of columns builds a table anew and drops its triggers, which PostgreSQL keeps.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from pytest_django import DjangoDbBlocker

from patients.casebook.page import Page
from tests.conftest import Registry
from tests.patients.entry import desk
from trial.trail.verification import Verification

APPS = {"trial", "patients", "analytics"}
EARLY = ("patients", "0003_history_product_toxicity")
NEXT = ("patients", "0004_header_versions")
VERSIONS = Page.history.model._meta.db_table
OLDER_THAN_HIDINGS = {"patients_historicalidentity_no_update", "patients_historicalsubject_no_update"}
"""Where they were made before there were hidings they refuse those, too; no hiding reaches these tables."""


# --- which migrations there are ----------------------------------------------------------------------------
def test_what_was_squashed_is_replaced_whole() -> None:
    """One that is forgotten would run after the squashed one, and make again what is there."""
    loader = MigrationLoader(None)
    squashed = {key: migration for key, migration in loader.replacements.items() if key[0] in APPS}
    assert {app for app, _ in squashed} == APPS
    for (app, name), migration in squashed.items():
        last = name.removeprefix("0001_squashed_")
        of_app = {key for key in loader.disk_migrations if key[0] == app and key not in squashed}
        assert set(migration.replaces) == {key for key in of_app if key[1][:4] <= last}


# --- a registry of before ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Held:
    """The versions of pages at a migration, and whether the database refuses to change them."""

    versions: list[tuple]
    refuses: bool


@dataclass(frozen=True)
class Registries:
    """One that was made at once; and one with the same content that was begun at an early version, with what
    was held on its way."""

    new: Path
    old: Path
    way: list[Held]


@pytest.fixture(scope="module")
def registries(
    registry_template: Registry, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Registries]:
    home = tmp_path_factory.mktemp("migrations")
    new, old = home / "new.sqlite3", home / "old.sqlite3"
    shutil.copyfile(registry_template.home / "chimera.sqlite3", new)
    with django_db_blocker.unblock():
        with opened(new):
            desk.save(desk.page_of(desk.consented(), "DM"), {"sex": "F"}, on=desk.CONSENT)
        with opened(old):
            step_to(EARLY)
            take_over(new)
            way = [held()]
            for step in (NEXT, EARLY):
                step_to(step)
                way.append(held())
            call_command("migrate", verbosity=0)
            yield Registries(new, old, [*way, held()])


@contextmanager
def opened(path: Path) -> Iterator[None]:
    """The registry that the application works on is this file."""
    before, own = connections["default"], connections.create_connection("default")
    own.settings_dict = {**before.settings_dict, "NAME": str(path)}
    connections["default"] = own
    try:
        with closing(own):
            yield
    finally:
        connections["default"] = before


def step_to(target: tuple[str, str]) -> None:
    """Through the migrations as they were before they were squashed."""
    executor = MigrationExecutor(connection)
    executor.loader = MigrationLoader(connection, replace_migrations=False)
    executor.migrate([target])


def take_over(source: Path) -> None:
    """The content of another registry, as far as this version has tables and columns for it."""
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        cursor.execute("ATTACH DATABASE %s AS source", [str(source)])
        for table in connection.introspection.table_names(cursor):
            shared = columns("main", table) & columns("source", table)
            if shared and table != "django_migrations":
                names = ", ".join(f'"{name}"' for name in shared)
                cursor.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM source.{table}")
        cursor.execute(  # a change was held by the number of its event, which had no name
            "UPDATE main.trial_trailchange SET event_id = "
            "(SELECT id FROM source.trial_trailevent e WHERE e.act = main.trial_trailchange.event_id)"
        )
        cursor.execute("DETACH DATABASE source")


def columns(schema: str, table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pragma_table_info(%s, %s)", [table, schema])
        return {name for (name,) in cursor.fetchall()}


def held() -> Held:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT history_id, id, version, form_date, actor_name FROM {VERSIONS} ORDER BY 1")
        versions = list(cursor.fetchall())
        try:
            cursor.execute(f"UPDATE {VERSIONS} SET version = version")
        except IntegrityError as refusal:
            return Held(versions, "append-only" in str(refusal))
    return Held(versions, refuses=False)


@pytest.mark.one_engine
@pytest.mark.requirement("AT-06")
def test_the_versions_of_pages_stay_protected_forward_and_back(registries: Registries) -> None:
    first, *later = registries.way
    assert first.versions
    assert first.refuses
    assert later == [first, first, first]


@pytest.mark.one_engine
def test_what_was_written_before_is_taken_in_whole(registries: Registries) -> None:
    assert list(Verification([], {}).faults()) == []


@pytest.mark.one_engine
def test_a_page_from_before_is_saved_after(registries: Registries) -> None:
    page = Page.objects.get(form_code="DM")
    assert (page.version, page.header_versions) == (1, {})
    desk.save(page, on="2023-12-10", why=desk.BECAUSE)
    saved = desk.now(page)
    assert (saved.version, saved.header_versions) == (2, {"form_date": 2})


@pytest.mark.one_engine
def test_a_new_registry_has_the_same_tables_and_triggers(registries: Registries) -> None:
    """But for the order of columns."""
    old = tables_and_triggers()
    with opened(registries.new):
        new = tables_and_triggers()
    assert {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)} <= OLDER_THAN_HIDINGS


def tables_and_triggers() -> dict[str, list[str]]:
    """Each with its parts in a settled order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: sorted(parts_of(sql)) for name, sql in cursor.fetchall()}


def parts_of(sql: str) -> list[str]:
    """A trigger or an index; or the columns and constraints of a table."""
    if not sql.startswith("CREATE TABLE"):
        return [sql]
    body = sql[sql.index("(") + 1 : sql.rindex(")")]
    return re.split(r", (?=\"\w+\" \w|CONSTRAINT)", body)
