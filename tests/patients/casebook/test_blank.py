"""Blank forms on paper, read back by a reader that is not ours."""

import re
from io import BytesIO

import pytest
from django.utils import translation
from pypdf import PdfReader

from patients.casebook.blank import blank_form
from patients.casebook.form import FormRow, declared_forms, form_model
from patients.items.missing import MissingReason
from patients.items.types import ChoiceItem

pytestmark = pytest.mark.django_db


def text_of(pdf: bytes) -> str:
    pages = PdfReader(BytesIO(pdf)).pages
    return bare("".join(page.extract_text() for page in pages))


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("model", [*declared_forms()], ids=lambda model: model.form.code)
def test_every_item_of_every_form_is_asked(model: type[FormRow]) -> None:
    text = text_of(blank_form(model.form.code))
    assert [item.name for item in model.items() if bare(str(item.declared.label)) not in text] == []
    assert bare(f"Form version {model.form.version}") in text


@pytest.mark.requirement("RB-06")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_it_has_a_box_for_each_code_and_each_reason_and_lines_for_who(language: str) -> None:
    text = text_of(blank_form("RESP", language))
    items = [item for item in form_model("RESP").items() if isinstance(item, ChoiceItem)]
    with translation.override(language):
        codes = [str(label) for item in items if not item.is_derived for label in item.codes.labels.values()]
        reasons = [str(reason.label) for reason in MissingReason]
    assert [label for label in (*codes, *reasons) if bare(label) not in text] == []
    if language == "en":
        for line in (
            "Subject",
            "Visit",
            "Filled in by (name, role)",
            "Signature",
            "Transcribed into Chimera by",
            "tick “transcribed from paper”",
        ):
            assert bare(line) in text


def test_every_page_names_form_version_and_number() -> None:
    pages = PdfReader(BytesIO(blank_form("ELIG"))).pages
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert "ELIG" in text
        assert "Form version" in text
        assert f"{number} / {len(pages)}" in text
