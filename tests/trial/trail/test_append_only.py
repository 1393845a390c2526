"""Tables that only grow: the manager, the model and the database refuse every change, table by table."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from tests.trial.trail.claiming import claim
from tests.trial.trail.tables import a_row, append_only_models, audited_models
from trial.trail.actor import Source, acting, system_actor
from trial.trail.append_only import AppendOnlyModel, WrittenOnce

PROTECTED = append_only_models()


@pytest.fixture
def author() -> Iterator[None]:
    with acting(system_actor("test", Source.COMMAND)):
        yield


@pytest.fixture
def row(request: pytest.FixtureRequest, db: None) -> AppendOnlyModel:
    """A row of the table that the test is about."""
    made = a_row(request.param)
    claim()
    return made


every_table = pytest.mark.parametrize("row", PROTECTED, ids=lambda model: model._meta.db_table, indirect=True)


def table_and_key(row: AppendOnlyModel) -> tuple[str, str]:
    return connection.ops.quote_name(row._meta.db_table), connection.ops.quote_name(row._meta.pk.column)


def contents(row: AppendOnlyModel) -> list[tuple]:
    table, _key = table_and_key(row)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return sorted(cursor.fetchall(), key=repr)


def statements(row: AppendOnlyModel) -> dict[str, str]:
    """The ways in which SQL could change what a table holds, on the engine of the run."""
    table, key = table_and_key(row)
    same = f"INTO {table} SELECT * FROM {table} WHERE {key} = {row.pk}"
    ways = {
        "update": f"UPDATE {table} SET {key} = {key} + 1000",
        "update of nothing": f"UPDATE {table} SET {key} = {key}",
        "update of one": f"UPDATE {table} SET {key} = {key} WHERE {key} = {row.pk}",
        "delete": f"DELETE FROM {table}",
        "delete of one": f"DELETE FROM {table} WHERE {key} = {row.pk}",
    }
    if connection.vendor == "sqlite":
        return ways | {
            "insert or replace": f"INSERT OR REPLACE {same}",
            "replace": f"REPLACE {same}",
            "update or replace": f"UPDATE OR REPLACE {table} SET {key} = {key}",
        }
    return ways | {
        "truncate": f"TRUNCATE {table} CASCADE",
        "upsert": f"INSERT {same} ON CONFLICT ({key}) DO UPDATE SET {key} = EXCLUDED.{key}",
    }


@pytest.mark.requirement("AT-06")
@every_table
def test_the_database_refuses_every_change(row: AppendOnlyModel) -> None:
    before = contents(row)
    let_through = []
    for way, statement in statements(row).items():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute(
                        "SET CONSTRAINTS ALL IMMEDIATE"
                    )  # else TRUNCATE waits for them, not for us
                cursor.execute(statement)
            let_through.append((way, "done"))
        except IntegrityError as refusal:
            if "append-only" not in str(refusal):
                let_through.append((way, str(refusal)))
    assert let_through == []
    assert contents(row) == before


@pytest.mark.requirement("AT-05", "AT-06")
@every_table
def test_the_model_refuses_every_change(row: AppendOnlyModel, author: None) -> None:
    before = contents(row)
    manager = type(row).objects
    kept = manager.get(pk=row.pk)
    ways = (
        kept.save,
        kept.delete,
        manager.all().delete,
        lambda: manager.update(pk=row.pk + 1),
        lambda: manager.filter(pk=row.pk).update(pk=row.pk + 1),
        lambda: manager.bulk_update([kept], [next(c.name for c in row._meta.fields if not c.primary_key)]),
        lambda: manager.update_or_create(pk=row.pk),
    )
    for way in ways:
        with pytest.raises(WrittenOnce), transaction.atomic():
            way()
    assert contents(row) == before


@pytest.mark.requirement("AT-06")
def test_every_table_of_versions_is_among_them(db: None) -> None:
    """A new form whose migration forgets the trigger fails above; one that is no model of ours fails here."""
    tables = {table for table in connection.introspection.table_names() if "historical" in table}
    assert tables == {model.history.model._meta.db_table for model in audited_models()}
    assert tables <= {model._meta.db_table for model in PROTECTED}


def test_the_trail_is_among_them() -> None:
    assert {"trial_trailevent", "trial_trailchange"} <= {model._meta.db_table for model in PROTECTED}


def test_the_triggers_are_switched_on(db: None) -> None:
    """SQLite: a replacement fires them, too. PostgreSQL: the session is none of a replica."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers" if sqlite else "SHOW session_replication_role")
        assert cursor.fetchone()[0] == (1 if sqlite else "origin")


def test_inserting_again_what_is_there_changes_nothing(db: None) -> None:
    model = PROTECTED[0]
    row = a_row(model)
    before = contents(row)
    model.objects.bulk_create([row], ignore_conflicts=True)
    assert contents(row) == before
