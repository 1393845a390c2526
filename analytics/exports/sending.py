"""Sending a file that never changes: its SHA-256 as a strong ETag, 304 for who has it, and parts by range
(RFC 9110, sections 13 and 14), so that a transfer that broke off goes on where it ended."""

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from analytics.exports.made_file import MadeFile
from trial.storage.kept import read, size_of

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
PARTIAL, NOT_MODIFIED, UNSATISFIABLE = 206, 304, 416


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes `first` to `last` of a file, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def is_known(request: HttpRequest, made: MadeFile) -> bool:
    """Whether the client says that it has the file."""
    known = request.headers.get("If-None-Match", "")
    return known.strip() == "*" or etag_of(made) in (one.strip() for one in known.split(","))


def etag_of(made: MadeFile) -> str:
    return f'"{made.digest}"'


def not_modified(made: MadeFile) -> HttpResponse:
    """The answer to who has the file."""
    return HttpResponse(status=NOT_MODIFIED, headers={"ETag": etag_of(made)})


def sent(request: HttpRequest, made: MadeFile) -> HttpResponseBase:
    """The file, or the part of it that is asked for; 416 for one that it does not have."""
    size = size_of(made.path)
    asked = _asked(request, made)
    part = _part(asked, size) if asked else None
    if asked and part is None:
        return HttpResponse(
            status=UNSATISFIABLE, headers={"Content-Range": f"bytes */{size}", "ETag": etag_of(made)}
        )
    leaves = part or Part(0, size - 1)
    headers = {
        "ETag": etag_of(made),
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{made.name}"',
        "Content-Length": str(leaves.size),
    }
    if part:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    return StreamingHttpResponse(
        read(made.path, leaves.first, leaves.size),
        content_type=made.media_type,
        status=PARTIAL if part else 200,
        headers=headers,
    )


def _asked(request: HttpRequest, made: MadeFile) -> re.Match[str] | None:
    """One range that can be read, unless the client has a part of another file. Several at once, or another
    unit, are answered with the whole file, as the standard allows."""
    if request.headers.get("If-Range", etag_of(made)) != etag_of(made):
        return None
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    return found if found and any(found.groups()) else None


def _part(asked: re.Match[str], size: int) -> Part | None:
    """The bytes that are meant; None where the file has none of them."""
    first, last = asked.groups()
    if not first:  # the last so many bytes
        part = Part(max(size - int(last), 0), size - 1)
    else:
        part = Part(int(first), min(int(last), size - 1) if last else size - 1)
    return part if part.first <= part.last else None
