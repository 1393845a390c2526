"""What the commands that import have in common: their options, what they print, and how they end."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from patients.entry.deliveries import Delivery, UnreadableCasebook
from patients.entry.importing import CasebookImport, Outcome, Report, run_import
from trial.commands import RegistryCommand


class ImportCommand(RegistryCommand):
    """Exit 0: clean, 1: something was refused, 2: unreadable."""

    takes: str
    """What the path names."""

    def delivery(self, path: Path) -> Delivery:
        raise TypeError(f"{type(self).__name__} must say what it imports")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(self.takes, type=Path)
        parser.add_argument(
            "--all-or-nothing", action="store_true", help="keep nothing if anything is refused"
        )
        parser.add_argument("--dry-run", action="store_true", help="report, and keep nothing")
        parser.add_argument("--reason", default="", help="why pages that exist are changed")

    def handle(self, *args: Any, **options: Any) -> None:
        by = self.system("import")
        running = CasebookImport(self.delivery(options[self.takes]), by, reason=options["reason"])
        try:
            kept = self._with_progress(running, options)
        except UnreadableCasebook as problem:
            raise CommandError(str(problem), returncode=2) from problem
        self._print(running.report, kept=kept)
        if not running.report.is_clean:
            sys.exit(1)

    @staticmethod
    def _with_progress(running: CasebookImport, options: dict[str, Any]) -> bool:
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("importing", total=None)
            running.progress = lambda done, total: progress.update(task, completed=done, total=total)
            return run_import(running, dry_run=options["dry_run"], all_or_nothing=options["all_or_nothing"])

    def _print(self, report: Report, *, kept: bool) -> None:
        for remark in report.remarks:
            self.stderr.write(f"{'refused' if remark.refuses else 'not complete'}: {remark}")
        for outcome in Outcome:
            self.stdout.write(f"{outcome}: {report.pages[outcome]} pages, {report.rows[outcome]} rows")
        if report.not_imported:
            signatures = f"{report.not_imported} signatures of SIGNATURES.csv"
            self.stderr.write(f"not imported: {signatures}: an import signs for nobody")
        if report.born_by_age:
            self.stderr.write(f"birth dates that are the day an age at enrolment means: {report.born_by_age}")
        self.stdout.write(f"rows in: {report.rows.total()}" + ("" if kept else "; nothing was kept"))
