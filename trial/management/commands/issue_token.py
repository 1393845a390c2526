"""`issue_token NAME --site CODE --permission RIGHT [--days N]`: a key for a program, shown this once."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from trial.commands import RegistryCommand
from trial.people.access import SystemPerson
from trial.people.models import Site
from trial.people.networks import read_networks
from trial.people.roles import Permission
from trial.people.token_acts import TokenWish, issue_on_record
from trial.people.tokens import MAX_DAYS, Dates


class Command(RegistryCommand):
    help = "Print a new token for a program, alone on stdout. It is not kept and not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="who will show it, as the trail shall name it")
        parser.add_argument(
            "--site", action="append", required=True, help="a site that it may see; repeat it"
        )
        parser.add_argument(
            "--permission",
            action="append",
            required=True,
            choices=[str(permission) for permission in Permission],
            help="what it may do; repeat it",
        )
        parser.add_argument("--days", type=int, default=MAX_DAYS, help="until it expires")
        parser.add_argument(
            "--dates", choices=Dates.values, default=Dates.SHIFTED, help="moved for each subject, or true"
        )
        parser.add_argument(
            "--filing", default="", help="number and day of the filing under which genetic data may leave"
        )

        parser.add_argument(
            "--network", action="append", default=[], help="from where it works: 10.1.2.0/24; repeat it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        codes = sorted(set(options["site"]))
        sites = list(Site.objects.filter(code__in=codes))
        if unknown := set(codes) - {site.code for site in sites}:
            raise CommandError(f"--site: there is no site {', '.join(sorted(unknown))}")
        try:
            options["network"] = read_networks(" ".join(options["network"]))
        except ValueError as problem:
            raise CommandError(f"--network: {problem} is none") from problem
        try:
            clear = self._issue(self.system("issue_token"), sites, options)
        except ValueError as problem:
            raise CommandError(f"--days: {problem}") from problem
        self.stderr.write("This token is shown once:")
        self.stdout.write(clear)

    @staticmethod
    def _issue(by: SystemPerson, sites: list[Site], options: dict[str, Any]) -> str:
        wish = TokenWish(
            name=options["name"],
            sites=sites,
            permissions=[Permission(right) for right in options["permission"]],
            days=options["days"],
            dates=Dates(options["dates"]),
            filing=options["filing"],
            networks=options["network"],
        )
        return issue_on_record(wish, by=by)
