"""Files as somebody might upload them, good and hostile, built where they are needed."""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from pypdf import PdfWriter
from pypdf.annotations import Text
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CSV = b'\xef\xbb\xbftest,value\r\nWBC,"4,2"\r\n\xe4\xb8\xad\xe6\x80\xa7,2.1\r\n'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'
)
SHEET = f'<worksheet {MAIN}><sheetData><row r="1"><c r="A1"><v>4.2</v></c></row></sheetData></worksheet>'
PARTS: dict[str, str | bytes] = {
    "[Content_Types].xml": TYPES,
    "_rels/.rels": RELATIONS % "",
    "xl/workbook.xml": f'<workbook {MAIN}><sheets><sheet name="A" sheetId="1"/></sheets></workbook>',
    "xl/worksheets/sheet1.xml": SHEET,
}


# --- workbooks ---------------------------------------------------------------------------------------------
def workbook(parts: Mapping[str, str | bytes] | None = None, comment: bytes = b"") -> bytes:
    """A workbook, with these parts in the place of, or beside, those of a plain one."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (PARTS | dict(parts or {})).items():
            archive.writestr(name, content)
        archive.comment = comment
    return file.getvalue()


def rows(count: int) -> bytes:
    return workbook(
        {"xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{_rows(count)}</sheetData></worksheet>"}
    )


def _rows(count: int) -> str:
    return "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n * 7919 % 10007}</v></c></row>' for n in range(1, count + 1)
    )


def bomb() -> bytes:
    return workbook({"xl/media/image1.png": b"\0" * 20_000_000})


def bomb_of_elements(count: int = 2_000_000) -> bytes:
    return workbook({"xl/worksheets/sheet1.xml": "<a>" + "<b/>" * count + "</a>"})


def with_entity(declared: str, used: str = "&x;") -> bytes:
    sheet = f'<?xml version="1.0"?><!DOCTYPE x [{declared}]><worksheet>{used}</worksheet>'
    return workbook({"xl/worksheets/sheet1.xml": sheet})


def billion_laughs() -> bytes:
    steps = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return with_entity(f'<!ENTITY l0 "ha">{steps}', "&l9;")


def in_other_letters() -> bytes:
    """The same trick in UTF-16, which a search for the letters `<!DOCTYPE` passes over."""
    sheet = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    return workbook({"xl/worksheets/sheet1.xml": sheet.encode("utf-16")})


def declaring(size: int) -> bytes:
    """A workbook whose directory says of its sheet that it unpacks to `size` bytes."""
    content = bytearray(workbook())
    place = content.rindex(b"PK\x01\x02")  # the entry of the last part
    content[place + 24 : place + 28] = struct.pack("<I", size)
    return bytes(content)


def protected() -> bytes:
    content = bytearray(workbook())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(mark)
        content[place + offset] |= 0x1
    return bytes(content)


def with_name(name: str) -> bytes:
    """A workbook with a member of this name, also one that the library would not write."""
    stand_in = "x" * len(name)
    return workbook({stand_in: "<a/>"}).replace(stand_in.encode(), name.encode())


def fetching(kind: str = "externalLink") -> bytes:
    target = (
        f'<Relationship Id="r1" Type="http://x/{kind}" Target="https://example.org/x" TargetMode="External"/>'
    )
    return workbook({"xl/_rels/workbook.xml.rels": RELATIONS % target})


# --- PDF ---------------------------------------------------------------------------------------------------
def pdf(change: Callable[[PdfWriter], Any] = lambda writer: None) -> bytes:
    """A PDF of one empty page, after something was done to it."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    change(writer)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def named(**names: Any) -> DictionaryObject:
    """A dictionary of a PDF; texts that begin with a slash are names."""
    return DictionaryObject({NameObject(f"/{key}"): _value(value) for key, value in names.items()})


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return NameObject(value) if value.startswith("/") else TextStringObject(value)
    return NumberObject(value) if isinstance(value, int) else value


def in_catalogue(key: str, value: Any) -> bytes:
    def change(writer: PdfWriter) -> None:
        writer.root_object[NameObject(key)] = (
            writer._add_object(value) if isinstance(value, DictionaryObject) else value
        )

    return pdf(change)


def lying_about(value: DictionaryObject) -> bytes:
    """A PDF in which an object lies about that nothing points to."""
    return pdf(lambda writer: writer._add_object(value))


def annotated(kind: str) -> bytes:
    def change(writer: PdfWriter) -> None:
        note = Text(rect=(0, 0, 9, 9), text="note")
        note[NameObject("/Subtype")] = NameObject(kind)
        writer.add_annotation(0, note)

    return pdf(change)


def disguised() -> bytes:
    """The name /JavaScript written as /J#61vaScript."""
    return in_catalogue("/OpenAction", named(S="/JavaScript", JS="app.alert(1)")).replace(
        b"/JavaScript", b"/J#61vaScrip#74"
    )


def opening_at_a_page() -> bytes:
    return pdf(
        lambda writer: writer.root_object.update(
            {NameObject("/OpenAction"): ArrayObject([writer.pages[0].indirect_reference, NameObject("/Fit")])}
        )
    )
