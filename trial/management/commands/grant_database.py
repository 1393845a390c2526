"""`grant_database ROLE`: let the application into PostgreSQL by a role that cannot change the trail."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.management.base import CommandError, CommandParser
from django.db import ProgrammingError, transaction

from trial.commands import RegistryCommand
from trial.trail.actor import Source, acting, system_actor
from trial.trail.database_role import NotPostgreSQL, TooMighty, grant, let_in
from trial.trail.record import Place, record_event


class Command(RegistryCommand):
    help = "Grant a role of PostgreSQL what the application needs. Run by the owner, after each migration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")
        parser.add_argument(
            "--password-of", type=Path, metavar="FILE", help="make the role; its password is that of this URL"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["role"]
        try:
            with transaction.atomic(), acting(system_actor("database", Source.COMMAND)):
                if options["password_of"]:
                    let_in(role, _password_of(options["password_of"]))
                granted = grant(role)
                record_event("database.granted", Place(about=f"role {role}"))
        except NotPostgreSQL as problem:
            raise CommandError("Only PostgreSQL has roles.") from problem
        except TooMighty as problem:
            raise CommandError(f"{role} owns tables or may do everything: name another role.") from problem
        except ProgrammingError as problem:
            raise CommandError(f"PostgreSQL refuses: {problem}") from problem
        self.stdout.write(f"{len(granted)} grants to {role}")


def _password_of(file: Path) -> str:
    try:
        found = urlsplit(file.read_text(encoding="utf-8").strip()).password
    except (OSError, ValueError) as problem:
        raise CommandError(f"{file} cannot be read as the URL of a database.") from problem
    if not found:
        raise CommandError(f"The URL in {file} has no password.")
    return unquote(found)
