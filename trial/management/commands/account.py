"""`account`: accounts from the command line. Nobody but the owner of an account ever knows its password."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from trial.commands import RegistryCommand
from trial.people.accounts import NameTaken, create_account, disable_account, issue_link
from trial.people.first_start import address_of_registry
from trial.people.grants import grant_role
from trial.people.models import Account, Site
from trial.people.roles import Role
from trial.people.second_factor import NeedsAnother, NotRequested, approve_reset, request_reset


class Command(RegistryCommand):
    help = "Create or disable an account, issue a link to set its password, reset its second factor."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        create = acts.add_parser("create", help="a new account, with the link to set its password")
        create.add_argument("user_name")
        create.add_argument("printed_name", help="as it stands on signatures")
        create.add_argument("--role", choices=[str(role) for role in Role])
        create.add_argument("--site", help="where the role is granted; with --role")
        link = acts.add_parser("link", help="a new link to set the password: once, within an hour")
        link.add_argument("user_name")
        disable = acts.add_parser("disable", help="nobody signs in with it again; sessions and tokens end")
        disable.add_argument("user_name")
        disable.add_argument("--reason", required=True)
        reset = acts.add_parser("reset-second-factor", help="asked for by one person, approved by another")
        reset.add_argument("user_name")
        how = reset.add_mutually_exclusive_group(required=True)
        how.add_argument("--reason", help="ask for it")
        how.add_argument("--approve", action="store_true", help="approve what another user asked for")

    def handle(self, *args: Any, **options: Any) -> None:
        act = {
            "create": self._create,
            "link": self._link,
            "disable": self._disable,
            "reset-second-factor": self._reset,
        }[options["act"]]
        try:
            act(options)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error

    def _create(self, options: dict[str, Any]) -> None:
        if bool(options["role"]) != bool(options["site"]):
            raise CommandError("--role and --site go together")
        by = self.system("account")
        with transaction.atomic():
            try:
                account = create_account(options["user_name"], options["printed_name"], by=by)
            except NameTaken as error:
                raise CommandError(f"the user name {error} is, or was, somebody's") from error
            if options["role"]:
                self._grant(account, Role(options["role"]), options["site"])
        self._print_link(account)

    def _grant(self, account: Account, role: Role, code: str) -> None:
        site = Site.objects.filter(code=code).first()
        if site is None:
            raise CommandError(f"there is no site {code}")
        grant_role(account, role, site, by=self.system("account"), reason="account create")

    def _link(self, options: dict[str, Any]) -> None:
        self._print_link(_account(options["user_name"]))

    def _print_link(self, account: Account) -> None:
        self.stderr.write(f"{account.user_name} sets the password here, once, within an hour:")
        self.stdout.write(address_of_registry() + issue_link(account, by=self.system("account")))

    def _disable(self, options: dict[str, Any]) -> None:
        disable_account(_account(options["user_name"]), by=self.system("account"), reason=options["reason"])

    def _reset(self, options: dict[str, Any]) -> None:
        account, by = _account(options["user_name"]), self.system("account")
        if not options["approve"]:
            request_reset(account, by=by, reason=options["reason"])
            self.stderr.write("Asked for. Another user approves it with --approve.")
            return
        try:
            approve_reset(account, by=by)
        except NotRequested as error:
            raise CommandError(f"nobody asked for a reset of {error}") from error
        except NeedsAnother as error:
            raise CommandError(f"{error} asked for it: another user has to approve") from error


def _account(user_name: str) -> Account:
    account = Account.objects.filter(user_name__iexact=user_name).first()
    if account is None:
        raise CommandError(f"there is no account {user_name}")
    return account
