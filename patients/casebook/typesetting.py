"""Typesetting: a template and the data that stand in it become a PDF, with the font beside this module.

Data reach the template as JSON, so that what somebody typed is text and never markup. The fonts of the
machine are not asked: a document looks the same everywhere. It is tagged, and the font is embedded.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import typst

FONTS = Path(__file__).parent / "fonts"


def typeset(template: Path, data: dict[str, Any]) -> bytes:
    """The PDF of a template that reads `data.json` beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        document = Path(shutil.copy(template, folder))
        pdf: bytes = typst.compile(document, root=folder, font_paths=[FONTS], ignore_system_fonts=True)
    return pdf
