"""What a workbook (xlsx) may hold: sheets, nothing that runs, points outside or unpacks without end (SE-04).

A workbook is a zip of XML. The directory of the zip is judged before anything is unpacked; then every member
is read once, as a stream, and its XML without any declaration of types or entities (defusedxml).
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import SEEK_END
from typing import IO, BinaryIO
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml import sax
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext_lazy as _

from patients.entry.upload_refused import MOST_ROWS, UploadRefused

MOST_UNPACKED = 100  # times the packed size, of each member and of all together
MOST_MEMBERS = 1_000
_MEGABYTE = 1024 * 1024
MOST_UNPACKED_BYTES = 200 * _MEGABYTE
_CHUNK = 64 * 1024
_END = b"PK\x05\x06"  # of the directory of a zip, with the 18 bytes that follow where there is no comment
_XML = (".xml", ".rels", ".vml")
_INERT = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf")
_PRINTER_SETTINGS = re.compile(r"xl/printerSettings/printerSettings\d+\.bin")
_NEEDED = {"[Content_Types].xml", "xl/workbook.xml"}
_RUNS = re.compile(r"vba|macrosheets|activex|embeddings|externallinks|ctrlprops|customui", re.IGNORECASE)
_RUNNING_TYPES = re.compile(r"macroEnabled|vbaProject|activeX|oleObject", re.IGNORECASE)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")

Look = Callable[[Iterator[bytes]], None]
"""Looks through the bytes of a member, to their end."""


def refuse_unsafe(file: BinaryIO, *, holds: Look) -> None:
    """Raises UploadRefused. `holds` looks at the bytes of every member."""
    _refuse_another_kind(file)
    try:
        with zipfile.ZipFile(file) as archive:
            _refuse_directory(archive)
            rows = 0
            for member in archive.infolist():
                rows += _look_at(archive, member, holds)
                if rows > MOST_ROWS:
                    raise UploadRefused(_("The workbook has more than 50,000 rows."))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as problem:
        raise UploadRefused(_("The workbook is damaged.")) from problem


def _refuse_another_kind(file: BinaryIO) -> None:
    """A zip may have anything before and behind it: here it fills the file, so that it is nothing else."""
    size = file.seek(0, SEEK_END)
    file.seek(0)
    starts = file.read(4) == b"PK\x03\x04"
    file.seek(max(0, size - 22))
    ends = file.read(4) == _END
    if not starts or not ends:
        raise UploadRefused(_("The file is not what its name says: it is not an Excel workbook (xlsx)."))
    file.seek(0)


# --- the directory -----------------------------------------------------------------------------------------
def _refuse_directory(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(members) > MOST_MEMBERS or len(set(names)) != len(names):
        raise UploadRefused(_("The workbook is damaged."))
    if not set(names) >= _NEEDED:
        raise UploadRefused(_("The file is not what its name says: it is not an Excel workbook (xlsx)."))
    for member in members:
        _refuse_member(member)
    packed, unpacked = (sum(getattr(m, size) for m in members) for size in ("compress_size", "file_size"))
    if unpacked > MOST_UNPACKED_BYTES or _swells(packed, unpacked):
        raise UploadRefused(_too_large())


def _refuse_member(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename  # as it stands: `filename` ends at a NUL
    if "\0" in name or "\\" in name or ":" in name or name.startswith("/") or ".." in name.split("/"):
        raise UploadRefused(_("The workbook names files outside itself."))
    if member.flag_bits & 0x1:
        raise UploadRefused(_("The workbook is protected by a password. Save it without one."))
    if _swells(member.compress_size, member.file_size):
        raise UploadRefused(_too_large())
    if _RUNS.search(name):
        raise UploadRefused(_runs())
    lower = name.lower()
    if not (lower.endswith((*_XML, *_INERT, "/")) or _PRINTER_SETTINGS.fullmatch(name)):
        raise UploadRefused(_("The workbook holds another file. Save the sheet alone."))


def _swells(packed: int, unpacked: int) -> bool:
    return unpacked > MOST_UNPACKED * max(packed, 1)


def _too_large() -> str:
    return str(_("The workbook unpacks to far more than it seems to hold."))


def _runs() -> str:
    return str(
        _("The workbook holds macros, or parts of other programs. Save it as a plain workbook (xlsx).")
    )


# --- the members -------------------------------------------------------------------------------------------
def _look_at(archive: zipfile.ZipFile, member: zipfile.ZipInfo, holds: Look) -> int:
    """Read a member to its end, which proves its size and sum; how many rows of a sheet it has."""
    with archive.open(member) as file:
        holds(_chunks(file))
    if not member.filename.lower().endswith(_XML):
        return 0
    with archive.open(member) as file:
        return _rows_in(file, is_sheet=bool(_SHEET.fullmatch(member.filename)))


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK), b"")


def _rows_in(file: IO[bytes], *, is_sheet: bool) -> int:
    part = _Part(is_sheet=is_sheet)
    try:
        sax.parse(file, part, forbid_dtd=True)
    except DefusedXmlException as problem:
        raise UploadRefused(_("The workbook declares entities, which could fetch other files.")) from problem
    except (SAXException, UnicodeError, LookupError) as problem:
        raise UploadRefused(_("The workbook is damaged.")) from problem
    return part.rows


class _Part(ContentHandler):
    """One XML file of a workbook as it streams by: counts rows, refuses what runs and what points outside."""

    def __init__(self, *, is_sheet: bool) -> None:
        super().__init__()
        self.is_sheet, self.rows = is_sheet, 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        local = name.rpartition(":")[2]
        if self.is_sheet and local == "row":
            self.rows += 1
            if self.rows > MOST_ROWS:
                raise UploadRefused(_("The workbook has more than 50,000 rows."))
        elif local in ("Override", "Default") and _RUNNING_TYPES.search(attrs.get("ContentType", "")):
            raise UploadRefused(_runs())
        elif local == "Relationship" and _leaves(attrs):
            raise UploadRefused(_("The workbook fetches something from outside. Save its values alone."))


def _leaves(attrs: AttributesImpl) -> bool:
    """Whether a relationship fetches from outside; a link that waits for a click does not."""
    is_link = attrs.get("Type", "").endswith("/hyperlink")
    return attrs.get("TargetMode", "") == "External" and not is_link
