"""What the pages of a lock draw and list beside the figures: plain numbers that are stored with the run.

Each entry has the subjects behind its numbers. Words stand with the pages: here are codes alone.
"""

from collections.abc import Callable
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.adverse_events import adverse_event_counts
from analytics.endpoints.board import board_of
from analytics.endpoints.courses import chimerism_of, crs_of, mrd_of, neutrophils_of
from analytics.endpoints.curves import curves_of
from analytics.endpoints.dose_limiting import dose_limiting_of
from analytics.endpoints.flow import flow_of
from analytics.endpoints.listed import ROSTER, Roster, kept, kept_roster
from analytics.endpoints.populations import populations_of
from analytics.endpoints.rates import rates_of
from analytics.endpoints.resampling import bootstrap_of
from analytics.endpoints.safety import safety_of
from analytics.endpoints.stopping import stopping_of
from analytics.endpoints.subgroups import subgroups_of
from analytics.endpoints.swimmer import swimmer_of
from analytics.endpoints.times import times_of

_MADE_BY: dict[str, Callable[[Datasets], Any]] = {
    "curves": curves_of,
    "adverse_events": adverse_event_counts,
    "populations": populations_of,
    "safety": safety_of,
    "dose_limiting": dose_limiting_of,
    "stopping": stopping_of,
    "board": board_of,
    "rates": rates_of,
    "times": times_of,
    "subgroups": subgroups_of,
    "flow": flow_of,
    "swimmer": swimmer_of,
    "crs": crs_of,
    "neutrophils": neutrophils_of,
    "chimerism": chimerism_of,
    "mrd": mrd_of,
}


def exhibits_of(data: Datasets) -> dict[str, Any]:
    """The roster, and each exhibit as it is kept with it: `curves`, survival and incidence; `adverse_events`,
    who had which; the others, section 4 of the specification, each as its module says."""
    roster = roster_of_cut(data)
    return {ROSTER: kept_roster(roster)} | {name: kept(make(data), roster) for name, make in _MADE_BY.items()}


def bootstrap_exhibit(data: Datasets) -> dict[str, Any]:
    """The one that is drawn beside the others, as it is kept with them."""
    return {"bootstrap": kept(bootstrap_of(data), roster_of_cut(data))}


def roster_of_cut(data: Datasets) -> Roster:
    return Roster(data.adsl["SUBJID"].sort().cast(pl.String))
