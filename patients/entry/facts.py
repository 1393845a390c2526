"""What other forms say that bears on a form: shown beside its page and not typed again.

The facts follow from the declarations: each item of a single form at which a limit, a condition, a check or a
derived item of this form looks. `recalls` of the form adds those that none of its rules needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from patients.casebook.answers import StoredCasebook, record_of
from patients.casebook.form import FormRow, Repeat, declared_forms, form_model, is_declared
from patients.casebook.page import Page
from patients.entry.watching import forms_of, looked_at_by, made_from
from patients.items.item import Item


@dataclass(frozen=True, slots=True)
class Fact:
    """An answer of another form, and the page on which it was entered."""

    item: Item
    value: Any
    page: Page


@cache
def facts_of(form: str) -> tuple[str, ...]:
    """The items, as `FORM.item`, that are told beside a page of this form, in the order of the casebook."""
    model = form_model(form)
    named = {*model.form.recalls, *filter(_is_of_single_form, (*looked_at_by(model), *made_from(model)))}
    every = (
        f"{other.form.code}.{item.name}"
        for other in declared_forms()
        for item in other.items()
        if other is not model and not item.declared.identity
    )
    return tuple(name for name in every if name in named)


def _is_of_single_form(operand: str) -> bool:
    form = operand.partition(".")[0]
    return is_declared(form) and form_model(form).form.repeat is Repeat.SINGLE


def forms_told(form: str) -> frozenset[str]:
    """The forms whose answers are told beside a page of this form."""
    return frozenset(forms_of(facts_of(form)))


def known_facts(page: Page, casebook: StoredCasebook) -> Iterator[Fact]:
    """What is recorded of them. Of a form that stands on several pages nothing is told: which of its answers
    holds for this page is for its rules to find."""
    for name in facts_of(page.form_code):
        form, _dot, item = name.partition(".")
        rows = casebook.stored(form)
        if len(rows) == 1 and (value := _answer(rows[0], item, casebook)) not in (None, "", []):
            yield Fact(form_model(form).item(item), value, rows[0].page)


def _answer(row: FormRow, item: str, casebook: StoredCasebook) -> Any:
    return record_of(row, row.page, casebook.subject).values[item]
