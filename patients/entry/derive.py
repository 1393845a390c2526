"""Derived items: computed on the server when something they are made from changes, never entered."""

from collections.abc import Iterator
from functools import cache

from patients.casebook.answers import Casebook, Record, RowAnswers
from patients.casebook.form import declared_forms, form_model
from patients.items.item import Item
from trial.trail.actor import Source, system_actor

AUTHOR = system_actor("derivation", Source.TASK).user_name


def with_derived(record: Record, casebook: Casebook) -> Record:
    """The record with every derived item of its form computed, in the order of declaration."""
    for item in form_model(record.form).items():
        if item.declared.derivation:
            answers = RowAnswers(record, casebook)
            asked = item.asked(answers)
            record.values[item.name] = item.declared.derivation.compute(answers) if asked else None
    return record


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
