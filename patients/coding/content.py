"""What is read of the files of a dictionary before any of it goes into the registry, and what is wrong."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file, and where; line 0 is the file itself."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.why}" if self.line else f"{self.file}: {self.why}"


class DictionaryRefused(ValueError):
    """The files are no whole dictionary; nothing went in. All that was found is in `problems`."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ReadConcept:
    """A concept with its classes, each a level, a code and a name; `classes` are those that it is in."""

    code: str
    name: str
    path: tuple[tuple[str, str, str], ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadTerm:
    code: str
    name: str
    concept: str
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class Content:
    """A whole dictionary. `digest` is the SHA-256 of its files, in hexadecimal."""

    concepts: list[ReadConcept]
    terms: list[ReadTerm]
    digest: str


@dataclass
class Folder:
    """The files of a distribution, found by name whatever its case, and what is wrong with them."""

    path: Path
    problems: list[Problem] = field(default_factory=list)
    _read: dict[str, bytes] = field(default_factory=dict)

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """The numbered lines of a file that hold something; none of a file that is not there."""
        found = [each for each in self.path.iterdir() if each.name.lower() == name.lower()]
        if not found:
            self.add(name, 0, _("The file is missing."))
            return
        self._read[name] = found[0].read_bytes()
        for number, line in enumerate(_decoded(self._read[name]).splitlines(), 1):
            if line.strip():
                yield number, line

    def add(self, file: str, line: int, why: str) -> None:
        """Say what is wrong; once, however often the file is read."""
        problem = Problem(file, line, why)
        if problem not in self.problems[-MOST_PROBLEMS:]:
            self.problems.append(problem)

    def settle(self, make: Callable[[str], Content]) -> Content:
        """What was read, if nothing is wrong. Raises DictionaryRefused with the first of the problems."""
        if self.problems:
            raise DictionaryRefused(self.problems[:MOST_PROBLEMS])
        digest = hashlib.sha256()
        for name in sorted(self._read):
            digest.update(f"{name}\0{len(self._read[name])}\0".encode() + self._read[name])
        return make(digest.hexdigest())


def _decoded(content: bytes) -> str:
    """Distributions are UTF-8, those in Western European languages of before ISO 8859-1."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
