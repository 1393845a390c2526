"""ODM-XML 1.3.2, FileType Snapshot: the casebook of a lock as it stood, subject by subject.

Metadata are built as a tree, the data are written as they are read from the snapshot: no more than one
subject is in memory. Each row stands on a line of its own, so that whoever refuses one can say where it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from lxml import etree

from analytics.exports.about import About
from analytics.exports.odm.code_lists import CodeLists
from analytics.exports.odm.elements import odm, root_attributes
from analytics.exports.odm.metadata import study
from analytics.exports.odm.people import User, people_and_places
from analytics.exports.odm.told_values import Telling, escaped, group_of
from analytics.locks.cut import SubjectFacts, Value
from analytics.locks.places import sites_of
from analytics.locks.snapshot import Written, written_subjects
from patients.casebook.form import is_declared
from patients.casebook.header import DATA
from patients.casebook.odm import (
    AGE,
    FLAGS,
    HELD,
    MISSING,
    NAMESPACE,
    STUDY_OID,
    SUBJECT,
    WITHHELD,
    event_of,
    form_oid,
    group_oid,
    location_oid,
)

_by_visit, _by_form, _by_row = attrgetter("visit"), attrgetter("form"), attrgetter("row_key")


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
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_opening(about, study(about.metadata, about.disclosure, lists), snapshot, users))
        writing = _Subjects(telling, planned)
        for subject in written_subjects(snapshot):
            file.write("".join(writing.of(subject)))
        file.write("</ClinicalData>\n</ODM>\n")
    return writing.rows


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
    version, admin = escaped(about.metadata), people_and_places(about, users, sites_of(snapshot))
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


class _Subjects:
    """Writes subjects, and counts their rows."""

    def __init__(self, telling: Telling, planned: Mapping[str, str]) -> None:
        self.telling, self.planned, self.rows = telling, planned, 0

    def of(self, written: Written) -> Iterator[str]:
        facts, values = written
        days = self.telling.days(facts.subject)
        known = [value for value in values if is_declared(value.form)]
        yield f'<SubjectData SubjectKey="{facts.subject}">'
        yield f'<SiteRef LocationOID="{escaped(location_oid(facts.site))}"/>\n'
        pages = {visit: list(some) for visit, some in groupby(known, _by_visit)}
        yield from self._event("", pages.pop("", []), days, facts)
        for visit, some in pages.items():
            yield from self._event(visit, some, days)
        yield "</SubjectData>\n"

    def _event(
        self, visit: str, values: list[Value], days: int, facts: SubjectFacts | None = None
    ) -> Iterator[str]:
        oid, number = event_of(visit)
        repeat = f' StudyEventRepeatKey="{number}"' if number else ""
        yield f'<StudyEventData StudyEventOID="{oid}"{repeat}>\n'
        if facts:
            yield self._facts(facts, days)
        for form, some in groupby(values, _by_form):
            yield f'<FormData FormOID="{form_oid(form)}">\n'
            yield from self._page(form, some, days)
            yield "</FormData>\n"
        yield "</StudyEventData>\n"

    def _facts(self, facts: SubjectFacts, days: int) -> str:
        to = self.telling.to
        told = {
            "dates": to.dates,
            "genetic_data": HELD if to.filing else WITHHELD,
            "planned_infusion": self.planned.get(facts.subject, ""),
            AGE: "" if facts.age_days_at_enrolment is None else str(facts.age_days_at_enrolment),
            "alive_at_cutoff": "Y" if facts.alive_at_cutoff else "N",
            "progression_free_at_cutoff": "Y" if facts.progression_free_at_cutoff else "N",
        }
        items = "".join(
            self.telling.item(SUBJECT, name, text, "", days) for name, text in told.items() if text
        )
        group = f'<ItemGroupData ItemGroupOID="{group_oid(SUBJECT)}">{items}</ItemGroupData>'
        return f'<FormData FormOID="{form_oid(SUBJECT)}">\n{group}\n</FormData>\n'

    def _page(self, form: str, values: Iterable[Value], days: int) -> Iterator[str]:
        """The header of a page once, then its rows. A page without rows has its header alone."""
        header = ""
        for number, (key, row) in enumerate(groupby(values, _by_row)):
            held = list(row)
            if number == 0:
                header = self._items([one for one in held if one.item in DATA], days)
                yield f'<ItemGroupData ItemGroupOID="{group_oid("PAGE")}">{header}</ItemGroupData>\n'
            own = [one for one in held if one.item not in DATA]
            if own or key:
                repeat = f' ItemGroupRepeatKey="{escaped(key)}"' if key else ""
                yield f'<ItemGroupData ItemGroupOID="{group_oid(form)}"{repeat}>{self._items(own, days)}'
                yield "</ItemGroupData>\n"
                self.rows += 1

    def _items(self, values: Iterable[Value], days: int) -> str:
        item = self.telling.item
        return "".join(
            item(group_of(value), value.item, value.value, value.missing, days) for value in values
        )
