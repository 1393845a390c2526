"""The annotated blank casebook: every form as it is asked, with the SDTM variable beside each item and what
checks it, as PDF/A.

It is read from the declarations and typeset by Typst with the font that stands beside this module, so that it
looks the same on every machine and in both languages.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import typst
from django.utils import translation
from django.utils.translation import gettext as _

from patients.casebook.dictionary import rule_as_declared
from patients.casebook.form import FormRow, Repeat, declared_forms
from patients.casebook.type_words import type_in_words
from patients.items.codelists import CodeList
from patients.items.item import Item, Requirement
from patients.items.types import MultiItem
from patients.items.units import unit_in_words
from trial.edition import EDITION
from trial.protocol.study import STUDY, site_today

_HERE = Path(__file__).parent
MOST_CODES = 24  # a longer list (countries, adverse event terms) is named, not printed


def annotated_casebook(language: str = "en", on: date | None = None) -> bytes:
    """The document as PDF/A-2b, dated today or on another day."""
    with translation.override(language):
        data = _document(language, on or site_today())
    return typst.compile(
        _HERE / "annotated.typ",
        font_paths=[_HERE / "fonts"],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards="a-2b",
    )


def _document(language: str, today: date) -> dict[str, Any]:
    return {
        "language": language.partition("-")[0],
        "study": f"{STUDY.study_id} · {STUDY.registry_id}",
        "title": _("Annotated blank casebook"),
        "subtitle": str(STUDY.title),
        "version": _("Protocol %(version)s · Chimera %(product)s, printed %(day)s")
        % {"version": STUDY.protocol_version, "product": EDITION, "day": today},
        "day": [today.year, today.month, today.day],
        "note": _("An asterisk marks what is required. In blue: the name of the item and its SDTM target."),
        "words": {
            "subject": _("Subject"),
            "when": _("if"),
            "derived": _("derived:"),
            "enters": _("entered by"),
            "signs": _("signed by"),
            "rows": _("rows:"),
            "checks": _("Rules of the whole row"),
            "refused": _("keeps the page from being saved"),
            "hard": _("must hold"),
            "soft": _("is asked about"),
            "note": _("is put on record"),
            "deviation": _("is put on record as a deviation"),
        },
        "forms": [form_as_asked(model) for model in declared_forms()],
    }


def form_as_asked(model: type[FormRow]) -> dict[str, Any]:
    """What a form asks, as the templates of paper set it."""
    form = model.form
    return {
        "code": form.code,
        "title": str(form.title),
        "enters": str(form.enters),
        "signs": str(form.signs),
        "rows": _("several") if form.repeat is Repeat.ROWS else _("one"),
        "sdtm": form.sdtm,
        "sections": [{"title": title, "items": items} for title, items in _sections(model)],
        "checks": [rule_as_declared(rule) for rule in form.row_rules],
    }


def _sections(model: type[FormRow]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The items under their headings; those of a form without headings under its title."""
    titles = {section.starts_at: str(section.title) for section in model.form.sections}
    found: list[tuple[str, list[dict[str, Any]]]] = []
    for item in model.items():
        if item.name in titles or not found:
            found.append((titles.get(item.name, str(model.form.title)), []))
        found[-1][1].append(_item(item))
    return found


def _item(item: Item) -> dict[str, Any]:
    declared = item.declared
    return {
        "name": item.name,
        "label": str(declared.label),
        "hint": str(declared.hint),
        "unit": unit_in_words(declared.unit),
        "shape": "" if declared.unit else type_in_words(item.type_name),
        "when": "" if item.is_always_asked else str(declared.when),
        "required": declared.requirement is not Requirement.OPTIONAL and not item.is_derived,
        "derived": item.is_derived,
        "formula": str(declared.derivation.formula) if declared.derivation else "",
        "several": isinstance(item, MultiItem),
        "codes": [] if item.is_derived else _labels(item),
        "cdisc": declared.cdisc,
        "limits": [str(limit) for limit in (*declared.hard, *declared.soft)],
    }


def _labels(item: Item) -> list[str]:
    codes = getattr(item, "codes", None)
    labels = [str(label) for label in codes.labels.values()] if isinstance(codes, CodeList) else []
    return labels if len(labels) <= MOST_CODES else []
