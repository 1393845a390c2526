"""`inspection_copy OUT_DIR [--lock ID|live] [--site CODE]`: all that is recorded, on paper and as data."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from analytics.datasets.time_to_event import ImpossibleDates
from analytics.exports.inspection.copying import Extent, write_copy
from analytics.locks.snapshot import SnapshotDamaged
from analytics.runs.results import NoResult, find_lock
from patients.casebook.whole_directory import DirectoryInUse
from trial.commands import RegistryCommand
from trial.people.models import Site

LIVE = "live"


class Command(RegistryCommand):
    help = "Write the copy for an inspection: a PDF for each subject, the same as data, and what checks them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out_dir", type=Path)
        parser.add_argument(
            "--lock", default=LIVE, help="the id of a lock, latest, or live: as it stands (the default)"
        )
        parser.add_argument("--site", help="the code of a site: of its subjects alone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lock = None if options["lock"] == LIVE else find_lock(options["lock"])
            extent = Extent(_sites(options["site"]), lock)
            counts = write_copy(options["out_dir"], extent, by=self.system("inspection_copy"))
        except (DirectoryInUse, NoResult, SnapshotDamaged, ImpossibleDates) as problem:
            raise CommandError(str(problem)) from problem
        values, acts = (sum(one[name] for one in counts.values()) for name in ("values", "trail"))
        self.stdout.write(
            f"{len(counts)} subjects, {values} values, {acts} acts of the trail in {options['out_dir']}"
        )


def _sites(code: str | None) -> list[str]:
    """Raises CommandError for a site that there is not."""
    sites = sorted(Site.objects.values_list("code", flat=True))
    if code is not None and code not in sites:
        raise CommandError(f"no site {code}")
    return [code] if code else sites
