"""`export_casebook OUT_DIR [--lock ID]`: the inverse of `import_casebook`, in the same format."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from analytics.locks.export import export_lock
from analytics.locks.snapshot import SnapshotDamaged
from analytics.runs.results import NoResult, find_lock
from patients.casebook.whole_directory import DirectoryInUse
from patients.entry.exporting import export_registry, record_export
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = "Write the casebook, or a data cut of it, as a directory of CSV files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out_dir", type=Path)
        parser.add_argument(
            "--lock", help="the id of a lock, or latest: the casebook as of it, without identity"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out_dir = options["out_dir"]
        try:
            if options["lock"]:
                lock = find_lock(options["lock"])
                what, rows = f"lock {lock.pk}", export_lock(lock, out_dir)
            else:
                what, rows = "casebook", export_registry(out_dir)
            record_export(what, out_dir, rows, by=self.system("export"))
        except (DirectoryInUse, NoResult, SnapshotDamaged) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{rows} rows in {out_dir}")
