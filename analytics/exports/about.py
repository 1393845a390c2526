"""What every file of an export says of where it comes from: the same for each file of a data cut."""

from dataclasses import dataclass
from datetime import date, datetime

from analytics.exports.disclosure import Disclosure
from analytics.locks.models import Lock
from analytics.runs.start import sources_digest
from trial import __version__
from trial.protocol.study import SITE_ZONE, STUDY


@dataclass(frozen=True, slots=True)
class About:
    """A data cut as its files name it. `at` is the moment of the lock: the same cut gives the same bytes."""

    study: str
    lock: int
    cutoff: date
    snapshot: str
    code: str
    version: str
    at: datetime
    disclosure: Disclosure

    @property
    def oid(self) -> str:
        """The identifier of the cut in the formats of CDISC."""
        return f"{self.study}.{self.snapshot[:12]}"

    @property
    def metadata(self) -> str:
        """The identifier of the version of the metadata: the tables are declared in the code."""
        return f"{self.study}.{self.version}.{self.code[:12]}"


def about(lock: Lock, disclosure: Disclosure) -> About:
    """A lock as its files name it."""
    return About(
        study=STUDY.registry_id,
        lock=lock.pk,
        cutoff=lock.cutoff,
        snapshot=lock.snapshot.hash,
        code=sources_digest(),
        version=__version__,
        at=lock.made_at.astimezone(SITE_ZONE),
        disclosure=disclosure,
    )
