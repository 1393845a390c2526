"""`load_dictionary KIND DIR --version V`: a dictionary of terms, from the files of its distribution."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from patients.coding.content import DictionaryRefused
from patients.coding.dictionaries import LANGUAGES
from patients.coding.loading import load_dictionary
from patients.coding.schemes import Kind
from trial.commands import RegistryCommand
from trial.trail.actor import Source

REFUSED, UNREADABLE = 1, 2


class Command(RegistryCommand):
    help = (
        "Take in MedDRA (the *.asc files of MedAscii) or WHODrug (the text files DD, DDA and INA of the B3 "
        "format, or the CSV files MP, ThG and ATC of C3) from a folder. Exit 0: taken in, or there before; "
        "1: refused, nothing taken in; 2: unreadable."
    )

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        """Here `--version` is that of the dictionary, and not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=Kind.values)
        parser.add_argument("folder", type=Path)
        parser.add_argument("--version", required=True, dest="dictionary_version")
        parser.add_argument("--language", default="en", choices=[code for code, _name in LANGUAGES])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load_dictionary(
                Kind(options["kind"]),
                options["folder"],
                version=options["dictionary_version"],
                language=options["language"],
                by=self.system("dictionary"),
                source=Source.COMMAND,
            )
        except DictionaryRefused as refused:
            for problem in refused.problems:
                self.stderr.write(str(problem))
            sys.exit(REFUSED)
        except OSError as problem:
            raise CommandError(str(problem), returncode=UNREADABLE) from problem
        said = "taken in" if loaded.is_new else "as before"
        self.stdout.write(f"{loaded.dictionary}: {loaded.dictionary.terms_count} terms, {said}")
