"""A casebook directory that came as a ZIP: unpacked by name, and no further than it may grow."""

import re
import zipfile
import zlib
from pathlib import Path

from django.utils.translation import gettext as _

from patients.entry.deliveries import UnreadableCasebook

MOST_FILES = 64
MOST_BYTES = 200 << 20
_NAME = re.compile(r"[A-Z]{2,12}\.csv")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CHUNK = 1 << 16
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)


def unpack_casebook(archive: Path, folder: Path) -> None:
    """Write its sheets into an empty folder. Raises UnreadableCasebook for an archive that is broken, that
    holds anything else, or that grows beyond 200 MiB, whatever it says of itself."""
    try:
        with zipfile.ZipFile(archive) as held:
            members = _members(held)
            left = MOST_BYTES
            for member in members:
                left = _unpack(held, member, folder / member.filename, left)
    except _BROKEN as problem:
        raise UnreadableCasebook(_("This is not a ZIP archive that can be read.")) from problem


def _members(held: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    found = held.infolist()
    if len(found) > MOST_FILES:
        raise UnreadableCasebook(_("The archive holds more than %s files.") % MOST_FILES)
    names = [member.filename for member in found]
    for member in found:
        is_taken = _NAME.fullmatch(member.filename) and names.count(member.filename) == 1
        if not is_taken or member.flag_bits & 1 or member.compress_type not in _METHODS:
            said = _("The archive holds “%s”: a casebook has one FORM.csv for each form, at the top.")
            raise UnreadableCasebook(said % member.filename[:100])
    return found


def _unpack(held: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, left: int) -> int:
    """Write a member; how many bytes are left for others."""
    with held.open(member) as source, path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise UnreadableCasebook(_("The archive unpacks to more than %s bytes.") % MOST_BYTES)
            target.write(chunk)
    return left
