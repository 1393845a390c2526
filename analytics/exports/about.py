"""What every file of an export says of where it comes from: the same for each file of a data cut."""

from dataclasses import dataclass, field
from datetime import date, datetime

from analytics.exports.configured import configuration_of
from analytics.exports.disclosure import Disclosure
from analytics.exports.naming import Naming, hiding
from analytics.locks.models import Lock
from analytics.locks.snapshot import site_of_each
from analytics.runs.start import sources_digest
from trial.edition import EDITION
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
    naming: Naming = field(default_factory=Naming)
    previous: str = ""
    """The file before in the series of locks of this scope, as `file_oid` names it; empty for the first."""

    @property
    def oid(self) -> str:
        """The identifier of the cut in the formats of CDISC."""
        return f"{self.study}.{self.snapshot[:12]}"

    def file_oid(self, what: str) -> str:
        """The identifier of a file of the cut: `what` it is, for a reader who may have so much."""
        to = self.disclosure
        genetic = "held" if to.filing else "withheld"
        subjects = "pseudonyms" if to.hides_sites else "codes"
        return f"{self.oid}.{self.lock}.{what}.{to.dates}.{genetic}.{subjects}"

    @property
    def metadata(self) -> str:
        """The identifier of the version of the metadata: the tables are declared in the code."""
        return f"{self.study}.{self.version}.{self.code[:12]}"


def about(lock: Lock, disclosure: Disclosure) -> About:
    """A lock as its files name it. Raises SnapshotDamaged."""
    return About(
        study=STUDY.registry_id,
        lock=lock.pk,
        cutoff=lock.cutoff,
        snapshot=lock.snapshot.hash,
        code=sources_digest(),
        version=EDITION,
        at=lock.made_at.astimezone(SITE_ZONE),
        disclosure=disclosure,
        naming=naming_of(lock, disclosure),
    )


def naming_of(lock: Lock, to: Disclosure) -> Naming:
    """How a reader has the subjects and sites of a lock named. Raises SnapshotDamaged."""
    return hiding(site_of_each(lock.snapshot.path), configuration_of(lock)) if to.hides_sites else Naming()
