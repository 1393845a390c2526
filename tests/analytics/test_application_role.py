"""A site's registry lets the application in by a role that owns nothing (`grant_database`): by it pages are
imported, a cut is made and its figures are computed all the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.conftest import Registry
from tests.patients.entry import casebooks

ROLE = "chimera_by_itself"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db, pytest.mark.requirement("AT-07")]


@pytest.fixture
def as_the_application(registry: Registry, tmp_path: Path) -> Iterator[Registry]:
    """The registry, opened by a role with a password of its own."""
    url = urlsplit(registry.database_url)
    own = url._replace(netloc=f"{ROLE}:its-own@{url.netloc.rpartition('@')[2]}").geturl()
    file = tmp_path / "application_url"
    file.write_text(own)
    registry.run("grant_database", ROLE, "--password-of", file)
    yield replace(registry, database_url=own)
    with psycopg.connect(registry.database_url, autocommit=True) as owner:
        owner.execute(f"DROP OWNED BY {ROLE}")
        owner.execute(f"DROP ROLE {ROLE}")


def test_a_cut_is_made_and_computed(as_the_application: Registry, tmp_path: Path) -> None:
    folder = casebooks.write(tmp_path / "casebook", casebooks.sheets())
    as_the_application.run("import_casebook", folder)
    as_the_application.run("lock", "--cutoff", "2025-08-05", "--reason", "interim analysis", "--wait")
    assert "enrolled_n\t1\n" in as_the_application.run("endpoints", "latest").stdout
    as_the_application.run("seal_trail")
    assert as_the_application.run("verify_trail", check=False).returncode == 0
