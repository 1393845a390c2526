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

from trial.trail.canonical import UNDERWAY, row_text

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
# While a hiding is under way, and for a change that puts its marker in the place of its text (`hiding.py`).
_SQLITE_HIDING = f"""
CREATE TRIGGER {{table}}_no_update BEFORE UPDATE ON {{table}}
WHEN NOT EXISTS (SELECT 1 FROM {UNDERWAY} u
  WHERE u.requested_by <> u.approved_by AND chimera_hides({{old}}, {{new}}, u.hidden, u.written, u.marker))
BEGIN SELECT RAISE(ABORT, '{{table}} is append-only'); END
"""
_POSTGRESQL_HIDING = (
    f"""
CREATE OR REPLACE FUNCTION chimera_hides(old jsonb, new jsonb) RETURNS boolean LANGUAGE sql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT old <> new AND EXISTS (SELECT FROM {UNDERWAY} u
    WHERE u.transaction = pg_current_xact_id()::text::bigint AND u.requested_by <> u.approved_by
    AND NOT EXISTS (SELECT FROM jsonb_each(new) n JOIN jsonb_each(old) o USING (key)
      WHERE n.value <> o.value AND NOT (
        jsonb_typeof(n.value) = 'string' AND jsonb_typeof(o.value) = 'string' AND n.value #>> '{{}}'
        IN (replace(o.value #>> '{{}}', u.hidden, u.marker), replace(o.value #>> '{{}}', u.written, u.marker))
      OR jsonb_typeof(n.value) = 'object' AND jsonb_typeof(o.value) = 'object'
        AND n.value = replace(o.value::text, u.written, u.marker)::jsonb
  )))
$$
""",
    """
CREATE OR REPLACE FUNCTION chimera_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF chimera_hides(to_jsonb(OLD), to_jsonb(NEW)) THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
""",
    # With the rights of the owner, and for tables whose trigger looks at the change alone.
    """
CREATE OR REPLACE FUNCTION chimera_hide(target text, key text, place text, number bigint, content text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = target::regclass AND tgname = target || '_no_change')
  THEN
    RAISE EXCEPTION '% is not append-only', target USING ERRCODE = 'restrict_violation';
  END IF;
  EXECUTE format('UPDATE %I SET %I = $1::%s WHERE %I = $2', target, place, (
    SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = target::regclass AND attname = place
  ), key) USING content, number;
END $$
""",
)
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
        return self.statements(model, vendor, hiding=("trial", "hidingunderway") in state.models)

    @staticmethod
    def statements(model: type[Model], vendor: str, *, hiding: bool) -> list[str]:
        """With `hiding` all but the one change that a hiding may make is refused."""
        table = model._meta.db_table
        if vendor == "postgresql":
            function = () if hiding else (_POSTGRESQL_FUNCTION,)  # that of the hiding stays as it is
            return [*function, *(sql.format(table=table) for sql in _POSTGRESQL)]
        if not hiding:
            return [_SQLITE.format(table=table, verb=verb) for verb in ("update", "delete")]
        columns = [str(column.column) for column in model._meta.concrete_fields]
        old, new = (row_text(vendor, alias, columns) for alias in ("OLD", "NEW"))
        return [
            _SQLITE_HIDING.format(table=table, old=old, new=new),
            _SQLITE.format(table=table, verb="delete"),
        ]

    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        table = model._meta.db_table
        if vendor == "sqlite":
            return [f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")]
        return [f"DROP TRIGGER {table}_no_{what} ON {table}" for what in ("change", "truncate")]


class AppendOnlyForGood(AppendOnly):
    """The same for tables that refuse a hiding, too. On PostgreSQL all tables share one function, which lets
    one through."""

    def create(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        if vendor == "postgresql":
            return super().create(model, vendor, state)
        return self.statements(model, vendor, hiding=False)


class LiftAppendOnly(AppendOnly):
    """Stands before a change of the columns of such tables, `AppendOnly` after it."""

    lifts = True


class LetHide(TriggerOperation):
    """Migration operation: these append-only tables let a hiding through, and still nothing else."""

    def create(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        if vendor == "postgresql":
            return _POSTGRESQL_HIDING
        drops = AppendOnly().drop(model, vendor, state)
        return [*drops, *AppendOnly.statements(model, vendor, hiding=True)]

    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        if vendor == "postgresql":
            return [
                _POSTGRESQL_FUNCTION,
                "DROP FUNCTION IF EXISTS chimera_hide(text, text, text, bigint, text)",
                "DROP FUNCTION IF EXISTS chimera_hides(jsonb, jsonb)",
            ]
        drops = AppendOnly().drop(model, vendor, state)
        return [*drops, *AppendOnly.statements(model, vendor, hiding=False)]


class LetHideToo(LetHide):
    """The same for tables that came to let a hiding through later. On PostgreSQL the functions, which all of
    them share, are those of now; they stay where the migration is undone."""

    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        return () if vendor == "postgresql" else super().drop(model, vendor, state)


class RenewHiding(LetHideToo):
    """Migration operation: the functions of the hiding as they are now. SQLite asks the program."""

    def create(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        return super().create(model, vendor, state) if vendor == "postgresql" else ()

    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterable[str]:
        return ()
