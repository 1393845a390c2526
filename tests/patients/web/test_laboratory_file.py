"""The file of a laboratory system: read by the mapping of its site, laid onto pages, saved page by page."""

import json
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.entry.laboratory_file import KEPT_FOR, KeptLaboratoryFile, purge_files
from patients.entry.laboratory_mapping import LaboratoryMapping
from tests.access.registry import put_in_state
from tests.patients.web import people
from trial.people.roles import Role
from trial.trail.models import TrailChange, TrailEvent

pytestmark = pytest.mark.one_engine

URL = "/sites/HZ01/laboratory-file/"
HEADINGS = "受试者编号,采样时间,项目,结果,单位,参考范围"
SCREENING = "HZ01-001,2025-05-20 07:30,白细胞,5.2,10^9/L,3.5-9.5"
DAY_7 = "HZ01-001,2025-06-14 07:30,白细胞,0.4,10^9/L,3.5-9.5"
COLUMNS = {
    "column-subject": "受试者编号",
    "column-moment": "采样时间",
    "column-test": "项目",
    "column-value": "结果",
    "column-unit": "单位",
    "column-range": "参考范围",
    "laboratory": "HZ-LAB",
}


@pytest.fixture
def subject(subject: Subject) -> Subject:
    people.infuse(subject)
    return subject


def upload(desk: Client, *rows: str, encoding: str = "utf-8", end: str = "\n", name: str = "lab.csv"):
    content = end.join((HEADINGS, *rows)).encode(encoding)
    return desk.post(URL, {"file": SimpleUploadedFile(name, content), "do": "upload"})


def mapped(desk: Client, **more: str):
    return desk.post(URL, {**COLUMNS, **more, "do": "map"})


def versions(desk: Client) -> dict[str, str]:
    pages = desk.get(URL).context["screen"].pages
    return {line.version_name: str(line.planned.page.version) for line in pages}


def save(desk: Client, seen: dict[str, str] | None = None, **more: str):
    return desk.post(URL, {**(versions(desk) if seen is None else seen), **more, "do": "save"})


def text(desk: Client) -> str:
    return desk.get(URL).content.decode()


def stored(page: Page) -> dict[str, str]:
    return {row.lab_test: str(row.lab_value) for row in form_model("LAB").objects.filter(page=page)}


@pytest.mark.parametrize(
    ("encoding", "end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("gb18030", "\r\n"), ("gb18030", "\n")]
)
def test_a_file_goes_to_the_page_of_the_visit_in_whose_window_the_sample_lies(
    desk: Client, subject: Subject, encoding: str, end: str
) -> None:
    assert upload(desk, SCREENING, DAY_7, encoding=encoding, end=end).status_code == 302
    assert mapped(desk).status_code == 302
    before = TrailEvent.objects.count()
    assert "2 rows to save" in text(desk)
    assert TrailEvent.objects.count() == before
    assert save(desk).status_code == 200
    screening, week = (people.page_of(subject, "LAB", visit) for visit in ("SCR", "C7"))
    assert (stored(screening), stored(week)) == ({"WBC": "5.2"}, {"WBC": "0.4"})
    assert [str(page.form_date) for page in (screening, week)] == ["2025-05-20", "2025-06-14"]
    saved = TrailEvent.objects.filter(form="LAB")
    assert {(event.actor, event.source) for event in saved} == {("lin.qiao", "import")}
    assert saved.count() == 2
    assert not KeptLaboratoryFile.objects.exists()


def test_the_mapping_is_kept_in_versions_each_an_event_of_the_trail(desk: Client, subject: Subject) -> None:
    upload(desk, SCREENING, SCREENING.replace("白细胞", "内部码7"))
    assert "内部码7" not in str(mapped(desk).content)
    assert "“内部码7” is no test that is known" in text(desk)
    mapped(desk, **{"test-0": "PLAT"})
    mapped(desk, **{"test-0": "PLAT"})
    kept = LaboratoryMapping.objects.filter(site="HZ01").order_by("version")
    assert [(each.version, each.by, each.tests) for each in kept] == [
        (1, "lin.qiao", {}),
        (2, "lin.qiao", {"内部码7": "PLAT"}),
    ]
    events = TrailEvent.objects.filter(action="laboratory_mapping.changed", site="HZ01").order_by("at")
    assert [event.about for event in events] == ["HZ01 1", "HZ01 2"]
    (change,) = TrailChange.objects.filter(event=events[1])
    assert (change.item, change.old, change.new) == ("test.内部码7", "", "PLAT")
    save(desk)
    assert stored(people.page_of(subject, "LAB", "SCR")) == {"WBC": "5.2", "PLAT": "5.2"}


def test_a_unit_is_mapped_for_its_test_alone(desk: Client, subject: Subject) -> None:
    upload(desk, SCREENING.replace("10^9/L", "U7"))
    mapped(desk)
    assert "“U7” is no unit of 白细胞" in text(desk)
    assert mapped(desk, **{"unit-0": "g/dL"}).status_code == 422
    mapped(desk, **{"unit-0": "/uL"})
    save(desk)
    row = form_model("LAB").objects.get(page=people.page_of(subject, "LAB", "SCR"))
    assert (row.lab_unit, row.lab_si) == ("/uL", Decimal("0.0052"))


def test_lines_of_no_page_are_named_with_the_reason(desk: Client, subject: Subject) -> None:
    upload(
        desk,
        SCREENING,
        SCREENING.replace("HZ01-001", "HZ01-777"),
        SCREENING.replace("2025-05-20", "2019-01-01"),
        SCREENING.replace("5.2", "阴性"),
        SCREENING,
    )
    mapped(desk)
    shown = text(desk)
    for words in (
        "Line 3: No subject of the site has the number “HZ01-777”.",
        "Line 4: No laboratory page of HZ01-001 is for 2019-01-01",
        "Line 5: “阴性” is not a number.",
        "Line 6: The test of this sample stands on line 2, too.",
    ):
        assert words in shown, words
    save(desk)
    assert stored(people.page_of(subject, "LAB", "SCR")) == {"WBC": "5.2"}
    assert KeptLaboratoryFile.objects.exists()  # what was passed over can still be looked at
    trail = list(TrailChange.objects.values_list("new", flat=True))
    assert not any("HZ01-777" in each for each in trail)


def test_a_refused_page_is_named_and_the_others_are_kept(desk: Client, subject: Subject) -> None:
    upload(desk, SCREENING, DAY_7)
    mapped(desk)
    put_in_state(people.page_of(subject, "LAB", "SCR"), PageState.FROZEN)
    answer = save(desk)
    assert answer.status_code == 422
    assert "The page is frozen or locked." in answer.content.decode()
    assert stored(people.page_of(subject, "LAB", "SCR")) == {}
    assert stored(people.page_of(subject, "LAB", "C7")) == {"WBC": "0.4"}
    assert KeptLaboratoryFile.objects.exists()


def test_what_stands_there_writes_nothing_and_what_replaces_it_asks_why(
    desk: Client, subject: Subject
) -> None:
    upload(desk, SCREENING)
    mapped(desk)
    save(desk)
    upload(desk, SCREENING)
    save(desk)
    page = people.page_of(subject, "LAB", "SCR")
    assert page.version == 1
    upload(desk, SCREENING.replace("5.2", "6.1"))
    assert "Give a reason for the change" in save(desk).content.decode()
    assert save(desk, all__reason="late_source").status_code == 200
    assert stored(page) == {"WBC": "6.1"}


def test_what_somebody_changed_since_is_a_conflict_of_its_page(desk: Client, subject: Subject) -> None:
    upload(desk, SCREENING, DAY_7)
    mapped(desk)
    seen = versions(desk)
    page = people.page_of(subject, "LAB", "SCR")
    typed = {"lab_test": "WBC", "lab_dt": "2025-05-20 07:30", "lab_value": "7.7", "lab_unit": "10^9/L"}
    people.save(page, typed, row="1")
    answer = save(desk, seen, all__reason="late_source")
    assert answer.status_code == 422
    assert "Somebody else changed the same items" in answer.content.decode()
    assert stored(page) == {"WBC": "7.7"}
    assert stored(people.page_of(subject, "LAB", "C7")) == {"WBC": "0.4"}


@pytest.mark.requirement("SE-04")
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("lab.exe", b"a,b\n", "Only these kinds"),
        ("lab.csv", b"", "empty"),
        ("lab.csv", b"a,\x00b\n", "not what its name says"),
        ("lab.csv", b"a\n" * 50_002, "50,000 rows"),
        ("lab.csv", b"a" * (10 * 1024 * 1024 + 1), "10 MB"),
    ],
)
def test_a_file_that_is_no_plain_table_is_refused_in_words(
    desk: Client, subject: Subject, name: str, content: bytes, why: str
) -> None:
    answer = desk.post(URL, {"file": SimpleUploadedFile(name, content), "do": "upload"})
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not KeptLaboratoryFile.objects.exists()


@pytest.mark.requirement("AC-02")
def test_who_does_not_enter_results_here_uploads_and_maps_nothing(desk: Client, subject: Subject) -> None:
    upload(desk, SCREENING)
    for who, site, status in (
        (Role.DATA_MANAGER, "HZ01", 403),
        (Role.MONITOR, "HZ01", 403),
        (Role.CELL_LAB, "HZ01", 403),
        (Role.COORDINATOR, "HZ02", 404),
    ):
        client = people.signed_in(people.a_member(who, site))
        assert [client.get(URL).status_code, mapped(client).status_code] == [status, status]
    assert not LaboratoryMapping.objects.exists()


def test_the_rows_are_of_who_uploaded_them_sealed_and_gone_within_a_day(
    desk: Client, subject: Subject
) -> None:
    upload(desk, SCREENING)
    another = people.signed_in(people.a_member(Role.COORDINATOR, name="mei.zhang"))
    assert "How it is read at this site" not in text(another)
    kept = KeptLaboratoryFile.objects.get()
    assert json.loads(kept.rows)[1][0][1][0] == "HZ01-001"
    KeptLaboratoryFile.objects.update(at=timezone.now() - KEPT_FOR)
    assert (purge_files(), KeptLaboratoryFile.objects.count()) == (1, 0)


def test_a_file_is_given_up(desk: Client, subject: Subject) -> None:
    upload(desk, SCREENING)
    assert desk.post(URL, {"do": "discard"}).status_code == 302
    assert not KeptLaboratoryFile.objects.exists()


def test_the_number_of_a_person_is_no_name_of_a_test(desk: Client, subject: Subject) -> None:
    upload(desk, SCREENING.replace("白细胞", "330102199001011234"))
    mapped(desk)
    assert mapped(desk, **{"test-0": "WBC"}).status_code == 422
    assert not TrailChange.objects.filter(item__contains="330102").exists()
