"""How many of SAF had which adverse event after the infusion: each subject counts once, with its worst grade.

By system organ class and preferred term (section 4.1 of the specification), as far as the events are coded.
What is not coded, or has no class, is named by its category of special interest, and in it by its CTCAE term;
"other" is no name, there the words that were entered stand, whatever their capitals.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import polars as pl

from analytics.datasets.adverse_events import FATAL
from analytics.datasets.build import Datasets
from analytics.endpoints.sets import Set
from patients.items.codelists import RELATED

SEVERE_FROM_GRADE, FATAL_GRADE = 3, 5
# What a row counts: all; a class and its preferred terms; what is uncoded, where anything is coded; a
# category of special interest and its terms.
EVERY, CLASS, PREFERRED, UNCODED = "every", "class", "preferred", "uncoded"
CATEGORY, TERM = "category", "term"
Event = dict[str, Any]  # a row of ADAE
# What is asked of an event beside its grade (section 4.1); related is possible or more.
ASPECTS: dict[str, Callable[[Event], bool]] = {
    "serious": lambda event: bool(event["AESER"]),
    "related_ld": lambda event: event["AERELLD"] in RELATED,
    "related_cart": lambda event: event["AEREL"] in RELATED,
    "related_hsct": lambda event: event["AERELGR"] in RELATED,
    "fatal": lambda event: event["AETOXGR"] == FATAL_GRADE or event["AEOUT"] == FATAL,
}


def adverse_event_counts(data: Datasets) -> dict[str, Any]:
    """The size of SAF, and rows with `kind`, `code`, `text`, the worst event of each subject, and who had an
    event of each aspect; how many events are coded by which `dictionaries`, and how many are `uncoded`.

    The rows are sorted by the number of subjects, the most first, then by name.
    """
    treated = Set.SAF.of(data)
    emergent = data.adae.filter(pl.col("TRTEMFL")).join(treated.select("SUBJID"), on="SUBJID", how="semi")
    events = emergent.to_dicts()
    coded = [event for event in events if _is_coded(event)]
    return {
        "size": treated.height,
        "rows": list(_rows(events, coded)),
        "dictionaries": _dictionaries(coded),
        "uncoded": len(events) - len(coded),
    }


def _is_coded(event: Event) -> bool:
    """Whether it has a preferred term in a class: an invented dictionary may have none."""
    return bool(event["AEPTCD"] and event["AEBDSYCD"])


def _dictionaries(coded: list[Event]) -> list[dict[str, Any]]:
    counted = Counter((event["AEDICT"], event["AEDICTV"]) for event in coded)
    return [{"name": name, "version": version, "events": n} for (name, version), n in sorted(counted.items())]


def _rows(events: list[Event], coded: list[Event]) -> Iterator[dict[str, Any]]:
    yield _row(EVERY, events)
    for code, some in _grouped(coded, lambda event: event["AEBDSYCD"]):
        yield _row(CLASS, some, code=code, text=some[0]["AEBODSYS"])
        for term, same in _grouped(some, lambda event: event["AEPTCD"]):
            yield _row(PREFERRED, same, code=term, text=same[0]["AEDECOD"])
    uncoded = [event for event in events if not _is_coded(event)]
    if coded and uncoded:
        yield _row(UNCODED, uncoded)
    yield from _by_category(uncoded)


def _by_category(events: list[Event]) -> Iterator[dict[str, Any]]:
    for category, some in _grouped(events, lambda event: event["AESCAT"] or ""):
        yield _row(CATEGORY, some, code=category)
        for (_, code), same in _grouped(some, _name):
            yield _row(TERM, same, code=code, text="" if code else _as_entered(same))


def _grouped(events: list[Event], key: Callable[[Event], Any]) -> list[tuple[Any, list[Event]]]:
    """The groups of events, those of the most subjects first, then by name."""
    groups: dict[Hashable, list[Event]] = defaultdict(list)
    for event in events:
        groups[key(event)].append(event)
    return sorted(groups.items(), key=lambda group: (-len(_worst(group[1])), group[0]))


def _name(event: Event) -> tuple[str, str]:
    """The name of an event, to sort by, and its code, if it has one that says more than "other"."""
    code = event["AETOX"] or "other"
    return (_words(event).casefold(), "") if code.split("_")[-1] == "other" else (code, code)


def _words(event: Event) -> str:
    return " ".join((event["AETERM"] or "").split())


def _as_entered(events: list[Event]) -> str:
    """The words of events that differ in capitals alone."""
    return min(map(_words, events))


def _row(kind: str, events: list[Event], *, code: str = "", text: str = "") -> dict[str, Any]:
    worst = list(_worst(events).values())
    return {"kind": kind, "code": code, "text": text, "worst": worst, "aspects": _aspects(events)}


def _aspects(events: list[Event]) -> dict[str, list[str]]:
    """Who had such an event, whether or not it was the worst of theirs."""
    return {
        aspect: sorted({event["SUBJID"] for event in events if holds(event)})
        for aspect, holds in ASPECTS.items()
    }


def _worst(events: list[Event]) -> dict[str, dict[str, Any]]:
    """The event of the worst grade of each subject, the first of several; one of unknown grade only if there
    is no other."""
    worst: dict[str, Event] = {}
    for event in sorted(events, key=lambda one: (one["SUBJID"], -(one["AETOXGR"] or 0), one["AESEQ"])):
        worst.setdefault(event["SUBJID"], event)
    names = {"subject": "SUBJID", "grade": "AETOXGR", "visit": "visit", "row_key": "row_key"}
    return {code: {name: event[column] for name, column in names.items()} for code, event in worst.items()}
