"""What is told of a file that was made, to whoever sends it or puts it by."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file as it lies there."""

    path: Path
    name: str
    media_type: str
    digest: str
    rows: int
