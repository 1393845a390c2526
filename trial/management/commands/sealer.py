"""`sealer SOCKET`: hold the key of the seals for all other processes, under a user of its own."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from trial.commands import RegistryCommand
from trial.trail.sealer_process import serve


class Command(RegistryCommand):
    help = "Seal and sign for the other processes of this host, until it is ended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("socket", type=Path, help="where it answers: CHIMERA_SEALER of the others")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SEALER:
            raise CommandError("CHIMERA_SEALER names another sealer: this one reads the key itself")
        serve(options["socket"])
