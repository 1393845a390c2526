"""What may be uploaded, and the words in which a file is refused."""

import io
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from patients.entry import upload_workbook
from patients.entry.upload_refused import MOST_ROWS, UploadRefused
from patients.entry.uploads import MOST_BYTES, Kind, check_file, check_upload
from patients.web.receiving import MOST_OF_A_REQUEST
from tests.patients.entry import uploaded
from tests.patients.entry.uploaded import CSV, EICAR, in_catalogue, named, pdf, workbook

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
XXE = '<!ENTITY x SYSTEM "file:///etc/passwd">'


@dataclass(frozen=True)
class Hostile:
    """A file, the name it comes with, and words of its refusal."""

    id: str
    name: str
    content: Callable[[], bytes]
    why: str


def hostile() -> list[Hostile]:
    return [
        # names
        Hostile("way up", "../../etc/cron.d/x.csv", lambda: CSV, "name of the file"),
        Hostile("way up on windows", "..\\x.csv", lambda: CSV, "name of the file"),
        Hostile("NUL in the name", "x.pdf\0.csv", lambda: CSV, "name of the file"),
        Hostile("unknown kind", "x.exe", lambda: b"MZ\x90\0", "Only these kinds"),
        Hostile("macro workbook", "x.xlsm", lambda: workbook(), "Only these kinds"),
        Hostile("no ending", "csv", lambda: CSV, "Only these kinds"),
        # any kind
        Hostile("nothing", "x.csv", lambda: b"", "empty"),
        Hostile("too large", "x.csv", lambda: b"a\n" * (MOST_BYTES // 2 + 1), "10 MB"),
        Hostile("virus", "x.csv", lambda: b"a,b\n" + EICAR, "virus"),
        Hostile("virus in a workbook", "x.xlsx", lambda: workbook({"xl/media/i.png": EICAR}), "virus"),
        Hostile("virus in a PDF", "x.pdf", lambda: pdf() + EICAR + b"\n%%EOF", "virus"),
        # text
        Hostile("script in a picture", "x.csv", lambda: SVG, "two kinds"),
        Hostile("picture by its name", "x.svg", lambda: SVG, "Only these kinds"),
        Hostile("NUL in the text", "x.csv", lambda: b"a,b\n1,\x002\n", "not what its name says"),
        Hostile("program as text", "x.csv", lambda: b"MZ\x90\0" + b"\1" * 99, "not what its name says"),
        Hostile("PDF as text", "x.csv", lambda: pdf(), "not what its name says"),
        Hostile("archive behind text", "x.csv", lambda: CSV + workbook(), "two kinds"),
        Hostile("other letters", "x.csv", lambda: "名".encode("gb18030"), "UTF-8"),
        Hostile("quote that does not end", "x.csv", lambda: b'a,"b\n', "CSV"),
        Hostile("cell without end", "x.csv", lambda: b"a" * 200_000, "CSV"),
        Hostile("many rows of text", "x.csv", lambda: b"1,2\n" * (MOST_ROWS + 1), "50,000"),
        # workbooks
        Hostile("text as workbook", "x.xlsx", lambda: CSV, "not an Excel workbook"),
        Hostile("zip bomb", "x.xlsx", lambda: uploaded.bomb(), "unpacks"),
        Hostile("bomb of elements", "x.xlsx", lambda: uploaded.bomb_of_elements(), "unpacks"),
        Hostile("4 GB declared", "x.xlsx", lambda: uploaded.declaring(0xFFFFFFFE), "unpacks"),
        Hostile("less declared than there is", "x.xlsx", lambda: uploaded.declaring(10), "damaged"),
        Hostile("entity of a file", "x.xlsx", lambda: uploaded.with_entity(XXE), "entities"),
        Hostile("entity in UTF-16", "x.xlsx", lambda: uploaded.in_other_letters(), "entities"),
        Hostile("a billion laughs", "x.xlsx", lambda: uploaded.billion_laughs(), "entities"),
        Hostile("macros", "x.xlsx", lambda: workbook({"xl/vbaProject.bin": b"x"}), "macros"),
        Hostile(
            "macros by type",
            "x.xlsx",
            lambda: workbook(
                {"[Content_Types].xml": uploaded.TYPES.replace("sheet.main+xml", "macroEnabled.main+xml")}
            ),
            "macros",
        ),
        Hostile("other program", "x.xlsx", lambda: workbook({"xl/embeddings/o.bin": b"x"}), "other programs"),
        Hostile("another file inside", "x.xlsx", lambda: workbook({"xl/x.exe": b"MZ"}), "another file"),
        Hostile("way up inside", "x.xlsx", lambda: uploaded.with_name("../../x.xml"), "outside itself"),
        Hostile("NUL inside", "x.xlsx", lambda: uploaded.with_name("xl/a.xml\0b.png"), "outside itself"),
        Hostile("fetches", "x.xlsx", lambda: uploaded.fetching(), "from outside"),
        Hostile("something before it", "x.xlsx", lambda: b"MZ" + workbook(), "not an Excel workbook"),
        Hostile("something behind it", "x.xlsx", lambda: workbook() + SVG, "not an Excel workbook"),
        Hostile("something in its comment", "x.xlsx", lambda: workbook(comment=SVG), "not an Excel workbook"),
        Hostile(
            "plain archive",
            "x.xlsx",
            lambda: workbook().replace(b"xl/workbook.xml", b"xl/w0rkbook.xml"),
            "not an Excel workbook",
        ),
        Hostile("password", "x.xlsx", lambda: uploaded.protected(), "password"),
        Hostile("not XML", "x.xlsx", lambda: workbook({"xl/worksheets/sheet1.xml": "<a><b></a>"}), "damaged"),
        Hostile("many rows", "x.xlsx", lambda: uploaded.rows(MOST_ROWS + 1), "50,000"),
        # PDF
        Hostile("text as PDF", "x.pdf", lambda: CSV, "not a PDF"),
        Hostile("cut off", "x.pdf", lambda: pdf()[:-200], "damaged"),
        Hostile("no objects", "x.pdf", lambda: b"%PDF-1.7\n%%EOF", "damaged"),
        Hostile(
            "page of the web in front",
            "x.pdf",
            lambda: pdf().replace(b"\n", b"\n%<script>alert(1)</script>\n", 1),
            "two kinds",
        ),
        Hostile("archive in a PDF", "x.pdf", lambda: pdf() + workbook(comment=b"%%EOF"), "two kinds"),
        Hostile("archive behind a PDF", "x.pdf", lambda: pdf() + workbook(), "two kinds"),
        Hostile("script behind a PDF", "x.pdf", lambda: pdf() + b"MZ" * 99, "follows its end"),
        Hostile(
            "script of a PDF",
            "x.pdf",
            lambda: in_catalogue("/OpenAction", named(S="/JavaScript", JS="app.alert(1)")),
            "by itself",
        ),
        Hostile("disguised script", "x.pdf", lambda: uploaded.disguised(), "by itself"),
        Hostile(
            "script nobody points to",
            "x.pdf",
            lambda: uploaded.lying_about(named(S="/JavaScript", JS="x")),
            "by itself",
        ),
        Hostile(
            "action at opening",
            "x.pdf",
            lambda: in_catalogue("/OpenAction", named(S="/URI", URI="http://x")),
            "by itself",
        ),
        Hostile(
            "starts a program",
            "x.pdf",
            lambda: uploaded.lying_about(named(S="/Launch", F="cmd.exe")),
            "by itself",
        ),
        Hostile(
            "sends itself",
            "x.pdf",
            lambda: uploaded.lying_about(named(S="/SubmitForm", F="http://x")),
            "by itself",
        ),
        Hostile(
            "file inside", "x.pdf", lambda: pdf(lambda w: w.add_attachment("x.exe", b"MZ")), "another file"
        ),
        Hostile(
            "file pinned to a page", "x.pdf", lambda: uploaded.annotated("/FileAttachment"), "another file"
        ),
        Hostile("rich media", "x.pdf", lambda: uploaded.annotated("/RichMedia"), "another file"),
        Hostile("film", "x.pdf", lambda: uploaded.annotated("/Movie"), "film"),
        Hostile("XFA", "x.pdf", lambda: in_catalogue("/AcroForm", named(XFA="x")), "form"),
        Hostile(
            "password of a PDF",
            "x.pdf",
            lambda: pdf(lambda w: w.encrypt("secret", algorithm="RC4-128")),
            "password",
        ),
    ]


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(UploadRefused) as refused:
        check_file(name, io.BytesIO(content))
    return str(refused.value.why)


@pytest.mark.requirement("SE-04")
@pytest.mark.parametrize("file", [pytest.param(each, id=each.id) for each in hostile()])
def test_a_hostile_file_is_refused_in_words(file: Hostile) -> None:
    assert file.why in refusal(file.name, file.content())


@pytest.mark.requirement("SE-04")
def test_there_are_more_hostile_files_than_are_asked_for() -> None:
    assert len(hostile()) >= 25


@pytest.mark.requirement("SE-04")
def test_memory_stays_flat_whatever_a_file_unpacks_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the limits, too: 20 MB of elements and 20 MB of a picture pass by as a stream."""
    monkeypatch.setattr(upload_workbook, "MOST_UNPACKED", 10**6)
    for content in (uploaded.bomb(), uploaded.bomb_of_elements(100_000)):
        tracemalloc.start()
        check_file("x.xlsx", io.BytesIO(content))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 5_000_000


GOOD = [
    ("x.csv", CSV, Kind.CSV),
    ("检验.CSV", b"1,2\n" * MOST_ROWS, Kind.CSV),
    ("x.xlsx", workbook(), Kind.XLSX),
    ("x.xlsx", uploaded.rows(1000), Kind.XLSX),
    ("x.xlsx", workbook({"xl/printerSettings/printerSettings1.bin": b"\1\2"}), Kind.XLSX),
    ("x.xlsx", uploaded.fetching("hyperlink"), Kind.XLSX),
    ("x.pdf", pdf(), Kind.PDF),
    ("x.y.pdf", uploaded.opening_at_a_page(), Kind.PDF),
    ("x.pdf", uploaded.annotated("/Text"), Kind.PDF),
]


@pytest.mark.requirement("SE-04")
@pytest.mark.parametrize(("name", "content", "kind"), GOOD)
def test_a_plain_file_is_taken_and_stands_at_its_beginning(name: str, content: bytes, kind: Kind) -> None:
    file = SimpleUploadedFile(name, content)
    assert check_upload(file) is kind
    assert file.read() == content


def test_a_kind_that_is_not_asked_for_is_refused() -> None:
    with pytest.raises(UploadRefused, match="pdf"):
        check_file("x.csv", io.BytesIO(CSV), allowed=[Kind.PDF])


# --- receiving ---------------------------------------------------------------------------------------------
def received(content: bytes, **headers: str) -> object:
    file = SimpleUploadedFile("../../x.pdf", content, "application/pdf")
    return RequestFactory().post("/", {"file": file, "title": "x"}, **headers).FILES["file"]


@pytest.mark.requirement("SE-04")
def test_a_file_is_received_in_memory_and_only_so_much_that_a_large_one_shows() -> None:
    assert received(pdf()).read() == pdf()
    large = received(b"a" * (MOST_BYTES + 500_000))
    assert MOST_BYTES < large.size < MOST_BYTES + 100_000
    with pytest.raises(UploadRefused, match="10 MB"):
        check_upload(large, allowed=[Kind.PDF])


@pytest.mark.requirement("SE-04")
def test_a_request_that_announces_4_gb_is_not_read() -> None:
    with pytest.raises(RequestDataTooBig):
        received(pdf(), CONTENT_LENGTH=str(4 * 1024**3))


@pytest.mark.requirement("SE-04")
def test_nothing_else_receives_files_and_a_form_has_a_limit_too() -> None:
    assert settings.FILE_UPLOAD_HANDLERS == ["patients.web.receiving.InMemory"]
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE <= 3_000_000
    assert settings.DATA_UPLOAD_MAX_NUMBER_FILES * MOST_BYTES >= MOST_OF_A_REQUEST
