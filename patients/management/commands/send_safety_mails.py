"""`send_safety_mails`: tell the safety contacts what is due, as the worker does every minute."""

from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from patients.entry.safety_mailing import send_due
from trial.commands import RegistryCommand


class Command(RegistryCommand):
    help = "Send the mails about serious events that are due. Exits with 1 where one could not be sent."

    def handle(self, *args: Any, **options: Any) -> None:
        done = send_due()
        said = _("%(sent)s mails sent, %(failed)s not sent.") % {"sent": done.sent, "failed": done.failed}
        if done.failed:
            raise CommandError(said)
        self.stderr.write(said)
