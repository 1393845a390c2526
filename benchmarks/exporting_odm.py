"""How long the values of a snapshot take to leave as ODM-XML 1.3.2, beside objects of odmlib of the same.

All sides end in a file of the same clinical data, which is compared element by element. Ours begins with the
sealed snapshot, whose hash it checks, and has the metadata with it; odmlib's has values and elements at hand.
The third has values at hand, too, as lines of a snapshot, and writes the data alone. Seconds are those of the
processor.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

SUBJECTS = 100
ROUNDS = 5
Told = tuple[str, dict[str, str], str | None, list[Any]]
"""An element: its name, attributes, text and children."""


def main(subjects: int = SUBJECTS) -> None:
    from analytics.locks.snapshot import sealed_blocks
    from benchmarks.locked import enlarged
    from tests.analytics.casebooks import without_database

    with tempfile.TemporaryDirectory() as name, without_database():
        folder = Path(name)
        sealed = enlarged(folder, subjects)
        ours, alone, theirs = folder / "ours.xml", folder / "alone.xml", folder / "theirs.xml"
        _write(sealed.path, ours)
        told, blocks = _clinical_data(ours), list(sealed_blocks(sealed.path))
        sides: dict[str, Callable[[], object]] = {
            "snapshot to ODM-XML": lambda: _write(sealed.path, ours),
            "data alone, at hand": lambda: _write_data(blocks, alone),
            "odmlib": lambda: _by_odmlib(told, theirs),
        }
        spent: dict[str, list[float]] = {side: [] for side in sides}
        for _round in range(ROUNDS):
            for side, run in sides.items():
                started = time.process_time()
                run()
                spent[side].append(time.process_time() - started)
        for path in (theirs, alone):
            if _clinical_data(path) != told:
                raise SystemExit(f"{path.name} holds other values")
    medians = {side: statistics.median(times) for side, times in spent.items()}
    print(
        f"\n| {sealed.values:,} values of {subjects} subjects | s | times as fast as odmlib |\n|---|---|---|"
    )
    for side, median in medians.items():
        print(f"| {side} | {median:.2f} | {medians['odmlib'] / median:.1f} |")


def _about() -> Any:
    from analytics.exports.about import About
    from analytics.exports.disclosure import Disclosure
    from trial.people.tokens import Dates

    at = datetime(2025, 8, 6, tzinfo=UTC)
    to = Disclosure(Dates.TRUE, "2025-BGH-1")
    return About("BENCH", 1, at.date(), "0" * 64, "0" * 64, "0", at, to)


def _write(snapshot: Path, path: Path) -> int:
    from analytics.exports.odm.snapshot_file import write_snapshot

    return write_snapshot(snapshot, path, _about())


def _write_data(blocks: list[Any], path: Path) -> None:
    """What stands between the tags of ClinicalData, within as much as makes it a document."""
    from analytics.exports.odm.snapshot_file import Subjects
    from patients.casebook.odm import NAMESPACE, STUDY_OID

    about = _about()
    writing = Subjects(about.disclosure, {}, about.naming)
    named = f'StudyOID="{STUDY_OID}" MetaDataVersionOID="{about.metadata}"'
    with path.open("wb") as file:
        file.write(f'<ODM xmlns="{NAMESPACE}"><ClinicalData {named}>\n'.encode())
        for facts, block in blocks:
            file.write(writing.of(facts, block))
        file.write(b"</ClinicalData></ODM>\n")


def _clinical_data(path: Path) -> Told:
    from lxml import etree

    found = next(etree.parse(path).iter("{*}ClinicalData"))
    return _told(found)


def _told(element: Any) -> Told:
    name = element.tag.rpartition("}")[2]
    text = element.text if element.text and element.text.strip() else None
    return name, dict(element.attrib), text, [_told(child) for child in element]


def _by_odmlib(told: Told, path: Path) -> None:
    path.write_text(_object(told).to_xml_string(), encoding="utf-8")


def _object(told: Told) -> Any:
    """The object of an element, with those of its children."""
    from odmlib.odm_1_3_2 import model
    from odmlib.typed import ODMListObject

    name, attributes, text, children = told
    kind, of_it = getattr(model, name), dict[str, Any](attributes)
    for child in children:
        if isinstance(vars(kind).get(child[0]), ODMListObject):
            of_it.setdefault(child[0], []).append(_object(child))
        else:
            of_it[child[0]] = _object(child)
    if text is not None:
        of_it["_content"] = text
    return kind(**of_it)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-tests-"))
    django.setup()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SUBJECTS)
