"""Derived items: computed on the server when something they are made from changes, never entered."""

from collections.abc import Iterator
from functools import cache

from patients.casebook.answers import Casebook, Record, RowAnswers
from patients.casebook.form import FormRow, declared_forms, form_model
from patients.grading.result import Graded
from patients.items.item import Derivation, Item
from patients.items.types import IntegerItem
from trial.trail.actor import Source, system_actor

AUTHOR = system_actor("derivation", Source.TASK).user_name


def with_derived(record: Record, casebook: Casebook) -> Record:
    """The record with every derived item of its form computed, in the order of declaration. Beside a grade it
    is kept which rule gave it."""
    answers = RowAnswers(record, casebook)
    for item, derivation in _derived_items(form_model(record.form)):
        found = derivation.compute(answers) if item.asked(answers) else None
        record.grades.pop(item.name, None)
        if isinstance(found, Graded):
            record.grades[item.name] = found.as_data()
            found = found.number if isinstance(item, IntegerItem) else found.value
        record.values[item.name] = found
    return record


@cache
def _derived_items(form: type[FormRow]) -> tuple[tuple[Item, Derivation], ...]:
    items = ((item, item.declared.derivation) for item in form.items())
    return tuple((item, derivation) for item, derivation in items if derivation)


@cache
def dependents() -> dict[str, frozenset[str]]:
    """For each `FORM` the forms with derived items that are made from its rows: others, or the same one at
    other visits."""
    found: dict[str, set[str]] = {}
    for model in declared_forms():
        for source in _foreign_sources(model.items()):
            found.setdefault(source, set()).add(model.form.code)
    return {source: frozenset(forms) for source, forms in found.items()}


def _foreign_sources(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        if item.declared.derivation:
            for source in item.declared.derivation.sources:
                if source.isupper() or "." in source:
                    yield source.partition(".")[0]
