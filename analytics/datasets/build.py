"""The datasets of a snapshot as typed tables, and the table of the items behind each of their values."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import islice
from typing import Any

import polars as pl

from analytics.datasets.adverse_events import ADAE, adverse_events_of, events_as_known
from analytics.datasets.analysis_sets import EXCLUSIONS, Exclusion, reasons_of
from analytics.datasets.chimerism import ADCH, chimerism_of
from analytics.datasets.courses import courses_table
from analytics.datasets.dose_limiting import ADDL, items_behind
from analytics.datasets.gvhd import ADGV, gvhd_of
from analytics.datasets.infections import ADIN, infections_of
from analytics.datasets.laboratory import ADLB, results_of
from analytics.datasets.metadata import Dataset
from analytics.datasets.responses import ADRS, assessments_of
from analytics.datasets.story import Story, tell
from analytics.datasets.subjects import ADSL, SubjectRow
from analytics.datasets.time_to_event import ADTTE, endpoints_of
from analytics.locks.snapshot import CutSubject

DATASETS = (ADSL, ADTTE, ADAE, ADIN, ADDL, EXCLUSIONS, ADLB, ADRS, ADGV, ADCH)
"""Every dataset, with what it says about itself."""
_SUBJECTS_AT_ONCE = 250  # so many casebooks are held in memory, about 1 MiB each


@dataclass(frozen=True)
class Datasets:
    """ADSL, ADTTE, ADAE, ADIN and ADDL; who is outside of which analysis set, and why; and `trace`: for each
    value of the first three the form, visit, row and item that gave it. A row of ADIN and ADDL names its
    place. `courses` holds the points of what is drawn by day."""

    cutoff: date
    adsl: pl.DataFrame
    adtte: pl.DataFrame
    adae: pl.DataFrame
    adin: pl.DataFrame
    addl: pl.DataFrame
    exclusions: pl.DataFrame
    trace: pl.DataFrame
    courses: pl.DataFrame


@dataclass(frozen=True)
class RecordDatasets:
    """The datasets that have a row for each row of the casebook; it names its place, and the metadata of a
    column its item."""

    adlb: pl.DataFrame
    adrs: pl.DataFrame
    adgv: pl.DataFrame
    adch: pl.DataFrame


def build_datasets(cutoff: date, subjects: Iterable[CutSubject], *, with_trace: bool = True) -> Datasets:
    """The datasets of the subjects of a snapshot that estimates are made of. Raises ImpossibleDates.

    The trace is the largest of the tables, 130 rows for a subject; who does not show it leaves it empty.
    """
    parts = [_part([], with_trace)]
    parts += [_part(stories, with_trace) for stories in _told(cutoff, subjects)]
    return joined(cutoff, parts)


def tables_of(data: Datasets) -> tuple[pl.DataFrame, ...]:
    """The tables in their order."""
    return tuple(getattr(data, one.name) for one in fields(data) if one.name != "cutoff")


def joined(cutoff: date, parts: Iterable[Sequence[pl.DataFrame]]) -> Datasets:
    """The datasets of which these are the tables of some subjects each, in their order."""
    return Datasets(cutoff, *(pl.concat(frames) for frames in zip(*parts, strict=True)))


def record_datasets(cutoff: date, subjects: Iterable[CutSubject]) -> Iterator[RecordDatasets]:
    """The datasets of results and assessments, of so many subjects at a time as are held at once: no estimate
    is made of them, and of a large cohort they do not fit into memory."""
    for stories in _told(cutoff, subjects):
        yield RecordDatasets(*(_rows(*one, stories) for one in _OF_RECORDS))


def datasets_by_name(stories: list[Story]) -> dict[str, pl.DataFrame]:
    """Every dataset of these subjects, by its name."""
    names = ("ADSL", "ADTTE", "ADAE", "ADIN", "ADDL", "EXCLUSIONS")
    frames = dict(zip(names, _part(stories, with_trace=False), strict=False))
    return frames | {dataset.name: _rows(dataset, rows_of, stories) for dataset, rows_of in _OF_RECORDS}


_OF_RECORDS: tuple[tuple[Dataset, Callable[[Story], Iterable[Any]]], ...] = (
    (ADLB, results_of),
    (ADRS, assessments_of),
    (ADGV, gvhd_of),
    (ADCH, chimerism_of),
)


def _rows(dataset: Dataset, rows_of: Callable[[Story], Iterable[Any]], stories: list[Story]) -> pl.DataFrame:
    return dataset.table([row for story in stories for row in rows_of(story)])


def _told(cutoff: date, subjects: Iterable[CutSubject]) -> Iterator[list[Story]]:
    """The stories of so many subjects as are held at once."""
    waiting = iter(subjects)
    while some := list(islice(waiting, _SUBJECTS_AT_ONCE)):
        yield [tell(subject, cutoff) for subject in some]


def _part(stories: list[Story], with_trace: bool) -> tuple[pl.DataFrame, ...]:
    """The tables of some subjects, in the order of `Datasets`."""
    ends = [endpoints_of(story) for story in stories]
    outside = [reasons_of(story, rows) for story, rows in zip(stories, ends, strict=True)]
    subjects = [SubjectRow(story, sets) for story, sets in zip(stories, outside, strict=True)]
    adsl, traced_subjects = ADSL.traced_table(subjects, with_trace=with_trace)
    events = [one for story in stories for one in adverse_events_of(story)]
    adae, traced_events = ADAE.traced_table(events, with_trace=with_trace)
    adtte = ADTTE.table([row for rows in ends for row in rows])
    adin = _rows(ADIN, infections_of, stories)
    behind = [one for story in stories for one in items_behind(story, events_as_known(story))]
    excluded = [Exclusion(row.subject, *one) for row in subjects for one in row.outside.items()]
    trace = pl.concat(
        [traced_subjects, _trace_of_ends(adtte if with_trace else adtte.clear()), traced_events]
    )
    return (
        adsl,
        adtte,
        adae,
        adin,
        ADDL.table(behind),
        EXCLUSIONS.table(excluded),
        trace,
        courses_table(stories),
    )


def _trace_of_ends(adtte: pl.DataFrame) -> pl.DataFrame:
    """The items that ADTTE names: of an endpoint its parameter is the variable."""
    named = adtte.filter(pl.col("item").is_not_null())
    place = ("form", "visit", "row_key", "item")
    return named.select(
        pl.lit("ADTTE").alias("DATASET"), "SUBJID", pl.col("PARAMCD").alias("VARIABLE"), *place
    )
