"""Where in a sealed file each subject stands, so that a few of 100,000 are read without the others.

The hash of a snapshot speaks for all of its bytes, and of 30 GB takes minutes to ask. Beside it lies which
bytes are whose, each with a hash of its own. That is told while the file is written, and made by one reading
of the sound file where it is missing. It is keyed by the secret of the installation: what anybody else wrote
is made anew.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import IO

import orjson
from django.utils.crypto import constant_time_compare, salted_hmac

from analytics.locks.cut import SubjectFacts
from analytics.locks.snapshot import CutSubject, Slice, each_place, keep_file, read_slice
from trial.storage.kept import at_hand, put
from trial.storage.problems import StoredFileDamaged

FORMAT = "chimera-places/1"


@dataclass(frozen=True, slots=True)
class Places:
    """The sites of the subjects of a snapshot, and the bytes of each subject by its code."""

    sites: frozenset[str]
    subjects: Mapping[str, Slice]


def sites_of(path: Path) -> frozenset[str]:
    """The sites of the subjects of a snapshot. Raises SnapshotDamaged."""
    return places_of(path).sites


def chosen_subjects(path: Path, codes: Collection[str]) -> Iterator[CutSubject]:
    """The subjects of these codes, in their order; nothing else is read. Raises SnapshotDamaged."""
    places = places_of(path).subjects
    return chain.from_iterable(read_slice(path, places[code]) for code in sorted(places.keys() & set(codes)))


@lru_cache(maxsize=2)
def places_of(path: Path) -> Places:
    """What lies beside a snapshot, or is made and put there. Raises SnapshotDamaged."""
    key, _newline, told = _kept(path).partition(b"\n")
    if not constant_time_compare(key, _key(path, told)):
        told = _keep(path)
    sites, subjects = orjson.loads(told)
    return Places(
        frozenset(sites),
        {code: Slice(offset, length, digest, 1, code) for code, offset, length, digest in subjects},
    )


def _kept(path: Path) -> bytes:
    try:
        return at_hand(beside(path)).read_bytes()
    except (FileNotFoundError, StoredFileDamaged):
        return b""


def _keep(path: Path) -> bytes:
    draft = PlacesDraft()
    for facts, place in each_place(path):
        draft.add(facts, place)
    told = draft.seal(path)
    put(beside(path))
    return told


class PlacesDraft:
    """What is told of each subject as it is written or read, for the file beside the snapshot."""

    def __init__(self) -> None:
        self._sites, self._subjects = set[str](), list[tuple[str, int, int, str]]()

    def add(self, facts: SubjectFacts, place: Slice) -> None:
        self._sites.add(facts.site)
        self._subjects.append((facts.subject, place.offset, place.length, place.digest))

    def seal(self, path: Path) -> bytes:
        """Put it beside the snapshot; its content."""
        told = orjson.dumps([sorted(self._sites), self._subjects])

        def write(file: IO[bytes]) -> str:
            file.write(_key(path, told).encode() + b"\n" + told)
            return beside(path).name

        keep_file(path.parent, write)
        return told


def beside(path: Path) -> Path:
    """The file beside a snapshot."""
    return path.with_name(f"places-{path.stem}")


def _key(path: Path, told: bytes) -> str:
    return salted_hmac(f"{FORMAT} {path.stem}", told, algorithm="sha256").hexdigest()
