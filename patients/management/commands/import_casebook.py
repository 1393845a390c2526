"""`import_casebook DIR`: a casebook directory through the one way in, page by page."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from rich.console import Console
from rich.progress import Progress

from patients.entry.importing import CasebookImport, Outcome, Report, UnreadableCasebook
from trial.commands import RegistryCommand


class _Undone(Exception):
    """Rolls the whole import back."""


class Command(RegistryCommand):
    help = "Import a casebook directory. Exit 0: clean, 1: something was refused, 2: unreadable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", type=Path)
        parser.add_argument(
            "--all-or-nothing", action="store_true", help="keep nothing if anything is refused"
        )
        parser.add_argument("--dry-run", action="store_true", help="report, and keep nothing")
        parser.add_argument("--reason", default="", help="why pages that exist are changed")

    def handle(self, *args: Any, **options: Any) -> None:
        by = self.system("import")
        running = CasebookImport(options["dir"], by, reason=options["reason"])
        whole = options["dry_run"] or options["all_or_nothing"]
        try:
            report = self._with_progress(running, whole=whole, dry=options["dry_run"])
        except UnreadableCasebook as problem:
            raise CommandError(str(problem), returncode=2) from problem
        self._print(report, kept=not options["dry_run"] and (report.is_clean or not whole))
        if not report.is_clean:
            sys.exit(1)

    def _with_progress(self, running: CasebookImport, *, whole: bool, dry: bool) -> Report:
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("importing", total=None)
            running.progress = lambda done, total: progress.update(task, completed=done, total=total)
            return self._as_a_whole(running, dry=dry) if whole else running.run()

    @staticmethod
    def _as_a_whole(running: CasebookImport, *, dry: bool) -> Report:
        try:
            with transaction.atomic():
                report = running.run()
                if dry or not report.is_clean:
                    raise _Undone
        except _Undone:
            report = running.report
        return report

    def _print(self, report: Report, *, kept: bool) -> None:
        for remark in report.remarks:
            self.stderr.write(f"{'refused' if remark.refuses else 'not complete'}: {remark}")
        for outcome in Outcome:
            self.stdout.write(f"{outcome}: {report.pages[outcome]} pages, {report.rows[outcome]} rows")
        if report.not_imported:
            signatures = f"{report.not_imported} signatures of SIGNATURES.csv"
            self.stderr.write(f"not imported: {signatures}: an import signs for nobody")
        self.stdout.write(f"rows in: {report.rows.total()}" + ("" if kept else "; nothing was kept"))
