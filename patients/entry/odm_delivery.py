"""A file of ODM-XML 1.3 as a delivery: what the import takes in is the same as from a casebook directory."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from django.utils.translation import gettext as _

from patients.casebook.files import IDENTITY, MEMBERS, SUBJECTS
from patients.entry.deliveries import BORN_BY_AGE, Lines, UnreadableCasebook
from patients.entry.odm_pages import Known, NotThisFile, OdmPages, User
from patients.entry.safe_xml import UnsafeXml, XmlReader
from patients.entry.staging import Fault, StagedRow, Staging
from patients.items.partial_date import read_date
from patients.items.problems import NotAnAnswer

_ROWS_AT_ONCE = 5_000
_MOST_DAYS = 200 * 366


class OdmFile:
    """A Snapshot of this study, with dates and genetic data as they are. `name` is what a report calls it."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.path, self._name = path, name or path.name
        self._subjects: list[Known] = []
        self._users: list[User] = []
        self._strange: list[Fault] = []

    @property
    def name(self) -> str:
        return self._name

    def stage(self, staging: Staging) -> None:
        waiting: list[StagedRow] = []

        def keep(row: StagedRow) -> None:
            waiting.append(row)
            if len(waiting) >= _ROWS_AT_ONCE:
                staging.add_rows(waiting)
                waiting.clear()

        pages = OdmPages(keep, lambda: reader.line)
        reader = XmlReader(pages.starts, pages.ends, pages.text)
        try:
            reader.read(self.path)
        except UnsafeXml as problem:
            raise self._unreadable(problem.line, problem.why) from problem
        except NotThisFile as problem:
            raise self._unreadable(reader.line, str(problem)) from problem
        except OSError as problem:
            raise UnreadableCasebook(f"{self.name}: {problem.strerror or problem}") from problem
        staging.add_rows(waiting)
        self._subjects, self._strange = list(pages.subjects.values()), pages.strange
        self._users = pages.users

    def _unreadable(self, line: int, why: str) -> UnreadableCasebook:
        told = {"file": self.name, "line": line, "reason": why}
        return UnreadableCasebook(_("%(file)s line %(line)s: %(reason)s") % told)

    def people(self, sheet: str) -> Lines:
        if sheet == SUBJECTS:
            return [(known.line, _subject(known)) for known in self._subjects]
        if sheet == IDENTITY:
            born = ((known, _born(known)) for known in self._subjects)
            return [(k.line, {"subject_id": k.code, BORN_BY_AGE: day}) for k, day in born if day]
        if sheet == MEMBERS:
            return [row for user in self._users for row in _members(user)]
        return []

    def strange_pages(self) -> Sequence[Fault]:
        return self._strange

    def file_of(self, sheet: str) -> str:
        return f"{self.name} {sheet}".strip()


def _subject(known: Known) -> dict[str, str]:
    cells = {"subject_id": known.code, "site": known.site}
    return cells if known.planned is None else {**cells, "planned_infusion": known.planned}


def _members(user: User) -> Lines:
    cells = {
        "user_name": user.texts.get("LoginName", ""),
        "printed_name": user.texts.get("FullName", ""),
        "role": user.role,
    }
    return [(user.line, {**cells, "site": site}) for site in user.sites]


def _born(known: Known) -> str:
    """The day that an age at enrolment means; empty where either is not known."""
    if not known.age.isdecimal() or int(known.age) > _MOST_DAYS:
        return ""
    try:
        return (read_date(known.enrolled) - timedelta(days=int(known.age))).isoformat()
    except NotAnAnswer:
        return ""
