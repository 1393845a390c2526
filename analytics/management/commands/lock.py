"""`lock --cutoff DATE --reason TEXT [--wait]`: a data cut by the system actor."""

from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser

from analytics.locks.seal import make_lock
from analytics.runs.models import RunState
from analytics.runs.start import run_of
from analytics.runs.waiting import wait_for
from trial.commands import RegistryCommand
from trial.trail.actor import Source
from trial.trail.clocks import ClocksDisagree


class Command(RegistryCommand):
    help = "Make a data cut. The last line of the output is the id of the lock; all else goes to stderr."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cutoff", required=True, type=date.fromisoformat)
        parser.add_argument("--reason", required=True)
        parser.add_argument("--wait", action="store_true", help="until the estimates are there")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["reason"].strip():
            raise CommandError("--reason: say why the data are cut")
        by = self.system("lock")
        try:
            lock = make_lock(options["cutoff"], options["reason"], by=by, source=Source.COMMAND)
        except ClocksDisagree as gap:
            raise CommandError(f"nothing was cut: {gap}") from gap
        self.stderr.write(f"cut-off {lock.cutoff}, snapshot {lock.snapshot.hash}")
        if options["wait"]:
            run = wait_for(run_of(lock.snapshot), self.stderr.write)
            if run.state == RunState.FAILED:
                self.stdout.write(str(lock.pk))
                raise CommandError(f"the run failed: {run.error}")
            self.stderr.write(f"result {run.result_hash}")
        self.stdout.write(str(lock.pk))
