"""The list of queries as it is taken out."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from patients.oversight.queries import Query
from patients.web.clocks import moment
from patients.web.query_words import (
    asker_of,
    item_in_words,
    priority_of,
    text_of,
    waits_for,
)


def row_of(query: Query, names: Mapping[str, str]) -> list[str]:
    """A query (as `queries_for` finds it). Of what identifies a subject nothing is in it."""
    return [str(query.pk), *_cells(query, names)]


def headings() -> list[str]:
    """What the columns are called."""
    return [
        _("No."),
        _("Site"),
        _("Subject"),
        _("Visit"),
        _("Form"),
        _("Row"),
        _("Item"),
        _("About"),
        _("Question"),
        _("State"),
        _("Priority"),
        _("Raised by"),
        _("Waits for"),
        _("Opened"),
        _("Answered"),
        _("Closed"),
        _("Times opened"),
        _("Data changed"),
    ]


def _cells(query: Query, names: Mapping[str, str]) -> list[str]:
    subject = query.whose
    changed = {True: _("yes"), False: _("no"), None: ""}[query.changed_data]
    return [
        subject.site.code,
        subject.code,
        query.visit_code,
        query.form_code,
        query.row_key,
        query.item,
        item_in_words(query),
        text_of(query, identify=False),
        query.get_state_display(),
        priority_of(query),
        asker_of(query, names),
        waits_for(query, names),
        moment(query.opened_at),
        moment(query.answered_at),
        moment(query.closed_at),
        str(query.times_opened),
        changed,
    ]
