"""`demo`: the registry with the invented cohort, built, locked, and held against the published figures.

It works only on a registry that is empty or holds the demo, never on one with anything else.
"""

import tempfile
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from analytics.locks.seal import make_lock
from analytics.runs.models import RunState
from analytics.runs.own_worker import own_worker
from analytics.runs.start import waiting_run
from analytics.runs.waiting import wait_for
from patients.builder.timelines import read_timelines
from patients.casebook.page import Subject
from patients.coding.schemes import Kind
from trial.commands import RegistryCommand
from trial.people.demo import ADDRESS, demo_accounts
from trial.trail.actor import Source

CUTOFF = date(2025, 8, 5)
INVENTED = (
    (Kind.INVENTED_EVENTS.value, "events-en", "en"),
    (Kind.INVENTED_EVENTS.value, "events-zh", "zh"),
    (Kind.INVENTED_MEDICINES.value, "medicines", "en"),
)
REASON = "interim analysis of the invented cohort"


class Command(RegistryCommand):
    help = "Build the demo registry, print its figures beside the published ones, and serve it."
    requires_system_checks = "__all__"  # it serves the web application

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="stop after printing")

    def handle(self, *args: Any, **options: Any) -> None:
        with as_file(files("patients.builder") / "demo") as folder:
            self._refuse_another_registry(folder / "timelines.csv")
            self._fill(folder)
        lock = make_lock(CUTOFF, REASON, by=self.system("demo"), source=Source.COMMAND)
        run = wait_for(waiting_run(lock.snapshot, lock.codes), self.stderr.write)
        if run.state == RunState.FAILED:
            raise CommandError(f"the run failed: {run.error}")
        call_command("verify_figures")
        if not options["no_serve"]:
            self._serve()

    @staticmethod
    def _refuse_another_registry(timelines: Path) -> None:
        invented = {timeline.patient_id for timeline in read_timelines(timelines)}
        others = Subject.objects.exclude(patient_id__in=invented).count()
        if others:
            raise CommandError(
                f"this registry holds {others} subjects that are not of the demo; "
                "set CHIMERA_HOME to another folder"
            )

    def _fill(self, demo: Path) -> None:
        for table in ("laboratories", "ranges"):
            call_command(f"load_{table}", demo / f"{table}.csv")
        self._load_dictionaries()
        with tempfile.TemporaryDirectory(prefix="chimera-demo-") as folder:
            casebook = Path(folder) / "casebook"
            call_command("build_casebook", demo / "timelines.csv", casebook)
            try:
                call_command("import_casebook", casebook)
            except SystemExit:
                self.stderr.write("Pages that were changed since stay as they are.")

    @staticmethod
    def _load_dictionaries() -> None:
        """Invented ones, with which the terms of the cohort can be coded (`patients/coding/invented`)."""
        with as_file(files("patients.coding") / "invented") as folder:
            for kind, name, language in INVENTED:
                call_command(
                    "load_dictionary", kind, folder / name, dictionary_version="1", language=language
                )

    def _serve(self) -> None:
        self.stdout.write("\nAccounts of this demo, with new passwords and seeds (TOTP) at each start:")
        for each in demo_accounts(by=self.system("demo")):
            self.stdout.write(f"{each.role.label!s:<24} {each.user_name:<28} {each.password}  {each.seed}")
        self.stdout.write(f"\nhttp://{ADDRESS}/")
        with own_worker():  # for the cuts and files that are asked for in the browser
            call_command("runserver", ADDRESS, use_reloader=False)
