"""The triggers that keep the ledger, in both dialects, as operations of migrations.

PostgreSQL also holds at the end of each transaction, whatever wrote in it, that every version is claimed by
an event and that every row is as its newest version says. SQLite cannot look at the end of a transaction:
there the audited models stand for the first, and the verification finds what a raw program did.
"""

from collections.abc import Iterator

from django.db.migrations.state import ProjectState
from django.db.models import Model

from trial.trail.canonical import EVENTS, LEAVES, UNCLAIMED, hash_of, leaf_of, payload_text, row_text
from trial.trail.triggers import TriggerOperation

BARRIER = 0x43484D52
"""The advisory lock that writers share until they commit, and that a sealer takes alone for an instant."""


# --- a version is written --------------------------------------------------------------------------------
_VERSION_FUNCTION = f"""
CREATE OR REPLACE FUNCTION chimera_version() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT SET timezone = 'UTC' AS $$
BEGIN
  INSERT INTO {UNCLAIMED} ("table", version, hash, transaction)
  VALUES (TG_TABLE_NAME, NEW.history_id, {hash_of("postgresql", row_text("postgresql", "NEW", ()))},
    pg_current_xact_id()::text::bigint);
  RETURN NULL;
END $$
"""
_VERSION_POSTGRESQL = (
    "CREATE TRIGGER {table}_version AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION chimera_version()"
)
_VERSION_SQLITE = f"""
CREATE TRIGGER {{table}}_version AFTER INSERT ON {{table}} BEGIN
  INSERT INTO {UNCLAIMED} ("table", version, hash, "transaction")
  VALUES ('{{table}}', NEW.history_id, {hash_of("sqlite", "{text}")}, 0);
END
"""

# --- a transaction ends ----------------------------------------------------------------------------------
_AS_VERSIONED_FUNCTION = """
CREATE OR REPLACE FUNCTION {live}_as_versioned() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  record_id bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.{key} ELSE NEW.{key} END;
  live jsonb := (SELECT to_jsonb(r) - '{{{unversioned}}}'::text[] FROM {live} r WHERE r.{key} = record_id);
  newest {history};
BEGIN
  SELECT * INTO newest FROM {history} h WHERE h.{key} = record_id ORDER BY h.history_id DESC LIMIT 1;
  IF live IS NULL AND (newest IS NULL OR newest.history_type = '-') THEN RETURN NULL; END IF;
  IF live IS NULL OR newest IS NULL OR EXISTS (
    SELECT FROM jsonb_each(live) item WHERE to_jsonb(newest) -> item.key IS DISTINCT FROM item.value
  ) THEN
    RAISE EXCEPTION '{live} % is not as its newest version', record_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$
"""
_AS_VERSIONED = (
    "CREATE CONSTRAINT TRIGGER {live}_as_versioned AFTER INSERT OR UPDATE OR DELETE ON {live} "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {live}_as_versioned()"
)


class Ledgered(TriggerOperation):
    """Migration operation: the versions of these models (named without `Historical`) go into the ledger, and
    on PostgreSQL no row of theirs may end a transaction otherwise than as its newest version says."""

    def create(self, model: type[Model], vendor: str, state: ProjectState) -> Iterator[str]:
        history = _history_of(model, state)
        table, columns = history._meta.db_table, columns_of(history)
        if vendor == "sqlite":
            yield _VERSION_SQLITE.format(table=table, text=row_text(vendor, "NEW", columns))
            return
        names = {
            "live": model._meta.db_table,
            "history": table,
            "key": model._meta.pk.column,
            "unversioned": ",".join(name for name in columns_of(model) if name not in columns),
        }
        yield _VERSION_FUNCTION
        yield _VERSION_POSTGRESQL.format(table=table)
        yield _AS_VERSIONED_FUNCTION.format(**names)
        yield _AS_VERSIONED.format(**names)

    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterator[str]:
        table, live = _history_of(model, state)._meta.db_table, model._meta.db_table
        if vendor == "sqlite":
            yield f"DROP TRIGGER {table}_version"
            return
        yield f"DROP TRIGGER {table}_version ON {table}"
        yield f"DROP TRIGGER {live}_as_versioned ON {live}"
        yield f"DROP FUNCTION {live}_as_versioned()"


class LiftLedgered(Ledgered):
    """Stands before a change of the columns of such models, `Ledgered` after it (see `LiftAppendOnly`)."""

    lifts = True


def columns_of(model: type[Model]) -> list[str]:
    return [str(column.column) for column in model._meta.concrete_fields]


def _history_of(model: type[Model], state: ProjectState) -> type[Model]:
    history: type[Model] = state.apps.get_model(model._meta.app_label, f"Historical{model.__name__}")
    return history


# --- an event is written ---------------------------------------------------------------------------------
_LEAF_FUNCTION = f"""
CREATE OR REPLACE FUNCTION chimera_leaf() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT SET timezone = 'UTC' AS $$
DECLARE
  mine bigint := pg_current_xact_id()::text::bigint;
  payload text;
BEGIN
  -- Before the number is taken: no leaf can come to lie under a range that a sealer has closed.
  PERFORM pg_advisory_xact_lock_shared({BARRIER});
  payload := {payload_text("postgresql", "NEW", (), (), "v.transaction = mine")};
  DELETE FROM {UNCLAIMED} v WHERE v.transaction = mine;
  INSERT INTO {LEAVES} (seq, event_id, payload, leaf)
  VALUES (nextval(pg_get_serial_sequence('{LEAVES}', 'seq')), NEW.id, payload,
    {leaf_of("postgresql", "payload")});
  RETURN NULL;
END $$
"""
_CLAIMED_FUNCTION = f"""
CREATE OR REPLACE FUNCTION chimera_claimed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (SELECT FROM {UNCLAIMED} v WHERE v.id = NEW.id) THEN
    RAISE EXCEPTION 'version % of % has no event', NEW.version, NEW."table"
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$
"""
_ON_POSTGRESQL = (
    _LEAF_FUNCTION,
    f"CREATE TRIGGER {EVENTS}_leaf AFTER INSERT ON {EVENTS} FOR EACH ROW EXECUTE FUNCTION chimera_leaf()",
    _CLAIMED_FUNCTION,
    f"CREATE CONSTRAINT TRIGGER {UNCLAIMED}_claimed AFTER INSERT ON {UNCLAIMED} "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chimera_claimed()",
)
_OFF_POSTGRESQL = (
    f"DROP TRIGGER {UNCLAIMED}_claimed ON {UNCLAIMED}",
    "DROP FUNCTION chimera_claimed()",
    f"DROP TRIGGER {EVENTS}_leaf ON {EVENTS}",
    "DROP FUNCTION chimera_leaf()",
)
_ON_SQLITE = f"""
CREATE TRIGGER {EVENTS}_leaf AFTER INSERT ON {EVENTS} BEGIN
  INSERT INTO {LEAVES} (event_id, payload, leaf)
  SELECT NEW.id, payload, {leaf_of("sqlite", "payload")} FROM (SELECT {{payload}} AS payload);
  DELETE FROM {UNCLAIMED};
END
"""


class LeafOfEachEvent(TriggerOperation):
    """Migration operation: the insert of an event (the model named) writes its leaf, and on PostgreSQL no
    version may end a transaction without an event."""

    def create(self, model: type[Model], vendor: str, state: ProjectState) -> Iterator[str]:
        if vendor == "postgresql":
            yield from _ON_POSTGRESQL
            return
        change = state.apps.get_model("trial", "TrailChange")
        payload = payload_text(vendor, "NEW", columns_of(model), columns_of(change), "true")
        yield _ON_SQLITE.format(payload=payload)

    def drop(self, model: type[Model], vendor: str, state: ProjectState) -> Iterator[str]:
        yield from _OFF_POSTGRESQL if vendor == "postgresql" else (f"DROP TRIGGER {EVENTS}_leaf",)
