"""`seal_trail`: sign what the trail has grown by, and publish it to the anchor file."""

from typing import Any

from trial.commands import RegistryCommand
from trial.trail.seals import anchor_file, public_key, seal_trail


class Command(RegistryCommand):
    help = "Seal the acts that are not sealed yet, and add the seals to the anchor file."

    def handle(self, *args: Any, **options: Any) -> None:
        made = seal_trail()
        self.stdout.write(f"{len(made)} sealed, {sum(seal.count for seal in made)} acts")
        self.stderr.write(f"key {public_key()}\nanchor {anchor_file()}")
