"""ODM-XML 1.3.2, FileType Snapshot: the casebook of a lock as it stood, subject by subject.

Metadata are built as a tree, the data are written as they are read from the snapshot, bytes from bytes: no
more than one subject is in memory. Each row stands on a line of its own, so that whoever refuses one can say
where it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from analytics.exports.about import About
from analytics.exports.disclosure import Disclosure
from analytics.exports.naming import Naming
from analytics.exports.odm.code_lists import CodeLists
from analytics.exports.odm.elements import odm, root_attributes
from analytics.exports.odm.metadata import study
from analytics.exports.odm.people import User, people_and_places
from analytics.exports.odm.study_text import lists_of_data, study_text
from analytics.exports.odm.texts import as_text, escaped, opening_tag
from analytics.exports.odm.told_values import Telling
from analytics.locks.cut import SubjectFacts
from analytics.locks.places import sites_of
from analytics.locks.sealed_rows import SealedRow, page_of, rows_of, texts_of
from analytics.locks.snapshot import block_of, sealed_blocks, written_by
from patients.casebook.form import is_declared
from patients.casebook.odm import (
    AGE,
    FLAGS,
    HELD,
    MISSING,
    PAGE,
    STUDY_OID,
    SUBJECT,
    WITHHELD,
    event_of,
    form_oid,
    group_oid,
    location_oid,
)

MOST_BEGINNINGS = 4096
"""Beginnings of rows and pages that are kept, of some 100 bytes each."""
_END_OF_GROUP, _END_OF_EVENT = "</ItemGroupData>\n", "</StudyEventData>\n"
_END_OF_PAGE = f"{_END_OF_GROUP}</FormData>\n".encode()


def write_snapshot(
    snapshot: Path,
    path: Path,
    about: About,
    planned: Mapping[str, str] = {},
    users: Iterable[User] = (),
) -> int:
    """Write the file; how many rows of forms are in it. `planned` is the day of the planned infusion by
    subject, `users` are the members of its sites. Raises SnapshotDamaged."""
    writing = Subjects(about.disclosure, planned, about.naming)
    with path.open("wb") as file:
        file.write(_opening(about, snapshot, users))
        for facts, block in _subjects(snapshot, about.naming):
            file.write(writing.of(facts, block))
        file.write(b"</ClinicalData>\n</ODM>\n")
    return writing.rows


def _subjects(snapshot: Path, naming: Naming) -> Iterator[tuple[SubjectFacts, bytes]]:
    """The subjects with their lines, as their reader has them and in that order."""
    if not naming.hides:
        return sealed_blocks(snapshot)
    by_name = written_by(naming.subject, snapshot)
    return ((facts, block_of(facts, naming.values(values)).lines) for facts, values in by_name)


def write_metadata(path: Path, about: About) -> int:
    """Write the metadata alone; how many forms they describe."""
    described = study(about.metadata, about.disclosure, CodeLists())
    attributes = root_attributes(about, kind="Snapshot", description="metadata")
    opening = opening_tag(attributes | {"Granularity": "Metadata"})
    path.write_text(f"{opening}{as_text(described)}</ODM>\n", encoding="utf-8", newline="\n")
    return sum(1 for _form in described.iter(odm("FormDef")))


def _opening(about: About, snapshot: Path, users: Iterable[User]) -> bytes:
    """All that stands before the first subject."""
    tag = opening_tag(root_attributes(about, kind="Snapshot", description="snapshot"))
    admin = as_text(people_and_places(about, users, about.naming.sites(sites_of(snapshot))))
    named = f'StudyOID="{STUDY_OID}" MetaDataVersionOID="{escaped(about.metadata)}"'
    declared = study_text(about.metadata, about.disclosure)
    return tag.encode() + declared + f"{admin}<ClinicalData {named}>\n".encode()


class Subjects:
    """Writes subjects, and counts their rows."""

    def __init__(self, to: Disclosure, planned: Mapping[str, str], naming: Naming) -> None:
        lists = lists_of_data()
        self.telling = Telling(to, lists.oid(MISSING), lists.oid(FLAGS))
        self.planned, self.naming, self.rows = planned, naming, 0

    def of(self, facts: SubjectFacts, block: bytes) -> bytes:
        """The subject, by visit, form and row: the order in which a snapshot holds its values."""
        self.telling.begin(facts.subject)
        parts, visit = [self._opening(facts).encode()], ""
        for sealed, rows in groupby(rows_of(block), page_of):
            page = _page(sealed)
            if page.is_declared:
                parts.append(page.opening if page.visit == visit else page.opening_of_event)
                parts += self._rows(page, rows)
                visit = page.visit
        parts.append(f"{_END_OF_EVENT}</SubjectData>\n".encode())
        return b"".join(parts)

    def _rows(self, page: "_Page", rows: Iterable[SealedRow]) -> list[bytes]:
        """The rows of a page behind its header, which each of them holds."""
        written, (first, *others) = self.telling.written(page.form), rows
        place, _page, key, sealed = first
        values, look = sealed.split(place), written.__getitem__
        own = b"".join(map(look, values))
        parts = [_HEADER, written.header(values)]
        if own or key:  # of a page without rows there is its header alone
            parts += (page.rows[key], own)
            self.rows += 1
        for place, _page, key, sealed in others:
            parts.append(page.rows[key])
            parts += map(look, sealed.split(place))
        self.rows += len(others)
        parts.append(_END_OF_PAGE)
        return parts

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


def _group(name: str) -> str:
    """The beginning of an item group, but for what ends it."""
    return f'<ItemGroupData ItemGroupOID="{group_oid(name)}"'


class _Openings(dict[bytes, bytes]):
    """The beginnings of the rows of a form, by their keys as they are sealed, each with the end of the group
    before it."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._group = f"{_END_OF_GROUP}{_group(form)}"

    def __missing__(self, key: bytes) -> bytes:
        if len(self) >= MOST_BEGINNINGS:
            self.clear()
        repeat = f' ItemGroupRepeatKey="{escaped(*texts_of(key))}"' if key else ""
        self[key] = opening = f"{self._group}{repeat}>".encode()
        return opening


_openings = cache(_Openings)


class _Page(NamedTuple):
    """How a page begins that is of the event before it, or of another one."""

    visit: str
    form: str
    opening: bytes
    opening_of_event: bytes
    rows: _Openings
    is_declared: bool


@lru_cache(MOST_BEGINNINGS)
def _page(sealed: bytes) -> _Page:
    visit, form = texts_of(sealed)
    opening = f'<FormData FormOID="{form_oid(form)}">\n'
    of_event = f"{_END_OF_EVENT}{_event(visit)}{opening}"
    return _Page(visit, form, opening.encode(), of_event.encode(), _openings(form), is_declared(form))


def _event(visit: str) -> str:
    """The beginning of an event."""
    oid, number = event_of(visit)
    repeat = f' StudyEventRepeatKey="{number}"' if number else ""
    return f'<StudyEventData StudyEventOID="{oid}"{repeat}>\n'


_HEADER = f"{_group(PAGE)}>".encode()
