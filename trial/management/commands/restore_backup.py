"""`restore_backup FILE --key FILE`: a backup as the registry of an empty machine.

`--check` opens and compares all of it and changes nothing; `--keys FOLDER` puts the keys of a file in place.
"""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from trial.backup.contents import Contents
from trial.backup.keys import read_keys
from trial.backup.problems import BackupRefused
from trial.backup.restoring import opened, restore


class Command(BaseCommand):
    help = "Put a backup back on an empty machine, then verify its trail. Exit 1 unless all of it is whole."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="private key of age")
        parser.add_argument("--check", action="store_true", help="look at it, and change nothing")
        parser.add_argument("--keys", type=Path, metavar="FOLDER", help="FILE holds keys: write them there")
        parser.add_argument("--anchor", type=Path, help="seals that were kept outside, to compare with")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["keys"]:
                self.stdout.write("\n".join(read_keys(options["file"], options["keys"], options["key"])))
            elif options["check"]:
                with opened(options["file"], options["key"]) as backup:
                    self._say(backup.contents)
            else:
                self._restore(options)
        except BackupRefused as problem:
            raise CommandError(f"refused: {problem}") from problem

    def _restore(self, options: dict[str, Any]) -> None:
        """What comes back is compared with the seals that were kept outside: an older copy shows there."""
        self._say(restore(options["file"], options["key"]))
        anchor = ["--anchor", str(options["anchor"])] if options["anchor"] else []
        call_command("migrate", verbosity=0)
        call_command("verify_trail", *anchor, stdout=self.stdout)

    def _say(self, contents: Contents) -> None:
        rows = sum(table.rows for table in contents.tables.values())
        self.stdout.write(f"made {contents.made_at}, {rows} rows, {len(contents.files)} files")
        self.stdout.write(f"up to seal {contents.last_seal}; database {contents.engine}")
