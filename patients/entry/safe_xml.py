"""Reading XML that anybody may have written: in parts, shallow, and without what a document may do to others.

A document type is refused at its first word, so that no entity is ever expanded and nothing from elsewhere is
read. Depth and the length of one piece are bounded, so that memory is.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.parsers import expat

from django.utils.translation import gettext as _

MOST_LEVELS = 40
MOST_BYTES_OF_A_PIECE = 1 << 20
_CHUNK = 1 << 16


class UnsafeXml(Exception):
    """The file is not XML, or not XML that is read here; `line` says where."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line, self.why = line, why


class XmlReader:
    """Tells `starts`, `ends` and `text` of what it reads; names are the namespace, a space, and the name."""

    def __init__(
        self,
        starts: Callable[[str, dict[str, str]], None],
        ends: Callable[[str], None],
        text: Callable[[str], None],
    ) -> None:
        self._starts, self._ends, self._text = starts, ends, text
        self._parser: Any = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.CommentHandler = self._passed
        self._parser.ProcessingInstructionHandler = self._passed
        self._parser.StartDoctypeDeclHandler = self._refuse_type
        self._depth = 0
        self._is_moving = False

    @property
    def line(self) -> int:
        """Where it reads."""
        found: int = self._parser.CurrentLineNumber
        return found

    def read(self, path: Path) -> None:
        """Read a file to its end. Raises UnsafeXml, OSError, and what is raised by whoever is told."""
        try:
            with path.open("rb") as file:
                waiting = 0
                while chunk := file.read(_CHUNK):
                    self._is_moving = False
                    self._parser.Parse(chunk, False)
                    waiting = 0 if self._is_moving else waiting + len(chunk)
                    if waiting > MOST_BYTES_OF_A_PIECE:
                        raise UnsafeXml(
                            self.line, _("A piece is longer than %s bytes.") % MOST_BYTES_OF_A_PIECE
                        )
                self._parser.Parse(b"", True)
        except expat.ExpatError as problem:
            raise UnsafeXml(
                problem.lineno, _("This is not XML: %s.") % expat.ErrorString(problem.code)
            ) from problem

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._is_moving = True
        self._depth += 1
        if self._depth > MOST_LEVELS:
            raise UnsafeXml(self.line, _("Elements are nested more than %s levels deep.") % MOST_LEVELS)
        self._starts(name, attributes)

    def _end(self, name: str) -> None:
        self._is_moving = True
        self._depth -= 1
        self._ends(name)

    def _characters(self, text: str) -> None:
        self._is_moving = True
        self._text(text)

    def _passed(self, *_what: object) -> None:
        self._is_moving = True

    def _refuse_type(self, *_what: object) -> None:
        raise UnsafeXml(
            self.line, _("A document type is not read: it can define entities and name other files.")
        )
