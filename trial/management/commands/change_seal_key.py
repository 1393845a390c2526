"""`change_seal_key`: another key signs the trail from now on; `--lost` for one that nobody handed over to."""

import getpass
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import IntegrityError, OperationalError

from trial.commands import RegistryCommand
from trial.trail.key_changes import CannotChangeKey, begin_anew, hand_over
from trial.trail.seals import Seal, anchor_file
from trial.trail.signing_keys import NoSigningKey


class Command(RegistryCommand):
    help = (
        "The key in force hands over to the new one: CHIMERA_NEW_SEAL_KEY (or _FILE), made in the home where "
        "that is not production. With --lost the new key begins without it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lost", action="store_true", help="the key in force is gone for ever")
        parser.add_argument("--reason", default="", help="how it was lost; with --lost")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["lost"] != bool(options["reason"].strip()):
            raise CommandError("--lost and --reason go together")
        try:
            seal = self._change(options["reason"].strip())
        except (CannotChangeKey, NoSigningKey) as problem:
            raise CommandError(f"Nothing has changed: {problem}.") from problem
        except (IntegrityError, OperationalError) as problem:
            raise CommandError("Nothing has changed: others were writing. Run it again.") from problem
        self._say(seal)

    def _change(self, reason_of_loss: str) -> Seal:
        user = getpass.getuser()
        if reason_of_loss:
            return begin_anew(reason_of_loss, on_behalf_of=user)
        return hand_over(on_behalf_of=user)

    def _say(self, seal: Seal) -> None:
        self.stdout.write(seal.successor or seal.key)
        self.stderr.write(
            f"Seal {seal.number} changes the key. Give the new public key and {anchor_file()} to sponsor and "
            "sites, who keep the old one, too. Destroy the old private key."
        )
        if seal.replaces:
            self.stderr.write(
                "verify_trail cannot tell (exit 2) whether it was we who began anew, until it is run with "
                f"--key {seal.replaces} --key {seal.key}."
            )
