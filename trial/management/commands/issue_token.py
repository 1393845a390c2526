"""`issue_token NAME --site CODE --permission RIGHT [--days N]`: a key for a program, shown this once."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from trial.commands import RegistryCommand
from trial.people.access import SystemPerson, actor_at
from trial.people.models import Site
from trial.people.roles import Permission
from trial.people.tokens import MAX_DAYS, Dates, issue_token
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


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

    def handle(self, *args: Any, **options: Any) -> None:
        codes = sorted(set(options["site"]))
        sites = list(Site.objects.filter(code__in=codes))
        if unknown := set(codes) - {site.code for site in sites}:
            raise CommandError(f"--site: there is no site {', '.join(sorted(unknown))}")
        try:
            clear = self._issue(self.system("issue_token"), sites, options)
        except ValueError as problem:
            raise CommandError(f"--days: {problem}") from problem
        self.stderr.write("This token is shown once:")
        self.stdout.write(clear)

    @staticmethod
    def _issue(by: SystemPerson, sites: list[Site], options: dict[str, Any]) -> str:
        name, permissions = options["name"], [Permission(right) for right in options["permission"]]
        changes = [
            Change("sites", "Sites", "", " ".join(site.code for site in sites)),
            Change("permissions", "Permissions", "", " ".join(permissions)),
            Change("days", "Days until it expires", "", str(options["days"])),
            Change("dates", "Dates", "", options["dates"]),
            *([Change("filing", "Filing", "", options["filing"])] if options["filing"] else ()),
        ]
        with transaction.atomic(), acting(actor_at(by, site="", source=Source.COMMAND)):
            clear = issue_token(
                name,
                by=by.user_name,
                sites=sites,
                permissions=permissions,
                days=options["days"],
                dates=Dates(options["dates"]),
                filing=options["filing"],
            )
            record_event("token.issued", Place(about=name), changes)
        return clear
