"""All figures of the catalogue, in its order."""

from analytics.datasets.build import Datasets
from analytics.endpoints.catalogue import catalogue
from analytics.endpoints.cohort import cohort_figures
from analytics.endpoints.figure import Figure
from analytics.endpoints.history import history_figures
from analytics.endpoints.outcome import outcome_figures
from analytics.endpoints.survival_times import survival_figures
from analytics.endpoints.toxicity import toxicity_figures

__all__ = ["Figure", "compute_figures"]

_ROOMS = (cohort_figures, history_figures, outcome_figures, toxicity_figures, survival_figures)


def compute_figures(data: Datasets) -> list[Figure]:
    """Every figure, with a value or the reason for having none."""
    computed = {figure.id: figure for room in _ROOMS for figure in room(data)}
    return [computed[id] for id in catalogue()]
