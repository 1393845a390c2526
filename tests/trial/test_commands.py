"""What all commands that work on a registry do first."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from trial.commands import RegistryCommand


class Looks(RegistryCommand):
    """A command that opens the registry."""

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("looked")


def unrecorded(*names: str) -> None:
    """These migrations of the read-outs, or all of them, were not made here."""
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app="analytics", **({"name__in": names} if names else {})).delete()


def answer() -> str:
    out = StringIO()
    call_command(Looks(), stdout=out)
    return out.getvalue()


@pytest.mark.one_engine
@pytest.mark.django_db
def test_a_registry_of_an_earlier_version_is_told_so() -> None:
    unrecorded()
    with pytest.raises(CommandError, match=r"earlier version; `manage\.py migrate` brings") as refusal:
        answer()
    assert refusal.value.returncode == 2


@pytest.mark.one_engine
@pytest.mark.django_db
@pytest.mark.parametrize("names", [("none",), ("0001_squashed_0003",)])
def test_one_that_lacks_nothing_is_opened(names: tuple[str, ...]) -> None:
    """Also one that went through the migrations before there was a squashed one."""
    unrecorded(*names)
    assert answer() == "looked\n"
