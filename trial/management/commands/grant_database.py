"""`grant_database ROLE`: let the application into PostgreSQL by a role that cannot change the trail."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import ProgrammingError, transaction

from trial.commands import RegistryCommand
from trial.trail.actor import Source, acting, system_actor
from trial.trail.database_role import NotPostgreSQL, grant
from trial.trail.record import Place, record_event


class Command(RegistryCommand):
    help = "Grant a role of PostgreSQL what the application needs. Run by the owner, after each migration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["role"]
        try:
            with transaction.atomic(), acting(system_actor("database", Source.COMMAND)):
                granted = grant(role)
                record_event("database.granted", Place(about=f"role {role}"))
        except NotPostgreSQL as problem:
            raise CommandError("Only PostgreSQL has roles.") from problem
        except ProgrammingError as problem:
            raise CommandError(f"PostgreSQL refuses: {problem}") from problem
        self.stdout.write(f"{len(granted)} grants to {role}")
