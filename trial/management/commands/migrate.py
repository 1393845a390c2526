"""`migrate`: Django's, and each migration together with the record that it was applied."""

from contextlib import ExitStack
from typing import Any

from django.core.management.commands import migrate
from django.db import transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState


class WholeMigrations(MigrationExecutor):
    """Django records a migration that leaves SQL to its end, such as a foreign key, after it has committed.
    Who is killed between the two finds a database that has it and says that it has not, and no migration
    works any more (experiment F15). Here both are one transaction."""

    def apply_migration(self, state: ProjectState, migration: Migration, *args: Any, **kwargs: Any) -> Any:
        with self._as_one(migration):
            return super().apply_migration(state, migration, *args, **kwargs)

    def unapply_migration(self, state: ProjectState, migration: Migration, *args: Any, **kwargs: Any) -> Any:
        with self._as_one(migration):
            return super().unapply_migration(state, migration, *args, **kwargs)

    def _as_one(self, migration: Migration) -> ExitStack:
        stack = ExitStack()
        if migration.atomic:
            # SQLite lets nobody turn off the checks of references within a transaction, as its migrations do.
            stack.enter_context(self.connection.constraint_checks_disabled())
            stack.enter_context(transaction.atomic(using=self.connection.alias))
        return stack


class Command(migrate.Command):
    help = migrate.Command.help

    def handle(self, *args: Any, **options: Any) -> None:
        vars(migrate)["MigrationExecutor"] = WholeMigrations  # by this name the command makes it
        super().handle(*args, **options)
