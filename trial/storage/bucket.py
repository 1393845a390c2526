"""A bucket of S3-compatible storage: objects by their names below a prefix, each whole or not there.

Of each object the SHA-256 goes with it, since storage of several makers agrees on no checksum of its own.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from s3transfer.exceptions import RetriesExceededError

from trial.storage.access import Access
from trial.storage.problems import StoredFileDamaged, StoreUnavailable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

_CHUNK = 1 << 16
_SHA256 = "sha256"
_ABSENT = {"404", "NoSuchKey"}  # the first where only the head is asked for
_NO_BUCKET = {"404", "NoSuchBucket"}
_ANOTHER_WAS_FIRST = {"PreconditionFailed", "ConditionalRequestConflict"}
_KNOWS_NO_CONDITION = "NotImplemented"
_LONGEST_NOTE = 1024  # bytes
# The last: what is sent broke off, and did so again at each try.
_AWAY = (BotoCoreError, HTTPClientError, Boto3Error, RetriesExceededError)
_CONFIG = Config(
    signature_version="s3v4",
    connect_timeout=3,  # seconds, as the next
    read_timeout=30,
    retries={"mode": "standard", "max_attempts": 3},
    # Other makers' storage does not know the newer checksums; ours goes with each object.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@lru_cache(maxsize=2)
def bucket_of(access: Access) -> "Bucket":
    """The bucket, with a client that threads may share; each process makes its own when it first needs it."""
    return Bucket(access)


class Bucket:
    """All of its acts raise StoreUnavailable; what reads one that is not there, FileNotFoundError."""

    def __init__(self, access: Access) -> None:
        self._bucket, self._prefix = access.bucket, access.prefix
        # Only Amazon has a host name for each bucket.
        style: Literal["path", "auto"] = "path" if access.endpoint else "auto"
        self._client: S3Client = boto3.session.Session(
            access.key or None, access.secret or None, region_name=access.region or "us-east-1"
        ).client(
            "s3",
            endpoint_url=access.endpoint or None,
            config=_CONFIG.merge(Config(s3={"addressing_style": style})),
        )

    def put(self, name: str, path: Path) -> None:
        """A file as an object. Where one is, it is replaced; in part it is never to be seen."""
        with self._asked(name):
            told = {"Metadata": {_SHA256: _digest_of(path)}}
            self._client.upload_file(str(path), self._bucket, self._key(name), ExtraArgs=told)

    def first_note(self, name: str, note: bytes) -> bytes:
        """A note that is put once: this one, or the one that somebody put there before. Where two come
        at once to storage that knows no condition, the last one is taken for the first."""
        if found := self.note(name):
            return found
        with self._asked(name):
            self._put_if_absent(self._key(name), note)
        return self.note(name)

    def note(self, name: str) -> bytes:
        """What a note says; nothing where there is none."""
        with suppress(FileNotFoundError):
            return b"".join(self.read(name, 0, _LONGEST_NOTE))
        return b""

    def _put_if_absent(self, key: str, content: bytes) -> None:
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, IfNoneMatch="*")
        except ClientError as problem:
            code = problem.response["Error"]["Code"]
            if code == _KNOWS_NO_CONDITION:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=content)
            elif code not in _ANOTHER_WAS_FIRST:
                raise

    def fetch(self, name: str, path: Path, digest: str = "") -> None:
        """An object as a file: written beside its place and renamed, once it is found to have this SHA-256,
        or that which went with it. Raises StoredFileDamaged."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
        try:
            with os.fdopen(handle, "wb") as file, self._asked(name):
                told = self.digest_of(name)
                self._client.download_fileobj(self._bucket, self._key(name), file)
                file.flush()
                os.fsync(file.fileno())
            if _digest_of(Path(draft)) != (digest or told):
                raise StoredFileDamaged(f"{name} in the store is not what it was")
            Path(draft).chmod(0o440)
            Path(draft).replace(path)
        finally:
            Path(draft).unlink(missing_ok=True)

    def size_of(self, name: str) -> int:
        """Bytes of an object."""
        return self._head(name)["ContentLength"]

    def digest_of(self, name: str) -> str:
        """The SHA-256 that went with an object; empty where none did."""
        return self._head(name)["Metadata"].get(_SHA256, "")

    def read(self, name: str, first: int, size: int) -> Iterator[bytes]:
        """So many bytes of an object from the byte `first` on, some at a time."""
        with self._asked(name):
            asked = f"bytes={first}-{first + size - 1}"
            found = self._client.get_object(Bucket=self._bucket, Key=self._key(name), Range=asked)
            with closing(found["Body"]) as body:
                yield from body.iter_chunks(_CHUNK)

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; one that is not there is removed already."""
        for name in names:
            with self._asked(name):
                self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def stored(self, beginning: str = "") -> Iterator[str]:
        """The names of the objects that begin so, of files below the folder: another's may be those of paths
        that lead out of it, and consoles put an object for a folder."""
        return (name for name, _at in self.stored_with_moments(beginning))

    def stored_with_moments(self, beginning: str) -> Iterator[tuple[str, datetime]]:
        """The same, each with the moment when it was put."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._asked(beginning):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._key(beginning)):
                for one in page.get("Contents", ()):
                    name = one["Key"][len(self._key("")) :]
                    if _is_inside(name):
                        yield name, one["LastModified"]

    def _head(self, name: str) -> "HeadObjectOutputTypeDef":
        with self._asked(name):
            return self._client.head_object(Bucket=self._bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}"

    @contextmanager
    def _asked(self, name: str) -> Iterator[None]:
        try:
            yield
        except ClientError as problem:
            if problem.response["Error"]["Code"] in _ABSENT:
                self._refuse_without_bucket()
                raise FileNotFoundError(f"{name} is not in the store") from problem
            raise StoreUnavailable(f"the store refuses: {problem}") from problem
        except _AWAY as problem:
            raise StoreUnavailable(f"the store does not serve: {problem}") from problem

    def _refuse_without_bucket(self) -> None:
        """Where only the head is asked for, the answer for a missing bucket is that for a missing object."""
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as problem:
            if problem.response["Error"]["Code"] in _NO_BUCKET:
                raise StoreUnavailable(f"the store has no bucket {self._bucket}") from problem
        except _AWAY as problem:
            raise StoreUnavailable(f"the store does not serve: {problem}") from problem


def _is_inside(name: str) -> bool:
    """Whether a name is that of a file below the folder."""
    return not {"", ".", ".."} & {*name.split("/")}


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
