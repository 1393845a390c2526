"""The codes of terms at the moment of a data cut, sealed in a file of their own beside the snapshot.

Codes stand beside the texts (decision 0044) and move no snapshot: of one snapshot there are as many files of
codes as it was cut with different ones. Line 1 holds the format; then an object for each term that stands for
one, and an array for each coded row of the cut, in the order of their natural keys. Each line is canonical
JSON, and the file is named by the hash of its bytes.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import orjson
from django.conf import settings

from analytics.locks.snapshot import CutSubject, Slice, canonical_line, keep_file, sound_bytes, sound_lines
from patients.casebook.answers import Record
from patients.casebook.page import Subject
from patients.coding.codes import Coding
from patients.coding.dictionaries import Dictionary, Term
from patients.coding.schemes import Kind

FORMAT = "chimera-codes/1"
CLASS_LEVEL = "SOC"
FIRST_LANGUAGE = "en"
Place = tuple[str, str, str]  # form, visit, row key
Row = tuple[
    str, str, str, str, str, str, str, str
]  # subject, form, visit, row key, item, kind, version, code
Key = tuple[str, str, str]  # of a term: kind, version, code


@dataclass(frozen=True, slots=True)
class Code:
    """What a term is coded as, by the dictionary that was coded with: term and concept (MedDRA: preferred
    term) with their codes, and the path of the concept's classes, each a level, a code and a name. The names
    are English where the version was loaded in English, else in the language that there is."""

    kind: str
    version: str
    code: str
    term: str
    concept_code: str
    concept: str
    path: tuple[tuple[str, str, str], ...]

    @property
    def dictionary(self) -> str:
        """Its name, as `MedDRA`."""
        return str(Kind(self.kind).label)

    @property
    def primary_class(self) -> tuple[str, str]:
        """Code and name of the primary system organ class; empty where the dictionary has none."""
        found = ((code, name) for level, code, name in self.path if level == CLASS_LEVEL)
        return next(found, ("", ""))


@dataclass(frozen=True, slots=True)
class Coded:
    """A row of the cut and the term that its text was coded as."""

    row: Row
    term: int

    @property
    def key(self) -> Key:
        return self.row[5:]


@dataclass(frozen=True, slots=True)
class CodesSlice:
    """Where in a file of codes the terms stand, which every slice needs, and the rows of some subjects."""

    terms: Slice
    rows: Slice


def path_of_codes(hash: str) -> Path:
    """The file of codes of this hash."""
    return Path(settings.SNAPSHOT_DIR) / f"codes-{hash}.jsonl"


# --- sealing ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Standing:
    """The code of an item of a row, and the text that it stands for."""

    place: Place
    item: str
    verbatim: str
    key: Key
    term: int


def standing_codes(subjects: Iterable[Subject], moment: datetime | None) -> dict[int, list[Standing]]:
    """The codes of these subjects, by number, that stood at a moment, or stand now."""
    of_them: Any = Coding.objects.filter(page__subject__in=[subject.pk for subject in subjects])
    if moment is None:
        standing = of_them.standing()
    else:
        known = of_them.filter(at__lte=moment)
        standing = known.exclude(replaced_by__at__lte=moment).exclude(withdrawal__at__lte=moment)
    found: dict[int, list[Standing]] = defaultdict(list)
    for subject, form, visit, row_key, item, verbatim, *key, term in standing.values_list(*_STANDING):
        found[subject].append(Standing((form, visit or "", row_key), item, verbatim, tuple(key), term))
    return found


_TERM = "term__dictionary__kind", "term__dictionary__version", "term__code", "term_id"
_STANDING = (
    "page__subject_id", "page__form_code", "page__visit__code", "row_key", "item", "verbatim", *_TERM
)  # fmt: skip


def codes_of(subject: Subject, records: Iterable[Record], standing: Iterable[Standing]) -> Iterator[Coded]:
    """The codes of these rows, of those of the subject that stand for the texts that the rows have."""
    rows = {record.place: record for record in records}
    for one in standing:
        row = rows.get(one.place)
        if row is not None and row.values.get(one.item) == one.verbatim:
            yield Coded((subject.code, *one.place, one.item, *one.key), one.term)


class CodesDraft:
    """The coded rows of a cut that have come so far, subject by subject, in a file of their own."""

    def __init__(self, path: Path) -> None:
        self._path, self._terms = path, dict[Key, int]()

    def add(self, coded: Iterable[Coded]) -> None:
        """Those of the next subject, in the order of the codes of subjects."""
        found = sorted(coded, key=lambda one: one.row)
        with self._path.open("ab") as file:
            file.writelines(canonical_line(one.row) for one in found)
        self._terms |= {one.key: one.term for one in found}

    def seal(self, folder: Path, moment: datetime | None) -> str:
        """Keep them with their terms, and give the hash that names the file; empty where there are none."""
        return keep_file(folder, partial(self._write, moment)).stem.partition("-")[2] if self._terms else ""

    def _write(self, moment: datetime | None, file: IO[bytes]) -> str:
        terms = _terms(self._terms, moment)
        head = ({"format": FORMAT}, *(asdict(terms[key]) for key in sorted(terms)))
        digest = hashlib.sha256()
        with self._path.open("rb") as rows:
            for line in chain(map(canonical_line, head), rows):
                digest.update(line)
                file.write(line)
        return path_of_codes(digest.hexdigest()).name


def _terms(numbers: Mapping[Key, int], moment: datetime | None) -> dict[Key, Code]:
    """What the dictionaries say of these terms, named in the first language where they have it."""
    by_number = Term.objects.select_related("concept", "dictionary").in_bulk(list(set(numbers.values())))
    chosen = {key: by_number[number] for key, number in numbers.items()}
    english = _in_first_language(chosen, moment)
    return {key: _code(english.get(key, term)) for key, term in chosen.items()}


def _in_first_language(chosen: Mapping[Key, Term], moment: datetime | None) -> dict[Key, Term]:
    """The same terms of the same versions in the first language, as far as it was loaded by the moment."""
    versions = {(kind, version) for kind, version, _code in chosen}
    found: dict[Key, Term] = {}
    for kind, version in versions:
        loaded = Dictionary.objects.filter(kind=kind, version=version, language=FIRST_LANGUAGE)
        loaded = loaded if moment is None else loaded.filter(loaded_at__lte=moment)
        wanted = [key[2] for key in chosen if key[:2] == (kind, version)]
        terms = Term.objects.filter(dictionary__in=loaded, code__in=wanted).select_related(
            "concept", "dictionary"
        )
        found |= {(kind, version, term.code): term for term in terms}
    return found


def _code(term: Term) -> Code:
    concept, told = term.concept, term.dictionary
    path = tuple((each["level"], each["code"], each["name"]) for each in concept.path)
    return Code(told.kind, told.version, term.code, term.name, concept.code, concept.name, path)


# --- reading ----------------------------------------------------------------------------------------------
CodesOfSubject = tuple[str, dict[Place, Code]]


def with_codes(
    subjects: Iterable[CutSubject], hash: str, few: Collection[str] | None = None
) -> Iterator[CutSubject]:
    """Subjects of a snapshot, in the order of their codes, each with the codes of its rows; both files are
    read once, side by side. Of rows of others than a `few`, where these are named, no more is read than whose
    they are. Raises SnapshotDamaged."""
    return _beside(subjects, read_codes(hash, few))


def with_codes_of(subjects: Iterable[CutSubject], hash: str, part: CodesSlice) -> Iterator[CutSubject]:
    """The same of a slice of the subjects and that of their codes."""
    return _beside(subjects, codes_of_slice(hash, part))


def _beside(subjects: Iterable[CutSubject], coded: Iterator[CodesOfSubject]) -> Iterator[CutSubject]:
    at, codes = next(coded, ("", {}))
    for subject in subjects:
        while at and at < subject.facts.subject:
            at, codes = next(coded, ("", {}))
        yield replace(subject, codes=codes) if at == subject.facts.subject else subject


def sound_codes(hash: str) -> str:
    """The hash, once its file has been found to be what it was. Raises SnapshotDamaged."""
    sound_lines(path_of_codes(hash), hash)
    return hash


def read_codes(hash: str, few: Collection[str] | None = None) -> Iterator[CodesOfSubject]:
    """Of each subject with a code, or of a few, the coded rows by form, visit and row key; of no hash, none.
    Raises SnapshotDamaged."""
    if not hash:
        return iter(())
    return _of_lines(_lines(hash) if few is None else _lines_of(few, hash))


def _lines_of(few: Collection[str], hash: str) -> Iterator[bytes]:
    """The terms, and the rows of a few subjects."""
    begins = {b"[" + orjson.dumps(subject) for subject in few}
    return (line for line in _lines(hash) if line[:1] == b"{" or line.partition(b",")[0] in begins)


def _lines(hash: str) -> Iterator[bytes]:
    """The file without its first line, which names the format. Raises SnapshotDamaged."""
    return islice(sound_lines(path_of_codes(hash), hash), 1, None)


def _of_lines(lines: Iterable[bytes]) -> Iterator[CodesOfSubject]:
    """What the terms and the rows after them say."""
    terms: dict[Key, Code] = {}
    for is_term, some in groupby(map(orjson.loads, lines), key=lambda line: isinstance(line, dict)):
        if is_term:
            terms = {(told["kind"], told["version"], told["code"]): _read(told) for told in some}
            continue
        for subject, rows in groupby(some, key=itemgetter(0)):
            yield subject, {tuple(row[1:4]): terms[tuple(row[5:])] for row in rows}


def _read(told: dict[str, Any]) -> Code:
    return Code(**{**told, "path": tuple(map(tuple, told["path"]))})


# --- in slices --------------------------------------------------------------------------------------------
def slices_of_codes(hash: str, of: Iterable[Slice]) -> list[CodesSlice]:
    """For each slice of a snapshot where its codes stand, by one reading of them. Raises SnapshotDamaged."""
    if not hash:
        return [CodesSlice(Slice(), Slice()) for _slice in of]
    lines = _Counted(sound_lines(path_of_codes(hash), hash))
    lines.taken_while(lambda line: line.startswith(b'{"format'))  # the first line
    terms = lines.taken_while(lambda line: line.startswith(b"{"))
    return [CodesSlice(terms, lines.taken_while(partial(_is_up_to, one.last))) for one in of]


def _is_up_to(last: str, line: bytes) -> bool:
    subject: str = orjson.loads(line)[0]
    return subject <= last


def codes_of_slice(hash: str, part: CodesSlice) -> Iterator[CodesOfSubject]:
    """What `read_codes` gives, of a slice alone. Raises SnapshotDamaged."""
    if not part.rows.length:
        return iter(())
    path = path_of_codes(hash)
    return _of_lines(b"".join(sound_bytes(path, one) for one in (part.terms, part.rows)).splitlines())


class _Counted:
    """Lines of a file of which some at a time are taken, as slices of it."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines, self._next, self._offset = lines, next(lines, b""), 0

    def taken_while(self, wanted: Callable[[bytes], bool]) -> Slice:
        """The lines from here for as long as they are wanted."""
        digest, length = hashlib.sha256(), 0
        while self._next and wanted(self._next):
            digest.update(self._next)
            length += len(self._next)
            self._next = next(self._lines, b"")
        taken = Slice(self._offset, length, digest.hexdigest())
        self._offset += length
        return taken
