"""A small casebook in which a check fires or stays quiet, written as a site would type it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import time_machine

from patients.casebook.answers import HeldCasebook, Record, RowAnswers
from patients.casebook.form import form_model
from patients.entry.checks import row_findings
from patients.entry.derive import with_derived
from trial.protocol.configuration import configuration_in_force, configured_as

ROUNDS = 3  # derived items that are made from derived items of other rows


@dataclass(frozen=True)
class Row:
    """A row of a form as typed: `visit@key`, the date of its page, and the text of each answer."""

    form: str
    answers: Mapping[str, str]
    visit: str = ""
    key: str = ""
    on: str = ""

    def but(self, **answers: str) -> "Row":
        """The same row with some answers otherwise; an empty text takes the answer away."""
        return replace(self, answers={**self.answers, **answers})

    def record(self) -> Record:
        model = form_model(self.form)
        values: dict[str, Any] = dict.fromkeys(item.name for item in model.items())
        for name, text in self.answers.items():
            values[name] = model.item(name).read(text) if text else None
        day = date.fromisoformat(self.on) if self.on else None
        return Record(self.form, self.visit, self.key, day, values)


def row(form: str, visit: str = "", key: str = "", on: str = "", **answers: str) -> Row:
    return Row(form, answers, visit, key, on)


@dataclass(frozen=True)
class Case:
    """A check, a casebook in which it fires, and a casebook, differing in what matters, in which it does not.

    `today` is the day on which they are looked at, `settings` is what is configured then, where that matters.
    """

    check: str
    fires: tuple[Row, ...]
    quiet: tuple[Row, ...]
    today: str = "2025-08-05"
    settings: Mapping[str, str] = field(default_factory=dict)
    note: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.check} {self.note}".strip()


def casebook(rows: tuple[Row, ...]) -> HeldCasebook:
    """The rows with everything derived."""
    records = [row.record() for row in rows]
    held = HeldCasebook("HZ01-001", records)
    for _round in range(ROUNDS):
        for record in records:
            with_derived(record, held)
    return held


def found_in(rows: tuple[Row, ...]) -> dict[str, list[str]]:
    """What is found in a casebook: the sentences by the number of the check."""
    held = casebook(rows)
    found: dict[str, list[str]] = {}
    for form in dict.fromkeys(row.form for row in rows):
        for record in held.records(form):
            for finding in row_findings(record, held):
                found.setdefault(finding.check, []).append(str(finding.message))
            for deviation in form_model(form).form.deviations:
                seen = deviation.seen(RowAnswers(record, held))
                if seen:
                    found.setdefault(deviation.id, []).append(str(seen))
    return found


@contextmanager
def on_the_day_of(case: Case) -> Iterator[None]:
    """Its day, and what is configured on it."""
    settings = {**configuration_in_force(), **case.settings}
    with time_machine.travel(f"{case.today} 12:00+08:00", tick=False), configured_as(settings):
        yield
