"""The datasets of some subjects: their records in order, numbered, dated in days of study, with epoch and
visit; what has no room in a record beside it as qualifier; and which records are related."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl

from analytics.datasets.story import Story
from analytics.exports.formats.xport import within
from analytics.exports.sdtm.adverse_events import adverse_events
from analytics.exports.sdtm.design import design, visit_name, visit_number
from analytics.exports.sdtm.domains import (
    DOMAINS,
    GENERAL,
    GENETIC,
    MOST_BYTES,
    QUALIFIED,
    Domain,
    schema_of,
    supplemental,
)
from analytics.exports.sdtm.epochs import Passed, elements_of, epoch_of, reference_start, study_day
from analytics.exports.sdtm.laboratory import results
from analytics.exports.sdtm.observations import Observation, Qualifier
from analytics.exports.sdtm.reading import observations_of
from analytics.exports.sdtm.related import related
from analytics.exports.sdtm.subject_domains import subject_domains
from trial.protocol.study import STUDY

Rows = dict[str, list[dict[str, Any]]]
PREFIX = f"{STUDY.registry_id}-"
"""Before the code of a subject: what makes it unique outside of the study."""
_DAY = len("2025-08-05")
_SURELY_ROOM = MOST_BYTES // 4
"""So many characters have room, whatever they are: none takes more than four bytes of UTF-8."""


def of_subjects(stories: Iterable[Story]) -> dict[str, pl.DataFrame]:
    """Every dataset of these subjects, by its name."""
    rows: Rows = {name: [] for name in DOMAINS}
    for story in stories:
        for name, found in _of_subject(story).items():
            rows[name] += found
    return {name: _frame(DOMAINS[name], found) for name, found in rows.items()}


def of_design() -> dict[str, pl.DataFrame]:
    """The datasets of the trial's design."""
    return {
        name: _frame(
            DOMAINS[name], [{"STUDYID": STUDY.registry_id, "DOMAIN": name, **row} for row in records]
        )
        for name, records in design().items()
    }


def _frame(domain: Domain, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Most variables of a domain are told by no row: these are not asked for one by one."""
    told, nothing = set().union(*rows), [None] * len(rows)
    return pl.DataFrame(
        [
            pl.Series(name, [row.get(name) for row in rows] if name in told else nothing, dtype=kind)
            for name, kind in schema_of(domain).items()
        ]
    )


# --- one subject ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Clock:
    """What records of a subject are dated by."""

    start: date | None
    passed: list[Passed]


def _of_subject(story: Story) -> Rows:
    found: defaultdict[str, list[Observation]] = defaultdict(list)
    for source in (subject_domains, adverse_events, observations_of, results):
        for observation in source(story):
            found[observation.domain].append(observation)
    clock = _Clock(reference_start(story), elements_of(story))
    rows: Rows = defaultdict(list)
    places: dict[str, dict[tuple[str, str, str], int]] = {}
    for domain, observations in found.items():
        records = list(_numbered(DOMAINS[domain], observations, story, clock))
        rows[domain] = [row for row, _observation in records]
        if domain in QUALIFIED:
            rows[supplemental(domain)] = list(_qualifiers(domain, records))
        places[domain] = {one.place: row.get(f"{domain}SEQ", 0) for row, one in reversed(records)}
    rows["RELREC"] = [{"STUDYID": STUDY.registry_id, **row} for row in related(story, places, PREFIX)]
    return rows


def _numbered(
    domain: Domain, observations: list[Observation], story: Story, clock: _Clock
) -> Iterator[tuple[dict[str, Any], Observation]]:
    """The records by date, each with what all records of its class say."""
    ordered = sorted(observations, key=lambda one: (_dated(domain, one), one.place))
    for number, one in enumerate(ordered, 1):
        row = {
            "STUDYID": STUDY.registry_id,
            "DOMAIN": domain.code,
            "USUBJID": f"{PREFIX}{story.subject}",
            f"{domain.code}SEQ": number,
            **one.values,
            GENETIC: one.is_genetic,
        }
        if domain.of in GENERAL:
            row |= _timing(domain, one, clock)
        yield row, one


def _dated(domain: Domain, one: Observation) -> str:
    """As text: a partial date stands before the days that it can mean."""
    code = domain.code
    return str(one.values.get(f"{code}DTC") or one.values.get(f"{code}STDTC") or "")


def _timing(domain: Domain, one: Observation, clock: _Clock) -> dict[str, Any]:
    code = domain.code
    begun, ended = _day(one, f"{code}STDTC"), _day(one, f"{code}ENDTC")
    collected = _day(one, f"{code}DTC")
    return {
        f"{code}SPID": one.spid or None,
        "VISITNUM": visit_number(one.place[1]),
        "VISIT": visit_name(one.place[1]),
        "EPOCH": epoch_of(collected or begun, clock.passed),
        f"{code}DY": study_day(collected, clock.start),
        f"{code}STDY": study_day(begun, clock.start),
        f"{code}ENDY": study_day(ended, clock.start),
    }


def _day(one: Observation, variable: str) -> date | None:
    """The day of a date that has one."""
    text = one.values.get(variable)
    return _read_day(text[:_DAY]) if text and len(text) >= _DAY else None


_read_day = lru_cache(maxsize=4096)(date.fromisoformat)
"""The same days come again and again."""


# --- what has no room in a record -------------------------------------------------------------------------
def _qualifiers(
    domain: str, records: Iterable[tuple[dict[str, Any], Observation]]
) -> Iterator[dict[str, Any]]:
    """The qualifiers of the records and, after each, what of its texts is beyond 200 bytes: the record keeps
    the first part."""
    told: set[str] = set()
    for row, one in records:
        if not (one.of_place and one.spid in told):
            told.add(one.spid)
            for qualifier in one.qualifiers:
                yield from _parts(domain, row, one, qualifier)
        yield from _rest_of_texts(domain, row, one)


def _parts(
    domain: str, row: Mapping[str, Any], one: Observation, said: Qualifier
) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(within(said.text, MOST_BYTES)):
        yield _qualifier(domain, row, one, said, _numbered_name(said.name, number), text)


def _rest_of_texts(domain: str, row: dict[str, Any], one: Observation) -> Iterator[dict[str, Any]]:
    for name, text in row.items():
        if isinstance(text, str) and len(text) > _SURELY_ROOM and len(text.encode()) > MOST_BYTES:
            row[name], *rest = within(text, MOST_BYTES)
            for number, piece in enumerate(rest, 1):
                said = Qualifier(name, f"{name} continued", piece, is_genetic=one.is_genetic)
                yield _qualifier(domain, row, one, said, _numbered_name(name, number), piece, by_number=True)


def _numbered_name(name: str, number: int) -> str:
    return f"{name[: 8 - len(str(number))]}{number}" if number else name


def _qualifier(
    domain: str,
    row: Mapping[str, Any],
    one: Observation,
    said: Qualifier,
    name: str,
    text: str,
    *,
    by_number: bool = False,
) -> dict[str, Any]:
    """By the number of its record; that of all records of a row by the identifier of the row."""
    is_of_row = one.of_place and not by_number
    variable = f"{domain}SPID" if is_of_row else f"{domain}SEQ"
    return {
        "STUDYID": STUDY.registry_id,
        "RDOMAIN": domain,
        "USUBJID": row["USUBJID"],
        "IDVAR": None if domain == "DM" else variable,
        "IDVARVAL": None if domain == "DM" else str(row[variable]),
        "QNAM": name,
        "QLABEL": said.label,
        "QVAL": text,
        "QORIG": said.origin,
        GENETIC: said.is_genetic,
    }
