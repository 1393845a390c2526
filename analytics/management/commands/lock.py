"""`lock --cutoff DATE --reason TEXT [--known-at MOMENT] [--wait]`: a data cut by the system actor."""

import os
from datetime import date, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from analytics.locks.past import NotReproduced
from analytics.locks.seal import Asked, make_cut
from analytics.locks.shared_cut import ShareLost
from analytics.runs.models import RunState
from analytics.runs.start import run_of
from analytics.runs.waiting import wait_for
from patients.casebook.page import Subject
from trial.commands import RegistryCommand
from trial.protocol.study import SITE_ZONE
from trial.storage.problems import StoreUnavailable
from trial.trail.actor import Source
from trial.trail.clocks import ClocksDisagree

SUBJECTS_WORTH_A_PROCESS = 500
AT_MOST = 8
"""Processes: each holds a connection and 200 MiB, and one takes back what they have cut."""


def _moment(text: str) -> datetime:
    """A moment; one without a zone is of the site."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=SITE_ZONE)


def _processes() -> int:
    """How many share the cut: where there are few subjects, starting a process takes longer than cutting."""
    worth_it = Subject.objects.count() // SUBJECTS_WORTH_A_PROCESS
    return max(1, min(worth_it, len(os.sched_getaffinity(0)), AT_MOST))


class Command(RegistryCommand):
    help = "Make a data cut. The last line of the output is the id of the lock; all else goes to stderr."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cutoff", required=True, type=date.fromisoformat)
        parser.add_argument("--reason", required=True)
        parser.add_argument(
            "--known-at", type=_moment, metavar="MOMENT", help="as known then (2025-08-05T18:00, site's time)"
        )
        parser.add_argument("--wait", action="store_true", help="until the estimates are there")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["reason"].strip():
            raise CommandError("--reason: say why the data are cut")
        known_at = options["known_at"]
        if known_at and known_at > timezone.now():
            raise CommandError("--known-at: this moment has not come yet")
        asked = Asked(options["cutoff"], options["reason"], known_at=known_at)
        try:
            lock = make_cut(asked, by=self.system("lock"), source=Source.COMMAND, processes=_processes())
        except (ClocksDisagree, NotReproduced, ShareLost, StoreUnavailable) as problem:
            raise CommandError(f"nothing was cut: {problem}") from problem
        self.stderr.write(f"cut-off {lock.cutoff}, snapshot {lock.snapshot.hash}")
        if options["wait"]:
            run = wait_for(run_of(lock.snapshot, lock.codes), self.stderr.write)
            if run.state == RunState.FAILED:
                self.stdout.write(str(lock.pk))
                raise CommandError(f"the run failed: {run.error}")
            self.stderr.write(f"result {run.result_hash}")
        self.stdout.write(str(lock.pk))
