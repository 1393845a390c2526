"""`approve_site SITE KIND --body NAME --reference TEXT --on DATE --reason TEXT`: an approval on record."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from trial.commands import RegistryCommand
from trial.protocol.approvals import record_approval
from trial.protocol.models import ApprovalKind, SiteApproval
from trial.protocol.study import STUDY
from trial.trail.actor import Source


class Command(RegistryCommand):
    help = "Record an approval of the present protocol version; a site enrols when it has one of each kind."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site")
        parser.add_argument("kind", choices=ApprovalKind.values)
        parser.add_argument("--body", required=True, help="who gave it")
        parser.add_argument("--reference", required=True, help="its number")
        parser.add_argument("--on", required=True, help="the day on which it was given, as 2024-03-01")
        parser.add_argument("--until", default="", help="the last day on which it holds")
        parser.add_argument("--reason", required=True, help="from which document")

    def handle(self, *args: Any, **options: Any) -> None:
        approval = SiteApproval(
            site_code=options["site"],
            kind=options["kind"],
            body=options["body"],
            reference=options["reference"],
            protocol_version=STUDY.protocol_version,
            approved_on=_day(options["on"]),
            valid_until=_day(options["until"]) if options.get("until") else None,
        )
        how = {"by": self.system("approve_site"), "source": Source.COMMAND, "reason": options["reason"]}
        try:
            self.stdout.write(str(record_approval(approval, **how)))
        except ValidationError as problem:
            raise CommandError("; ".join(problem.messages)) from problem


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise CommandError(_("%s is not a date like 2024-03-01.") % text) from problem
