"""The whole of a data cut in one archive: its tables in some formats, what they mean, and how to check them.

`MANIFEST.json` names each file with its rows and SHA-256, the snapshot, how dates and genetic data were
dealt with, and the checkpoint of the trail; `SHA256SUMS` is for `sha256sum -c`, and `verify_copy.py` tells
without Chimera whether all of it is as it was when the registry signed it (CP-02). The dates of the members
are that of the lock, so the same cut gives the same bytes but for formats that write the time into
themselves.
"""

import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from analytics.exports.about import about
from analytics.exports.anonymity import anonymity_of
from analytics.exports.certified import manifest_bytes, signature_of, write_verifier
from analytics.exports.codebook import write_codebook, write_codes
from analytics.exports.define_xml import SDTM
from analytics.exports.define_xml import write as write_define
from analytics.exports.disclosure import Disclosure, withheld
from analytics.exports.files import Kept, NoSuchFile, file_of, kept, tables_for, workbook_of
from analytics.exports.formats.registry import FORMATS
from analytics.exports.import_scripts import R_SCRIPT, SAS_SCRIPT, write_r, write_sas
from analytics.exports.kept_tables import tables_of_lock
from analytics.exports.made_file import MadeFile
from analytics.exports.odm.files import ODM, SNAPSHOT, odm_file
from analytics.exports.paper_casebooks import PAPER, papers_of_lock
from analytics.exports.tables import Standard, Table
from analytics.exports.verify_copy import MANIFEST, SIGNATURE, SUMS
from analytics.locks.models import Lock
from patients.casebook.annotated import annotated_casebook
from patients.casebook.form import declared_forms

WORKBOOK = "xlsx"
AT_ONCE = (*FORMATS, WORKBOOK, ODM)
"""The formats that an archive may have: of single tables, of all tables of a standard, of the casebook."""
ALL = (*AT_ONCE, PAPER)
"""The same with what a worker alone makes (decision 0071)."""
FORMAT = "chimera-export/1"
MEDIA_TYPE = "application/zip"
_CHUNK = 1 << 20
CELLS = "a text that begins with one of ' = + - @, a tab or a carriage return has one apostrophe before it"


Watch = Callable[[int, int], None]
"""Is told how many files of how many are made; what it raises ends the making."""


def unwatched(done: int, of: int) -> None:
    """For an archive that nobody waits for."""


def bundle_of(lock: Lock, suffixes: Sequence[str], to: Disclosure) -> MadeFile:
    """The archive of a cut with its tables in these formats. Raises NoSuchFile for one that is unknown, or
    that a worker alone makes, NotReady, SnapshotDamaged and ImpossibleDates."""
    wanted = wanted_formats(suffixes, AT_ONCE)
    name = name_of(lock, wanted, to)
    made = kept(lock, to, name, lambda path: write_bundle(lock, wanted, to, path))
    return MadeFile(made.path, name, MEDIA_TYPE, made.digest, made.rows)


def wanted_formats(suffixes: Sequence[str], known: Sequence[str] = ALL) -> list[str]:
    """These formats, each once and in the order of the house. Raises NoSuchFile for an unknown one."""
    if unknown := sorted(set(suffixes) - {*known}):
        raise NoSuchFile(", ".join(unknown))
    return [suffix for suffix in known if suffix in suffixes]


def name_of(lock: Lock, wanted: Sequence[str], to: Disclosure) -> str:
    """What the archive with these formats is called."""
    return f"{about(lock, to).study}-lock-{lock.pk}-{'-'.join(wanted)}.zip"


def write_bundle(
    lock: Lock, wanted: Sequence[str], to: Disclosure, path: Path, watch: Watch = unwatched
) -> int:
    """Write the archive; how many rows are in its tables. Raises as `bundle_of`, and what `watch` raises."""
    tables: dict[str, Kept] = {}
    explained: dict[str, Kept] = {}
    of = _planned(lock, wanted, to)
    for files, made in ((tables, _tables(lock, wanted, to)), (explained, _explained(lock, to))):
        for name, file in made:
            files[name] = file
            watch(len(tables) + len(explained), of)
    files = tables | explained
    _zip(lock, path, files, manifest_bytes(_manifest(lock, to, files)))
    return sum(file.rows for file in tables.values())


def _planned(lock: Lock, wanted: Sequence[str], to: Disclosure) -> int:
    """How many files it will have at most."""
    single = [suffix for suffix in wanted if suffix in FORMATS]
    whole = len(Standard) * (WORKBOOK in wanted) + (ODM in wanted)
    whole += lock.snapshot.subjects * (PAPER in wanted)
    return len(single) * len(tables_for(lock, to)) + whole + len(_writers(lock, to))


def _zip(lock: Lock, path: Path, files: dict[str, Kept], manifest: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            _add_file(lock, archive, name, file.path)
        _add(lock, archive, MANIFEST, manifest)
        if signature := signature_of(manifest):
            _add(lock, archive, SIGNATURE, signature)
        sums = "".join(f"{file.digest}  {name}\n" for name, file in sorted(files.items()))
        _add(lock, archive, SUMS, sums.encode())


def _add_file(lock: Lock, archive: zipfile.ZipFile, name: str, path: Path) -> None:
    """As it lies there, some of it at a time: no file has to fit into memory."""
    member = _member(lock, name)
    member.file_size = path.stat().st_size  # says whether it needs the form for more than 2 GiB
    with path.open("rb") as file, archive.open(member, "w") as into:
        shutil.copyfileobj(file, into, _CHUNK)


def _add(lock: Lock, archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_member(lock, name), content)


def _member(lock: Lock, name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, lock.made_at.timetuple()[:6])
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _tables(lock: Lock, suffixes: Sequence[str], to: Disclosure) -> Iterator[tuple[str, Kept]]:
    for standard in Standard if WORKBOOK in suffixes else ():
        made = workbook_of(lock, standard, to)
        yield f"{WORKBOOK}/{made.name}", Kept(made.path, made.digest, made.rows)
    if ODM in suffixes:
        made = odm_file(lock, SNAPSHOT, to)
        yield f"{ODM}/{made.name}", Kept(made.path, made.digest, made.rows)
    if PAPER in suffixes:
        yield from papers_of_lock(lock, to)
    for suffix in [one for one in suffixes if one in FORMATS]:
        for key, table in tables_for(lock, to).items():
            made = file_of(lock, key, suffix, to)
            if made.rows or table.standard is not Standard.SDTM:  # a submission has no empty dataset
                yield f"{table.folder}{suffix}/{table.name}.{suffix}", Kept(made.path, made.digest, made.rows)


def _explained(lock: Lock, to: Disclosure) -> Iterator[tuple[str, Kept]]:
    """What says what the tables hold, and reads the CSV files with labels."""
    for name, write in _writers(lock, to).items():
        yield name, kept(lock, to, name, write)


def _writers(lock: Lock, to: Disclosure) -> dict[str, Callable[[Path], int]]:
    tables, told = tables_for(lock, to), about(lock, to)
    return {
        "codebook.csv": lambda path: write_codebook(tables, path),
        "codes.csv": lambda path: write_codes(tables, path),
        R_SCRIPT: lambda path: write_r(_read_by_scripts(tables), path, told),
        SAS_SCRIPT: lambda path: write_sas(_read_by_scripts(tables), path, told),
        "define.xml": lambda path: write_define(_of(Standard.ANALYSIS, tables), path, told),
        "define-sdtm.xml": lambda path: write_define(_domains(tables), path, told, SDTM),
        "verify_copy.py": write_verifier,
        "annotated-casebook.pdf": lambda path: path.write_bytes(annotated_casebook("en", told.at.date())),
    }


def _of(standard: Standard, tables: dict[str, Table]) -> dict[str, Table]:
    """Those among them that are of a standard."""
    return {key: table for key, table in tables.items() if table.standard is standard}


def _domains(tables: dict[str, Table]) -> dict[str, Table]:
    """The domains of SDTM that have records."""
    domains = _of(Standard.SDTM, tables)
    return {key: table for key, table in domains.items() if any(part.height for part in table.parts())}


def _read_by_scripts(tables: dict[str, Table]) -> dict[str, Table]:
    """The datasets and forms: names of domains are those of forms, and a report is a list to read."""
    return _of(Standard.ANALYSIS, tables) | _of(Standard.FORMS, tables)


def _manifest(lock: Lock, to: Disclosure, files: dict[str, Kept]) -> dict[str, Any]:
    told = about(lock, to)
    return {
        "format": FORMAT,
        "study": told.study,
        "lock": lock.pk,
        "cutoff": lock.cutoff.isoformat(),
        "snapshot_sha256": told.snapshot,
        "code_sha256": told.code,
        "version": told.version,
        "metadata": told.metadata,
        "forms": {model.form.code: model.form.version for model in declared_forms()},
        "dates": to.dates,
        "naming": told.naming.as_data(),
        "genetic_data": to.filing or "withheld",
        "withheld": _withheld(lock, to),
        "cells": CELLS,
        "anonymity": anonymity_of(tables_for(lock, to)["ADSL"]).as_data(),
        "files": [
            {"name": name, "rows": file.rows, "bytes": file.path.stat().st_size, "sha256": file.digest}
            for name, file in sorted(files.items())
        ],
    }


def _withheld(lock: Lock, to: Disclosure) -> list[str]:
    tables = tables_of_lock(lock).values()
    columns = [f"{table.key}.{column.name}" for table in tables for column in withheld(table, to)]
    rows = [table.key for table in tables if table.parts_without_genetic and not to.filing]
    return [*columns, *(f"{key}: records of genetic items" for key in rows)]
