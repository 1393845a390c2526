"""`check_data`: look at everything that is recorded, as on this day, and bring the queries in line."""

import csv
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress

from patients.entry.checking import SubjectChecked, check_subject, subjects_to_check
from trial.commands import RegistryCommand

COLUMNS = ("subject", "visit", "form", "row", "item", "check", "severity", "message")


class Command(RegistryCommand):
    help = (
        "Run every edit check over the whole casebook: queries open, close and open again, deviations are put"
        " on record. What stands is printed as CSV."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help="only these; else all")
        parser.add_argument("--quiet", action="store_true", help="print no findings, only their number")

    def handle(self, *args: Any, **options: Any) -> None:
        codes = subjects_to_check(options["subjects"])
        if unknown := set(options["subjects"]) - set(codes):
            raise CommandError(_("There is no subject %s.") % ", ".join(sorted(unknown)))
        findings = csv.writer(self.stdout)
        if not options["quiet"]:
            findings.writerow(COLUMNS)
        found = changed = 0
        for checked in self._checked(codes):
            found, changed = found + len(checked.findings), changed + len(checked.changes)
            if not options["quiet"]:
                findings.writerows(_lines(checked))
        said = _(
            "%(subjects)s subjects, %(findings)s findings, %(changes)s changes of queries and deviations."
        )
        self.stderr.write(said % {"subjects": len(codes), "findings": found, "changes": changed})

    def _checked(self, codes: list[str]) -> Iterator[SubjectChecked]:
        """Each subject in turn, with the progress on a terminal."""
        by, console = self.system("check_data"), Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as progress:
            for code in progress.track(codes, description="checking"):
                yield check_subject(code, by=by)


def _lines(checked: SubjectChecked) -> list[tuple[str, ...]]:
    return [
        (
            checked.code,
            page.visit_code,
            page.form_code,
            finding.row_key,
            finding.item,
            finding.check or finding.limit,
            finding.severity.value,
            str(finding.message),
        )
        for page, finding in checked.findings
    ]
