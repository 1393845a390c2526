"""The terms that wait for whoever codes, on the first screen."""

from collections.abc import Collection
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.coding.standing import LATE_AFTER_DAYS, WAITING, CodedTerm, days_waiting, entered_at, terms_at
from patients.web.coding_presenter import url_of
from patients.web.states import mark
from patients.web.work_presenter import FIRST_ROWS, WorkLine, WorkList


def terms_to_code(sites: Collection[str], now: datetime) -> WorkList:
    """Those of these sites, the first entered first."""
    terms = terms_at(sites, WAITING)
    saved = entered_at(terms[:FIRST_ROWS])
    lines = [_line(term, days_waiting(saved.get(term.key), now)) for term in terms[:FIRST_ROWS]]
    return WorkList(
        "code", _("To code"), _("terms to code"), mark("progress"), len(terms), lines, reverse("coding")
    )


def _line(term: CodedTerm, days: int) -> WorkLine:
    place = " ".join(part for part in (term.coded.form, term.visit, term.row_key) if part)
    waited = ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
    late = "warn" if days > LATE_AFTER_DAYS else ""
    title = f"{term.subject} · {place} · {term.verbatim}"
    return WorkLine(mark("progress"), url_of(term), title, str(term.state.label), waited, late)
