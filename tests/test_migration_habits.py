"""Migrations expand first and contract later: the version before goes on beside the new tables while a site
is updated, one web process after the other (docs/administration.md)."""

from pathlib import Path

import pytest
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]
BEFORE_ANY_SITE = {"trial": 16, "patients": 32, "analytics": 8}
"""The newest migrations of each app when the habit began: no site ran a version in between."""


def problems_of(migration: Migration, said: pytest.CaptureFixture[str]) -> str:
    """What the version before could not live with, in the linter's words; empty for nothing."""
    linter = MigrationLinter(str(Path(__file__).parent), no_cache=True)
    said.readouterr()
    linter.lint_migration(migration)
    return said.readouterr().out if linter.has_errors else ""


def migrations(*, later: bool) -> list[Migration]:
    found = MigrationLoader(None).disk_migrations
    return [
        migration
        for (app, name), migration in sorted(found.items())
        if app in BEFORE_ANY_SITE
        and "squashed" not in name
        and (int(name[:4]) > BEFORE_ANY_SITE[app]) == later
    ]


def test_the_version_before_can_live_with_each_migration(capsys: pytest.CaptureFixture[str]) -> None:
    later = migrations(later=True)
    assert later
    assert [said for one in later if (said := problems_of(one, capsys))] == []


def test_a_migration_that_renames_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    [renaming] = [
        one for one in migrations(later=False) if (one.app_label, one.name[:4]) == ("trial", "0009")
    ]
    assert "RENAMING" in problems_of(renaming, capsys)
