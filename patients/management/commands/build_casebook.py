"""`build_casebook TIMELINES.csv OUT_DIR`: an invented cohort as a casebook directory, without a database."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.progress import Progress

from patients.builder.build import casebook_of
from patients.builder.timeline import Timeline
from patients.builder.timelines import TimelinesRefused, read_timelines
from patients.casebook.files import UnreadableSheet, write_casebook
from patients.casebook.whole_directory import DirectoryInUse, refuse_if_in_use

REFUSED, UNREADABLE = 1, 2


class Command(BaseCommand):
    requires_system_checks = []  # they may want a database

    @property
    def help(self) -> str:  # type: ignore[override]
        """Translated when it is read: argparse takes no lazy text."""
        return _(
            "Build the casebook of an invented cohort. "
            "Exit 0: built, 1: refused, nothing written, 2: unreadable."
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("timelines", type=Path, help=_("CSV file, one row for each patient"))
        parser.add_argument("out_dir", type=Path, help=_("directory to make; it may exist if it is empty"))

    def handle(self, *args: Any, **options: Any) -> None:
        out_dir: Path = options["out_dir"]
        try:
            with _stopped_like_an_error():
                refuse_if_in_use(out_dir)
                timelines = self._timelines(options["timelines"])
                write_casebook(out_dir, self._with_progress(timelines))
        except (DirectoryInUse, OSError) as problem:
            raise CommandError(str(problem), returncode=REFUSED) from problem
        built = ngettext("%(count)s subject in %(dir)s", "%(count)s subjects in %(dir)s", len(timelines))
        self.stdout.write(built % {"count": len(timelines), "dir": out_dir})

    def _timelines(self, path: Path) -> list[Timeline]:
        try:
            return read_timelines(path)
        except TimelinesRefused as refused:
            for refusal in refused.refusals:
                self.stderr.write(str(refusal))
            sys.exit(REFUSED)
        except UnreadableSheet as problem:
            raise CommandError(str(problem), returncode=UNREADABLE) from problem

    @staticmethod
    def _with_progress(timelines: list[Timeline]) -> dict[str, list[dict[str, str]]]:
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task(_("Building"), total=len(timelines))
            return casebook_of(
                timelines, lambda done, total: progress.update(task, completed=done, total=total)
            )


@contextmanager
def _stopped_like_an_error() -> Iterator[None]:
    """SIGTERM unwinds the build as Ctrl-C does, so that nothing half-written stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
