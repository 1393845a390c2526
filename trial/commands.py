"""The base of Chimera's commands: an empty home becomes a registry at the first of them."""

import getpass
from pathlib import Path
from typing import Any, Literal

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from trial.people.access import SystemPerson

BEHIND = 2
"""The exit code where the registry was made by an earlier version."""


class RegistryCommand(BaseCommand):
    """A command that works on a registry, and makes one where there is none.

    One that an earlier version made is only told of: it holds data, which somebody may want to copy first.
    Nothing is checked of the web application, which a command would have to load for it, for longer than all
    else that it does takes: `check`, `migrate`, `demo` and each worker do that.
    """

    requires_system_checks: list[str] | Literal["__all__"] = []

    def execute(self, *args: Any, **options: Any) -> str | None:
        if not MigrationRecorder(connection).has_table():
            call_command("migrate", verbosity=0)
        elif is_behind():
            raise CommandError(
                "this registry was made by an earlier version; `manage.py migrate` brings it up to date",
                returncode=BEHIND,
            )
        return super().execute(*args, **options)

    @staticmethod
    def system(name: str) -> SystemPerson:
        """The automatic step `name`, on behalf of the user of the operating system."""
        return SystemPerson(name, on_behalf_of=getpass.getuser())


def is_behind() -> bool:
    """Whether a migration waits. All of them are read, which takes a while, only where what an app names as
    its newest is not on record: it may also be a squashed one, and those that it replaces are."""
    if _newest() <= MigrationRecorder(connection).applied_migrations().keys():
        return False
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _newest() -> set[tuple[str, str]]:
    named = {app.label: Path(app.path, "migrations", "max_migration.txt") for app in apps.get_app_configs()}
    return {(label, path.read_text().strip()) for label, path in named.items() if path.exists()}
