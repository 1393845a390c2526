"""Files encrypted in the format of age: any program for it opens them, also without Chimera.

Whoever makes a backup knows the public half of a key alone, so that a machine that was broken into gives
away no older copy; the private half lies with the hospital, apart from the backups.
"""

import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyrage

from trial.backup.problems import BackupRefused


def make_key(path: Path) -> str:
    """A new private key in a file that its owner alone may read; its public half. Raises BackupRefused."""
    identity = pyrage.x25519.Identity.generate()
    with new_file(path) as file:
        file.write(f"# public key: {identity.to_public()}\n{identity}\n".encode())
    return str(identity.to_public())


def recipients_of(names: list[str]) -> list[pyrage.x25519.Recipient]:
    """The public keys of those who may open what is encrypted. Raises BackupRefused."""
    if not names:
        raise BackupRefused("nobody could open it: CHIMERA_BACKUP_RECIPIENTS names no public key")
    try:
        return [pyrage.x25519.Recipient.from_str(name) for name in names]
    except pyrage.RecipientError as problem:
        raise BackupRefused(f"CHIMERA_BACKUP_RECIPIENTS: no public key of age ({problem})") from problem


def identities_of(path: Path) -> list[pyrage.x25519.Identity]:
    """The private keys of a file, one to a line. Raises BackupRefused."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="ascii").splitlines()]
        return [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as problem:
        raise BackupRefused(f"{path.name} is no private key of age ({problem})") from problem


# --- archives ----------------------------------------------------------------------------------------------
@contextmanager
def new_archive(path: Path, names: list[str]) -> Iterator[tarfile.TarFile]:
    """An archive in a new file that its owner alone may read, encrypted as it grows. Raises BackupRefused."""
    keys = recipients_of(names)
    with new_file(path) as file:
        reader, writer = _pipe()
        encrypting = _beside(lambda: pyrage.encrypt_io(reader, file, keys), reader)
        with encrypting, writer, tarfile.open(fileobj=writer, mode="w|") as archive:
            yield archive


@contextmanager
def opened_archive(path: Path, key_file: Path) -> Iterator[tarfile.TarFile]:
    """An archive, decrypted as it is read, to its end: each part is as it was written, or BackupRefused is
    raised."""
    identities = identities_of(key_file)
    try:
        with path.open("rb") as file, _in_clear(file, identities) as clear:
            with tarfile.open(fileobj=clear, mode="r|") as archive:
                yield archive
            while clear.read(io.DEFAULT_BUFFER_SIZE):
                pass
    except (OSError, tarfile.TarError) as problem:
        raise BackupRefused(f"{path.name} cannot be opened: {problem}") from problem


@contextmanager
def _in_clear(file: BinaryIO, identities: list[pyrage.x25519.Identity]) -> Iterator[BinaryIO]:
    reader, writer = _pipe()
    with _beside(lambda: pyrage.decrypt_io(file, writer, identities), writer), reader:
        yield reader


def add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def add_file(archive: tarfile.TarFile, name: str, path: Path) -> str:
    """Put a file into an archive as it is at this moment; the SHA-256 of what was put there: one that grows
    meanwhile is longer afterwards. Raises FileNotFoundError."""
    with path.open("rb") as file:
        hashed = _Hashed(file)
        archive.addfile(archive.gettarinfo(arcname=name, fileobj=file), hashed)
        return hashed.digest.hexdigest()


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        self.digest.update(part := self._file.read(size))
        return part


def new_file(path: Path) -> BinaryIO:
    """A file that is not there yet, for its owner alone. Raises BackupRefused."""
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as problem:
        raise BackupRefused(f"{path} cannot be written: {problem.strerror}") from problem


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    read, write = os.pipe()
    return os.fdopen(read, "rb"), os.fdopen(write, "wb")


@contextmanager
def _beside(work: Callable[[], None], end: BinaryIO) -> Iterator[None]:
    """Do `work` in a thread until the block is through, and close its end of the pipe behind it.

    Raises BackupRefused where the work failed; that it was broken off by the block is no failure of its own.
    """
    failed: list[Exception] = []

    def run() -> None:
        try:
            with end:
                work()
        except (pyrage.DecryptError, pyrage.EncryptError, OSError) as problem:
            failed.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    except (OSError, tarfile.TarError):
        thread.join()
        _raise(failed)
        raise
    finally:
        thread.join()
    _raise(failed)


def _raise(failed: list[Exception]) -> None:
    if failed:
        raise BackupRefused(f"no key opens it, or it is damaged: {failed[0]}") from failed[0]
