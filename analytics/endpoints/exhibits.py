"""What the pages of a lock draw and list beside the figures: plain numbers that are stored with the run.

Each entry has the codes of the subjects behind its numbers. Words stand with the pages: here are codes alone.
"""

from typing import Any

from analytics.datasets.build import Datasets
from analytics.endpoints.adverse_events import adverse_event_counts
from analytics.endpoints.board import board_of
from analytics.endpoints.courses import chimerism_of, crs_of, mrd_of, neutrophils_of
from analytics.endpoints.curves import curves_of
from analytics.endpoints.dose_limiting import dose_limiting_of
from analytics.endpoints.flow import flow_of
from analytics.endpoints.populations import populations_of
from analytics.endpoints.rates import rates_of
from analytics.endpoints.safety import safety_of
from analytics.endpoints.stopping import stopping_of
from analytics.endpoints.subgroups import subgroups_of
from analytics.endpoints.swimmer import swimmer_of
from analytics.endpoints.times import times_of


def exhibits_of(data: Datasets) -> dict[str, Any]:
    """`curves`: survival and incidence. `adverse_events`: who had which. The others: section 4 of the
    specification, each as its module says."""
    return {
        "curves": curves_of(data),
        "adverse_events": adverse_event_counts(data),
        "populations": populations_of(data),
        "safety": safety_of(data),
        "dose_limiting": dose_limiting_of(data),
        "stopping": stopping_of(data),
        "board": board_of(data),
        "rates": rates_of(data),
        "times": times_of(data),
        "subgroups": subgroups_of(data),
        "flow": flow_of(data),
        "swimmer": swimmer_of(data),
        "crs": crs_of(data),
        "neutrophils": neutrophils_of(data),
        "chimerism": chimerism_of(data),
        "mrd": mrd_of(data),
    }
