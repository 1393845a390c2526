"""`flush` empties every table: at a real site it refuses as long as the records are to be kept (RB-01)."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.flush import Command as Flush

from trial.protocol.closing import why_kept


class Command(Flush):
    def handle(self, **options: Any) -> None:
        if settings.PRODUCTION and (why := why_kept()):
            raise CommandError(why)
        super().handle(**options)
