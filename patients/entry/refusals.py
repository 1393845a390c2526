"""Why a save did not happen. Each says it in the user's words, and nothing was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from patients.items.problems import Finding


class NotSaved(Exception):
    """Nothing of the save was written."""


class UnknownPage(NotSaved):
    """The page does not exist for this person (404): other sites' pages and absent pages look alike."""


class PageClosed(NotSaved):
    """The page is frozen or locked (423)."""


class Refused(NotSaved):
    """What was typed cannot be recorded (422); every reason is in `findings`."""

    status = 422

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{found.item}: {found.message}" for found in findings))
        self.findings = tuple(findings)


class SiteNotOpen(Refused):
    """The site may not enrol yet: an approval is missing (409). Once it is on record the save is taken."""

    status = 409


class SiteLocked(Refused):
    """The site, or the study with it, is locked: nobody is entered there any more (423)."""

    status = 423


class CannotSign(NotSaved):
    """The page cannot be signed as it is (422); what stands in the way is in `findings`."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(str(found.message) for found in findings))
        self.findings = tuple(findings)


class ContentChanged(NotSaved):
    """The page is not any more what the signer was shown (409)."""


@dataclass(frozen=True, slots=True)
class Clash:
    """An item that somebody else changed since this editor read it: both values, as shown."""

    row_key: str
    item: str
    label: str
    mine: str
    theirs: str


class Conflict(NotSaved):
    """Two people changed the same items (409); edits of different items would have merged."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__(_("Somebody else changed the same items: %s") % ", ".join(c.item for c in clashes))
        self.clashes = tuple(clashes)
