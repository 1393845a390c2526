"""The file of a snapshot: written once in canonical form, named by its hash, read back with the hash checked.

Line 1 holds the cut-off and the version of each form; then, subject by subject, one object with the
subject's facts and one array for each value, in the order of their natural keys. Each line is canonical JSON
(sorted keys, no spaces, UTF-8), so the same content is the same bytes. Surrogate ids, history ids and times
lie in a side table outside the file.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache, partial
from itertools import groupby, islice, starmap
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from analytics.locks.cut import FORM_DATE, HEADER_ITEMS, SubjectFacts, Value
from patients.casebook.answers import HeldCasebook, Record
from patients.casebook.form import FormRow, declared_forms, form_model
from patients.items.item import Item
from patients.items.partial_date import PartialDate
from patients.items.types import (
    ChoiceItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
    PartialDateItem,
)
from trial.collector import uncollected
from trial.storage import kept
from trial.storage.problems import StoredFileDamaged

FORMAT = "chimera-snapshot/1"
READ_AT_ONCE = 1 << 20
"""Bytes; of a subject of the invented cohort there are a quarter as many."""

Written = tuple[SubjectFacts, list[Value]]
Content = Iterable[Written]


class SnapshotDamaged(Exception):
    """The file of a snapshot is not the one that was sealed."""


@dataclass(frozen=True, slots=True)
class CutSubject:
    """One subject of a snapshot: its facts, its casebook of rows in the cut, and where a lock holds codes
    beside it (`locks/codes.py`) those of its rows."""

    facts: SubjectFacts
    casebook: HeldCasebook
    codes: Mapping[tuple[str, str, str], Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file just written: its hash, where it lies, how many subjects and values it holds."""

    hash: str
    path: Path
    subjects: int
    values: int


def canonical_line(content: Any) -> bytes:
    """JSON with sorted keys and without spaces, as UTF-8."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _canonical_lines(subject: str, values: Iterable[Value]) -> bytes:
    """A line for each value of a subject, as `canonical_line` makes it, all in one go.

    Where one value ends and the next begins stands `"],["` with the code of the subject. No text looks so: a
    quotation mark inside of it has a backslash before it, and behind the text `],[` itself comes no code.
    """
    lines, code = orjson.dumps(list(map(tuple, sorted(values)))), orjson.dumps(subject)
    return lines[1:-1].replace(b'"],[' + code, b'"]\n[' + code) + b"\n" if len(lines) > 2 else b""


class Block(NamedTuple):
    """The lines of a subject in a snapshot, and how many values are in them."""

    facts: SubjectFacts
    lines: bytes
    values: int


def block_of(facts: SubjectFacts, values: list[Value]) -> Block:
    """The lines of a subject, in canonical form."""
    return Block(facts, canonical_line(asdict(facts)) + _canonical_lines(facts.subject, values), len(values))


def write_snapshot(folder: Path, cutoff: date, subjects: Content) -> Sealed:
    """Write the content, its subjects in the order of their codes, and name the file by its hash."""
    return write_blocks(folder, cutoff, starmap(block_of, subjects))


def write_blocks(
    folder: Path,
    cutoff: date,
    blocks: Iterable[Block],
    tell: Callable[[SubjectFacts, "Slice"], None] | None = None,
) -> Sealed:
    """The same of lines that are there. `tell` is told of each subject where it stands."""
    written = _Written(cutoff, blocks, tell)
    path = keep_file(folder, written.into)
    return Sealed(path.stem, path, written.subjects, written.values)


def keep_file(folder: Path, write: Callable[[IO[bytes]], str]) -> Path:
    """The file that is written, under the name that `write` gives.

    It is written beside its place: the same content is there once, and never in part. Into a store the caller
    puts it (`kept.put`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder, prefix=".draft-")
    try:
        with os.fdopen(handle, "w+b") as file:
            path = folder / write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o440)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return path


@dataclass(frozen=True, slots=True)
class Slice:
    """Some subjects that stand together in a sealed file: from which byte, how many bytes, the SHA-256 of
    these bytes, how many subjects, and the code of the last one."""

    offset: int = 0
    length: int = 0
    digest: str = hashlib.sha256().hexdigest()
    subjects: int = 0
    last: str = ""


@dataclass
class _Written:
    """The content of a file, and how much of it has gone in so far."""

    cutoff: date
    blocks: Iterable[Block]
    tell: Callable[[SubjectFacts, Slice], None] | None
    digest: Any = field(default_factory=hashlib.sha256)
    subjects: int = 0
    values: int = 0

    def into(self, file: IO[bytes]) -> str:
        """Write all of it; the name that the file is kept under."""
        forms = {model.form.code: model.form.version for model in declared_forms()}
        header = canonical_line({"format": FORMAT, "cutoff": self.cutoff.isoformat(), "forms": forms})
        offset, before = self._put(file, header), ""
        for facts, lines, values in self.blocks:
            if facts.subject <= before:
                raise ValueError(f"{facts.subject} stands after {before}: subjects go in by their codes")
            before = facts.subject
            if self.tell is not None:
                self.tell(facts, Slice(offset, len(lines), hashlib.sha256(lines).hexdigest(), 1, before))
            offset += self._put(file, lines)
            self.subjects, self.values = self.subjects + 1, self.values + values
        return f"{self.digest.hexdigest()}.jsonl"

    def _put(self, file: IO[bytes], text: bytes) -> int:
        self.digest.update(text)
        return file.write(text)


def read_snapshot(path: Path) -> tuple[date, Iterator[CutSubject]]:
    """The cut-off and, one by one, the subjects. Raises SnapshotDamaged if the file is not what it was."""
    header, blocks = _sound(path)
    return date.fromisoformat(json.loads(header)["cutoff"]), _subjects(blocks)


def slices_of(path: Path, size: int) -> list[Slice]:
    """The subjects of a snapshot in slices of so many, by one reading of it; of one without subjects, one
    that is empty. Raises SnapshotDamaged."""
    header, blocks = _sound(path)
    offset, slices = len(header), list[Slice]()
    while not slices or slices[-1].subjects == size:
        slices.append(_slice(offset, islice(blocks, size)))
        offset += slices[-1].length
    return [one for one in slices if one.subjects] or slices


def _slice(offset: int, blocks: Iterable[bytes]) -> Slice:
    digest, length, subjects, block = hashlib.sha256(), 0, 0, b""
    for block in blocks:
        digest.update(block)
        length, subjects = length + len(block), subjects + 1
    last = _facts_of(block).subject if block else ""
    return Slice(offset, length, digest.hexdigest(), subjects, last)


def each_place(path: Path) -> Iterator[tuple[SubjectFacts, Slice]]:
    """The facts of each subject and the slice that is its alone. Raises SnapshotDamaged."""
    header, blocks = _sound(path)
    offset = len(header)
    for block in blocks:
        place = _slice(offset, [block])
        yield _facts_of(block), place
        offset += place.length


def read_slice(path: Path, part: Slice) -> Iterator[CutSubject]:
    """The subjects of a slice one by one. Raises SnapshotDamaged if its bytes are not what they were."""
    return _subjects(_blocks_of(sound_bytes(path, part)))


def first_line(path: Path) -> dict[str, Any]:
    """The format of a snapshot, its cut-off and the version of each form. Raises SnapshotDamaged."""
    header: dict[str, Any] = json.loads(_sound(path)[0])
    return header


def site_of_each(path: Path) -> dict[str, str]:
    """The site of each subject of a snapshot. Raises SnapshotDamaged."""
    facts = (_facts_of(block) for block in _sound(path)[1])
    return {each.subject: each.site for each in facts}


def sound_lines(path: Path, hash: str) -> Iterator[bytes]:
    """The file line by line, once all of it has been found to have the hash. Raises SnapshotDamaged."""
    _find_sound(path, hash)
    return _lines(path)


def _find_sound(path: Path, hash: str) -> None:
    """Raises SnapshotDamaged if the file has not the hash."""
    try:
        with kept.at_hand(path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as problem:
        raise SnapshotDamaged(f"{path.name} is gone") from problem
    except StoredFileDamaged as problem:
        raise SnapshotDamaged(str(problem)) from problem
    if found != hash:
        raise SnapshotDamaged(f"{path.name} is not what it was")


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _sound(path: Path) -> tuple[bytes, Iterator[bytes]]:
    """The first line of a snapshot and the lines of each subject, once the whole file has been found to have
    its hash. Raises SnapshotDamaged."""
    _find_sound(path, path.stem)
    header = next(_lines(path))
    return header, _blocks(path, len(header))


def _blocks(path: Path, start: int) -> Iterator[bytes]:
    """The lines of each subject from a byte on. A file that is read line by line takes ten times as long."""
    with path.open("rb") as file:
        file.seek(start)
        rest = b""
        while some := file.read(READ_AT_ONCE):
            *whole, rest = _blocks_of(rest + some)
            yield from whole
        if rest:
            yield rest


def sound_bytes(path: Path, part: Slice) -> bytes:
    """The bytes of a slice. Raises SnapshotDamaged if they are not what they were."""
    try:
        with kept.at_hand(path).open("rb") as file:
            file.seek(part.offset)
            found = file.read(part.length)
    except FileNotFoundError as problem:
        raise SnapshotDamaged(f"{path.name} is gone") from problem
    except StoredFileDamaged as problem:
        raise SnapshotDamaged(str(problem)) from problem
    if hashlib.sha256(found).hexdigest() != part.digest:
        raise SnapshotDamaged(f"{path.name} is not what it was")
    return found


def written_subjects(path: Path) -> Iterator[Written]:
    """The facts and values of each subject as they are written. Raises SnapshotDamaged."""
    return ((facts, [Value._make(value) for value in values]) for facts, values in plain_subjects(path))


def plain_subjects(path: Path) -> Iterator[tuple[SubjectFacts, list[Any]]]:
    """The same with each value as a list of its texts, for who reads many. Raises SnapshotDamaged."""
    return _read(_sound(path)[1])


def sealed_blocks(path: Path) -> Iterator[tuple[SubjectFacts, bytes]]:
    """The facts of each subject and all of its lines as they are sealed, for whoever writes them on and need
    not make texts of what is the same in each. Raises SnapshotDamaged."""
    return ((_facts_of(block), block) for block in _sound(path)[1])


def written_by(order: Callable[[str], str], path: Path) -> Iterator[Written]:
    """The same in another order, by what `order` makes of the code of a subject. Raises SnapshotDamaged."""
    for part in sorted(slices_of(path, 1), key=lambda part: order(part.last)):
        found = _read(_blocks_of(sound_bytes(path, part)))
        yield from ((facts, [Value._make(value) for value in values]) for facts, values in found)


def _facts_of(block: bytes) -> SubjectFacts:
    return SubjectFacts(**orjson.loads(block.partition(b"\n")[0]))


def _subjects(blocks: Iterable[bytes]) -> Iterator[CutSubject]:
    return (CutSubject(facts, casebook_of(facts, values)) for facts, values in _read(blocks))


def _read(blocks: Iterable[bytes]) -> Iterator[tuple[SubjectFacts, list[Any]]]:
    """The facts of each subject and its values as plain lists. The lines of a subject are read as one array,
    in a fraction of the time that each by itself takes: a line break inside a text is written `\\n`."""
    for block in blocks:
        with uncollected():
            facts, *values = orjson.loads(b"[" + block.rstrip().replace(b"\n", b",") + b"]")
        yield SubjectFacts(**facts), values


def _blocks_of(text: bytes) -> Iterator[bytes]:
    """The lines of each subject in a text that is at hand. Only the facts of a subject begin a line with a
    brace, which is looked for by itself: to look for it and the line end takes six times as long."""
    start = end = 0
    while (end := text.find(b"{", end + 1)) > 0:
        if text[end - 1 : end] == b"\n":
            yield text[start:end]
            start = end
    if text:
        yield text[start:]


def casebook_of(facts: SubjectFacts, values: Iterable[Value]) -> HeldCasebook:
    """The rows that values in canonical form belong to.

    The snapshot holds no birth date; in memory the day that the age at enrolment means takes its place, so
    that what is derived from an age (a normal range for it) is what the registry derives.
    """
    rows: dict[tuple[str, str, str], list[Value]] = {}
    for place, held in groupby(values, key=_place):  # of one row they stand together in a snapshot
        rows.setdefault(place, []).extend(held)
    records = [_record(*place, held) for place, held in rows.items()]
    _date_births(facts, records)
    return HeldCasebook(facts.subject, records)


_place: Callable[[Value], tuple[str, str, str]] = itemgetter(
    *map(Value._fields.index, ("form", "visit", "row_key"))
)


def _date_births(facts: SubjectFacts, records: Collection[Record]) -> None:
    enrolled = next((r.values["enrol_dt"] for r in records if r.form == "ELIG"), None)
    if enrolled is None or facts.age_days_at_enrolment is None:
        return
    born = PartialDate.of(enrolled - timedelta(days=facts.age_days_at_enrolment))
    for record in records:
        if record.form == "DM":
            record.values["birth_date"] = born


def _record(form: str, visit: str, row_key: str, held: Iterable[Value]) -> Record:
    readers = _readers(form_model(form))
    values: dict[str, Any] = dict.fromkeys(readers)
    missing, header = {}, {}
    for _subject, _visit, _form, _row_key, item, text, _unit, reason in held:
        if item in readers:
            if text:
                values[item] = readers[item](text)
        else:
            header[item] = text
        if reason:
            missing[item] = reason
    page_date = header.pop(FORM_DATE, "")
    return Record(
        form,
        visit,
        row_key,
        form_date=date.fromisoformat(page_date) if page_date else None,
        values=values,
        missing=missing,
        header={name: header[name] for name in HEADER_ITEMS if name in header},
    )


_Reader = Callable[[str], Any]


@cache
def _readers(form: type[FormRow]) -> dict[str, _Reader]:
    """What reads the sealed text of each item of a form."""
    return {item.name: _reader(item) for item in form.items()}


def _reader(item: Item) -> _Reader:
    """Codes were judged when they were entered: a list may have changed since. The same days and numbers come
    again and again in a cohort, and are read once."""
    if isinstance(item, ChoiceItem):
        return str
    if isinstance(item, MultiItem):
        return partial(str.split, sep="|")
    often = isinstance(item, DateItem | DateTimeItem | PartialDateItem | DecimalItem | IntegerItem)
    return lru_cache(maxsize=2048)(item.read) if often else item.read
