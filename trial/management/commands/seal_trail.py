"""`seal_trail`: sign what the trail has grown by, and publish it to the anchor file."""

from typing import Any

from django.core.management.base import CommandError

from trial.commands import RegistryCommand
from trial.trail.seals import anchor_file, public_key, seal_trail
from trial.trail.signing_keys import NoSigningKey


class Command(RegistryCommand):
    help = "Seal the acts that are not sealed yet, and add the seals to the anchor file."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = seal_trail()
        except NoSigningKey as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{len(made)} sealed, {sum(seal.count for seal in made)} acts")
        self.stderr.write(f"key {public_key()}\nanchor {anchor_file()}")
