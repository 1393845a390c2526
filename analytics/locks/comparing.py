"""Two data cuts held side by side: which values and codes differ, and which estimates moved for it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from analytics.endpoints.catalogue import catalogue
from analytics.locks.codes import Code, read_codes
from analytics.locks.cut import Value
from analytics.locks.models import Lock
from analytics.locks.snapshot import Written, written_subjects
from analytics.runs.models import Estimate
from analytics.runs.results import finished_run

Place = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is another in the later cut, by natural keys; empty where one of the two has none."""

    subject: str
    visit: str
    form: str
    row_key: str
    item: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Recoded:
    """A row whose text is coded as another term in the later cut; None where one of the two has no code."""

    subject: str
    form: str
    visit: str
    row_key: str
    before: Code | None
    after: Code | None

    @property
    def place(self) -> tuple[str, str, str, str]:
        return self.subject, self.form, self.visit, self.row_key


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure that came out otherwise, as printed; its values at full precision differ."""

    figure: str
    before: str
    after: str

    @property
    def is_printed_alike(self) -> bool:
        return self.before == self.after


def differences(before: Lock, after: Lock) -> Iterator[Difference]:
    """What differs, in the order of subjects and places. Both files are read once, a subject at a time.

    Raises SnapshotDamaged.
    """
    if before.snapshot_id == after.snapshot_id:
        return
    first, second = (
        ((facts.subject, (facts, values)) for facts, values in written_subjects(lock.snapshot.path))
        for lock in (before, after)
    )
    for _subject, one, other in _side_by_side(first, second):
        yield from _of_subject(one, other)


def recoded(before: Lock, after: Lock) -> Iterator[Recoded]:
    """The rows whose codes differ, in the order of subjects and places, however alike their texts are; a term
    that its dictionary names or groups otherwise differs, too. Raises SnapshotDamaged."""
    if before.codes == after.codes:
        return
    first, second = (read_codes(lock.codes) for lock in (before, after))
    for subject, one, other in _side_by_side(first, second):
        was, now = one or {}, other or {}
        for place in sorted(was.keys() | now.keys()):
            if was.get(place) != now.get(place):
                yield Recoded(subject, *place, was.get(place), now.get(place))


_Told = TypeVar("_Told")


def _side_by_side(
    first: Iterator[tuple[str, _Told]], second: Iterator[tuple[str, _Told]]
) -> Iterator[tuple[str, _Told | None, _Told | None]]:
    """What two files say of each subject, where both are in the order of subjects; None where one says
    nothing."""
    one, other = next(first, None), next(second, None)
    while one or other:
        subject = min(each[0] for each in (one, other) if each)
        here, there = (each[1] if each and each[0] == subject else None for each in (one, other))
        yield subject, here, there
        one = next(first, None) if here is not None else one
        other = next(second, None) if there is not None else other


def _of_subject(one: Written | None, other: Written | None) -> Iterator[Difference]:
    before, after = _texts(one), _texts(other)
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place, ""), after.get(place, "")
        if old != new:
            yield Difference(*place, old, new)


def _texts(written: Written | None) -> dict[Place, str]:
    """What a cut says of a subject, by place: its values with unit or reason, and its facts."""
    if written is None:
        return {}
    facts, values = written
    found: dict[Place, str] = {_place(value): _text(value) for value in values}
    for name in ("age_days_at_enrolment", "alive_at_cutoff", "progression_free_at_cutoff"):
        found[facts.subject, "", "", "", name] = json.dumps(getattr(facts, name))
    return found


def _place(value: Value) -> Place:
    return value.subject, value.visit, value.form, value.row_key, value.item


def _text(value: Value) -> str:
    return f"({value.missing})" if value.missing else f"{value.value} {value.unit}".strip()


def moved_estimates(before: Lock, after: Lock) -> list[Moved]:
    """The figures of the two cuts that differ at full precision or in their reason, in the order of the
    catalogue. Raises NotFinished while one of them is not computed."""
    first, second = (_estimates(lock) for lock in (before, after))
    differing = [id for id in catalogue() if _exact(first.get(id)) != _exact(second.get(id))]
    return [Moved(id, _shown(first.get(id)), _shown(second.get(id))) for id in differing]


def _estimates(lock: Lock) -> dict[str, Estimate]:
    return {estimate.figure: estimate for estimate in finished_run(lock).estimates.all()}


def _exact(estimate: Estimate | None) -> tuple[object, ...] | None:
    return None if estimate is None else (estimate.value, estimate.n, estimate.size, estimate.reason)


def _shown(estimate: Estimate | None) -> str:
    return "" if estimate is None else estimate.text or estimate.reason
