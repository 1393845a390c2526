"""The trail of all sites of a reader: its filters, its marks of review, and what is taken out of it."""

import csv
import hashlib
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from patients.casebook.page import Page, Subject
from patients.entry.reasons import Reason
from patients.oversight.entry_lag import Lag, days_between, entry_lags
from patients.oversight.review import (
    ReviewMark,
    ReviewMoved,
    Stretch,
    mark_reviewed,
    reviewed_up_to,
    stretch,
    unreviewed,
)
from patients.web import trail_export
from patients.web.trail_filters import TrailFilters
from tests.patients.entry import desk
from tests.patients.web import people
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role
from trial.spreadsheets import cell, text_of
from trial.trail.actor import Source, acting, system_actor
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.reading import CORRECTED, Question, count, entries, events
from trial.trail.record import Change, Place, record_event

TRAIL = reverse("trail-of-sites")
LATE = Reason("late_source", "report 25-3391")


def blocks(answer: Any) -> list[str]:
    text = re.sub(r"<svg.*?</svg>", "", answer.content.decode())
    return [part.partition("</article>")[0] for part in text.split('<article class="request">')[1:]]


@pytest.fixture
def monitor(db: None) -> Account:
    return people.a_member(Role.MONITOR, name="tan.rui", printed="Tan Rui")


@pytest.fixture
def review_desk(monitor: Account) -> Client:
    return people.signed_in(monitor)


@pytest.fixture
def changed(response_page: Page, coordinator: Account) -> Page:
    """The blasts are entered, then corrected with a reason."""
    people.save(
        response_page, {"bm_done": "Y", "bm_blast": "61.5"}, {"form_date": "2025-05-20"}, by=coordinator
    )
    people.save(response_page, {"bm_blast": "6.5"}, by=coordinator, reasons={("", "bm_blast"): LATE})
    return response_page


# --- filters -----------------------------------------------------------------------------------------------
ACTS = 10_000
SQL: list[tuple[dict[str, str], str, list[Any]]] = [
    # the filter, and an independent condition on e (event) and c (change)
    ({}, "true", []),
    ({"subject": "HZ01-003"}, "e.subject = %s", ["HZ01-003"]),
    ({"form": "FU"}, "e.form = 'FU'", []),
    ({"form": "FU", "visit": "V2"}, "e.form = 'FU' AND e.visit = 'V2'", []),
    ({"actor": "person.2"}, "e.actor = %s", ["person.2"]),
    ({"kind": "page.saved"}, "e.action = 'page.saved'", []),
    ({"reason": "late_source"}, "c.reason_code = 'late_source'", []),
    ({"words": "Report 7"}, "lower(c.reason) LIKE '%%report 7%%'", []),
    ({"item": "fu_dt", "form": "FU"}, "e.form = 'FU' AND c.item = 'fu_dt'", []),
    ({"row": "2"}, "c.row_key = '2'", []),
    ({"kind": CORRECTED}, "c.old <> ''", []),
    (
        {"from": "2025-03-01", "to": "2025-03-31"},
        "e.at >= %s AND e.at < %s",
        [datetime(2025, 2, 28, 16, tzinfo=UTC), datetime(2025, 3, 31, 16, tzinfo=UTC)],
    ),
    (
        {"subject": "HZ01-001", "actor": "person.1", "reason": "other"},
        "e.subject = 'HZ01-001' AND e.actor = 'person.1' AND c.reason_code = 'other'",
        [],
    ),
]


def an_invented_trail() -> None:
    """10,000 acts with a change each, spread evenly and independently over places, people and months."""
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    with transaction.atomic():
        made = TrailEvent.objects.bulk_create(
            TrailEvent(
                at=begin + timedelta(hours=number),
                action=("page.saved", "visit.opened")[number % 11 == 0],
                actor=f"person.{number % 7}",
                actor_name=f"Person {number % 7}",
                source="web",
                study="CHIMERA",
                site=("HZ01", "HZ02")[number % 5 == 0],
                subject=f"{('HZ01', 'HZ02')[number % 5 == 0]}-{number % 13:03d}",
                visit=f"V{number % 3}",
                form=("FU", "RESP")[number % 2],
            )
            for number in range(ACTS)
        )
        TrailChange.objects.bulk_create(
            TrailChange(
                event_id=event.act,
                item=("fu_dt", "fu_status")[number % 3 == 0],
                label="x",
                old="" if number % 4 else "1",
                new="2",
                row_key=str(number % 6),
                author="x",
                reason_code=("", "late_source", "other")[number % 3],
                reason=f"report {number % 17}",
            )
            for number, event in enumerate(made)
        )


@pytest.mark.requirement("AT-10")
@pytest.mark.django_db
def test_each_filter_finds_what_sql_finds_and_takes_it_out_whole() -> None:
    person = people.a_member(Role.AUDITOR)
    before = TrailEvent.objects.latest("pk").pk
    an_invented_trail()
    with connection.cursor() as cursor:  # as a database does by itself when a table has grown
        for table in ("trial_trailevent", "trial_trailchange", "trial_ledgerleaf"):
            cursor.execute(f"ANALYZE {table}")
    for asked, condition, values in SQL:
        filters = TrailFilters.of_sites({"since": str(before), **asked}, ["HZ01"], person)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM trial_trailevent e LEFT JOIN trial_trailchange c ON c.event_id = e.act "
                f"WHERE e.site = 'HZ01' AND e.id > %s AND ({condition})",
                [before, *values],
            )
            number = cursor.fetchone()[0]
        assert number > 0, asked
        question = filters.question()
        assert count(question).entries == number, asked
        assert len(list(entries(question, newest_first=False))) == number, asked


@pytest.mark.requirement("AT-10")
def test_a_reader_sees_the_sites_of_the_role_and_no_other(changed: Page, review_desk: Client) -> None:
    people.a_subject("HZ02-001")
    text = review_desk.get(TRAIL).content.decode()
    assert "HZ01-001" in text
    assert "HZ02-001" not in text
    assert blocks(review_desk.get(TRAIL, {"subject": "HZ02-001"})) == []
    assert blocks(review_desk.get(TRAIL, {"site": "HZ02"})) == []


def test_who_may_not_read_a_trail_is_refused(changed: Page) -> None:
    lab = people.signed_in(people.a_member(Role.CELL_LAB))
    for url in (TRAIL, reverse("entry-lag")):
        assert lab.get(url).status_code == 403
    assert lab.post(reverse("trail-export", args=["csv"])).status_code == 403


def test_the_subject_is_the_same_page_narrowed(changed: Page, review_desk: Client) -> None:
    of_subject = blocks(review_desk.get(reverse("trail", args=["HZ01-001"])))
    assert of_subject == blocks(review_desk.get(TRAIL, {"subject": "HZ01-001"}))
    assert len(of_subject) == 4


def test_the_oldest_first_is_the_same_read_from_the_other_end(changed: Page, review_desk: Client) -> None:
    newest = blocks(review_desk.get(TRAIL, {"subject": "HZ01-001"}))
    oldest = blocks(review_desk.get(TRAIL, {"subject": "HZ01-001", "order": "oldest"}))
    assert oldest == newest[::-1]


def test_the_oldest_first_is_walked_by_key(
    changed: Page, review_desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.web.trail_presenter.EVENTS_ON_A_PAGE", 3)

    def follow(url: str, rel: str) -> str:
        found = re.search(rf'rel="{rel}" href="([^"]+)"', review_desk.get(url).content.decode())
        return found[1].replace("&amp;", "&") if found else ""

    first = f"{reverse('trail', args=['HZ01-001'])}?order=oldest"
    second = follow(first, "next")
    assert [len(blocks(review_desk.get(url))) for url in (first, second)] == [3, 1]
    assert follow(first, "prev") == ""
    assert follow(second, "next") == ""
    assert blocks(review_desk.get(follow(second, "prev"))) == blocks(review_desk.get(first))


def test_an_item_shows_what_was_derived_from_another_page(subject: Subject, review_desk: Client) -> None:
    """An engine changes an item of a page in the act of a save elsewhere; it belongs to that item's trail."""
    place = Place(site="HZ01", subject=subject.code, visit="C0", form="INF")
    changes = [Change("RESP@SCR.resp_day", "Day", "", "-3"), Change("inf_dose", "Dose", "", "1")]
    with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
        record_event("page.saved", place, changes)
    asked = {"subject": subject.code, "form": "RESP", "visit": "SCR", "item": "resp_day"}
    (block,) = blocks(review_desk.get(TRAIL, asked))
    assert "Day" in block
    assert "Dose" not in block


@pytest.mark.parametrize("day", ["yesterday", "2025-02-30", "0001-01-01"])
def test_what_is_no_day_is_refused(day: str, changed: Page, review_desk: Client) -> None:
    assert review_desk.get(TRAIL, {"from": day}).status_code == 400


def test_nothing_is_counted_unless_it_is_asked_for(changed: Page, review_desk: Client) -> None:
    assert "5 acts" not in review_desk.get(TRAIL).content.decode()
    asked = {"subject": "HZ01-001", "count": "1"}
    assert re.search(r"4 acts · \d+ entries", review_desk.get(TRAIL, asked).content.decode())


def test_since_the_last_signature_of_the_page(
    changed: Page, coordinator: Account, review_desk: Client
) -> None:
    """A signature is an act of its own name at the page; only what came after it is shown."""
    place = Place(site="HZ01", subject="HZ01-001", visit="SCR", form="RESP")
    asked = {"subject": "HZ01-001", "since": "signature"}
    assert blocks(review_desk.get(TRAIL, asked)) == []
    with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
        record_event("page.signed", place)
    assert blocks(review_desk.get(TRAIL, asked)) == []
    people.save(changed, {"bm_blast": "7.5"}, by=coordinator, reasons={("", "bm_blast"): LATE})
    people.save(people.page_of(changed.subject, "DM", "SCR"), {"sex": "F"})  # a page that nobody signed
    (block,) = blocks(review_desk.get(TRAIL, asked))
    assert "<ins>7.5 %</ins>" in block


def test_since_a_data_cut(changed: Page, coordinator: Account, review_desk: Client) -> None:
    with transaction.atomic(), acting(system_actor("lock", Source.COMMAND)):
        cut = record_event("lock.made", Place(about="lock 1"))
    assert f'<option value="{cut.pk}">the data cut of' in review_desk.get(TRAIL).content.decode()
    assert blocks(review_desk.get(TRAIL, {"since": str(cut.pk)})) == []
    people.save(changed, {"bm_blast": "7.5"}, by=coordinator, reasons={("", "bm_blast"): LATE})
    assert len(blocks(review_desk.get(TRAIL, {"since": str(cut.pk)}))) == 1


# --- review ------------------------------------------------------------------------------------------------
def waiting_for(*codes: str) -> dict[str, int]:
    """How many acts wait for a review, of each of these subjects with any."""
    found = Subject.objects.filter(code__in=codes).annotate(up_to=reviewed_up_to())
    return unreviewed(dict(found.values_list("code", "up_to")))


def review_of(subject: Subject) -> str:
    return reverse("review-subject", args=[subject.site.code, subject.code])


def hidden(answer: Any) -> dict[str, str]:
    return dict(re.findall(r'name="(up_to|acts)" value="(\d+)"', answer.content.decode()))


@pytest.mark.requirement("AT-11")
def test_what_comes_after_a_review_stands_out(
    changed: Page, coordinator: Account, review_desk: Client
) -> None:
    subject, code = changed.subject, changed.subject.code
    assert waiting_for(code) == {code: 4}
    seen = hidden(review_desk.get(review_of(subject)))
    assert seen["acts"] == "4"
    assert review_desk.post(review_of(subject), seen).status_code == 302
    assert waiting_for(code) == {}
    assert "unreviewed" not in review_desk.get(reverse("subject", args=[code])).content.decode()

    people.save(changed, {"bm_blast": "7.5"}, by=coordinator, reasons={("", "bm_blast"): LATE})
    for url in (reverse("subject", args=[code]), reverse("subjects")):
        assert "unreviewed 1<" in review_desk.get(url).content.decode()
    (block,) = blocks(review_desk.get(TRAIL, {"since": "review", "subject": code}))
    assert "<ins>7.5 %</ins>" in block
    shown = blocks(review_desk.get(TRAIL, {"subject": code}))
    # the newest is the change, below it the review itself, below that what was reviewed
    assert ["unreviewed" in each for each in shown] == [True, *[False] * 5]


@pytest.mark.requirement("AT-11")
def test_a_review_is_one_event_with_its_reviewer_and_its_stretch(
    changed: Page, monitor: Account, review_desk: Client
) -> None:
    before = TrailEvent.objects.count()
    review_desk.post(review_of(changed.subject), hidden(review_desk.get(review_of(changed.subject))))
    assert TrailEvent.objects.count() == before + 1
    event, mark = TrailEvent.objects.latest("pk"), ReviewMark.objects.get()
    assert (event.action, event.actor, event.subject) == ("trail.reviewed", "tan.rui", "HZ01-001")
    assert event.changes.get().new == str(mark.up_to)
    assert (mark.by, mark.acts) == ("tan.rui", 4)


@pytest.mark.requirement("AT-11")
def test_an_act_that_the_reviewer_has_not_seen_is_never_marked(
    changed: Page, coordinator: Account, review_desk: Client
) -> None:
    """An act of a smaller number can become visible later: the number of acts in the stretch betrays it."""
    seen = hidden(review_desk.get(review_of(changed.subject)))
    for other in ({**seen, "acts": "3"}, {**seen, "up_to": "999999"}):
        answer = review_desk.post(review_of(changed.subject), other)
        assert answer.status_code == 409
        assert "Something came in while you were looking" in answer.content.decode()
    assert not ReviewMark.objects.exists()


def test_a_review_of_a_site_covers_its_subjects(changed: Page, monitor: Account) -> None:
    other = people.a_subject("HZ01-002")
    mark_reviewed(stretch("HZ01", "", by=monitor), by=monitor)
    assert waiting_for("HZ01-001", other.code) == {}
    people.save(people.page_of(other, "DM", "SCR"), {"sex": "F"})
    assert waiting_for("HZ01-001", other.code) == {other.code: 1}
    mark_reviewed(stretch("HZ01", other.code, by=monitor), by=monitor)
    assert waiting_for(other.code) == {}
    assert mark_reviewed(stretch("HZ01", "", by=monitor), by=monitor) is None


def test_each_reviewer_has_a_last_review_of_their_own(changed: Page, monitor: Account) -> None:
    manager = people.a_member(Role.DATA_MANAGER)
    mark_reviewed(stretch("HZ01", "", by=monitor), by=monitor)
    assert stretch("HZ01", "", by=monitor).acts == 0
    assert stretch("HZ01", "HZ01-001", by=manager).acts == 4


@pytest.mark.parametrize("role", list(Role))
def test_a_role_marks_reviews_as_the_table_says(role: Role, changed: Page) -> None:
    person = people.a_member(role)
    client, url = people.signed_in(person), reverse("review", args=["HZ01"])
    marks, reads = role in (Role.MONITOR, Role.DATA_MANAGER), Permission.READ in TABLE[role]
    expected = 200 if marks else 403 if reads else 404
    assert client.get(url).status_code == expected
    posted = client.post(url, {"up_to": "0", "acts": "0"}).status_code
    assert posted == (302 if marks else expected)
    assert client.get(reverse("review", args=["HZ02"])).status_code == 404


def test_a_writer_that_does_not_let_go_stops_no_reviewer(
    changed: Page, monitor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> int:
        raise OperationalError("lock timeout")

    monkeypatch.setattr("patients.oversight.review.settled", busy)
    with pytest.raises(ReviewMoved):
        mark_reviewed(Stretch("HZ01", "", 1, 1), by=monitor)


# --- taken out ---------------------------------------------------------------------------------------------
def taken(client: Client, form: str, /, **asked: str) -> tuple[bytes, Any]:
    answer = client.post(reverse("trail-export", args=[form]), asked)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content), answer  # type: ignore[arg-type]


def sheet(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.requirement("AT-10")
@pytest.mark.parametrize(
    "asked", [{"actor": "lin.qiao"}, {"form": "RESP"}, {"kind": CORRECTED}, {"form": "FU"}]
)
def test_csv_and_pdf_hold_the_same_number_of_entries(
    asked: dict[str, str], changed: Page, review_desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = sheet(taken(review_desk, "csv", subject="HZ01-001", **asked)[0])
    number = count(Question(frozenset({"HZ01"}), subject="HZ01-001", **asked)).entries
    assert len(lines) == number
    typeset: list[dict[str, Any]] = []
    document = trail_export._document
    monkeypatch.setattr(
        trail_export, "_document", lambda *args: typeset.append(document(*args)) or typeset[-1]
    )
    content, _answer = taken(review_desk, "pdf", subject="HZ01-001", **asked)
    assert content.startswith(b"%PDF-")
    assert f"/Keywords({number} entries)".encode() in content
    assert len(typeset[0]["lines"]) == number


def test_readers_that_others_wrote_read_the_same_entries(changed: Page, review_desk: Client) -> None:
    """A data frame reads the table, and a reader of PDF the pages, with every value that the table has."""
    content, _answer = taken(review_desk, "csv", subject="HZ01-001", form="RESP")
    frame = pl.read_csv(content, infer_schema=False)
    assert frame.rows() == [tuple(text or None for text in row.values()) for row in sheet(content)]
    pages = PdfReader(io.BytesIO(taken(review_desk, "pdf", subject="HZ01-001", form="RESP")[0])).pages
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
    shown = {value for value in frame["new_shown"].to_list() if value}
    assert shown
    assert {value for value in shown if re.sub(r"\s", "", value) not in text} == set()


@pytest.mark.requirement("AT-10")
def test_what_is_taken_out_is_on_record_with_its_number_and_hash(
    changed: Page, monitor: Account, review_desk: Client
) -> None:
    content, answer = taken(review_desk, "csv", form="RESP")
    event = TrailEvent.objects.latest("pk")
    assert (event.action, event.actor, event.site) == ("trail.exported", "tan.rui", "HZ01")
    told = {change.item: change.new for change in event.changes.all()}
    digest = hashlib.sha256(content).hexdigest()
    assert told == {"entries": str(len(sheet(content))), "sha256": digest, "sites": "HZ01"}
    assert event.about == "csv form=RESP"
    assert answer["Content-Type"].startswith("text/csv")


def test_an_entry_that_is_taken_out_says_who_when_where_what_and_why(
    changed: Page, review_desk: Client
) -> None:
    last = sheet(taken(review_desk, "csv", subject="HZ01-001", item="bm_blast")[0])[0]
    assert last["at"].endswith("+08:00")
    told = {"item": "bm_blast", "old": "61.5", "new": "6.5", "new_shown": "6.5 %", "user": "lin.qiao"}
    told |= {"reason_code": "late_source", "reason": "report 25-3391", "form": "RESP", "form_version": "1.0"}
    assert {name: last[name] for name in told} == told


def test_no_text_that_is_taken_out_is_a_formula(changed: Page, review_desk: Client) -> None:
    why = Reason("other", '=HYPERLINK("http://x")')
    people.save(changed, {"bm_blast": "7.5"}, reasons={("", "bm_blast"): why})
    line = sheet(taken(review_desk, "csv", item="bm_blast")[0])[0]
    assert line["reason"] == "'" + why.text
    assert text_of(line["reason"]) == why.text


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\rx", "＝1", "'x", "- 5", "+"])
def test_a_formula_is_made_text_and_comes_back(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert text_of(cell(text)) == text


@pytest.mark.parametrize("text", ["", "-5", "+3.20", "12", "abc", "1e-5", "2025-01-01"])
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert cell(text) == text
    assert text_of(cell(text)) == text


def test_identity_is_withheld_in_what_is_taken_out(subject: Subject, review_desk: Client) -> None:
    people.save(people.page_of(subject, "DM", "SCR"), {"birth_date": "1992-04-04"})
    lines = sheet(taken(review_desk, "csv", item="birth_date")[0])
    assert [(line["old"], line["new"]) for line in lines] == [("", "withheld")]


def test_more_than_a_pdf_holds_is_refused(
    changed: Page, review_desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_export, "MOST_IN_PDF", 2)
    before = TrailEvent.objects.count()
    answer = review_desk.post(reverse("trail-export", args=["pdf"]), {}, follow=True)
    assert "A PDF holds at most" in answer.content.decode()
    assert TrailEvent.objects.count() == before
    assert review_desk.post(reverse("trail-export", args=["doc"])).status_code == 404


# --- the lag of entry --------------------------------------------------------------------------------------
@pytest.mark.requirement("TS-04")
def test_the_lag_of_entry_is_that_of_the_pages(subject: Subject, review_desk: Client) -> None:
    other = people.a_subject("HZ01-002")
    with time_machine.travel(datetime(2025, 6, 1, 17, tzinfo=UTC)):  # at the site it is 2 June
        people.save(people.page_of(subject, "RESP", "SCR"), {"bm_done": "Y"}, {"form_date": "2025-05-20"})
        people.save(people.page_of(other, "RESP", "SCR"), {"bm_done": "Y"}, {"form_date": "2025-06-02"})
    with time_machine.travel(datetime(2025, 7, 1, tzinfo=UTC)):  # a later save is no first entry
        people.save(people.page_of(other, "RESP", "SCR"), {"cns_resp": "CNS1"})
    found = {lag.form: lag for lag in entry_lags(["HZ01"])}
    assert found["RESP"] == Lag("HZ01", "RESP", count=2, median=6.5, longest=13, early=0)
    text = review_desk.get(reverse("entry-lag")).content.decode()
    assert '<td class="num-col">6.5</td><td class="num-col">13</td>' in text
    assert entry_lags(["HZ02"]) == []


@pytest.mark.requirement("TS-04")
def test_each_row_of_a_log_has_its_own_lag(subject: Subject, review_desk: Client) -> None:
    page = desk.logged(subject, "CM")
    for month, key in ((6, "1"), (7, "2")):
        row = {"cm_name": "aciclovir", "cm_start": "2025-05-25"}
        with time_machine.travel(datetime(2025, month, 1, tzinfo=UTC)):
            desk.save(page, rows={key: row})
    with time_machine.travel(datetime(2025, 8, 1, tzinfo=UTC)):  # a correction is no first entry
        desk.save(page, rows={"1": {"cm_name": "entecavir"}}, why=desk.BECAUSE)
        desk.save(page, rows={"3": {"cm_name": "heparin", "cm_start": "2025-05"}})
    (lag,) = [lag for lag in entry_lags(["HZ01"]) if lag.form == "CM"]
    assert lag == Lag("HZ01", "CM", count=3, median=37, longest=92, early=0, by_row=True)
    assert '<td class="num-col">3 rows</td>' in review_desk.get(reverse("entry-lag")).content.decode()


def test_an_entry_before_its_day_counts_as_early() -> None:
    assert days_between(date(2025, 6, 3), datetime(2025, 6, 1, 17, tzinfo=UTC)) == -1


def test_events_of_no_site_are_of_no_reader(changed: Page) -> None:
    with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
        record_event("configuration.changed", Place(about="x"))
    found = events(Question(frozenset({"HZ01"})))
    assert not found.filter(action="configuration.changed").exists()
