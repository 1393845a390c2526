"""The annotated blank casebook in both languages, read back by a PDF reader."""

import polib
import pytest
from fontTools.ttLib import TTFont

from patients.casebook import annotated
from patients.casebook.annotated import annotated_casebook
from trial.settings import BASE_DIR

pytestmark = pytest.mark.django_db

FONT = annotated._HERE / "fonts/NotoSansSC-Regular.otf"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_it_is_set_as_an_archival_document(language: str) -> None:
    """PDF/A: a missing glyph would have been refused."""
    document = annotated_casebook(language)
    assert document.startswith(b"%PDF-1.7")
    assert b"pdfaid:part" in document


def test_the_font_has_every_character_of_the_catalogue() -> None:
    known = set(TTFont(FONT).getBestCmap())
    entries = polib.pofile(str(BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.po"))
    needed = {ord(sign) for entry in entries for sign in entry.msgid + entry.msgstr} - {0x0A}
    assert sorted(map(chr, needed - known)) == []
