"""The casebooks of a copy in ODM-XML: what is declared, what stands, and all that was done to bring it
there."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from analytics.exports.about import About
from analytics.exports.odm.files import METADATA, SNAPSHOT, TRANSACTIONAL
from analytics.exports.odm.people import users_at
from analytics.exports.odm.snapshot_file import write_metadata
from analytics.exports.odm.snapshot_file import write_snapshot as write_odm_snapshot
from analytics.exports.odm.transactional_file import write_transactions
from analytics.locks.places import sites_of
from analytics.locks.snapshot import Content, write_snapshot


def write_odm(
    folder: Path, content: Content, told: About, moment: datetime, planned: Mapping[str, str]
) -> None:
    """Write the three files of a content as it was at a moment. It is sealed as a cut is, in a file that goes
    again, since the same writers read it. `planned` is the day of the planned infusion by subject."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".odm-") as draft:
        sealed = write_snapshot(Path(draft), told.cutoff, content)
        about = replace(told, snapshot=sealed.hash)
        users = users_at(sites_of(sealed.path), moment, about)
        write_odm_snapshot(sealed.path, path_of(folder, SNAPSHOT), about, planned, users)
        write_transactions(sealed.path, moment, path_of(folder, TRANSACTIONAL), about)
        write_metadata(path_of(folder, METADATA), about)


def path_of(folder: Path, kind: str) -> Path:
    """Where a kind of ODM-XML stands in a copy."""
    return folder / f"odm-{kind}.xml"
