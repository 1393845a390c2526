"""A directory that is written whole, or not at all.

It is written beside its place and ends there by one rename, so that an interrupted write leaves nothing in
the way.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.utils.translation import gettext as _


class DirectoryInUse(Exception):
    """The casebook is not written over what is already there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(_("%s exists and is not an empty directory.") % folder)


def refuse_if_in_use(out_dir: Path) -> None:
    """Raises DirectoryInUse unless the directory is empty or absent."""
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise DirectoryInUse(out_dir)


@contextmanager
def whole_or_nothing(out_dir: Path) -> Iterator[Path]:
    """A directory to write into that becomes `out_dir` at the end, or is gone. Raises DirectoryInUse."""
    out_dir = out_dir.absolute()
    refuse_if_in_use(out_dir)
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with _beside(out_dir) as folder:
        yield folder
        _keep(folder)
        try:
            folder.rename(out_dir)  # takes the place of an empty directory, and of nothing else
        except OSError as problem:
            refuse_if_in_use(out_dir)
            raise problem from None
        _keep(out_dir.parent)


@contextmanager
def _beside(out_dir: Path) -> Iterator[Path]:
    """A directory next to `out_dir`, gone afterwards unless it was renamed; with it goes what killed writes
    have left. A write that is still under way holds a lock on its own."""
    for left in out_dir.parent.glob(f".{out_dir.name}-*.part"):
        with suppress(OSError), _held(left):
            shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}-", suffix=".part", dir=out_dir.parent))
    try:
        with _held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the lock of a directory. Raises BlockingIOError where another process does."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _keep(folder: Path) -> None:
    """The names in a directory survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
