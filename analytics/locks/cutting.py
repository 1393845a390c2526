"""What a cut holds of subjects, read some at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from analytics.locks.codes import Coded, codes_of, standing_codes
from analytics.locks.cut import cut_records, facts_of, values_of
from analytics.locks.past import AsItStands, AsKnown
from analytics.locks.snapshot import Block, Content, Written, block_of
from analytics.locks.sources import SourceRow
from patients.casebook.answers import Record
from patients.casebook.page import Subject
from patients.casebook.shelf import ShelvedCasebook, Standing, shelved, some_at_a_time
from patients.forms.eligibility import all_recorded
from trial.collector import uncollected


class CutOfSubject(NamedTuple):
    """What a cut holds of a subject: its lines in the snapshot, if a row of it is in the cut, and beside them
    where each row stands, and its codes."""

    block: Block | None
    sources: list[SourceRow]
    codes: list[Coded]


@dataclass(frozen=True)
class Cutter:
    """Cuts casebooks by a cut-off, as they are known now or were at a moment."""

    cutoff: date
    known_at: datetime | None = None

    @cached_property
    def versions(self) -> Standing:
        """Which versions of pages and rows are read."""
        return AsKnown(self.known_at) if self.known_at else AsItStands()

    def of(self, some: Sequence[Subject]) -> Iterator[CutOfSubject]:
        """All that is kept of these subjects, in their order. Raises NotReproduced."""
        codes = standing_codes(some, self.known_at)
        with uncollected():
            for casebook in shelved(some, self.versions):
                records = _records(casebook, self.cutoff)
                written = _written(casebook, records, self.cutoff)
                coded = codes_of(casebook.subject, records, codes.get(casebook.subject.pk, ()))
                block = block_of(*written) if written else None
                yield CutOfSubject(block, list(_sources(casebook, records)), list(coded))

    def content(self, subjects: Iterable[Subject]) -> Content:
        """The facts and values of each that has a row in the cut; they come in the order of their codes."""
        for some in some_at_a_time(subjects):
            with uncollected():
                for casebook in shelved(some, self.versions):
                    if written := cut_of(casebook, self.cutoff):
                        yield written


def cut_of(casebook: ShelvedCasebook, cutoff: date) -> Written | None:
    """The facts and values of a subject in a cut; None without a row in it."""
    return _written(casebook, _records(casebook, cutoff), cutoff)


def content_now(subjects: Iterable[Subject]) -> Content:
    """All that stands of these subjects now, whatever its date; they come in the order of their codes."""
    for some in some_at_a_time(subjects):
        for casebook in shelved(some, AsItStands()):
            if written := _written(casebook, list(all_recorded(casebook)), date.max):
                yield written


def _records(casebook: ShelvedCasebook, cutoff: date) -> list[Record]:
    return list(cut_records(all_recorded(casebook), cutoff))


def _written(casebook: ShelvedCasebook, records: list[Record], cutoff: date) -> Written | None:
    if not records:
        return None
    facts = facts_of(casebook.subject_code, casebook.subject.site.code, casebook, cutoff)
    return facts, list(values_of(casebook.subject_code, records))


def _sources(casebook: ShelvedCasebook, records: Iterable[Record]) -> Iterator[SourceRow]:
    """The page and the version of each of these rows; of a page without rows the page alone."""
    for record in records:
        where = casebook.where[record.place]
        yield casebook.subject_code, record.visit, record.form, record.row_key, where.page, where.version
