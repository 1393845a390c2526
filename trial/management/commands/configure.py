"""`configure KEY VALUE --reason TEXT --approver NAME`: a new version of a configuration value, in a set-up
without patients. At a real site one person asks for it in the study file and another approves (VD-05)."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from trial.commands import RegistryCommand
from trial.protocol.configuration import SETTINGS, UnknownSetting
from trial.protocol.configuring import configure


class Command(RegistryCommand):
    help = "Put a new version of a configuration value in force; an empty VALUE where none is allowed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key")
        parser.add_argument("value")
        parser.add_argument("--reason", required=True, help="why, and from which source")
        parser.add_argument("--approver", required=True, help="who of the trial team approved it")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "at a real site a value is asked for in the study file, and another person approves it"
            )
        given = {name: options[name] for name in ("reason", "approver")}
        try:
            version = configure(options["key"], options["value"], by=self.system("configure"), **given)
        except UnknownSetting as problem:
            known = ", ".join(sorted(SETTINGS))
            raise CommandError(f"{options['key']} is no configuration value: {known}") from problem
        except ValueError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(str(version))
