"""A lock as a workbook and as the open report for the safety board: the numbers of its pages, to be kept."""

import re
from datetime import UTC
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from pypdf import PdfReader

from analytics.endpoints.catalogue import catalogue
from analytics.locks.models import Lock
from analytics.reports.workbook import write_workbook
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
HOSTILE = '=HYPERLINK("http://x","移植🧬")'


@pytest.fixture
def person(lock: Lock) -> Account:
    return people.a_member(Role.STATISTICIAN)


@pytest.fixture
def desk(person: Account) -> Client:
    return people.signed_in(person)


def taken(desk: Client, name: str, lock: Lock, language: str = "en") -> bytes:
    answer = desk.post(reverse(name, args=[lock.pk]), {"language": language})
    assert answer.status_code == 200
    return bytes(answer.content)


def rows_of(book: Workbook, sheet: str) -> list[tuple[Any, ...]]:
    """The rows below the headings."""
    return list(book[sheet].iter_rows(min_row=4, values_only=True))


def exhibits(lock: Lock) -> Any:
    return lock.snapshot.runs.get().shown


# --- the workbook -----------------------------------------------------------------------------------------
def test_every_estimate_stands_there_at_full_precision(desk: Client, lock: Lock) -> None:
    book = load_workbook(BytesIO(taken(desk, "workbook-of-lock", lock)))
    told = {row[0]: row for row in rows_of(book, "Estimates")}
    estimates = list(lock.snapshot.runs.get().estimates.all())
    assert len(told) == len(estimates) == 159
    for each in estimates:
        _id, _kind, _set, value, digits, printed, n, size, _reason, definition, _published = told[each.figure]
        assert value == (each.value if each.value is None else pytest.approx(each.value, rel=1e-15))
        assert digits == (None if each.value is None else repr(each.value))
        assert (printed or "", n, size) == (each.text, each.n, each.size)
        assert (definition or "") == catalogue()[each.figure].definition
    steps = [row for row in rows_of(book, "Curves") if row[0] == "OS"]
    curve = exhibits(lock)["curves"]["survival"]["OS"]["survival"]
    assert [row[3] for row in steps] == pytest.approx(curve, rel=1e-15)
    assert len(rows_of(book, "Populations by subject")) == 10 * lock.snapshot.subjects
    assert dict(rows_of(book, "Cover"))["Snapshot"] == lock.snapshot.hash


def test_a_text_is_never_a_formula_and_every_sign_survives(person: Account, lock: Lock) -> None:
    run = lock.snapshot.runs.get()
    run.exhibits["adverse_events"]["rows"][1] |= {"kind": "term", "code": "", "text": HOSTILE}
    run.save()
    book = load_workbook(BytesIO(write_workbook(lock, "en", by=person).content))
    cell = book["Table 3. Adverse events"].cell(row=5, column=1)
    assert (cell.value, cell.data_type) == (f"    {HOSTILE}", "s")
    assert not any(each.data_type == "f" for sheet in book for row in sheet.iter_rows() for each in row)


def test_the_same_run_gives_the_same_bytes_in_each_language(desk: Client, lock: Lock) -> None:
    english, chinese = (taken(desk, "workbook-of-lock", lock, language) for language in ("en", "zh-hans"))
    assert taken(desk, "workbook-of-lock", lock) == english != chinese
    made = load_workbook(BytesIO(english)).properties.created
    finished = lock.snapshot.runs.get().finished_at
    assert finished is not None
    assert made.replace(tzinfo=UTC) == finished.replace(microsecond=0)
    assert "受试者" in {cell.value for sheet in load_workbook(BytesIO(chinese)) for cell in sheet[3]}


# --- the pack for the safety board ------------------------------------------------------------------------
def words_of(content: bytes) -> str:
    pages = PdfReader(BytesIO(content)).pages
    return "".join("".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def test_the_board_reads_what_the_run_has_counted(desk: Client, lock: Lock) -> None:
    said, found = words_of(taken(desk, "board-pack-of-lock", lock)), exhibits(lock)["board"]
    assert sum(len(month["subjects"]) for month in found["enrolment"]["months"]) == 19
    assert len(found["deaths"]) == 6
    for death in found["deaths"]:
        assert f"{death['subject']}{death['day']}{death['day_from_graft']}" in said
    for event in found["serious"]:
        assert f"{event['subject']}·{event['event']}" in said
    assert "Nostoppingboundaryiscrossed." in said
    assert lock.snapshot.hash in said
    assert all(row["subject"] in said for row in found["exposure"])


def test_a_crossed_boundary_is_the_first_that_it_says(desk: Client, lock: Lock) -> None:
    run = lock.snapshot.runs.get()
    run.exhibits["stopping"]["rules"][0] |= {"events": 9, "crossed": True}
    run.save()
    said = words_of(taken(desk, "board-pack-of-lock", lock))
    assert "Astoppingboundaryiscrossed:Dose-limitingtoxicity." in said
    assert "(crossed)" in said


def test_it_is_made_to_be_kept_in_each_language(desk: Client, lock: Lock) -> None:
    pdf = PdfReader(BytesIO(taken(desk, "board-pack-of-lock", lock, "zh-hans")))
    assert pdf.xmp_metadata is not None
    assert re.search(r"pdfaid:part>2<", pdf.xmp_metadata.stream.get_data().decode())
    assert "停止" in words_of(taken(desk, "board-pack-of-lock", lock, "zh-hans"))


def test_the_newest_cut_with_results_is_taken_from_the_page_of_safety(lock: Lock) -> None:
    monitor = people.signed_in(people.a_member(Role.MEDICAL_MONITOR))
    assert reverse("board-pack") in monitor.get(reverse("safety")).content.decode()
    answer = monitor.post(reverse("board-pack"), {"language": "en"})
    assert answer["Content-Disposition"].startswith(f'attachment; filename="lock-{lock.pk}-board-pack-')
    other = people.signed_in(people.a_member(Role.MEDICAL_MONITOR, "HZ02", name="else.where"))
    assert other.post(reverse("board-pack"), {"language": "en"}).status_code == 302
    coordinator = people.signed_in(people.a_member(Role.COORDINATOR, name="of.the.site"))
    assert reverse("board-pack") not in coordinator.get(reverse("safety")).content.decode()
    assert coordinator.post(reverse("board-pack"), {"language": "en"}).status_code == 403


# --- on record --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "document"), [("workbook-of-lock", "results"), ("board-pack-of-lock", "board-pack")]
)
def test_what_leaves_is_on_record_and_what_is_not_there_does_not(
    desk: Client, person: Account, lock: Lock, name: str, document: str
) -> None:
    taken(desk, name, lock)
    event = TrailEvent.objects.get(action="report.exported")
    told = {change.item: change.new for change in event.changes.all()}
    assert (event.actor, event.about, told["document"]) == (person.user_name, f"lock {lock.pk}", document)
    assert len(told["sha256"]) == 64
    assert desk.post(reverse(name, args=[lock.pk]), {"language": "xx"}).status_code == 400
    other = people.signed_in(people.a_member(Role.STATISTICIAN, "HZ02", name="else.where"))
    assert other.post(reverse(name, args=[lock.pk]), {"language": "en"}).status_code == 404
