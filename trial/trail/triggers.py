"""Append-only tables, held by the database itself, in both dialects.

Both engines answer a refused statement with an integrity error (PostgreSQL: `restrict_violation`), so that
callers need not know which one they run on. SQLite also needs `PRAGMA recursive_triggers=ON`, set on every
connection in the settings: without it INSERT OR REPLACE deletes the old row past the trigger.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Model

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION chimera_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
_POSTGRESQL = (
    "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION chimera_append_only()",
    "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION chimera_append_only()",
)


class TriggerOperation(Operation, ABC):
    """A migration operation that creates triggers for some models of the app, or with `lifts` drops them.

    A change of the columns of such a table stands between the two, in one migration: SQLite builds a changed
    table anew and drops the triggers of the old one without a word.
    """

    reversible = True
    reduces_to_sql = True
    lifts = False

    def __init__(self, *model_names: str) -> None:
        self.model_names = model_names

    @abstractmethod
    def create(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        """The statements that create the triggers of a model."""

    @abstractmethod
    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        """The statements that drop them."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The models themselves do not change."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._execute(app_label, schema_editor, to_state, self.drop if self.lifts else self.create)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._execute(app_label, schema_editor, to_state, self.create if self.lifts else self.drop)

    def describe(self) -> str:
        return f"{type(self).__name__}: {', '.join(self.model_names)}"

    def deconstruct(self) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        return type(self).__name__, self.model_names, {}

    def _execute(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState, statements: Any
    ) -> None:
        for name in self.model_names:
            model = state.apps.get_model(app_label, name)
            for sql in statements(model, schema_editor.connection.vendor, state):
                schema_editor.execute(sql, params=None)


class AppendOnly(TriggerOperation):
    """Migration operation: the tables of these models refuse UPDATE, DELETE and TRUNCATE."""

    def create(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        table = model._meta.db_table
        if vendor == "sqlite":
            return [_SQLITE.format(table=table, verb=verb) for verb in ("update", "delete")]
        return [_POSTGRESQL_FUNCTION, *(sql.format(table=table) for sql in _POSTGRESQL)]

    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        table = model._meta.db_table
        if vendor == "sqlite":
            return [f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")]
        return [f"DROP TRIGGER {table}_no_{what} ON {table}" for what in ("change", "truncate")]


class LiftAppendOnly(AppendOnly):
    """Stands before a change of the columns of such tables, `AppendOnly` after it."""

    lifts = True
