"""What the pages of a lock draw and list beside the figures: plain numbers that are stored with the run."""

from typing import Any

from analytics.datasets.build import Datasets
from analytics.endpoints.adverse_events import adverse_event_counts
from analytics.endpoints.curves import curves_of


def exhibits_of(data: Datasets) -> dict[str, Any]:
    """`curves`: survival and incidence. `adverse_events`: who had which."""
    return {"curves": curves_of(data), "adverse_events": adverse_event_counts(data)}
