"""What a signature stands for: the content of a page in canonical form.

Every item that has a value or a reason for having none is in it, derived ones too: who approves eligibility
approves what was derived. What is empty is left out, so that an item that a later version of a form adds does
not break what was signed before. Of an identifying item the keyed hash stands for the value.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from patients.casebook.answers import header_of
from patients.casebook.form import FormRow
from patients.casebook.page import Page
from trial.protocol.study import STUDY

Content = dict[str, Any]


def content_of(page: Page, rows: Iterable[FormRow], form_version: str) -> Content:
    """A page with its rows by natural keys."""
    dated = {"form_date": page.form_date.isoformat()} if page.form_date else {}
    return {
        "study": STUDY.study_id,
        "subject": page.subject.code,
        "visit": page.visit_code,
        "form": page.form_code,
        "form_version": form_version,
        "header": header_of(page) | dated,
        "rows": {row.row_key: _items(row) for row in rows},
    }


def _items(row: FormRow) -> dict[str, dict[str, str]]:
    said: dict[str, dict[str, str]] = {}
    for item in row.items():
        kept = getattr(row, item.name)
        text = (kept or "") if item.declared.identity else item.text(kept)
        parts = {
            "value": text,
            "unit": item.declared.unit if text else "",
            "missing": row.missing.get(item.name),
        }
        if any(parts.values()):
            said[item.name] = {name: part for name, part in parts.items() if part}
    return said


def digest_of(content: Content) -> str:
    """SHA-256 of the canonical JSON (sorted names, no spaces, UTF-8), in hexadecimal."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
