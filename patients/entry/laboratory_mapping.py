"""How the file of a laboratory system is read at a site: which column is which, and what its names mean.

A mapping is never changed: each change is a version of its own, with who made it and when, and an event of
the trail. It names headings, tests and units, and no subject.
"""

from collections.abc import Iterator, Mapping

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.entry.identity_patterns import identity_in
from patients.entry.lab_rows import LAB
from patients.entry.refusals import Refused
from patients.forms.laboratory_catalogue import BY_CODE
from patients.items.problems import Finding, Severity
from patients.laboratories.blocks import RANGE, columns_named
from trial.people.access import Person, actor_at, require_entry
from trial.people.models import Site
from trial.trail.actor import Source, acting
from trial.trail.append_only import AppendOnlyModel
from trial.trail.record import Change, Place, record_event

SUBJECT = "subject"
FIELDS = (SUBJECT, "moment", "test", "value", "unit", "lower", "upper", RANGE, "laboratory")
NEEDED = (SUBJECT, "moment", "test", "value")
LEFT_OUT = "-"
"""Stands for the test of a name whose results are not taken over."""
_SUBJECT_HEADINGS = frozenset({"subject", "subject_id", "subject code", "subject id", "受试者", "受试者编号"})
Entries = Mapping[str, str]


class LaboratoryMapping(AppendOnlyModel):
    """One version of how a site reads the file of its laboratory system.

    `columns`: heading by field; `tests`: code of the catalogue by written name; `units`: unit by
    `CODE written`; `laboratory`: which one it is, where no column says so.
    """

    site = models.CharField(max_length=10)
    version = models.PositiveIntegerField()
    columns = models.JSONField(default=dict)
    tests = models.JSONField(default=dict)
    units = models.JSONField(default=dict)
    laboratory = models.CharField(max_length=80, blank=True)
    by = models.CharField(max_length=150)
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ("site", "version")
        constraints = (
            models.UniqueConstraint(fields=("site", "version"), name="one_laboratory_mapping_of_a_version"),
        )

    def __str__(self) -> str:
        return f"{self.site} {self.version}"

    def parts(self) -> dict[str, str]:
        """All that it says, each by the name under which the trail has it."""
        groups = {"column": self.columns, "test": self.tests, "unit": self.units}
        found = {f"{kind}.{name}": text for kind, group in groups.items() for name, text in group.items()}
        return found | ({"laboratory": self.laboratory} if self.laboratory else {})


def mapping_at(site: Site) -> LaboratoryMapping:
    """The newest version of a site; an empty one, version 0, before the first."""
    newest = LaboratoryMapping.objects.filter(site=site.code).order_by("-version").first()
    return newest or LaboratoryMapping(site=site.code, version=0)


def proposed_columns(headings: list[str]) -> dict[str, str]:
    """What the headings of a file say by themselves."""
    found = {
        column: heading for heading, column in zip(headings, columns_named(headings), strict=True) if column
    }
    subjects = [heading for heading in headings if heading.strip().casefold() in _SUBJECT_HEADINGS]
    return found | ({SUBJECT: subjects[0]} if subjects else {})


@transaction.atomic
def keep_mapping(
    site: Site,
    *,
    columns: Entries,
    tests: Entries,
    units: Entries,
    laboratory: str,
    by: Person,
    request_id: str = "",
) -> LaboratoryMapping:
    """Make this the mapping of a site; one that says the same stands as it is.

    Raises PermissionDenied (403) for whoever does not enter laboratory results there, and Refused (422).
    """
    require_entry(by, LAB, site=site.code)
    Site.objects.select_for_update().get(pk=site.pk)  # of two who change it at once the second waits
    before = mapping_at(site)
    actor = actor_at(by, site=site.code, source=Source.WEB, request_id=request_id)
    kept = LaboratoryMapping(
        site=site.code,
        version=before.version + 1,
        columns={name: heading for name, heading in columns.items() if heading},
        tests={name: code for name, code in tests.items() if code},
        units={name: unit for name, unit in units.items() if unit},
        laboratory=laboratory,
        by=actor.user_name,
        by_name=actor.printed_name,
        at=timezone.now(),
    )
    if problems := list(_problems(kept)):
        raise Refused(problems)
    changes = list(_changes(before.parts(), kept.parts()))
    if not changes:
        return before
    with acting(actor):
        kept.save()
        place = Place(site=site.code, about=f"{site.code} {kept.version}")
        record_event("laboratory_mapping.changed", place, changes)
    return kept


def _changes(before: Entries, after: Entries) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield Change(name[:100], name[:200], old, new, old_shown=old, new_shown=new)


def _problems(kept: LaboratoryMapping) -> Iterator[Finding]:
    for name in NEEDED:
        if name not in kept.columns:
            yield _refused(name, _("Choose the column."))
    for written, code in kept.tests.items():
        if code not in BY_CODE and code != LEFT_OUT:
            yield _refused(written, _("This is no test of the laboratory catalogue."))
    for written, unit in kept.units.items():
        code = written.partition(" ")[0]
        if code not in BY_CODE or unit not in BY_CODE[code].units():
            yield _refused(written, _("Choose a unit of this test."))
    texts = [text for each in kept.parts().items() for text in each]
    if any(identity_in(text.removeprefix("test.").removeprefix("column.")) for text in texts):
        yield _refused("mapping", _("This looks like the number of a person. It is not kept."))


def _refused(item: str, why: str) -> Finding:
    return Finding(item, why, Severity.REFUSED)
