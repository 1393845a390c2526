"""Typesetting: a template and the data that stand in it become a PDF, with the font beside this module.

Data reach the template as JSON, so that what somebody typed is text and never markup. The fonts of the
machine are not asked: a document looks the same everywhere. It is tagged, and the font is embedded.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

FONTS = Path(__file__).parent / "fonts"
ARCHIVAL = "a-2b"
"""PDF/A-2b (ISO 19005-2): everything that it needs is in the file, for as long as it is kept."""
PRINT_PPI = 300
_PICTURE = '#set page(width: auto, height: auto, margin: 4pt)\n#image("picture.svg", width: 150mm)\n'


def typeset(
    template: Path, data: dict[str, Any], *, beside: Mapping[str, str] | None = None, archival: bool = False
) -> bytes:
    """The PDF of a template that reads `data.json`, and the texts of these names, beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        for other, text in (beside or {}).items():
            (folder / other).write_text(text, encoding="utf-8")
        document = Path(shutil.copy(template, folder))
        return _compiled(document, pdf_standards=[ARCHIVAL] if archival else [])


def drawn(svg: str) -> bytes:
    """A drawing as a PNG in the resolution of print."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "picture.svg").write_text(svg, encoding="utf-8")
        document = Path(name) / "picture.typ"
        document.write_text(_PICTURE, encoding="utf-8")
        return _compiled(document, format="png", ppi=PRINT_PPI)


def _compiled(document: Path, **how: Any) -> bytes:
    made: bytes = typst.compile(
        document, root=document.parent, font_paths=[FONTS], ignore_system_fonts=True, **how
    )
    return made
