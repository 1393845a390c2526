"""What is shown of the file of a laboratory system: its mapping, what each page would get, what was saved."""

from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.entry.lab_rows import Standing
from patients.entry.laboratory_file import (
    FilePlan,
    Passed,
    PlannedPage,
    Report,
    Sheet,
    absent_columns,
    unknown_tests,
    unknown_units,
)
from patients.entry.laboratory_mapping import (
    FIELDS,
    LEFT_OUT,
    NEEDED,
    SUBJECT,
    LaboratoryMapping,
    proposed_columns,
)
from patients.entry.reasons import Reason
from patients.forms.laboratory_catalogue import BY_CODE, TEST_CODES
from patients.forms.laboratory_names import catalogue_tests
from patients.laboratories.blocks import RANGE
from patients.web.fields import ReasonBox
from patients.web.widgets import Choice
from trial.people.models import Site

LABELS = {
    SUBJECT: gettext_lazy("Subject number"),
    "moment": gettext_lazy("Sample date/time"),
    "test": gettext_lazy("Test"),
    "value": gettext_lazy("Result"),
    "unit": gettext_lazy("Unit"),
    "lower": gettext_lazy("Lower limit"),
    "upper": gettext_lazy("Upper limit"),
    RANGE: gettext_lazy("Normal range in one column"),
    "laboratory": gettext_lazy("Laboratory"),
}
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that the mapping says or has to say: a column, the test of a name, a unit."""

    name: str
    label: str
    choices: list[Choice]
    needed: bool = False


@dataclass(frozen=True, slots=True)
class PageLine:
    """A page that the file is about, with how many rows would be new, the same, another."""

    planned: PlannedPage

    @property
    def new(self) -> int:
        return self.planned.count(Standing.NEW)

    @property
    def same(self) -> int:
        return self.planned.count(Standing.SAME)

    @property
    def replaces(self) -> int:
        return self.planned.count(Standing.REPLACES)

    @property
    def version_name(self) -> str:
        """The field that holds the version of the page that was looked at."""
        return f"v-{self.planned.page.pk}"


@dataclass
class LaboratoryFileScreen:
    """The file that a person uploaded for a site, if any, against its mapping."""

    site: Site
    mapping: LaboratoryMapping
    sheet: Sheet | None = None
    plan: FilePlan = field(default_factory=FilePlan)
    report: Report | None = None
    refused: list[str] = field(default_factory=list)
    reason: Reason = field(default_factory=Reason)

    title = gettext_lazy("Laboratory file")

    @property
    def columns(self) -> list[Question]:
        """Which column is which; before the first mapping as the headings say by themselves."""
        headings = self.sheet.headings if self.sheet else []
        chosen = self.mapping.columns or proposed_columns(headings)
        return [
            Question(
                f"column-{name}",
                str(LABELS[name]),
                [
                    Choice(heading, heading, heading == chosen.get(name))
                    for heading in dict.fromkeys(headings)
                ],
                name in NEEDED,
            )
            for name in FIELDS
        ]

    @cached_property
    def tests(self) -> list[tuple[str, Question]]:
        """The names of which the mapping has to say, or says, which test they are."""
        unknown = unknown_tests(self.sheet, self.mapping) if self.sheet and self.is_mapped else []
        return [
            (
                written,
                Question(f"test-{number}", written, _tests(written, self.mapping.tests.get(written, ""))),
            )
            for number, written in enumerate(dict.fromkeys([*unknown, *sorted(self.mapping.tests)]))
        ]

    @cached_property
    def units(self) -> list[tuple[str, Question]]:
        """The units of which the mapping has to say, or says, which of the test they are."""
        unknown = unknown_units(self.sheet, self.mapping) if self.sheet and self.is_mapped else []
        return [
            (
                written,
                Question(f"unit-{number}", written, _units(written, self.mapping.units.get(written, ""))),
            )
            for number, written in enumerate(dict.fromkeys([*unknown, *sorted(self.mapping.units)]))
        ]

    @cached_property
    def is_mapped(self) -> bool:
        return self.sheet is not None and not absent_columns(self.sheet, self.mapping)

    @property
    def pages(self) -> list[PageLine]:
        return [PageLine(page) for page in self.plan.pages]

    @property
    def passed(self) -> list[Passed]:
        return self.plan.passed[:MOST_SHOWN]

    @property
    def passed_more(self) -> int:
        return len(self.plan.passed) - len(self.passed)

    @property
    def writes(self) -> int:
        return self.plan.count(Standing.NEW) + self.plan.count(Standing.REPLACES)

    @property
    def reason_box(self) -> ReasonBox | None:
        """Asked where a stored result would be replaced."""
        return ReasonBox(self.reason.code, self.reason.text) if self.plan.count(Standing.REPLACES) else None

    @property
    def mapped_by(self) -> str:
        if not self.mapping.version:
            return _("not mapped yet")
        named = {"version": self.mapping.version, "who": self.mapping.by_name, "at": self.mapping.at}
        return _("version %(version)s, by %(who)s") % named


def _tests(written: str, chosen: str) -> list[Choice]:
    likely = [test.code for test in catalogue_tests(written)]
    codes = dict.fromkeys([*likely, *TEST_CODES.labels])
    known = [Choice(code, f"{TEST_CODES.labels[code]} · {code}", code == chosen) for code in codes]
    return [Choice(LEFT_OUT, _("not taken over"), chosen == LEFT_OUT), *known]


def _units(written: str, chosen: str) -> list[Choice]:
    test = BY_CODE.get(written.partition(" ")[0])
    return [Choice(unit, unit, unit == chosen) for unit in (test.units() if test else ())]
