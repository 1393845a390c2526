"""The role by which a site's PostgreSQL lets the application in: it may add to the trail and never change it.

The tables belong to the role that migrates. That of the application owns nothing, so it can neither drop a
trigger nor set one aside, and holds no right to change or delete what is written once. What the triggers
write (the ledger) they write with the rights of the owner.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from trial.trail.append_only import AppendOnlyModel
from trial.trail.canonical import LEAVES, UNCLAIMED

CHANGING = "SELECT, INSERT, UPDATE, DELETE"
ADDING = "SELECT, INSERT"
READING = "SELECT"


class NotPostgreSQL(RuntimeError):
    """Only PostgreSQL has roles."""


def grant(role: str) -> list[str]:
    """Give a role that exists the rights of the application, and nothing more; the statements that did it.

    Raises NotPostgreSQL, and django.db.ProgrammingError for a role that there is not.
    """
    if connection.vendor != "postgresql":
        raise NotPostgreSQL
    statements = list(_statements(connection.ops.quote_name(role)))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    return statements


class TooMighty(RuntimeError):
    """A role that owns tables, or may do everything, cannot be kept from changing the trail."""


def let_in(role: str, password: str) -> None:
    """Make the role, if there is none, and let it log in with this password, of which the server is sent a
    verifier alone: it may write statements into its log.

    Raises NotPostgreSQL, and TooMighty.
    """
    if connection.vendor != "postgresql":
        raise NotPostgreSQL
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid)"
            " FROM pg_roles WHERE rolname = %s",
            [role],
        )
        found = cursor.fetchone()
        if found and found[0]:
            raise TooMighty(role)
        server = cursor.connection.pgconn
        verifier = server.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        made = sql.SQL(f"{'ALTER' if found else 'CREATE'} ROLE {{}} LOGIN PASSWORD {{}}")
        cursor.execute(made.format(sql.Identifier(role), sql.Literal(verifier.decode())))


def _statements(role: str) -> Iterator[str]:
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"
    for table in sorted(connection.introspection.table_names()):
        yield f"GRANT {_rights(table)} ON {connection.ops.quote_name(table)} TO {role}"


def _rights(table: str) -> str:
    if table in (LEAVES, UNCLAIMED, "django_migrations"):
        return READING
    return ADDING if table in written_once() else CHANGING


def written_once() -> frozenset[str]:
    """The tables that only grow."""
    kept: Iterator[type[models.Model]] = (m for m in apps.get_models() if issubclass(m, AppendOnlyModel))
    return frozenset(model._meta.db_table for model in kept)
