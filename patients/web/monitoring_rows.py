"""The rows behind the figures of a monitoring visit, as the screen and the report say them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.casebook.form import form_model, is_declared
from patients.oversight.queries import Query
from patients.oversight.since_visit import OF_PAGES, Figure
from patients.web.clocks import moment
from patients.web.query_words import asker_of, item_in_words, mark_of, place_in_words, text_of, url_of
from patients.web.trail_presenter import place_of, row_of
from trial.trail.models import TrailChange, TrailEvent

TITLES: dict[Figure, Promise] = {
    Figure.CORRECTED: gettext_lazy("Values corrected"),
    Figure.ASKED: gettext_lazy("New queries"),
    Figure.ANSWERED: gettext_lazy("Answered queries waiting"),
    Figure.TO_VERIFY: gettext_lazy("Pages to verify"),
    Figure.UNSIGNED: gettext_lazy("Signatures missing"),
    Figure.SERIOUS: gettext_lazy("New serious events"),
    Figure.DEVIATIONS: gettext_lazy("New deviations"),
    Figure.SUBJECTS: gettext_lazy("New subjects"),
}
Names = Mapping[str, str]
"""Printed names by user name."""


def heads_of(figure: Figure) -> list[str]:
    """What stands over the columns of `cells_of`."""
    if figure is Figure.CORRECTED:
        return [_("Where"), _("Item"), _("From"), _("To"), _("Why"), _("When, who")]
    if figure in (Figure.ASKED, Figure.ANSWERED):
        return [_("Subject"), _("Page"), _("Item"), _("Question"), _("Asked by"), _("State")]
    if figure in OF_PAGES:
        return [_("Subject"), _("Visit"), _("Form")]
    if figure is Figure.SUBJECTS:
        return [_("Subject"), _("Registered"), _("By")]
    return [_("Subject"), _("Row"), _("Entered")]


def cells_of(figure: Figure, row: Any, names: Names) -> list[str]:
    """A row in words, without anything that identifies a person."""
    if figure is Figure.CORRECTED:
        return _correction(row)
    if figure in (Figure.ASKED, Figure.ANSWERED):
        return _query(row, names)
    if figure in OF_PAGES:
        return page_cells(row.subject.code, row.visit_code, row.form_code)
    if figure is Figure.SUBJECTS:
        return [row.subject, moment(row.at), row.actor_name or row.actor]
    return [row["event__subject"], row["row_key"], moment(row["at"])]


def _correction(change: TrailChange) -> list[str]:
    event: TrailEvent = change.event
    row = row_of(change, event)
    hidden = _("withheld") if row.is_withheld else ""
    who = f"{moment(event.at)} {event.actor_name or event.actor}"
    return [place_of(event), row.label, row.old or hidden, row.new or hidden, row.why, who]


def _query(query: Query, names: Names) -> list[str]:
    return [
        query.whose.code,
        place_in_words(query),
        item_in_words(query),
        text_of(query, identify=False),
        asker_of(query, names),
        str(mark_of(query).label),
    ]


def page_cells(subject: str, visit: str, form: str) -> list[str]:
    title = f"{form} · {form_model(form).form.title}" if is_declared(form) else form
    return [subject, visit or "–", title]


def urls_of(figure: Figure, rows: Iterable[Any]) -> list[str]:
    """Where each row leads; the rows of logs and corrections to the subject, whose page is found there."""
    return [_url(figure, row) for row in rows]


def _url(figure: Figure, row: Any) -> str:
    if figure is Figure.TO_VERIFY:
        return reverse("verify", args=[row.pk])
    if figure is Figure.UNSIGNED:
        return str(row.get_absolute_url())
    if figure in (Figure.ASKED, Figure.ANSWERED):
        return url_of(row)
    subject = row.event.subject if figure is Figure.CORRECTED else _subject(row)
    return reverse("subject", args=[subject]) if subject else ""


def _subject(row: Any) -> str:
    return str(row.subject if isinstance(row, TrailEvent) else row["event__subject"])
