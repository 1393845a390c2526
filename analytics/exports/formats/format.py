"""What a format is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analytics.exports.about import About
from analytics.exports.tables import Table


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a table into a file. `suffix` ends the name of the file; `write` tells how many rows it
    has written."""

    suffix: str
    media_type: str
    write: Callable[[Table, Path, About], int]
