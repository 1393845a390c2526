from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models import Model
from django.db.models.signals import post_migrate


class TrialConfig(AppConfig):
    """The ground: the study declared, people, and the trail."""

    name = "trial"

    def ready(self) -> None:
        from trial.people import routes, sessions  # noqa: F401  the check of routes; a session at each sign-in
        from trial.trail.ledger import teach_sqlite

        connection_created.connect(teach_sqlite)
        post_migrate.connect(_start_with_defaults, sender=self)


def _start_with_defaults(using: str, **_: Any) -> None:
    """A registry that goes back, or not all the way forward, has not the tables that the rows are for."""
    from trial.protocol.defaults import FILLED, ensure_defaults

    if all(_is_as_declared(model, using) for model in FILLED):
        ensure_defaults(using)


def _is_as_declared(model: type[Model], using: str) -> bool:
    """Whether the database has the table of a model with the columns that this version declares."""
    table, asked = model._meta.db_table, connections[using].introspection
    with connections[using].cursor() as cursor:
        if table not in asked.table_names(cursor):
            return False
        there = {column.name for column in asked.get_table_description(cursor, table)}
    return there == {field.column for field in model._meta.fields}
