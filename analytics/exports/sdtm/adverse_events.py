"""AE: the events as ADAE knows them, an end or a death after the cut-off left out, with what their terms
were coded as."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from analytics.datasets.adverse_events import AdverseEvent, adverse_events_of, events_as_known
from analytics.datasets.story import Story
from analytics.exports.sdtm.mapping import ADVERSE_EVENTS
from analytics.exports.sdtm.observations import Observation
from analytics.exports.sdtm.reading import occurred

CODED = {
    "AELLT": "AELLT", "AELLTCD": "AELLTCD", "AEDECOD": "AEDECOD", "AEPTCD": "AEPTCD", "AEBODSYS": "AEBODSYS",
    "AEBDSYCD": "AEBDSYCD", "AESOC": "AEBODSYS", "AESOCCD": "AEBDSYCD",
}  # fmt: skip
"""Variables of a coded term: on the primary path class and system organ class are one."""


def adverse_events(story: Story) -> Iterator[Observation]:
    """One record for each event that began on or before the cut-off."""
    for event, (_number, record) in zip(adverse_events_of(story), events_as_known(story), strict=True):
        for observation in occurred(ADVERSE_EVENTS, record):
            known = {**observation.values, **_timing(event, record.values)}
            yield replace(observation, values={**known, **_codes(event)})


def _timing(event: AdverseEvent, values: Any) -> dict[str, Any]:
    start, time = event.start_entered, values["ae_start_time"]
    exact = start is not None and values["ae_start"].is_full and time is not None
    return {
        "AESTDTC": f"{start}T{time.isoformat(timespec='minutes')}" if exact else start,
        "AEENDTC": event.end_entered,
        "AEOUT": _bare(event, "AEOUT"),
        "AETOXGR": None if (grade := _bare(event, "AETOXGR")) is None else str(grade),
    }


def _codes(event: AdverseEvent) -> dict[str, Any]:
    found = {name: _bare(event, of) for name, of in CODED.items()}
    return {name: _number(name, told) for name, told in found.items() if told is not None}


def _number(name: str, told: str) -> int | str | None:
    """Codes of MedDRA are numbers."""
    if not name.endswith("CD"):
        return told
    return int(told) if told.isdigit() else None


def _bare(event: AdverseEvent, name: str) -> Any:
    fact = event.facts[name]
    return None if fact is None else fact.value
