"""The file of a laboratory system: read by the mapping of its site, laid onto the LAB pages, and saved there.

The unit is the page, as in an import: a refused page is named, the others are kept. What was uploaded is kept
only until it is saved or given up, encrypted as a draft is, for it may name subjects; the file itself is not.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO, StringIO

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.casebook.answers import StoredCasebook, record_of
from patients.casebook.identity import SealedField
from patients.casebook.page import Page, Subject, VisitState
from patients.entry.lab_rows import (
    LAB,
    PlannedRow,
    Result,
    Standing,
    Stored,
    Unclear,
    planned,
    result_of,
    twice,
)
from patients.entry.laboratory_mapping import LEFT_OUT, NEEDED, SUBJECT, LaboratoryMapping
from patients.entry.reasons import Reason, SameReason
from patients.entry.refusals import NotSaved, PageClosed, Refused
from patients.entry.save import save_page
from patients.entry.uploads import Kind, check_file
from patients.forms.laboratory_catalogue import BY_CODE
from patients.forms.laboratory_names import catalogue_tests, unit_called
from patients.laboratories.blocks import with_limits
from trial.people.access import Person, require_entry
from trial.people.models import Account, Site
from trial.protocol.visits import Clock, visit_type
from trial.trail.actor import Source

KEPT_FOR = timedelta(days=1)


class KeptLaboratoryFile(models.Model):
    """The rows that somebody uploaded for a site and has not saved yet."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    rows = SealedField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("account", "site"), name="one_laboratory_file_of_a_person"),
        )

    def __str__(self) -> str:
        return f"{self.account.user_name}: {self.site.code}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file under their headings; each has the number of its line."""

    headings: list[str]
    rows: list[tuple[int, list[str]]]


# --- what was uploaded -----------------------------------------------------------------------------------
def read_upload(name: str, content: bytes) -> Sheet:
    """The rows of a CSV, in UTF-8 with or without a mark, or in GB18030. Raises UploadRefused."""
    text = _decoded(content)
    check_file(name, BytesIO(text.encode()), allowed=(Kind.CSV,))
    delimiter = next((sign for sign in "\t;," if sign in text.partition("\n")[0]), ",")
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    return Sheet(rows[0][1] if rows else [], rows[1:])


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def keep_file(site: Site, sheet: Sheet, *, by: Account) -> None:
    """Keep the rows until they are saved, in the place of those before. Raises PermissionDenied."""
    require_entry(by, LAB, site=site.code)
    kept = json.dumps([sheet.headings, sheet.rows])
    KeptLaboratoryFile.objects.update_or_create(
        account=by, site=site, defaults={"rows": kept, "at": timezone.now()}
    )


def file_of(site: Site, *, by: Account) -> Sheet | None:
    """What this person uploaded for the site and has not saved."""
    kept = KeptLaboratoryFile.objects.filter(account=by, site=site).first()
    if kept is None:
        return None
    headings, rows = json.loads(kept.rows)
    return Sheet(headings, [(line, cells) for line, cells in rows])


def discard_file(site: Site, *, by: Account) -> None:
    """It is saved, or given up."""
    KeptLaboratoryFile.objects.filter(account=by, site=site).delete()


def purge_files() -> int:
    """Forget the files that nobody came back to; how many they were."""
    return KeptLaboratoryFile.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]


# --- read by the mapping -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Row:
    """A row by fields, with the test and unit of the catalogue that the mapping gives its names."""

    line: int
    cells: Mapping[str, str]


def rows_of(sheet: Sheet, mapping: LaboratoryMapping) -> Iterator[Row]:
    """The rows of a file by field; those whose test is left out are passed over."""
    places = {
        name: sheet.headings.index(heading)
        for name, heading in mapping.columns.items()
        if heading in sheet.headings
    }
    for line, cells in sheet.rows:
        found = {name: cells[place] for name, place in places.items() if place < len(cells)}
        found = with_limits(found)
        found["laboratory"] = found.get("laboratory") or mapping.laboratory
        written, unit = found.get("test", ""), found.get("unit", "")
        found["test"] = mapping.tests.get(written, written)
        if code := _code(found["test"]):
            found["unit"] = mapping.units.get(f"{code} {unit}", unit)
        if found["test"] != LEFT_OUT:
            yield Row(line, found)


def _code(written: str) -> str:
    tests = catalogue_tests(written)
    return tests[0].code if len(tests) == 1 else ""


def absent_columns(sheet: Sheet, mapping: LaboratoryMapping) -> list[str]:
    """The fields that are needed and of which the file has no column."""
    return [name for name in NEEDED if mapping.columns.get(name) not in sheet.headings]


def unknown_tests(sheet: Sheet, mapping: LaboratoryMapping) -> list[str]:
    """The names in the file that are of no test, or of several."""
    return sorted(
        {row.cells["test"] for row in rows_of(sheet, mapping) if not _code(row.cells["test"])} - {""}
    )


def unknown_units(sheet: Sheet, mapping: LaboratoryMapping) -> list[str]:
    """`CODE written` for each unit of a known test that is none of its units."""
    found = set()
    for row in rows_of(sheet, mapping):
        code, unit = _code(row.cells["test"]), row.cells.get("unit", "")
        if code and unit_called(unit, BY_CODE[code]) is None:
            found.add(f"{code} {unit}")
    return sorted(found)


# --- laid onto the pages -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Passed:
    """A line that goes onto no page, and why."""

    line: int
    why: str


@dataclass
class PlannedPage:
    """What the file says about one page."""

    page: Page
    day: date
    rows: list[PlannedRow]

    def count(self, standing: Standing) -> int:
        return sum(row.standing == standing for row in self.rows)

    @property
    def writes(self) -> dict[str, dict[str, str]]:
        return {row.key: row.typed for row in self.rows if row.differs}

    @property
    def lines(self) -> dict[str, int]:
        """The line of each row of the page."""
        return {row.key: row.result.line for row in self.rows}


@dataclass
class FilePlan:
    """The pages that a file is about, and the lines that are of none."""

    pages: list[PlannedPage] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)

    def count(self, standing: Standing) -> int:
        return sum(page.count(standing) for page in self.pages)


def plan_file(sheet: Sheet, mapping: LaboratoryMapping, subjects: Mapping[str, Subject]) -> FilePlan:
    """Lay the rows of a file onto the LAB pages of these subjects, by the day of each sample."""
    plan = FilePlan()
    by_subject: dict[str, list[Result]] = defaultdict(list)
    for row in rows_of(sheet, mapping):
        code = row.cells.get(SUBJECT, "")
        try:
            if code not in subjects:
                raise Unclear(SUBJECT, _("No subject of the site has the number “%s”.") % code)
            by_subject[code].append(result_of(row.line, row.cells))
        except Unclear as problem:
            plan.passed.append(Passed(row.line, _said(problem, row.cells)))
    for code in sorted(by_subject):
        _lay(subjects[code], by_subject[code], plan)
    plan.passed.sort(key=lambda passed: passed.line)
    return plan


def _said(problem: Unclear, cells: Mapping[str, str]) -> str:
    if problem.cell not in ("test", "unit"):
        return problem.why
    named = {"test": cells.get("test") or "–", "unit": cells.get("unit") or "–"}
    if problem.cell == "test":
        return _("“%(test)s” is no test that is known: say above which one it is.") % named
    return _("“%(unit)s” is no unit of %(test)s: say above which one it is.") % named


def _lay(subject: Subject, results: list[Result], plan: FilePlan) -> None:
    again = twice(results)
    for place, first in again.items():
        plan.passed.append(
            Passed(results[place].line, _("The test of this sample stands on line %s, too.") % first)
        )
    by_day: dict[date, list[Result]] = defaultdict(list)
    for place, result in enumerate(results):
        if place not in again and result.day is not None:
            by_day[result.day].append(result)
    pages = pages_of_days(subject, by_day)
    casebook = StoredCasebook(subject)
    casebook.load({LAB})
    for day in sorted(by_day):
        page = pages.get(day)
        if page is None:
            why = _("No laboratory page of %(subject)s is for %(day)s: add an unscheduled visit.")
            named = {"subject": subject.code, "day": day}
            plan.passed += [Passed(result.line, why % named) for result in by_day[day]]
        else:
            stored = _stored(page, casebook)
            plan.pages.append(PlannedPage(page, day, planned(by_day[day], stored)))


def _stored(page: Page, casebook: StoredCasebook) -> Stored:
    standing = casebook.stored_on(page)
    rows = {row.row_key: (record_of(row, page, page.subject).values, row.item_versions) for row in standing}
    return Stored(rows, frozenset(row.row_key for row in casebook.void_on(page)))


def pages_of_days(subject: Subject, days: Iterable[date]) -> dict[date, Page]:
    """The LAB page of each day: the one that is of this day already, else one without a day in whose window
    it lies, on the HSCT clock before the CAR-T clock (rule 4 of the visit schedule), the nearest to its
    target first. A page holds one sample day, so no page is given twice."""
    found = subject.pages.filter(form_code=LAB).exclude(visit=None).select_related("visit", "subject__site")
    pages = [page for page in found if page.visit and page.visit.state == VisitState.OPEN]
    given = {page.form_date: page for page in pages if page.form_date}
    free = {page.pk: page for page in pages if not page.form_date}
    chosen = {day: given[day] for day in days if day in given}
    fits = [(_fit(day, page), day, pk) for day in days if day not in chosen for pk, page in free.items()]
    for fit, day, pk in sorted(each for each in fits if each[0]):
        if fit and day not in chosen and pk in free:
            chosen[day] = free.pop(pk)
    return chosen


def _fit(day: date, page: Page) -> tuple[bool, int] | tuple[()]:
    """How well a day suits the visit of a page, the smallest best; nothing outside its window."""
    visit = page.visit
    if not (visit and visit.target and visit.opens and visit.closes and visit.opens <= day <= visit.closes):
        return ()
    return visit_type(visit.code).clock is not Clock.HSCT, abs((day - visit.target).days)


# --- saved -------------------------------------------------------------------------------------------------
@dataclass
class Report:
    """What became of the pages of a file: those saved with how many items, those refused with why."""

    saved: list[tuple[Page, int]] = field(default_factory=list)
    left: list[Page] = field(default_factory=list)
    refused: list[tuple[Page, list[str]]] = field(default_factory=list)


def save_plan(
    plan: FilePlan,
    *,
    by: Person,
    versions: Callable[[Page], int],
    reason: Reason,
    request_id: str = "",
) -> Report:
    """Save page by page. `versions` gives the version of each page that was looked at: what somebody changed
    since is refused. A row that stands there already writes nothing."""
    report = Report()
    for each in plan.pages:
        if not each.writes:
            report.left.append(each.page)
            continue
        try:
            saved = save_page(
                each.page,
                each.writes,
                by=by,
                base_version=min(versions(each.page), each.page.version),
                source=Source.IMPORT,
                header=None if each.page.form_date else {"form_date": str(each.day)},
                reasons=SameReason(reason),
                request_id=request_id,
            )
        except Refused as problem:
            report.refused.append(
                (each.page, [_of_line(each, found.row_key, str(found.message)) for found in problem.findings])
            )
        except PageClosed:
            report.refused.append((each.page, [_("The page is frozen or locked.")]))
        except NotSaved as problem:
            report.refused.append((each.page, [str(problem)]))
        else:
            report.saved.append((saved.page, saved.changed))
    return report


def _of_line(page: PlannedPage, key: str, why: str) -> str:
    line = page.lines.get(key)
    return why if line is None else _("line %(line)s: %(why)s") % {"line": line, "why": why}
