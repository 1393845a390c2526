"""Going back to an earlier version: what it says where that cannot be, and that it ends well where it can."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from trial.apps import _is_as_declared, _start_with_defaults
from trial.protocol.models import ApprovalKind, ConsentVersion, SiteApproval

pytestmark = pytest.mark.django_db


def forget_filings() -> None:
    """The step of the way back that the approvals take."""
    loader = MigrationLoader(connection, replace_migrations=False)
    state: Any = loader.project_state(("trial", "0009_approvals"))
    migration = import_module("trial.migrations.0009_approvals")
    migration.forget_filings(state.apps, SimpleNamespace(connection=connection))


def kinds() -> set[str]:
    return set(SiteApproval.objects.values_list("kind", flat=True))


def test_the_default_filing_goes_and_is_filed_again_on_the_way_forward() -> None:
    assert kinds() == set(ApprovalKind)
    forget_filings()
    assert kinds() == {ApprovalKind.ETHICS}
    SiteApproval.objects.all().delete()
    _start_with_defaults("default")
    assert kinds() == set(ApprovalKind)


def test_a_filing_that_somebody_recorded_keeps_the_registry_in_this_version() -> None:
    SiteApproval.objects.filter(kind=ApprovalKind.GENETIC_RESOURCES).update(
        body="HGRAC", reference="2021-SH-7", awaiting_confirmation=False
    )
    with pytest.raises(CommandError, match="does not go back further"):
        forget_filings()
    assert kinds() == set(ApprovalKind)


def test_a_registry_without_a_table_or_a_column_is_not_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that has gone back to before them."""
    SiteApproval.objects.all().delete()
    monkeypatch.setattr(SiteApproval._meta, "db_table", "trial_ethicsapproval")
    assert not _is_as_declared(SiteApproval, "default")
    _start_with_defaults("default")
    monkeypatch.undo()
    assert _is_as_declared(SiteApproval, "default")
    assert not SiteApproval.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trial_siteapproval ADD COLUMN committee varchar(10)")
    assert not _is_as_declared(SiteApproval, "default")
    assert _is_as_declared(ConsentVersion, "default")
