"""ODM-XML 1.3.2, FileType Snapshot: the casebook of a lock as it stood, subject by subject.

Metadata are built as a tree, the data are written as they are read from the snapshot: no more than one
subject is in memory. Each row stands on a line of its own, so that whoever refuses one can say where it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from lxml import etree

from analytics.exports.about import About
from analytics.exports.naming import Naming, subjects_as_named
from analytics.exports.odm.code_lists import CodeLists
from analytics.exports.odm.elements import odm, root_attributes
from analytics.exports.odm.metadata import study
from analytics.exports.odm.people import User, people_and_places
from analytics.exports.odm.told_values import Telling, Texts, escaped
from analytics.locks.cut import SubjectFacts, Value
from analytics.locks.places import sites_of
from patients.casebook.form import is_declared
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

_place: Callable[[Sequence[str]], tuple[str, str, str]] = itemgetter(
    *map(Value._fields.index, ("visit", "form", "row_key"))
)
_told: Callable[[Sequence[str]], tuple[str, str, str]] = itemgetter(
    *map(Value._fields.index, ("item", "value", "missing"))
)
_HEADER = group_oid(PAGE)
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
        writing = _Subjects(telling, planned, naming)
        for facts, values in subjects_as_named(snapshot, naming):
            file.write("".join(writing.of(facts, values)))
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


class _Subjects:
    """Writes subjects, and counts their rows."""

    def __init__(self, telling: Telling, planned: Mapping[str, str], naming: Naming) -> None:
        self.telling, self.planned, self.naming, self.rows = telling, planned, naming, 0

    def of(self, facts: SubjectFacts, values: Iterable[Sequence[str]]) -> Iterator[str]:
        """The subject, by visit, form and row: the order in which a snapshot holds its values."""
        texts = Texts(self.telling.days(facts.subject))
        yield f'<SubjectData SubjectKey="{self.naming.subject(facts.subject)}">'
        yield f'<SiteRef LocationOID="{escaped(location_oid(self.naming.site(facts.site)))}"/>\n'
        yield f"{_event('')}{self._facts(facts, texts)}"
        visit = form = ""
        for (new_visit, new_form, key), row in groupby(values, _place):
            if not is_declared(new_form):
                continue
            if is_new := (new_visit, new_form) != (visit, form):
                yield _between(visit, form, new_visit, new_form)
                visit, form = new_visit, new_form
            yield self._row(form, key, map(_told, row), texts, is_first=is_new)
        yield f"{_END_OF_FORM if form else ''}{_END_OF_EVENT}</SubjectData>\n"

    def _facts(self, facts: SubjectFacts, texts: Texts) -> str:
        to = self.telling.to
        told = {
            "dates": to.dates,
            "genetic_data": HELD if to.filing else WITHHELD,
            "planned_infusion": self.planned.get(facts.subject, ""),
            AGE: "" if facts.age_days_at_enrolment is None else str(facts.age_days_at_enrolment),
            "alive_at_cutoff": "Y" if facts.alive_at_cutoff else "N",
            "progression_free_at_cutoff": "Y" if facts.progression_free_at_cutoff else "N",
        }
        items = self._groups(SUBJECT, [(name, text, "") for name, text in told.items() if text], texts)[1]
        group = f'<ItemGroupData ItemGroupOID="{group_oid(SUBJECT)}">{items}</ItemGroupData>'
        return f'<FormData FormOID="{form_oid(SUBJECT)}">\n{group}\n</FormData>\n'

    def _row(
        self, form: str, key: str, values: Iterable[tuple[str, str, str]], texts: Texts, *, is_first: bool
    ) -> str:
        """A row; before the first of a page its header, once. A page without rows has its header alone."""
        header, own = self._groups(form, values, texts)
        told = f'<ItemGroupData ItemGroupOID="{_HEADER}">{header}</ItemGroupData>\n' if is_first else ""
        if not (own or key):
            return told
        self.rows += 1
        repeat = f' ItemGroupRepeatKey="{escaped(key)}"' if key else ""
        return f'{told}<ItemGroupData ItemGroupOID="{group_oid(form)}"{repeat}>{own}</ItemGroupData>\n'

    def _groups(self, form: str, values: Iterable[tuple[str, str, str]], texts: Texts) -> tuple[str, str]:
        """The items of a row: those of the header of its page, and its own."""
        prepared = self.telling.told(form)
        header: list[str] = []
        own: list[str] = []
        for item, text, missing in values:
            told = prepared[item]
            if told is None:
                continue
            before, after, _before, _after, move, is_header = told
            written = told.missing(missing) if missing else f"{before}{texts[move, text]}{after}"
            (header if is_header else own).append(written)
        return "".join(header), "".join(own)


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
