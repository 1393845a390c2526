"""The page of the figures of a lock that stand beside the curves of its results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.urls import reverse

from analytics.locks.models import Lock
from analytics.reports.chimerism_figure import chimerism_figure
from analytics.reports.crs_figure import crs_figure
from analytics.reports.drawing import Link
from analytics.reports.figure_card import FigureCard
from analytics.reports.figure_data import FIGURES, has_data
from analytics.reports.flow_figure import flow_figure
from analytics.reports.forest_figure import forest_figure
from analytics.reports.mrd_figure import mrd_figure
from analytics.reports.neutrophil_figure import neutrophil_figure
from analytics.reports.swimmer_figure import swimmer_figure

_DRAWN: dict[str, tuple[str, Callable[[Any, Link], FigureCard | None]]] = {
    "flow": ("flow", flow_figure),
    "swimmer": ("swimmer", swimmer_figure),
    "forest": ("subgroups", forest_figure),
    "crs": ("crs", crs_figure),
    "neutrophils": ("neutrophils", neutrophil_figure),
    "chimerism": ("chimerism", chimerism_figure),
    "mrd": ("mrd", mrd_figure),
}
"""The figures in their order: the exhibit that each is drawn from."""


@dataclass(frozen=True, slots=True)
class LockFiguresScreen:
    """Everything that the template says. `with_data`: the figures whose data of all subjects are a file."""

    lock: Lock
    cards: tuple[FigureCard, ...]
    with_data: frozenset[str]


def lock_figures_screen(lock: Lock, exhibits: Mapping[str, Any]) -> LockFiguresScreen:
    """A run of before has none of these figures."""
    cards = tuple(cards_of(lock, exhibits).values())
    return LockFiguresScreen(lock, cards, FIGURES if has_data(lock) else frozenset())


def cards_of(lock: Lock, exhibits: Mapping[str, Any]) -> dict[str, FigureCard]:
    """The figures that there are, by their names."""
    found = {
        name: figure(exhibits[exhibit], link_to(lock, name))
        for name, (exhibit, figure) in _DRAWN.items()
        if exhibit in exhibits
    }
    return {name: card for name, card in found.items() if card is not None}


def link_to(lock: Lock, figure: str) -> Link:
    """From a part of a figure to the page of its subjects."""
    return partial(_address, lock.pk, figure)


def _address(lock: int, figure: str, part: str) -> str:
    return reverse("figure-subjects", args=[lock, figure, part])
