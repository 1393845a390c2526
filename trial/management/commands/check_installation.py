"""`check_installation`: what is wrong with this installation, by name. Exit 0 nothing, 1 something."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from trial.installation.finding import Verdict
from trial.installation.looks import findings


class Command(BaseCommand):
    help = "Look at versions, settings, migrations, triggers, grants, clock, keys, seals, backup, disk."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(findings())
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found]))
        else:
            self.stdout.write("\n".join(map(str, found)))
        sys.exit(any(one.verdict is Verdict.WRONG for one in found))
