"""The report of a lock as PDF/A, and its figures as files: the same numbers as on its page."""

import re
import struct
from io import BytesIO
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from analytics.locks.models import Lock
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def person(lock: Lock) -> Account:
    return people.a_member(Role.STATISTICIAN)


@pytest.fixture
def desk(person: Account) -> Client:
    return people.signed_in(person)


def figures_of(lock: Lock) -> dict[str, str]:
    """Some of the estimates as printed."""
    wanted = ("os_12m", "pfs_12m", "os_median", "pfs_median", "agvhd_cif_3m", "age_median", "crs_g12_pct")
    found = lock.snapshot.runs.get().estimates.filter(figure__in=wanted)
    return dict(found.values_list("figure", "text"))


def report(desk: Client, lock: Lock, language: str) -> PdfReader:
    answer = desk.post(reverse("report-of-lock", args=[lock.pk]), {"language": language})
    assert answer.status_code == 200
    return PdfReader(BytesIO(answer.content))


def words_of(pdf: PdfReader) -> str:
    return "".join("".join(page.extract_text() for page in pdf.pages).replace("\u200b", "").split())


def test_the_report_says_the_numbers_of_the_page(desk: Client, lock: Lock) -> None:
    said = words_of(report(desk, lock, "en"))
    page = desk.get(reverse("results", args=[lock.pk])).content.decode()
    abstract = re.search(r'class="abstract">(.*?)</p>', page, re.DOTALL)
    assert abstract is not None
    sentence = "".join(re.sub(r"<[^>]*>", "", abstract[1]).split())
    assert sentence[:200] in said
    run = lock.snapshot.runs.get()
    for text in (*figures_of(lock).values(), lock.snapshot.hash, run.result_hash, run.code_version):
        assert text in said, text


def test_the_report_speaks_chinese(desk: Client, lock: Lock) -> None:
    pdf = report(desk, lock, "zh-hans")
    said = words_of(pdf)
    assert "中位" in said
    assert "Median" not in said
    assert all(text in said for text in figures_of(lock).values())


def test_it_is_made_to_be_kept(desk: Client, lock: Lock) -> None:
    """PDF/A-2b, as its own metadata says; tagged, with every font inside."""
    pdf = report(desk, lock, "en")
    assert pdf.xmp_metadata is not None
    told = pdf.xmp_metadata.stream.get_data().decode()
    assert re.search(r"pdfaid:part>2<", told)
    assert re.search(r"pdfaid:conformance>[BA]<", told)
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/OutputIntents" in root


def test_taking_it_out_is_on_record(desk: Client, person: Account, lock: Lock) -> None:
    report(desk, lock, "en")
    event = TrailEvent.objects.get(action="report.exported")
    assert (event.actor, event.about) == (person.user_name, f"lock {lock.pk}")
    told = {change.item: change.new for change in event.changes.all()}
    assert told["language"] == "en"
    assert any(len(value) == 64 for value in told.values()), "the hash of the file"


@pytest.mark.parametrize("name", ["survival", "incidence"])
def test_a_figure_is_a_drawing_and_a_picture(desk: Client, lock: Lock, name: str) -> None:
    svg = desk.get(reverse("figure-svg", args=[lock.pk, name]))
    root = ElementTree.fromstring(svg.content)
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f"{SVG}path[@class='c1']")) == 1
    assert root.find(f"{SVG}style") is not None
    png = desk.get(reverse("figure-png", args=[lock.pk, name])).content
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert width > 1500
    assert height > 1000


def test_of_what_is_not_there_there_is_no_file(desk: Client, lock: Lock) -> None:
    assert desk.get(reverse("figure-svg", args=[lock.pk, "other"])).status_code == 404
    assert desk.post(reverse("report-of-lock", args=[lock.pk]), {"language": "xx"}).status_code == 400
    other = people.signed_in(people.a_member(Role.STATISTICIAN, "HZ02", name="else.where"))
    for url in (
        reverse("figure-svg", args=[lock.pk, "survival"]),
        reverse("certificate-json", args=[lock.pk]),
    ):
        assert other.get(url).status_code == 404
    assert other.post(reverse("report-of-lock", args=[lock.pk]), {"language": "en"}).status_code == 404
