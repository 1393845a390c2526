"""What may be uploaded, and why a file is refused, in the words of whoever sent it (SE-04).

Three kinds: CSV, an Excel workbook (xlsx), PDF. What a file is, its own bytes say: its name must agree, and
nothing else is asked of the name, which is kept nowhere. A file is read as a stream, so that memory stays
flat whatever it holds; what is inside a workbook and a PDF is looked at in `upload_workbook`, `upload_pdf`.
This is no scanner of viruses: of those it knows the test file of the industry alone.
"""

import csv
import re
import zipfile
from collections.abc import Collection, Iterator
from enum import StrEnum
from io import SEEK_END, TextIOWrapper
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from patients.entry import upload_pdf, upload_workbook
from patients.entry.upload_refused import MOST_ROWS, UploadRefused

MOST_BYTES = 10 * 1024 * 1024
MOST_OF_A_NAME = 255  # characters: what a file system takes
_CHUNK = 64 * 1024
_EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_IN_NO_NAME = re.compile(r"[\x00-\x1f\x7f/\\]|^\.\.?$")
_IN_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MARKUP = re.compile(rb"<\s*(?:!doctype|\?xml|html|svg|script|iframe|body)", re.IGNORECASE)
_HEAD = 1024  # bytes in which readers look for what a file is


class Kind(StrEnum):
    """What may be uploaded, by the ending of its name."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


def check_upload(file: "UploadedFile[Any]", *, allowed: Collection[Kind] = tuple(Kind)) -> Kind:
    """What kind of file this is; afterwards it stands at its beginning. Raises UploadRefused."""
    return check_file(str(file.name or ""), file.file, allowed=allowed)  # type: ignore[arg-type]


def check_file(name: str, file: BinaryIO, *, allowed: Collection[Kind] = tuple(Kind)) -> Kind:
    """The same of a file under the name it was sent with. Raises UploadRefused."""
    kind = kind_named(name, allowed)
    _refuse_size(file)
    _refuse_test_virus(file)
    if kind is Kind.XLSX:
        upload_workbook.refuse_unsafe(_from_start(file), holds=_refuse_virus_in)
    else:
        _refuse_two_kinds(file)
        if kind is Kind.PDF:
            upload_pdf.refuse_unsafe(_from_start(file))
        else:
            _refuse_unsafe_csv(file)
    file.seek(0)
    return kind


def kind_named(name: str, allowed: Collection[Kind]) -> Kind:
    """The kind that the name of a file says. Raises UploadRefused."""
    if not name or len(name) > MOST_OF_A_NAME or _IN_NO_NAME.search(name):
        raise UploadRefused(_("The name of the file is not one that a file can have. Rename it."))
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in set(allowed):
        kinds = ", ".join(sorted(allowed))
        raise UploadRefused(_("Only these kinds of file are taken: %(kinds)s.") % {"kinds": kinds})
    return Kind(ending)


def _from_start(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return file


def _refuse_size(file: BinaryIO) -> None:
    size = file.seek(0, SEEK_END)
    if size == 0:
        raise UploadRefused(_("The file is empty."))
    if size > MOST_BYTES:
        raise UploadRefused(_("The file is larger than 10 MB."))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK), b"")


# --- what no file may be -----------------------------------------------------------------------------------
def _refuse_test_virus(file: BinaryIO) -> None:
    _refuse_virus_in(_chunks(_from_start(file)))


def _refuse_virus_in(chunks: Iterator[bytes]) -> None:
    """Read all of it; the signature may lie across two chunks. Raises UploadRefused."""
    end = b""
    for chunk in chunks:
        if _EICAR in end + chunk:
            raise UploadRefused(_("The file holds the signature of a virus."))
        end = chunk[-len(_EICAR) :]


def _refuse_two_kinds(file: BinaryIO) -> None:
    """Raises UploadRefused for what some reader would take for an archive, or for a page of the web."""
    head = _from_start(file).read(_HEAD)
    if zipfile.is_zipfile(file) or _MARKUP.search(head):
        raise UploadRefused(_("The file is of two kinds at once: something else is hidden in it."))


# --- CSV ---------------------------------------------------------------------------------------------------
def _refuse_unsafe_csv(file: BinaryIO) -> None:
    head = _from_start(file).read(_HEAD)
    if b"%PDF-" in head or head.startswith(b"PK"):
        raise UploadRefused(_("The file is not what its name says: it is not CSV."))
    for chunk in _chunks(_from_start(file)):
        if _IN_NO_TEXT.search(chunk):
            raise UploadRefused(
                _("The file is not what its name says: it holds characters that no text has.")
            )
    _refuse_rows(file)


def _refuse_rows(file: BinaryIO) -> None:
    text = TextIOWrapper(_from_start(file), encoding="utf-8-sig", newline="")
    try:
        for count, _row in enumerate(csv.reader(text, strict=True), 1):
            if count > MOST_ROWS:
                raise UploadRefused(_("The file has more than 50,000 rows."))
    except UnicodeDecodeError as problem:
        raise UploadRefused(_("The file is not UTF-8. Save it as “CSV UTF-8”.")) from problem
    except csv.Error as problem:
        raise UploadRefused(_("The file cannot be read as CSV.")) from problem
    finally:
        text.detach()
