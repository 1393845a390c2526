"""`back_up FOLDER`: an encrypted, checked copy of the registry; `--keys FILE` the copy of its keys, apart."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from trial.backup.age_files import make_key
from trial.backup.keys import write_keys
from trial.backup.making import make_backup
from trial.backup.problems import BackupRefused
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = "Write a backup into FOLDER, encrypted to CHIMERA_BACKUP_RECIPIENTS. Exit 1 unless it is whole."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("folder", type=Path, nargs="?")
        what.add_argument("--keys", type=Path, metavar="FILE", help="the keys alone, to be kept apart")
        what.add_argument(
            "--new-key", type=Path, metavar="FILE", help="make the private key by which backups are opened"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except BackupRefused as problem:
            raise CommandError(f"no backup: {problem}") from problem

    def _do(self, options: dict[str, Any]) -> None:
        if options["new_key"]:
            self.stdout.write(make_key(options["new_key"]))
        elif options["keys"]:
            write_keys(options["keys"])
            self.stdout.write(f"{options['keys']}")
        else:
            path, contents = make_backup(options["folder"])
            rows = sum(table.rows for table in contents.tables.values())
            self.stdout.write(f"{path}")
            self.stderr.write(f"{rows} rows, {len(contents.files)} files, up to seal {contents.last_seal}")
