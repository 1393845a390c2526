"""What an import takes in, whatever its form: who it is about, and the rows of its pages.

A casebook directory is one form of it, a file of ODM-XML (`odm_delivery.py`) the other. The import asks both
the same, so that what is refused, kept and said does not depend on how the data came.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from django.utils.translation import gettext as _

from patients.casebook.files import PEOPLE, SUBJECTS, UnreadableSheet, read_sheet
from patients.casebook.form import declared_forms
from patients.entry.staging import Fault, Staging

Lines = list[tuple[int, dict[str, str]]]
BORN_BY_AGE = "born_by_age"
"""A column of the sheet of identities: the day that an age at enrolment means."""


class UnreadableCasebook(Exception):
    """This is no casebook: nothing was imported."""


class Delivery(Protocol):
    """Read once: first its pages, then its people."""

    @property
    def name(self) -> str:
        """What the trail calls it."""

    def stage(self, staging: Staging) -> None:
        """Lay out the rows of all pages. Raises UnreadableCasebook."""

    def people(self, sheet: str) -> Lines:
        """The rows of a sheet about people with their lines. Raises UnreadableCasebook."""

    def strange_pages(self) -> Sequence[Fault]:
        """Pages of forms that this version does not have."""

    def file_of(self, sheet: str) -> str:
        """In which file, and where in it, the rows of a form or a sheet stand."""


class CasebookFolder:
    """A directory with a CSV file for each form, and sheets about people."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        return self.folder.name

    def stage(self, staging: Staging) -> None:
        sheets = {path.stem: path for path in sorted(self.folder.glob("*.csv"))}
        if SUBJECTS not in sheets:
            raise UnreadableCasebook(_("%s holds no SUBJECTS.csv.") % self.folder)
        known = {model.form.code for model in declared_forms()}
        strange = sorted(set(sheets) - known - set(PEOPLE))
        if strange:
            raise UnreadableCasebook(
                _("Not a form of this version: %s.") % ", ".join(f"{s}.csv" for s in strange)
            )
        try:
            for form in sorted(known & set(sheets)):
                staging.add_sheet(form, sheets[form])
        except UnreadableSheet as problem:
            raise UnreadableCasebook(str(problem)) from problem

    def people(self, sheet: str) -> Lines:
        path = self.folder / f"{sheet}.csv"
        try:
            return list(read_sheet(path)) if path.exists() else []
        except UnreadableSheet as problem:
            raise UnreadableCasebook(str(problem)) from problem

    def strange_pages(self) -> Sequence[Fault]:
        return ()

    def file_of(self, sheet: str) -> str:
        return f"{sheet}.csv"
