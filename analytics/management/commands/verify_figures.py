"""`verify_figures [LOCK]`: figure · published · computed · agrees."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from analytics.endpoints.verify import Comparison, compare
from analytics.runs.results import NoResult, estimates_of, find_lock
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = (
        "Hold the figures of a lock against the published ones. "
        "Exit 1 on any that disagrees or was not computed, 3 without result."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lock", nargs="?", default="latest")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            estimates = estimates_of(find_lock(options["lock"]))
        except NoResult as problem:
            raise CommandError(str(problem), returncode=3) from problem
        comparisons = compare({estimate.figure: estimate.text or "-" for estimate in estimates})
        self._print(comparisons)
        if not all(comparison.agrees for comparison in comparisons):
            sys.exit(1)

    def _print(self, comparisons: list[Comparison]) -> None:
        self._row("figure", "published", "computed", "agrees")
        for one in comparisons:
            computed = "absent" if one.computed is None else one.computed
            self._row(one.id, one.published, computed, "yes" if one.agrees else "NO")
        agreeing = sum(one.agrees for one in comparisons)
        self.stdout.write(f"{agreeing} of {len(comparisons)} published figures agree")

    def _row(self, *cells: str) -> None:
        name, published, computed, agrees = cells
        self.stdout.write(f"{name:<32} {published:>10} {computed:>10}  {agrees}")
