"""Taking tables of laboratories and of normal ranges into the registry: each file whole, or nothing of it.

A row that the registry has just so is left; one that it has otherwise is changed with a reason alone. A range
is ended by its last day and never taken away: results from before it ended keep it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.laboratories.tables import (
    RANGE_KEY,
    Problem,
    Row,
    TableRefused,
    laboratory_rows,
    overlaps,
    range_rows,
)
from trial.people.access import Person, actor_at
from trial.protocol.laboratories import Laboratory, ReferenceRange
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows of a table were new, changed, or in the registry already."""

    new: int
    changed: int
    same: int


def load_laboratories(path: Path, *, by: Person, source: Source, reason: str = "") -> Loaded:
    """Take in a table of laboratories with the time of their accreditation.

    Raises TableRefused with all that is wrong, and UnreadableSheet.
    """
    rows, problems = laboratory_rows(path)
    with transaction.atomic(), acting(actor_at(by, site="", source=source)):
        present = {one.code: one for one in Laboratory.objects.select_for_update()}
        table = _Table(Laboratory, path, reason, problems)
        for row in rows:
            code = row.values.pop("laboratory")
            table.take(row, (code,), {"code": code, **row.values}, present.get(code))
        return table.keep("laboratories.loaded")


def load_ranges(path: Path, *, by: Person, source: Source, reason: str = "") -> Loaded:
    """Take in a table of normal ranges of laboratories that the registry has.

    Raises TableRefused with all that is wrong, and UnreadableSheet.
    """
    rows, problems = range_rows(path)
    with transaction.atomic(), acting(actor_at(by, site="", source=source)):
        known = {one.code: one for one in Laboratory.objects.all()}
        stored = ReferenceRange.objects.select_for_update(of=("self",)).select_related("laboratory")
        present = {_key(values := _values_of(one)): (one, values) for one in stored}
        problems += _of_unknown_laboratories(rows, known)
        problems += [] if problems else _overlapping(rows, [values for _one, values in present.values()])
        table = _Table(ReferenceRange, path, reason, problems)
        for row in rows:
            place = _key(row.values)
            values = {**row.values, "laboratory": known.get(row.values["laboratory"])}
            table.take(row, place, values, present.get(place, (None,))[0])
        return table.keep("ranges.loaded")


@dataclass
class _Table:
    """A table on its way into the registry."""

    model: Any
    path: Path
    reason: str
    problems: list[Problem]
    new: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    same: int = 0

    def take(self, row: Row, place: Key, values: Mapping[str, Any], found: Any) -> None:
        """A row that is new, or has been `found` in the registry, as it is or otherwise."""
        named = " ".join(str(part) for part in place if part != "")[:60]
        if found is None:
            self.new.append(self.model(**values))
            self.changes.append(Change("row", "Row", "", _told(values), row_key=named))
            return
        differing = [name for name, value in values.items() if getattr(found, name) != value]
        if not differing:
            self.same += 1
        elif not self.reason:
            message = _("The registry holds “%s” here; a change needs a reason.")
            self.problems.append(row.problem(differing[0], message % _text(getattr(found, differing[0]))))
        else:
            self.changes += _set(found, values, differing, named)
            self.changed.append(found)

    def keep(self, event: str) -> Loaded:
        """Write what is new or changed, and the event of it. Raises TableRefused."""
        if self.problems:
            raise TableRefused(sorted(self.problems, key=lambda problem: problem.line))
        self.model.objects.create_with_history(self.new)
        for one in self.changed:
            one.save()
        if self.changes:
            record_event(event, Place(about=self.path.name), self.changes, reason=self.reason)
        return Loaded(len(self.new), len(self.changed), self.same)


def _set(found: Any, values: Mapping[str, Any], names: list[str], row_key: str) -> Iterator[Change]:
    for name in names:
        old = getattr(found, name)
        setattr(found, name, values[name])
        yield Change(name, name.replace("_", " "), _text(old), _text(values[name]), row_key=row_key)


def _told(values: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={_text(value)}" for name, value in values.items() if value not in (None, ""))


def _text(value: Any) -> str:
    return "" if value is None else str(getattr(value, "code", value))


def _key(values: Mapping[str, Any]) -> Key:
    return tuple(values[name] for name in RANGE_KEY)


def _values_of(one: ReferenceRange) -> dict[str, Any]:
    names = ("test", "sex", "age_from", "age_below", "valid_from", "valid_until")
    return {"laboratory": one.laboratory.code, **{name: getattr(one, name) for name in names}}


def _of_unknown_laboratories(rows: list[Row], known: Mapping[str, Laboratory]) -> Iterator[Problem]:
    for row in rows:
        if row.values["laboratory"] and row.values["laboratory"] not in known:
            yield row.problem("laboratory", _("The registry has no such laboratory: load it first."))


def _overlapping(rows: list[Row], stored: list[dict[str, Any]]) -> Iterator[Problem]:
    """Ranges that could be meant for the same person on the same day as another of the file, or as one of the
    registry that the file does not have."""
    in_file = {_key(row.values) for row in rows}
    others = [values for values in stored if _key(values) not in in_file]

    def test_of(values: Mapping[str, Any]) -> tuple[str, str]:
        return values["laboratory"], values["test"]

    for test, group in groupby(sorted(rows, key=lambda r: test_of(r.values)), lambda r: test_of(r.values)):
        of_test = list(group)
        for one, other in combinations(of_test, 2):
            if overlaps(one.values, other.values):
                yield other.problem("valid_from", _("The range overlaps with that of line %s.") % one.line)
        for row in of_test:
            for values in others:
                if test_of(values) == test and overlaps(row.values, values):
                    message = _("The range overlaps with one from %s in the registry.")
                    yield row.problem("valid_from", message % values["valid_from"])
