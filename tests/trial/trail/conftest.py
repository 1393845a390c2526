"""What tests of the trail share."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from trial.trail.actor import Source, acting, system_actor
from trial.trail.ledger import UnclaimedVersion
from trial.trail.record import Place, record_event


def claim() -> None:
    """An event for the versions that a test wrote by hand, as no act leaves any without one."""
    if UnclaimedVersion.objects.exists():
        with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
            record_event("test", Place())


@pytest.fixture(autouse=True)
def versions_are_claimed(request: pytest.FixtureRequest) -> Iterator[None]:
    """PostgreSQL is asked at the end of a test whether all that is deferred to the end holds."""
    if "db" in request.fixturenames:
        request.getfixturevalue("db")
        yield
        claim()
    else:
        yield
