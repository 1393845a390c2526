"""A blank form to be filled in by hand while Chimera cannot be reached, with its version (RB-06).

It asks what the screen asks, from the same declarations. A form with several rows has one row on a sheet.
"""

from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from patients.casebook.annotated import form_as_asked
from patients.casebook.form import FormRow, Repeat, form_model
from patients.casebook.page import NotDoneReason
from patients.casebook.typesetting import typeset
from patients.items.missing import MissingReason
from trial.edition import EDITION
from trial.protocol.study import STUDY, site_today

TEMPLATE = Path(__file__).with_name("blank.typ")


def blank_form(code: str, language: str = "en") -> bytes:
    """The form of this code on paper. Raises KeyError for one that this version does not have."""
    model = form_model(code)
    with translation.override(language):
        data = _document(model, language)
    return typeset(TEMPLATE, data)


def _document(model: type[FormRow], language: str) -> dict[str, Any]:
    form, today = model.form, site_today()
    named = {"form": form.version, "protocol": STUDY.protocol_version, "product": EDITION, "day": today}
    return {
        "language": language.partition("-")[0],
        "study": f"{STUDY.study_id} · {STUDY.registry_id}",
        "title": f"{form.code} {form.title}",
        "version": _("Form version %(form)s · protocol %(protocol)s · Chimera %(product)s, printed %(day)s")
        % named,
        "day": [today.year, today.month, today.day],
        "form": form_as_asked(model),
        "is_row": form.repeat is Repeat.ROWS,
        "missing": [str(reason.label) for reason in MissingReason],
        "not_done": [str(reason.label) for reason in NotDoneReason],
        "words": _words(),
    }


def _words() -> dict[str, Any]:
    return {
        "subject": _("Subject"),
        "head": [_("Subject"), _("Site"), _("Visit"), _("Date of assessment (local site date)")],
        "row": _("Row (one sheet for each)"),
        "not_done": _("Form not done, because"),
        "no_value": _("No value, because"),
        "when": _("if"),
        "derived": _("Chimera derives it"),
        "filled": [_("Filled in by (name, role)"), _("Date and time"), _("Signature")],
        "entered": [_("Transcribed into Chimera by"), _("Date and time"), _("Signature")],
        "late": _("When it is entered later, tick “transcribed from paper” on the page."),
        "note": _("Correct with one line through the old entry, with date, initials and reason."),
    }
