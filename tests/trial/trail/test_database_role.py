"""The role of the application on PostgreSQL: it adds to the trail, and nothing lets it change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.patients.entry import desk
from trial.trail.database_role import written_once
from trial.trail.ledger import LedgerLeaf
from trial.trail.seals import seal_trail

ROLE = "chimera_application"

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AT-07")]


@pytest.fixture
def role() -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
    call_command("grant_database", ROLE, stdout=StringIO())
    return ROLE


@contextmanager
def as_the_application() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        yield
        cursor.execute("RESET ROLE")


@pytest.mark.postgresql
def test_it_saves_pages_and_the_ledger_grows(role: str) -> None:
    subject = desk.consented()
    before = LedgerLeaf.objects.count()
    with as_the_application():
        desk.save(desk.page_of(subject, "DM"), desk.DM, on=desk.CONSENT)
        seal_trail()
    assert LedgerLeaf.objects.count() == before + 1


@pytest.mark.postgresql
def test_it_has_no_right_to_change_what_is_written_once(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t, p FROM unnest(%s::text[]) t, "
            "unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p WHERE has_table_privilege(%s, t, p)",
            [sorted(written_once()), ROLE],
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = %s::regrole", [ROLE])
        assert cursor.fetchone() == (0,)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE trial_trailevent DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TRIGGER trial_trailevent_leaf ON trial_trailevent",
        "UPDATE trial_ledgerleaf SET payload = ''",
        "INSERT INTO trial_ledgerleaf (seq, event_id, payload, leaf) VALUES (1000000, 1, '', '')",
        "DELETE FROM trial_unclaimedversion",
        "DELETE FROM patients_historicalpage",
        "TRUNCATE trial_seal",
        "CREATE OR REPLACE FUNCTION chimera_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NEW; END'",
    ],
)
def test_it_cannot_set_the_protection_aside(statement: str, role: str) -> None:
    with (
        as_the_application(),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError),
        transaction.atomic(),
    ):
        cursor.execute(statement)


def test_sqlite_has_no_roles_and_says_so() -> None:
    if connection.vendor == "postgresql":
        with pytest.raises(CommandError, match="nobody"):
            call_command("grant_database", "nobody")
    else:
        with pytest.raises(CommandError, match="Only PostgreSQL"):
            call_command("grant_database", ROLE)


@pytest.mark.postgresql
def test_it_is_made_with_the_password_of_its_address(tmp_path: Path) -> None:
    """As often as the setup of a site runs; a new password takes the place of the old one."""
    for password in ("first%2Fone", "second"):
        url = tmp_path / "application_url"
        url.write_text(f"postgresql://{ROLE}:{password}@postgres/chimera\n")
        call_command("grant_database", ROLE, password_of=url, stdout=StringIO())
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = %s", [ROLE])
            assert cursor.fetchone() == (True, False)


@pytest.mark.postgresql
def test_an_owner_is_not_taken_for_the_application(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()
    url = tmp_path / "application_url"
    url.write_text(f"postgresql://{owner}:new@postgres/chimera")  # pragma: allowlist secret
    with pytest.raises(CommandError, match=f"{owner} owns tables"):
        call_command("grant_database", owner, password_of=url, stdout=StringIO())


@pytest.mark.postgresql
@pytest.mark.parametrize("text", [None, "", "postgresql://chimera_application@postgres/chimera"])
def test_without_a_password_nothing_is_made(tmp_path: Path, text: str | None) -> None:
    url = tmp_path / "application_url"
    if text is not None:
        url.write_text(text)
    with pytest.raises(CommandError, match="application_url"):
        call_command("grant_database", ROLE, password_of=url, stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [ROLE])
        assert cursor.fetchone() == (0,)
