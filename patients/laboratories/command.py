"""The base of the two commands that take in a table."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser

from patients.casebook.files import UnreadableSheet
from patients.laboratories.loading import Loaded
from patients.laboratories.tables import TableRefused
from trial.commands import RegistryCommand
from trial.trail.actor import Source

REFUSED, UNREADABLE = 1, 2


class LoadCommand(RegistryCommand):
    """Reads one file with `load`, and says what became of its rows or what is wrong with them."""

    load: ClassVar[Callable[..., Loaded]]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--reason", default="", help="why rows that the registry has are changed")

    def handle(self, *args: Any, **options: Any) -> None:
        by = self.system("laboratories")
        try:
            loaded = self.load(options["file"], by=by, source=Source.COMMAND, reason=options["reason"])
        except TableRefused as refused:
            for problem in refused.problems:
                self.stderr.write(str(problem))
            sys.exit(REFUSED)
        except UnreadableSheet as problem:
            raise CommandError(str(problem), returncode=UNREADABLE) from problem
        self.stdout.write(f"new: {loaded.new}, changed: {loaded.changed}, as before: {loaded.same}")
