"""An event for what a test wrote by hand, as no act of the application leaves anything without one."""

from django.db import transaction

from trial.trail.actor import Source, acting, system_actor
from trial.trail.ledger import UnclaimedVersion
from trial.trail.record import Place, record_event


def claim() -> None:
    """Claim the versions that lie unclaimed, if any do."""
    if UnclaimedVersion.objects.exists():
        with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
            record_event("test", Place())
