"""A query in words and marks, wherever a screen shows one."""

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.casebook.form import form_model
from patients.entry.asking import item_of
from patients.oversight.queries import Priority, Query, QueryState
from patients.web.states import StateMark, mark
from trial.people.roles import Role

MARKS = {QueryState.OPEN: "query", QueryState.ANSWERED: "answered", QueryState.CLOSED: "closed"}
"""The state of the stylesheet for each state of a query: red, amber and green, and a shape of its own."""
NUMBERED = "X-"
"""How the numbers of edit checks begin; a limit of an item has none."""
_WAITS: dict[str, Promise] = {
    QueryState.OPEN: gettext_lazy("the site"),
    QueryState.ANSWERED: gettext_lazy("whoever asked"),
}


def url_of(query: Query) -> str:
    return reverse("query", args=[query.pk])


def mark_of(query: Query) -> StateMark:
    return mark(MARKS[QueryState(query.state)])


def text_of(query: Query, *, identify: bool) -> str:
    """The question as a person may read it: what a check says of an identifying item quotes its value."""
    if not query.is_automatic or query.page is None:
        return query.text
    item = item_of(query.page, query.item)
    if item is not None and item.declared.identity and not identify:
        return _("The value is withheld.")
    return query.text


def item_in_words(query: Query) -> str:
    """What is asked about: the label of the item with its row, or the whole of something."""
    if query.page is None:
        return _("the whole visit") if query.visit else _("the subject")
    if not query.item:
        return _("the whole page")
    item = item_of(query.page, query.item)
    label = str(item.declared.label) if item else query.item
    if not query.row_key:
        return label
    return _("%(label)s, row %(row)s") % {"label": label, "row": query.row_key}


def place_in_words(query: Query) -> str:
    """`RESP HM1`; empty for a query about a subject."""
    return " ".join(part for part in (query.form_code, query.visit_code) if part)


def place_url(query: Query) -> str:
    """Where what is asked about stands: its item on the page, or the subject."""
    if query.page is None:
        return query.whose.get_absolute_url()
    return query.page.get_absolute_url() + (f"#i-{query.item}" if query.item and not query.row_key else "")


def title_of_page(query: Query) -> str:
    return str(form_model(query.form_code).form.title) if query.page else ""


def waits_for(query: Query, names: Mapping[str, str]) -> str:
    """Who has to do something: the person or the role asked, else the side; empty once it is closed.
    `names` are printed names by user name."""
    if query.is_open and query.assigned_to:
        return names.get(query.assigned_to, query.assigned_to)
    if query.is_open and query.assigned_role:
        return str(Role(query.assigned_role).label)
    return str(_WAITS.get(query.state, ""))


def asker_of(query: Query, names: Mapping[str, str]) -> str:
    """Who asks: a person, or an edit check by its number."""
    if query.raised_by:
        return names.get(query.raised_by, query.raised_by)
    return _("check %s") % query.check_id if query.check_id.startswith(NUMBERED) else _("an edit check")


def priority_of(query: Query) -> str:
    """In words where it is not the usual one."""
    if query.priority is None or query.priority == Priority.NORMAL:
        return ""
    return str(Priority(query.priority).label)


def age_in_words(query: Query, now: datetime) -> str:
    """How long it has been open; for one that is closed, how long it was."""
    days = ((query.closed_at or now) - query.opened_at).days
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
