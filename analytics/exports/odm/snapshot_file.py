"""ODM-XML 1.3.2, FileType Snapshot: the casebook of a lock as it stood, subject by subject.

Metadata are built as a tree, the data are written as they are read from the snapshot: no more than one
subject is in memory. Each row stands on a line of its own, so that whoever refuses one can say where it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from analytics.exports.about import About
from analytics.exports.naming import Naming
from analytics.exports.odm.code_lists import CodeLists
from analytics.exports.odm.elements import odm, root_attributes
from analytics.exports.odm.metadata import study
from analytics.exports.odm.people import User, people_and_places
from analytics.exports.odm.told_values import Telling, escaped
from analytics.locks.cut import SubjectFacts
from analytics.locks.places import sites_of
from analytics.locks.snapshot import line_of, plain_lines, rows_of_lines, written_by
from patients.casebook.form import is_declared
from patients.casebook.header import DATA
from patients.casebook.odm import (
    AGE,
    FLAGS,
    HELD,
    MISSING,
    NAMESPACE,
    PAGE,
    STUDY_OID,
    SUBJECT,
    WITHHELD,
    event_of,
    form_oid,
    group_oid,
    location_oid,
)

_OF_HEADER = tuple(f'"{name}",'.encode() for name in DATA)
"""How the cells of an item of the header begin."""
_END_OF_FORM, _END_OF_EVENT = "</FormData>\n", "</StudyEventData>\n"


def write_snapshot(
    snapshot: Path,
    path: Path,
    about: About,
    planned: Mapping[str, str] = {},
    users: Iterable[User] = (),
) -> int:
    """Write the file; how many rows of forms are in it. `planned` is the day of the planned infusion by
    subject, `users` are the members of its sites. Raises SnapshotDamaged."""
    lists = CodeLists()
    telling = Telling(about.disclosure, lists.oid(MISSING), lists.oid(FLAGS))
    naming = about.naming
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_opening(about, study(about.metadata, about.disclosure, lists), snapshot, users))
        writing = Subjects(telling, planned, naming)
        for facts, lines in _subjects(snapshot, naming):
            file.write(writing.of(facts, lines))
        file.write("</ClinicalData>\n</ODM>\n")
    return writing.rows


def _subjects(snapshot: Path, naming: Naming) -> Iterator[tuple[SubjectFacts, Iterable[bytes]]]:
    """The subjects with the lines of their values, as their reader has them and in that order."""
    if not naming.hides:
        return plain_lines(snapshot)
    by_name = written_by(naming.subject, snapshot)
    return ((facts, map(line_of, naming.values(values))) for facts, values in by_name)


def write_metadata(path: Path, about: About) -> int:
    """Write the metadata alone; how many forms they describe."""
    described = study(about.metadata, about.disclosure, CodeLists())
    attributes = root_attributes(about, kind="Snapshot", description="metadata")
    opening = opening_tag(attributes | {"Granularity": "Metadata"})
    path.write_text(f"{opening}{as_text(described)}</ODM>\n", encoding="utf-8", newline="\n")
    return sum(1 for _form in described.iter(odm("FormDef")))


def _opening(about: About, study: Any, snapshot: Path, users: Iterable[User]) -> str:
    """All that stands before the first subject."""
    attributes = root_attributes(about, kind="Snapshot", description="snapshot")
    version, sites = escaped(about.metadata), about.naming.sites(sites_of(snapshot))
    admin = people_and_places(about, users, sites)
    return (
        f"{opening_tag(attributes)}{as_text(study)}{as_text(admin)}"
        f'<ClinicalData StudyOID="{STUDY_OID}" MetaDataVersionOID="{version}">\n'
    )


def opening_tag(attributes: Mapping[str, str]) -> str:
    """The beginning of a document."""
    told = " ".join(f'{name}="{escaped(text)}"' for name, text in attributes.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ODM xmlns="{NAMESPACE}" {told}>\n'


def as_text(found: Any) -> str:
    """An element as text inside a document of the namespace."""
    text: str = etree.tostring(found, encoding="unicode", pretty_print=True)
    return text.replace(f' xmlns="{NAMESPACE}"', "", 1)


class Subjects:
    """Writes subjects, and counts their rows."""

    def __init__(self, telling: Telling, planned: Mapping[str, str], naming: Naming) -> None:
        self.telling, self.planned, self.naming, self.rows = telling, planned, naming, 0

    def of(self, facts: SubjectFacts, lines: Iterable[bytes]) -> str:
        """The subject, by visit, form and row: the order in which a snapshot holds its values."""
        self.telling.begin(facts.subject)
        parts = [self._opening(facts)]
        before = form = opening = ""
        written = self.telling.written(form)
        for (visit, new_form, key), cells in rows_of_lines(lines):
            if (visit, new_form) != (before, form):
                if not is_declared(new_form):
                    continue
                parts.append(f"{_between(before, form, visit, new_form)}{self._header(cells)}")
                before, form = visit, new_form
                opening, written = _group(form), self.telling.written(form)
            own = "".join(map(written.__getitem__, cells))
            if own or key:  # of a page without rows there is its header alone
                self.rows += 1
                parts.append(f"{opening}{_repeat(key)}>{own}</ItemGroupData>\n")
        parts.append(f"{_END_OF_FORM if form else ''}{_END_OF_EVENT}</SubjectData>\n")
        return "".join(parts)

    def _opening(self, facts: SubjectFacts) -> str:
        site = escaped(location_oid(self.naming.site(facts.site)))
        named = f'<SubjectData SubjectKey="{self.naming.subject(facts.subject)}">'
        return f'{named}<SiteRef LocationOID="{site}"/>\n{_event("")}{self._facts(facts)}'

    def _facts(self, facts: SubjectFacts) -> str:
        to = self.telling.to
        told = {
            "dates": to.dates,
            "genetic_data": HELD if to.filing else WITHHELD,
            "planned_infusion": self.planned.get(facts.subject, ""),
            AGE: "" if facts.age_days_at_enrolment is None else str(facts.age_days_at_enrolment),
            "alive_at_cutoff": "Y" if facts.alive_at_cutoff else "N",
            "progression_free_at_cutoff": "Y" if facts.progression_free_at_cutoff else "N",
        }
        prepared, days = self.telling.told(SUBJECT), self.telling.days
        given = [(prepared[name], text) for name, text in told.items() if text]
        items = "".join(item.of(text, "", days) for item, text in given if item is not None)
        group = f"{_group(SUBJECT)}>{items}</ItemGroupData>"
        return f'<FormData FormOID="{form_oid(SUBJECT)}">\n{group}\n</FormData>\n'

    def _header(self, cells: Iterable[bytes]) -> str:
        """The header of a page, which each of its rows holds."""
        written = self.telling.written(PAGE)
        told = "".join([written[cell] for cell in cells if cell.startswith(_OF_HEADER)])
        return f"{_group(PAGE)}>{told}</ItemGroupData>\n"


def _group(name: str) -> str:
    """The beginning of an item group, but for what ends it."""
    return f'<ItemGroupData ItemGroupOID="{group_oid(name)}"'


def _repeat(key: str) -> str:
    return f' ItemGroupRepeatKey="{escaped(key)}"' if key else ""


def _event(visit: str) -> str:
    """The beginning of an event."""
    oid, number = event_of(visit)
    repeat = f' StudyEventRepeatKey="{number}"' if number else ""
    return f'<StudyEventData StudyEventOID="{oid}"{repeat}>\n'


def _between(visit: str, form: str, new_visit: str, new_form: str) -> str:
    """What stands between the last row of a page and the first of the next one."""
    end = _END_OF_FORM if form else ""
    event = f"{_END_OF_EVENT}{_event(new_visit)}" if new_visit != visit else ""
    return f'{end}{event}<FormData FormOID="{form_oid(new_form)}">\n'
