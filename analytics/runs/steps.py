"""What each step of a run computes, and in which order the steps follow.

The subjects are divided into slices; their datasets are made slice by slice, by whichever worker is free;
when all are there, the estimates, the exhibits and the bootstrap are computed of the whole, each by itself.
The numbers depend on the order of the slices and not on who computed them.
"""

import gc
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any, TypeAlias

from django.conf import settings

from analytics.datasets.build import Datasets, build_datasets, joined, tables_of
from analytics.endpoints.exhibits import bootstrap_exhibit, exhibits_of, roster_of_cut
from analytics.endpoints.figures import Figure, compute_figures
from analytics.endpoints.listed import kept, read, roster_of
from analytics.endpoints.needed import by_place, needed
from analytics.locks.shares import Share, shares_of
from analytics.runs.files import read_plain, read_tables, write_plain, write_tables
from analytics.runs.models import RunPart, Step
from analytics.runs.parts import tell, watched
from trial.collector import uncollected

STAGES: tuple[tuple[Step, ...], ...] = (
    (Step.SLICES,),
    (Step.DATASETS,),
    (Step.FIGURES, Step.EXHIBITS, Step.BOOTSTRAP),
    (Step.FINISH,),
)
"""The steps of a stage begin when all parts of the stage before are done."""


def slices(part: RunPart) -> list[dict[str, Any]]:
    """The slices of the snapshot, each with that of its codes; of one without subjects, one that is empty."""
    found = shares_of(part.run.snapshot.path, part.run.codes, settings.RUN_SLICE_SUBJECTS)
    return [asdict(share) for share in found]


def datasets(part: RunPart) -> str:
    """The tables of a slice, in a file."""
    share = Share.of(part.slice)
    subjects = watched(part, share.read(part.run.snapshot.path, part.run.codes))
    with uncollected():
        made = build_datasets(part.run.snapshot.cutoff, subjects, with_trace=False)
        tell(part, share.casebooks.subjects)
    gc.collect()  # a casebook and its rows point at each other: all of the slice would stay until it comes
    return write_tables(part, tables_of(needed(made)))


def figures_as_kept(data: Datasets) -> list[dict[str, Any]]:
    """Every figure, its subjects by their places."""
    names, roster = [field.name for field in fields(Figure)], roster_of_cut(data)
    return [{name: kept(getattr(one, name), roster) for name in names} for one in compute_figures(data)]


OF_THE_WHOLE: dict[Step, Callable[[Datasets], Any]] = {
    Step.FIGURES: figures_as_kept,
    Step.EXHIBITS: exhibits_of,
    Step.BOOTSTRAP: bootstrap_exhibit,
}
"""What is computed of all subjects at once."""


def of_the_whole(part: RunPart) -> str:
    """What a step computes of all subjects, in a file."""
    return write_plain(part, OF_THE_WHOLE[Step(part.step)](_whole(part)))


def _whole(part: RunPart) -> Datasets:
    """The datasets of all subjects, from the files of the slices in their order."""
    made = part.run.parts.filter(step=Step.DATASETS).order_by("number")
    return by_place(joined(part.run.snapshot.cutoff, (read_tables(one) for one in made)))


Results: TypeAlias = tuple[list[Figure], dict[str, Any]]


def results(part: RunPart) -> Results:
    """Every figure, and the exhibits, as the parts before have computed them."""
    told = {one.step: read_plain(one) for one in part.run.parts.filter(step__in=STAGES[2])}
    roster = roster_of(told[Step.EXHIBITS])
    found = [Figure(**read(one, roster)) for one in told[Step.FIGURES]]
    return found, told[Step.EXHIBITS] | told[Step.BOOTSTRAP]


COMPUTED_BY: dict[str, Callable[[RunPart], Any]] = {
    Step.SLICES: slices,
    Step.DATASETS: datasets,
    **dict.fromkeys(OF_THE_WHOLE, of_the_whole),
    Step.FINISH: results,
}
