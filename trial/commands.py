"""The base of Chimera's commands: an empty home becomes a registry at the first of them."""

import getpass
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from trial.people.access import SystemPerson


class RegistryCommand(BaseCommand):
    """A command that works on a registry, and makes one where there is none."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        if not MigrationRecorder(connection).has_table():
            call_command("migrate", verbosity=0)
        return super().execute(*args, **options)

    @staticmethod
    def system(name: str) -> SystemPerson:
        """The automatic step `name`, on behalf of the user of the operating system."""
        return SystemPerson(name, on_behalf_of=getpass.getuser())
