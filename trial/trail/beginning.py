"""The ledger of a registry that is older than it: what was written before is taken in as it stands."""

from typing import Any
from uuid import uuid4

from django.db import models
from django.utils import timezone

from trial.trail.actor import Source, system_actor
from trial.trail.canonical import (
    EVENTS,
    LEAVES,
    UNCLAIMED,
    hash_of,
    leaf_of,
    payload_text,
    row_text,
)
from trial.trail.ledger_triggers import columns_of


def begin_ledger(apps: Any, schema_editor: Any) -> None:
    """A leaf for each event of before, without versions; then one event that claims every version of before.
    Nothing in a new registry. For `migrations.RunPython`."""
    connection, event = schema_editor.connection, apps.get_model("trial", "TrailEvent")
    if not event.objects.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_leaves_of_before(connection.vendor, event, apps.get_model("trial", "TrailChange")))
        for history in _histories(apps):
            cursor.execute(_versions_of_before(connection.vendor, history))
    actor = system_actor("migration", Source.MIGRATION)
    event.objects.create(
        act=uuid4(),
        at=timezone.now(),
        action="ledger.begun",
        actor=actor.user_name,
        actor_role=actor.role,
        source=actor.source,
        request_id=actor.request_id,
    )


def _histories(apps: Any) -> list[type[models.Model]]:
    """The models of kept versions, in a settled order."""
    kept = [model for model in apps.get_models() if model.__name__.startswith("Historical")]
    return sorted(kept, key=lambda model: model._meta.db_table)


def _leaves_of_before(vendor: str, event: type[models.Model], change: type[models.Model]) -> str:
    payload = payload_text(vendor, "e", columns_of(event), columns_of(change), "false")
    return f"""INSERT INTO {LEAVES} (event_id, payload, leaf)
        SELECT id, payload, {leaf_of(vendor, "payload")}
        FROM (SELECT e.id AS id, {payload} AS payload FROM {EVENTS} e
        WHERE NOT EXISTS (SELECT 1 FROM {LEAVES} l WHERE l.event_id = e.id)) before ORDER BY id"""


def _versions_of_before(vendor: str, history: type[models.Model]) -> str:
    table, columns = history._meta.db_table, columns_of(history)
    mine = "pg_current_xact_id()::text::bigint" if vendor == "postgresql" else "0"
    return f"""INSERT INTO {UNCLAIMED} ("table", version, hash, "transaction")
        SELECT '{table}', h.history_id, {hash_of(vendor, row_text(vendor, "h", columns))}, {mine}
        FROM {table} h ORDER BY h.history_id"""
