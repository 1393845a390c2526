"""A rule names every form that it reads: a save reads those together, and looks again at who names what it
changed."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from patients.casebook.answers import HeldCasebook, Record, RowAnswers, Sheet
from patients.casebook.form import form_model
from patients.items.conditions import Answers
from tests.patients.checks.casebook import Case, casebook, on_the_day_of
from tests.patients.checks.test_checks import ALL

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]


class WatchedCasebook(HeldCasebook):
    """One that remembers which forms were asked for."""

    def __init__(self, subject_code: str, records: Iterable[Record]) -> None:
        super().__init__(subject_code, records)
        self.asked: set[str] = set()

    def sheet(self, form: str) -> Sheet:
        self.asked.add(form)
        return super().sheet(form)


Rule = tuple[str, Callable[[Answers], object], tuple[str, ...]]


def rules(record: Record) -> Iterator[Rule]:
    """The name of each rule of a row, what it does, and the operands that it names."""
    form = form_model(record.form)
    for item in form.items():
        value = record.values.get(item.name)
        yield f"{item.name} when", item.asked, tuple(item.declared.when.operands())
        if item.declared.derivation:
            derivation = item.declared.derivation
            yield f"{item.name} derived", derivation.compute, derivation.sources
        for limit in (*item.declared.hard, *item.declared.soft) if value not in (None, "", []) else ():

            def kept(answers: Answers, limit: Any = limit, value: Any = value) -> bool:
                return bool(limit.kept(value, answers))

            yield f"{item.name} {limit}", kept, tuple(limit.operands())
    for check in (*form.form.checks, *form.form.deviations):
        yield check.id, check.sees, check.looks_at


def unnamed(case: Case) -> set[tuple[str, str, str]]:
    """Form, rule and each form that the rule reads and does not name."""
    found = set()
    for rows in (case.fires, case.quiet):
        whole = casebook(rows)
        records = [record for form in {row.form for row in rows} for record in whole.records(form)]
        watched = WatchedCasebook(whole.subject_code, records)
        for record in records:
            for name, act, operands in rules(record):
                watched.asked.clear()
                act(RowAnswers(record, watched))
                named = {each.partition(".")[0] for each in operands if "." in each or each.isupper()}
                found |= {(record.form, name, each) for each in watched.asked - named - {record.form}}
    return found


def test_every_rule_names_the_forms_that_it_reads() -> None:
    found = set()
    for case in ALL:
        with on_the_day_of(case):
            found |= unnamed(case)
    assert sorted(found) == []
