"""A look at a page that is still open: what a save of it would say, with nothing written and nothing locked.

It takes the same steps as the save, on a copy in memory that is then forgotten. A reason for a change is not
asked for: that is said when the person saves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from patients.casebook.answers import Record, StoredCasebook
from patients.casebook.page import Page
from patients.casebook.settings import settings_read_once
from patients.entry.edits import Typed
from patients.entry.identity_patterns import identities
from patients.entry.judging import Judging, as_it_is, read_at_once, require_entry_on
from patients.entry.reasons import NO_REASONS, Reasons
from patients.entry.refusals import Clash
from patients.items.problems import Finding, Severity
from trial.people.access import Person


@dataclass(frozen=True, slots=True)
class Look:
    """What a save would say: why it would be refused, what would stand at the items of the page, and its rows
    by key as they would be, with their derived items."""

    refusals: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    rows: Mapping[str, Record]


def look_at(
    page: Page,
    rows: Typed,
    *,
    by: Person,
    base_version: int,
    header: Mapping[str, str] | None = None,
    reasons: Reasons | None = None,
) -> Look:
    """What `save_page` would say of the same answers, written nowhere.

    What cannot be read is a refusal at its item, of which nothing else is said; everything else is judged as
    if that item had been left as it is stored. Where somebody else has changed an item since `base_version`,
    that is said at it (the save would be a conflict). Raises UnknownPage (404), PermissionDenied (403) and
    PageClosed (423).
    """
    require_entry_on(page, by)
    with settings_read_once():
        casebook = read_at_once(StoredCasebook(page.subject), page, rows, header or {})
        judging = Judging(as_it_is(page, casebook), casebook)
        unreadable = judging.read(rows, header or {})
        clashes = _clashing(judging.clashes(base_version))
        refused = [*identities(judging.every_edit, reasons or NO_REASONS), *judging.unapproved()]
        refused += judging.apply()
        if judging.every_edit:
            with translation.override("en"):  # as in the save: what is derived reads the same for everybody
                judging.derive()
        standing = _elsewhere(judging.standing(judging.findings()), than=unreadable)
    return Look((*unreadable, *clashes, *refused), tuple(standing), judging.records)


def _clashing(clashes: Iterable[Clash]) -> list[Finding]:
    said = _("Somebody else has changed this since you opened the page; the save will ask.")
    return [Finding(each.item, said, Severity.REFUSED, each.row_key) for each in clashes]


def _elsewhere(findings: Iterable[Finding], *, than: Iterable[Finding]) -> list[Finding]:
    """The findings at other items than these are about."""
    places = {(each.row_key, each.item) for each in than}
    return [each for each in findings if (each.row_key, each.item) not in places]
