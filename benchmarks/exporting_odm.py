"""How long the values of a snapshot take to leave as ODM-XML 1.3.2, beside objects of odmlib of the same.

`python -m benchmarks.exporting_odm [SUBJECTS] [drawn]`: the invented cohort over and over under other names,
or each of its subjects with days and numbers drawn by lot, so that fewer values come again.

All sides end in a file of the same clinical data, which is compared element by element. Ours begins with the
sealed snapshot, whose hash it checks, and has the metadata with it; odmlib's has values and elements at hand.
Another has values at hand, too, as they are sealed, and writes the data alone. Each side is a process of its
own, and they run in turn. Seconds are those of the processor.
"""

import hashlib
import multiprocessing
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import django

SUBJECTS = 100
ROUNDS = 5
WHOLE, ALONE, ODMLIB = "snapshot to ODM-XML", "data alone, at hand", "odmlib"
Told = tuple[str, dict[str, str], str | None, list[Any]]
"""An element: its name, attributes, text and children."""
_A_DAY = re.compile(rb'"(20\d\d-\d\d-\d\d)')
_A_NUMBER = re.compile(rb'("(?:lab_value|vs_\w+|\w+_value)",")(\d+(?:\.(\d+))?)"')


def main(subjects: int = SUBJECTS, *, by_lot: bool = False) -> None:
    from benchmarks.locked import enlarged
    from tests.analytics.casebooks import without_database

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with without_database():
            sealed = enlarged(folder, subjects)
        path = drawn(sealed.path) if by_lot else sealed.path
        spent = _in_turn((WHOLE, ALONE, ODMLIB), path)
        told = [_clinical_data(folder / f"{side}.xml") for side in spent]
        if any(one != told[0] for one in told):
            raise SystemExit("the files hold other values")
    medians = {side: statistics.median(times) for side, times in spent.items()}
    print(f"\n| {sealed.values:,} values of {subjects} subjects | s | times as fast as odmlib | first, s |")
    print("|---|---|---|---|")
    for side, median in medians.items():
        print(f"| {side} | {median:.2f} | {medians[ODMLIB] / median:.1f} | {spent[side][0]:.2f} |")


def drawn(sealed: Path) -> Path:
    """The snapshot with the days of each subject moved, and each of its numbers multiplied, by lot."""
    lot, text = random.Random(7), sealed.read_bytes()  # noqa: S311
    text = b"\n{".join(_drawn(block, lot) for block in text.split(b"\n{"))
    path = sealed.with_name(f"{hashlib.sha256(text).hexdigest()}.jsonl")
    path.write_bytes(text)
    return path


def _drawn(block: bytes, lot: random.Random) -> bytes:
    days = timedelta(lot.randrange(-400, 400))

    def day(found: re.Match[bytes]) -> bytes:
        return b'"%b' % (date.fromisoformat(found[1].decode()) + days).isoformat().encode()

    def number(found: re.Match[bytes]) -> bytes:
        return b'%b%.*f"' % (found[1], len(found[3] or b""), float(found[2]) * lot.lognormvariate(0, 0.3))

    return _A_NUMBER.sub(number, _A_DAY.sub(day, block))


def _in_turn(sides: tuple[str, ...], snapshot: Path) -> dict[str, list[float]]:
    """The seconds of each round of each side."""
    started = multiprocessing.get_context("spawn")
    spent: dict[str, list[float]] = {side: [] for side in sides}
    with ExitStack() as stack:
        pipes = {}
        for side in sides:
            pipes[side], theirs = started.Pipe()
            process = started.Process(target=_run, args=(side, snapshot, theirs))
            process.start()
            stack.callback(process.join)
            stack.callback(pipes[side].send, False)
            pipes[side].recv()
        for _round in range(ROUNDS):
            for side, pipe in pipes.items():
                pipe.send(True)
                spent[side].append(pipe.recv())
    return spent


def _run(side: str, snapshot: Path, pipe: Any) -> None:
    """A side in its process: it has its data, and runs as often as it is asked to."""
    django.setup()
    from tests.analytics.casebooks import without_database

    with without_database():
        run = _side(side, snapshot, snapshot.with_name(f"{side}.xml"))
        pipe.send(0.0)
        while pipe.recv():
            started = time.process_time()
            run()
            pipe.send(time.process_time() - started)


def _side(side: str, snapshot: Path, path: Path) -> Callable[[], object]:
    from analytics.locks.snapshot import sealed_blocks

    if side == WHOLE:
        return lambda: _write(snapshot, path)
    blocks = list(sealed_blocks(snapshot))
    if side == ALONE:
        return lambda: _write_data(blocks, path)
    _write_data(blocks, path)
    told = _clinical_data(path)
    return lambda: _by_odmlib(told, path)


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
    asked = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main(*asked, by_lot="drawn" in sys.argv)
