"""What is read of the files of a dictionary before any of it goes into the registry, and what is wrong."""

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator
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
    """What was read of each file: its content, or the SHA-256 of one that was read as it came."""

    def has(self, name: str) -> bool:
        """Whether a file of this name is there."""
        return self._find(name) is not None

    def _find(self, name: str) -> Path | None:
        return next((each for each in self.path.iterdir() if each.name.lower() == name.lower()), None)

    def _file(self, name: str) -> Path | None:
        """The file of this name; that it is missing is said."""
        if (found := self._find(name)) is None:
            self.add(name, 0, _("The file is missing."))
        return found

    def rows(self, name: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of a CSV file, each with the number of its last line and its cells without blanks around
        them; none of a file that is not there. It is read as it comes: some have millions."""
        if (found := self._file(name)) is None:
            return
        digest = hashlib.sha256()
        with found.open("rb") as file:
            reader = csv.reader(_decoded_lines(file, digest.update), strict=True)
            try:
                for cells in reader:
                    if any(cells):
                        yield reader.line_num, [cell.strip() for cell in cells]
            except csv.Error:
                self.add(name, reader.line_num, _("The line is no CSV in UTF-8."))
            except UnicodeDecodeError:  # before the reader has counted the line
                self.add(name, reader.line_num + 1, _("The line is no CSV in UTF-8."))
        self._read[name] = digest.digest()

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """The numbered lines of a file that hold something; none of a file that is not there."""
        if (found := self._file(name)) is None:
            return
        self._read[name] = found.read_bytes()
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


def _decoded_lines(file: Iterable[bytes], seen: Callable[[bytes], None]) -> Iterator[str]:
    for number, line in enumerate(file):
        seen(line)
        yield line.decode("utf-8" if number else "utf-8-sig")


def _decoded(content: bytes) -> str:
    """Distributions are UTF-8, those in Western European languages of before ISO 8859-1."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
