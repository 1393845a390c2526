"""`run_pending`: ring the workers for every run, every file and all tables that wait."""

from typing import Any

from analytics.exports.jobs.ring import ring_waiting as ring_waiting_files
from analytics.exports.jobs.tables.ring import ring_waiting as ring_waiting_tables
from analytics.runs.ring import ring_waiting
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = "Ring the workers for every run, file and tables that wait or whose worker was lost."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{ring_waiting() + ring_waiting_files() + ring_waiting_tables()} rung")
