"""`fill_store`: put into the store what only the folder of this host has."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from trial.commands import RegistryCommand
from trial.storage.kept import put_what_is_missing
from trial.storage.problems import StoredFileDamaged, StoreUnavailable


class Command(RegistryCommand):
    help = "Put kept files into the store that are not there yet: after choosing one, or after a restore."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SNAPSHOT_STORE is None:
            raise CommandError("CHIMERA_SNAPSHOT_STORE names no store")
        try:
            for name in put_what_is_missing():
                self.stdout.write(name)
        except (StoreUnavailable, StoredFileDamaged) as problem:
            raise CommandError(f"what is named above was put; then {problem}") from problem
