"""`run_pending`: ring the workers for every run that waits."""

from typing import Any

from analytics.runs.ring import ring_waiting
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = "Ring the workers for every run that waits or whose worker was lost."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{ring_waiting()} rung")
