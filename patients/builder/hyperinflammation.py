"""Hyperinflammation: severe CRS was looked at for IEC-HS, and was none."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from patients.builder import laboratory
from patients.builder.story import PageRow, Story

LOOKED_AT_FROM_GRADE = 3
AFTER_ONSET_DAYS = 1


def hyperinflammation(story: Story) -> Iterator[PageRow]:
    """HLH: the day after the peak of CRS of grade 3 or more."""
    onset = story.facts.crs_onset_date
    if onset is None or (story.facts.crs_max_grade or 0) < LOOKED_AT_FROM_GRADE:
        return
    day = onset + timedelta(AFTER_ONSET_DAYS)
    if day <= story.facts.last_contact_date:
        values = {
            "hlh_dt": day,
            "hlh_ferritin": laboratory.ferritin_on(story, day).quantize(Decimal("0.1")),
            "hlh_timing": "concurrent_with_crs",
            "hlh_transam": False,
            "hlh_fibrinogen": False,
            "hlh_hemophag": "not_examined",
            "hlh_cytopenia": False,
            "hlh_other": ["none"],
            "hlh_alt_cause": "no",
            "hlh_dx": False,
        }
        yield PageRow(form="HLH", day=day, visit=None, values=values)
