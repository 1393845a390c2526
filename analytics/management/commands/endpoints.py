"""`endpoints LOCK|latest --json`: the estimates of a lock, JSON alone on stdout."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from analytics.runs.results import NoResult, as_data, estimates_of, find_lock
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = "Print the estimates of a lock. Exit 3 if there are none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lock", help="the id of a lock, or latest")
        parser.add_argument("--json", action="store_true", help="at full precision")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            estimates = list(estimates_of(find_lock(options["lock"])))
        except NoResult as problem:
            raise CommandError(str(problem), returncode=3) from problem
        if options["json"]:
            content = {estimate.figure: as_data(estimate) for estimate in estimates}
            self.stdout.write(json.dumps(content, indent=1, ensure_ascii=False))
            return
        for estimate in estimates:
            self.stdout.write(f"{estimate.figure}\t{estimate.text or estimate.reason}")
