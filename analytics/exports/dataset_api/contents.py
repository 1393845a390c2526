"""What the API tells: the study, its snapshots (a lock is one), its datasets and their descriptions."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from analytics.exports import define_xml
from analytics.exports.about import about
from analytics.exports.disclosure import Disclosure
from analytics.exports.files import kept, tables_for
from analytics.exports.formats.dataset_json import attributes, rows
from analytics.exports.tables import Standard, Table
from analytics.locks.models import Lock
from trial.protocol.study import SITE_ZONE, STUDY

STANDARDS = {Standard.ANALYSIS: "adamig", Standard.SDTM: "sdtmig"}
OTHER = "other"
DEFINES = {
    "ADaMIG": (Standard.ANALYSIS, define_xml.ADAM),
    "SDTMIG": (Standard.SDTM, define_xml.SDTM),
}
Link = Callable[..., str]
"""Makes an absolute address of the parts behind the one of the API."""


@dataclass(frozen=True, slots=True)
class Source:
    """A lock as its reader may have it."""

    lock: Lock
    to: Disclosure

    @property
    def at(self) -> str:
        return self.lock.made_at.astimezone(SITE_ZONE).isoformat(timespec="seconds")

    def tables(self) -> dict[str, Table]:
        """The tables by the identifiers that the API has for them."""
        return {table.oid: table for table in tables_for(self.lock, self.to).values()}


@dataclass(frozen=True, slots=True)
class Part:
    """What of a dataset is asked for; `limit` 0 is all of it."""

    metadata: bool = True
    data: bool = True
    offset: int = 0
    limit: int = 0


def standard_of(table: Table) -> str:
    return STANDARDS.get(table.standard, OTHER)


def study_entry(source: Source, link: Link) -> dict[str, Any]:
    """The study in the list of studies."""
    study = STUDY.registry_id
    return {
        "studyOID": study,
        "name": STUDY.study_id,
        "label": str(STUDY.title),
        "standards": ["sdtmig", "adamig", OTHER],
        "href": link("studies", study),
        "metaDataRef": defines(link),
        "studyCreationDateTime": source.at,
    }


def study(source: Source, locks: list[Lock], link: Link) -> dict[str, Any]:
    """The study with its snapshots and the datasets of a lock."""
    told = study_entry(source, link)
    return {**told, "snapshots": snapshots(locks, link), "datasets": datasets(source, link)}


def snapshots(locks: list[Lock], link: Link) -> list[dict[str, Any]]:
    return [
        {
            "label": f"cut-off {lock.cutoff}",
            "snapshotID": str(lock.pk),
            "snapshotCreationDateTime": Source(lock, Disclosure()).at,
            "href": link("studies", STUDY.registry_id, "snapshots", str(lock.pk)),
        }
        for lock in locks
    ]


def datasets(source: Source, link: Link, standard: str = "", snapshot: str = "") -> list[dict[str, Any]]:
    """The datasets of a lock, those of one standard if it is named."""
    within = ("snapshots", snapshot) if snapshot else ()
    listed = {oid: one for oid, one in source.tables().items() if standard in ("", standard_of(one))}
    counts = {one: _records(source, one) for one in {table.standard for table in listed.values()}}
    return [
        {
            "itemGroupOID": oid,
            "name": table.name,
            "label": str(table.label),
            "standard": standard_of(table),
            "records": counts[table.standard][oid],
            "href": link("studies", STUDY.registry_id, *within, "datasets", oid),
            "datasetJSONCreationDateTime": source.at,
        }
        for oid, table in listed.items()
    ]


def dataset(source: Source, table: Table, part: Part) -> tuple[dict[str, Any], int]:
    """A dataset, or a part of it, and how many rows are in that."""
    told = attributes(table, about(source.lock, source.to), _records(source, table.standard)[table.oid])
    if not part.data:
        return told, 0
    until = part.offset + part.limit if part.limit else None
    found = [json.loads(row) for row in islice(rows(table), part.offset, until)]
    return {**(told if part.metadata else {}), "rows": found}, len(found)


def defines(link: Link) -> list[dict[str, str]]:
    """The descriptions that there are."""
    return [
        {"label": label, "href": link("studies", STUDY.registry_id, "defines", label)} for label in DEFINES
    ]


def define(source: Source, label: str) -> dict[str, str]:
    """A description. Raises KeyError."""
    standard, described = DEFINES[label]
    tables = {key: one for key, one in tables_for(source.lock, source.to).items() if one.standard is standard}
    told = about(source.lock, source.to)
    made = kept(
        source.lock,
        source.to,
        f"define-{label}.xml",
        lambda path: define_xml.write(tables, path, told, described),
    )
    return {"label": label, "defineXML": made.path.read_text(encoding="utf-8")}


def _records(source: Source, standard: Standard) -> dict[str, int]:
    """How many rows each table of a standard has, counted once."""

    def write(path: Path) -> int:
        of_it = {oid: one for oid, one in source.tables().items() if one.standard is standard}
        found = {oid: sum(part.height for part in one.parts()) for oid, one in of_it.items()}
        return path.write_bytes(json.dumps(found).encode())

    made = kept(source.lock, source.to, f"records-{standard}.json", write)
    found: dict[str, int] = json.loads(made.path.read_bytes())
    return found
