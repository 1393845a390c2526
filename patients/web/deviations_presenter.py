"""The list of protocol deviations: as lines of the screen, and as the cells of its CSV."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from patients.casebook.form import form_model
from patients.oversight.deviation_list import DEVIATIONS
from patients.web.trail_presenter import Option
from patients.web.widgets import labels_of

MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class DeviationLine:
    """One deviation in words; `signed` says who has signed its page, where that is asked for."""

    site: str
    subject: str
    url: str
    occurred: str
    found: str
    category: str
    weight: str
    is_minor: bool
    text: str
    raised_by: str
    action: str
    excludes: str
    signed: str

    @property
    def cells(self) -> list[str]:
        """Its cells, in the order of `headings`."""
        return [
            self.site,
            self.subject,
            self.occurred,
            self.found,
            self.category,
            self.weight,
            self.text,
            self.raised_by,
            self.action,
            self.excludes,
            self.signed,
        ]


@dataclass(frozen=True, slots=True)
class DeviationsScreen:
    """Everything that the template says."""

    lines: list[DeviationLine]
    more: int
    sites: list[Option]
    weights: list[Option]


def headings() -> list[str]:
    return [
        _("Site"),
        _("Subject"),
        _("Occurred"),
        _("Found"),
        _("Category"),
        _("Class"),
        _("What happened"),
        _("Raised by"),
        _("Corrective action"),
        _("Excludes from"),
        _("Page signed by"),
    ]


def deviation_lines(rows: Iterable[Any], signed: Mapping[int, str] | None = None) -> list[DeviationLine]:
    return [_line(row, (signed or {}).get(row.page_id, "")) for row in rows]


def _line(row: Any, signed: str) -> DeviationLine:
    return DeviationLine(
        site=row.page.subject.site.code,
        subject=row.page.subject.code,
        url=row.page.get_absolute_url(),
        occurred=str(row.pd_dt or ""),
        found=str(row.pd_aware_dt or ""),
        category=_label(row, "pd_cat"),
        weight=_label(row, "pd_class"),
        is_minor=row.pd_class == "minor",
        text=row.pd_text or "",
        raised_by=_("the system") if row.pd_auto else _("a person"),
        action=row.pd_capa or "",
        excludes=", ".join(answers_of("pd_excl").get(code, code) for code in row.pd_excl or ()),
        signed=signed,
    )


def _label(row: Any, name: str) -> str:
    value = getattr(row, name)
    return answers_of(name).get(value, value or "")


def answers_of(name: str) -> dict[str, str]:
    """The answers of an item of the form in the language in use, by code."""
    return dict(labels_of(form_model(DEVIATIONS).item(name)))
