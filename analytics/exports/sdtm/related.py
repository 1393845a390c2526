"""RELREC: what of a subject belongs together: a medicine and the event that it was given for, the judgement
of a toxicity and its events."""

from collections.abc import Iterator, Mapping
from typing import Any

from analytics.datasets.story import Story
from analytics.exports.sdtm.domains import GENETIC
from patients.casebook.answers import Record

Places = Mapping[str, Mapping[tuple[str, str, str], int]]
_LINKS = (("CM", "CM", "cm_ae_link"), ("DLT", "FA", "dlt_ae"))
"""The form that refers to rows of AE, the domain of its records, and the item that does."""


def related(story: Story, places: Places, prefix: str) -> Iterator[dict[str, Any]]:
    """Two records for each relation, by the number of either in its dataset."""
    number = 0
    events = {place[2]: seq for place, seq in places.get("AE", {}).items()}
    for form, domain, item in _LINKS:
        for record in story.casebook.records(form):
            own = places.get(domain, {}).get(record.place)
            for key in _named(record, item):
                if own is not None and key in events:
                    number += 1
                    for of, seq in ((domain, own), ("AE", events[key])):
                        yield {
                            "RDOMAIN": of,
                            "USUBJID": f"{prefix}{story.subject}",
                            "IDVAR": f"{of}SEQ",
                            "IDVARVAL": str(seq),
                            "RELTYPE": None,
                            "RELID": f"R{number}",
                            GENETIC: False,
                        }


def _named(record: Record, item: str) -> list[str]:
    value = record.values.get(item)
    return value if isinstance(value, list) else [value] if value else []
