"""What a PDF may hold: pages, and nothing that runs, is filled in, plays or carries other files (SE-04).

Every object of the file is looked at, also those that no page shows, by pypdf, which undoes the ways in which
a name can be disguised; then the bytes once more, for what stands in no table of objects.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from patients.entry.upload_refused import UploadRefused

MOST_OBJECTS = 100_000
_RUNS = {"/JavaScript", "/JS", "/AA", "/Launch"}
_CARRIES = {"/EmbeddedFiles", "/EmbeddedFile", "/EF", "/RichMedia", "/RichMediaContent", "/FileAttachment"}
_PLAYS = {"/Movie", "/Sound", "/Screen", "/3D", "/Rendition"}
_ACTIONS = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition"}
_IN_BYTES = re.compile(rb"/(?:JavaScript|EmbeddedFile|RichMedia|Launch)[\s/<(\[]")
_AFTER_END = re.compile(rb"%%EOF\s*\Z")
_TAIL = 1024


def refuse_unsafe(file: BinaryIO) -> None:
    """Raises UploadRefused."""
    if file.read(5) != b"%PDF-":
        raise UploadRefused(_("The file is not what its name says: it is not a PDF."))
    _refuse_what_follows(file)
    try:
        reader = PdfReader(file)
        if reader.is_encrypted:
            raise UploadRefused(_("The PDF is protected by a password. Save it without one."))
        pages = len(reader.pages)
        for found in _everything(reader):
            _refuse(found)
    except UploadRefused:
        raise
    except Exception as problem:  # a hostile file may make a reader fail in any way
        raise UploadRefused(_("The PDF is damaged.")) from problem
    if not pages:
        raise UploadRefused(_("The PDF has no page."))
    _refuse_bytes(file)


def _refuse_what_follows(file: BinaryIO) -> None:
    """Behind the end of a PDF another file may hide. Raises UploadRefused."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    if not _AFTER_END.search(file.read()):
        raise UploadRefused(_("The PDF is damaged, or something follows its end."))
    file.seek(0)


def _refuse_bytes(file: BinaryIO) -> None:
    file.seek(0)
    if _IN_BYTES.search(file.read()):  # at most what an upload may have
        raise UploadRefused(_runs())


def _everything(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every dictionary of the file. Raises UploadRefused for more than a document has."""
    numbers = {(n, generation) for generation, found in reader.xref.items() for n in found}
    numbers |= {(n, 0) for n in reader.xref_objStm}
    if len(numbers) > MOST_OBJECTS:
        raise UploadRefused(_("The PDF is damaged."))
    yield from _dictionaries(reader.trailer)
    for number, generation in sorted(numbers):
        yield from _dictionaries(reader.get_object(IndirectObject(number, generation, reader)))


def _dictionaries(found: Any) -> Iterator[DictionaryObject]:
    """The dictionaries within one object; what it points to is an object of its own."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, DictionaryObject):
            yield one
            waiting += [one.raw_get(key) for key in one]
        elif isinstance(one, ArrayObject):
            waiting += list(list.__iter__(one))


def _refuse(found: DictionaryObject) -> None:
    names = set(found)
    says = {str(found[key]) for key in ("/S", "/Subtype", "/Type") if key in found}
    if names & _RUNS or says & _ACTIONS or _opens(found):
        raise UploadRefused(_runs())
    if (names | says) & _CARRIES:
        raise UploadRefused(_("The PDF carries another file. Print it to a new PDF, and send that."))
    if says & _PLAYS:
        raise UploadRefused(_("The PDF plays sound, film or models. Print it to a new PDF, and send that."))
    if "/XFA" in names:
        raise UploadRefused(_("The PDF is a form that is filled in. Print it to a new PDF, and send that."))


def _opens(found: DictionaryObject) -> bool:
    """Whether something is done when the file is opened; that it opens at a page is no more than a place."""
    if "/OpenAction" not in found:
        return False
    action = found["/OpenAction"]  # `get` would not follow a reference
    return isinstance(action, DictionaryObject) and action.get("/S") != "/GoTo"


def _runs() -> str:
    return str(_("The PDF does something by itself when it is opened. Print it to a new PDF, and send that."))
