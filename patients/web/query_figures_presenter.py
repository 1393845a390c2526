"""The figures of queries on a screen: each is a link to its rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.oversight.query_figures import AGES, Figures
from patients.web.queries_presenter import AGES_IN_WORDS
from patients.web.query_filters import ALL_OPEN, BY_CHECK, BY_PERSON


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the address of the queries that it is made of; without any there is nothing to see."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """The figures of a site, of what people or what checks asked."""

    site: str
    asked_by: str
    raised: Figure
    per_100_pages: str
    pages: int
    by_age: list[Figure]
    to_answer: Figure
    to_close: Figure
    changed: Figure


@dataclass(frozen=True, slots=True)
class FiguresScreen:
    rows: list[FigureRow]

    @property
    def ages(self) -> list[str]:
        return list(AGES_IN_WORDS.values())


def figures_screen(found: Iterable[Figures]) -> FiguresScreen:
    return FiguresScreen([_row(each) for each in found])


def _row(found: Figures) -> FigureRow:
    return FigureRow(
        site=found.site,
        asked_by=_("edit checks") if found.by_check else _("people"),
        raised=_figure(found, str(found.raised), found.raised),
        per_100_pages="–" if found.per_100_pages is None else f"{found.per_100_pages:.1f}",
        pages=found.pages,
        by_age=[
            _figure(found, str(found.open_by_age[age]), found.open_by_age[age], state=ALL_OPEN, age=age)
            for age in AGES
        ],
        to_answer=_figure(found, _time(found.to_answer, found.answered), found.answered, became="answered"),
        to_close=_figure(found, _time(found.to_close, found.closed), found.closed, became="closed"),
        changed=_figure(found, _share(found), found.changed, became="changed"),
    )


def _figure(found: Figures, text: str, number: int, **asked: str) -> Figure:
    asked |= {"site": found.site, "raised": BY_CHECK if found.by_check else BY_PERSON}
    return Figure(text, f"{reverse('queries')}?{urlencode(asked)}" if number else "")


def _time(middle: timedelta | None, number: int) -> str:
    """`3.5 days of 12`: the median and of how many it is one; hours where it is less than two days."""
    if middle is None:
        return "–"
    hours = middle.total_seconds() / 3600
    if hours < 48:
        text = _("%(hours)s h") % {"hours": f"{hours:.1f}"}
    else:
        text = _("%(days)s days") % {"days": f"{hours / 24:.1f}"}
    return f"{text} ({number})"


def _share(found: Figures) -> str:
    if found.share_changed is None:
        return "–"
    of = ngettext("%(changed)s of %(count)s", "%(changed)s of %(count)s", found.closed) % {
        "changed": found.changed,
        "count": found.closed,
    }
    return f"{of} ({found.share_changed:.0%})"
