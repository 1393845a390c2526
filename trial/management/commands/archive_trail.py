"""`archive_trail`: the trail as files that can be verified without Chimera."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from trial.commands import RegistryCommand
from trial.trail.actor import Source, acting, system_actor
from trial.trail.archive import write_archive
from trial.trail.record import Place, record_event
from trial.trail.signing_keys import NoSigningKey


class Command(RegistryCommand):
    help = "Write the trail into OUT_DIR, with the program that verifies it there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out_dir", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["out_dir"]
        try:
            acts = write_archive(folder)
        except FileExistsError as problem:
            raise CommandError(f"{folder} is not empty.") from problem
        except NoSigningKey as problem:
            raise CommandError(str(problem)) from problem
        with transaction.atomic(), acting(system_actor("archive", Source.COMMAND)):
            record_event("trail.archived", Place(about=f"{acts} acts"))
        self.stdout.write(f"{acts} acts in {folder}")
