"""The casebook of a subject as a PDF, read back by a reader that is not ours."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from patients.casebook.form import declared_forms
from patients.casebook.page import Page, Subject
from patients.entry.asking import raise_query
from patients.entry.attachments import Described, add_attachment
from patients.entry.query_act import Question, Target
from patients.entry.query_moves import close_query
from patients.entry.register import register_identity
from patients.items.missing import MissingReason
from patients.oversight.queries import Query, QueryState
from patients.web.casebook_print import Printing, print_casebook
from patients.web.queries import subjects_for
from patients.web.widgets import labels_of, shown_value
from tests.patients.entry import casebooks
from tests.patients.entry.uploaded import pdf as a_pdf
from tests.patients.web import people
from trial.edition import EDITION
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def text_of(pdf: bytes) -> str:
    """The text of every page without its spaces: a cell breaks its lines where it likes."""
    return bare("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def printed(code: str, language: str = "en", **how: bool) -> bytes:
    subject = subjects_for(people.SETUP).get(code=code)
    return print_casebook(subject, Printing(language, **how), by=people.SETUP).pdf


@pytest.fixture
def told(tmp_path: Path) -> Subject:
    """The shortest whole story of the demo: from consent to a graft, a contact and death."""
    casebooks.imported(casebooks.write(tmp_path / "in", casebooks.sheets()))
    return Subject.objects.get()


def values_of(subject: Subject) -> Iterator[tuple[str, str]]:
    """Every value that is stored and identifies nobody, and every reason for having none, as it is read."""
    for model in declared_forms():
        for row in model.of_subject(subject):
            for item in row.items():
                value = getattr(row, item.name)
                where = f"{row.page} {row.row_key} {item.name}"
                if reason := row.missing.get(item.name):
                    yield where, str(MissingReason(reason).label)
                elif value is not None and not item.declared.identity:
                    yield where, shown_value(item, value, labels_of(item))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_value_of_a_whole_story_is_in_it(told: Subject, language: str) -> None:
    text = text_of(printed(told.code, language))
    with translation.override(language):
        said = list(values_of(told))
    assert len(said) > 1000
    assert [each for each in said if not any(bare(part) in text for part in either(each[1]))] == []


def either(shown: str) -> list[str]:
    """A value as it is, or, in a narrow table, where the unit stands in the head of the column."""
    return [shown, shown.rpartition(" ")[0] or shown]


@pytest.mark.requirement("VD-04")
def test_it_says_what_it_is_on_every_page(told: Subject) -> None:
    """Code and page number on each page; forms with their versions, the product's, and the hash in front."""
    reader = PdfReader(BytesIO(printed(told.code)))
    count = len(reader.pages)
    assert count > 10
    for number, page in enumerate(reader.pages, 1):
        text = page.extract_text()
        assert told.code in text
        assert f"{number} / {count}" in text
    front = reader.pages[0].extract_text()
    event = TrailEvent.objects.get(action="casebook.printed")
    digest = event.changes.get(item="sha256").new
    assert digest in bare(front)
    assert f"Chimera {EDITION}" in front
    assert bare("Formsandtheirversions") in bare(front)


def test_it_is_tagged_with_its_font_inside_and_a_bookmark_for_each_visit_and_form(told: Subject) -> None:
    reader = PdfReader(BytesIO(printed(told.code)))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)
    visits = [mark.title for mark in reader.outline if not isinstance(mark, list)]
    forms = [mark.title for part in reader.outline if isinstance(part, list) for mark in part]
    saved = Page.objects.filter(subject=told, version__gt=0).select_related("visit")
    assert {title.split()[0] for title in visits} >= {page.visit_code for page in saved if page.visit_code}
    assert len(forms) == len(saved)


def test_the_hash_is_that_of_what_is_shown_whatever_the_language(subject: Subject) -> None:
    def digest(language: str) -> str:
        how = Printing(language)
        return print_casebook(subjects_for(people.SETUP).get(), how, by=people.SETUP).sha256

    before = digest("en")
    assert digest("zh-hans") == before
    people.save(people.page_of(subject, "DM", "SCR"), {"sex": "F"})
    assert digest("en") != before


def test_text_that_looks_like_markup_is_text(subject: Subject) -> None:
    hostile = '#read("/etc/hostname") *bold* $x$ `raw` <b> ]] \\ @ref 汉字'
    people.save(people.page_of(subject, "DX", "SCR"), {"karyotype_iscn": hostile})
    assert bare(hostile) in text_of(printed(subject.code))


def test_open_queries_are_printed(told: Subject) -> None:
    text = text_of(printed(told.code))
    asked = Query.objects.filter(page__subject=told, state=QueryState.OPEN)
    assert all(bare(query.message["en"]) in text for query in asked)


def test_what_people_ask_is_printed_until_it_is_closed(subject: Subject) -> None:
    manager = people.a_member(Role.DATA_MANAGER, name="mei.zhang")
    page = people.page_of(subject, "DM", "SCR")
    people.save(page, {"sex": "F"})
    asked = [
        raise_query(target, Question(text), by=manager)
        for target, text in (
            (Target(subject=subject), "Where is she seen?"),
            (Target(page=page, item="sex"), "Which is it?"),
        )
    ]
    text = text_of(printed(subject.code))
    assert all(bare(words) in text for words in ("Where is she seen?", "Which is it?"))
    for query in asked:
        close_query(query, "seen in the source", by=manager)
    assert bare("Where is she seen?") not in text_of(printed(subject.code))


def test_identity_is_in_it_only_for_who_holds_the_right_and_asks(
    desk: Client, coordinator: Account, subject: Subject
) -> None:
    named = {"full_name": "Canary Zhaolin", "hospital_number": "H7745531"}
    register_identity(subject, **named, by=people.SETUP, source=Source.COMMAND)
    people.save(people.page_of(subject, "DM", "SCR"), {"birth_date": "1977-03-09"})
    url = reverse("casebook", args=[subject.code])
    viewed = TrailEvent.objects.filter(action="identity.viewed")

    without = text_of(desk.post(url, {"language": "en"}).content)
    assert not any(word in without for word in ("CanaryZhaolin", "H7745531", "1977-03-09"))
    assert "Identitywithheld" in without
    assert not viewed.exists()

    with_it = text_of(desk.post(url, {"language": "en", "identity": "Y"}).content)
    assert all(word in with_it for word in ("CanaryZhaolin", "H7745531", "1977-03-09"))
    assert viewed.get().actor == coordinator.user_name

    monitor = people.signed_in(people.a_member(Role.MONITOR))
    assert monitor.post(url, {"language": "en", "identity": "Y"}).status_code == 403
    assert viewed.count() == 1


def test_the_trail_is_in_it_on_request_and_only_for_who_reads_it(desk: Client, subject: Subject) -> None:
    people.save(people.page_of(subject, "DM", "SCR"), {"sex": "F"})
    url = reverse("casebook", args=[subject.code])
    author = bare(people.SETUP.on_behalf_of)
    assert author not in text_of(desk.post(url, {"language": "en"}).content)
    assert author in text_of(desk.post(url, {"language": "en", "trail": "Y"}).content)
    laboratory = people.signed_in(people.a_member(Role.CELL_LAB))
    assert laboratory.post(url, {"language": "en", "trail": "Y"}).status_code == 403


def test_it_is_asked_for_on_the_page_of_the_subject(desk: Client, subject: Subject) -> None:
    shown = desk.get(reverse("subject", args=[subject.code])).content.decode()
    assert reverse("casebook", args=[subject.code]) in shown
    assert desk.post(reverse("casebook", args=[subject.code]), {"language": "xx"}).status_code == 400


def test_an_attached_source_is_named_with_its_whole_hash(told: Subject) -> None:
    """And the hash of the casebook is another with it: what is attached is part of what is shown."""
    before = casebook_hash(told.code)
    page = Page.objects.select_related("subject__site", "visit").get(subject=told, form_code="DX")
    said = Described("Marrow report", "pathology_report", is_redacted=True)
    attachment = add_attachment(page, SimpleUploadedFile("x.pdf", a_pdf()), said, by=people.SETUP)
    text = text_of(printed(told.code))
    assert bare("Attached sources") in text
    assert bare(f"Marrow report (pathology report) · SHA-256 {attachment.sha256}") in text
    assert casebook_hash(told.code) != before


def casebook_hash(code: str) -> str:
    subject = subjects_for(people.SETUP).get(code=code)
    return print_casebook(subject, Printing("en"), by=people.SETUP).sha256
