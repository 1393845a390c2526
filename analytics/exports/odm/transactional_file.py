"""ODM-XML 1.3.2, FileType Transactional: all that was done on the pages of a snapshot, in the order of the
trail.

Whoever replays it comes to the snapshot. The moments of acts are those of the trail, so a reader of moved
dates does not get it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from analytics.exports.about import About
from analytics.exports.odm.acts import QUERY, SIGNATURE, VERIFIED, ActsOfSubject, meaning_oid
from analytics.exports.odm.code_lists import CodeLists
from analytics.exports.odm.elements import element, root_attributes, worded
from analytics.exports.odm.metadata import study
from analytics.exports.odm.people import User, people_and_places
from analytics.exports.odm.texts import as_text, escaped, opening_tag
from analytics.locks.places import sites_of
from analytics.locks.snapshot import written_subjects
from patients.casebook.odm import FLAGS, MISSING, STUDY_OID, location_oid
from patients.items.codelists import Code, CodeList
from patients.oversight.queries import Said
from patients.oversight.signatures import Signature
from trial.trail.models import TrailEvent

_KINDS = (QUERY, VERIFIED, SIGNATURE)
_STANDING = (Code("fallen", "fallen"),)
LISTS = (
    CodeList(FLAGS.name, (*FLAGS.codes, *(Code(kind, kind) for kind in _KINDS))),
    CodeList(QUERY, tuple(Code(said.value, said.label) for said in Said)),
    CodeList(VERIFIED, (Code("verified", "verified"), *_STANDING)),
    CodeList(SIGNATURE, _STANDING),
)


def write_transactions(snapshot: Path, moment: datetime, path: Path, about: About) -> int:
    """Write the file of a snapshot that was made at a moment; how many acts are in it. Raises
    SnapshotDamaged."""
    lists = CodeLists()
    for codes in (MISSING, *LISTS):
        lists.oid(codes)
    acts = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_opening(snapshot, about, study(about.metadata, about.disclosure, lists), moment))
        for facts, values in written_subjects(snapshot):
            file.write(f'<SubjectData SubjectKey="{facts.subject}" TransactionType="Context">')
            file.write(f'<SiteRef LocationOID="{location_oid(facts.site)}"/>\n')
            for text in ActsOfSubject(facts.subject, values, moment, about.disclosure).texts():
                file.write(text)
                acts += 1
            file.write("</SubjectData>\n")
        file.write("</ClinicalData>\n</ODM>\n")
    return acts


def _opening(snapshot: Path, about: About, described: Any, moment: datetime) -> str:
    events = TrailEvent.objects.filter(subject__in=_subjects(snapshot), at__lte=moment).order_by()
    admin = people_and_places(about, _users(events), sites_of(snapshot) | _sites(events))
    admin.extend(_meanings(moment))
    attributes = root_attributes(about, kind="Transactional", description="transactional")
    return (
        f"{opening_tag(attributes)}{as_text(described)}{as_text(admin)}"
        f'<ClinicalData StudyOID="{STUDY_OID}" MetaDataVersionOID="{escaped(about.metadata)}">\n'
    )


def _subjects(snapshot: Path) -> list[str]:
    return [facts.subject for facts, _values in written_subjects(snapshot)]


def _users(events: Any) -> Iterator[User]:
    """Whoever did any of these acts, once for each role."""
    named = events.values_list("actor", "actor_role", "actor_name", "site").distinct()
    found: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for actor, role, name, site in sorted(named):
        found.setdefault((actor, role or "system"), (name or actor, set()))[1].add(site)
    for (actor, role), (name, sites) in found.items():
        yield User(actor, name, role, tuple(sorted(sites - {""})))


def _sites(events: Any) -> frozenset[str]:
    return frozenset(events.values_list("site", flat=True).distinct()) - {""}


def _meanings(moment: datetime) -> Iterable[Any]:
    """What signatures mean, in the words that their signers read."""
    made = Signature.objects.filter(at__lte=moment).order_by("meaning", "statement_version", "id")
    said: dict[tuple[str, str], str] = {}
    for meaning, version, statement in made.values_list("meaning", "statement_version", "statement"):
        said.setdefault((meaning, version), statement)
    for (meaning, version), statement in said.items():
        told = {"OID": meaning_oid(meaning, version), "Methodology": "Electronic"}
        yield element("SignatureDef", told, [worded("Meaning", meaning), worded("LegalReason", statement)])
