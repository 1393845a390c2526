"""A figure on the page of the figures: the drawing, what must be said with it, and its numbers as a table."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.reports.drawing import Drawing

NONE = "–"
TITLES: dict[str, Promise] = {
    "survival": gettext_lazy("Overall and progression-free survival"),
    "incidence": gettext_lazy("Cumulative incidence of acute GVHD"),
    "flow": gettext_lazy("Flow of the subjects"),
    "swimmer": gettext_lazy("Course of each subject"),
    "forest": gettext_lazy("Subgroups"),
    "crs": gettext_lazy("CRS by day"),
    "neutrophils": gettext_lazy("Neutrophils by day"),
    "chimerism": gettext_lazy("Donor cells by day"),
    "mrd": gettext_lazy("MRD by day"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A cell, and the page of the subjects behind it."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a figure; the first cell of a row names it."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True, slots=True)
class FigureCard:
    """One figure with its notes and its numbers."""

    drawing: Drawing
    notes: tuple[str, ...]
    numbers: Numbers

    @property
    def name(self) -> str:
        return self.drawing.name

    @property
    def title(self) -> str:
        return self.drawing.title

    @property
    def caption(self) -> str:
        return " ".join(self.notes)


def how_many(shown: int, of: int, order: str) -> str:
    """That not all are drawn, and which are; nothing where all are."""
    if shown >= of:
        return ""
    said = _("%(shown)s of %(of)s subjects are drawn, %(order)s.")
    return said % {"shown": shown, "of": of, "order": order}


def notes_of(*said: str) -> tuple[str, ...]:
    """Those that there are."""
    return tuple(note for note in said if note)
