"""Which rules look at what: so that a save looks again at what it can affect, and at nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from patients.casebook.form import FormRow, declared_forms, form_model, is_declared
from patients.entry.derive import dependents
from patients.forms.anchors import READ_TOGETHER


@dataclass(frozen=True, slots=True)
class Rules:
    """Some rules of a form: the limits of these items, the checks and deviations of these numbers."""

    items: frozenset[str] = field(default=frozenset())
    checks: frozenset[str] = field(default=frozenset())

    def __or__(self, other: "Rules") -> "Rules":
        return Rules(self.items | other.items, self.checks | other.checks)

    def hold(self, item: str, rule: str) -> bool:
        """Whether a finding of this rule at this item is one of theirs."""
        return rule in self.checks or item in self.items


Touched = Mapping[str, frozenset[str]]
"""The items that a save has changed, by form."""


def watching(touched: Touched) -> dict[str, Rules]:
    """The rules of each form that look at what was touched in other rows."""
    found: dict[str, Rules] = {}
    for form, items in touched.items():
        for operand in (form, *(f"{form}.{item}" for item in items)):
            for watcher, rules in _watchers().get(operand, {}).items():
                found[watcher] = found.get(watcher, Rules()) | rules
    return found


@cache
def _watchers() -> dict[str, dict[str, Rules]]:
    """For each operand (`FORM`, also written `FORM.*`, or `FORM.item`) the rules that look at it."""
    found: dict[str, dict[str, Rules]] = defaultdict(dict)
    for model in declared_forms():
        for operand, rules in _looking(model):
            if operand.isupper() or "." in operand:
                for each in (operand.removesuffix(".*"), *READ_TOGETHER.get(operand, ())):
                    found[each][model.form.code] = found[each].get(model.form.code, Rules()) | rules
    return dict(found)


@cache
def _looking(model: type[FormRow]) -> tuple[tuple[str, Rules], ...]:
    """What each rule of a form looks at, operand by operand."""
    return tuple(_operands(model))


def _operands(model: type[FormRow]) -> Iterator[tuple[str, Rules]]:
    for item in model.items():
        for operand in item.operands():
            yield operand, Rules(items=frozenset({item.name}))
    for check in model.form.row_rules:
        for operand in check.looks_at:
            yield operand, Rules(checks=frozenset({check.id}))


@lru_cache(maxsize=4096)
def forms_needed(form: str, items: frozenset[str]) -> frozenset[str]:
    """The forms that a save of these items may have to read: for its own rules, for what is derived from them
    here and elsewhere, and for the rules of other rows that look at either."""
    derived = _derived_from(form)
    touched = {each: _derived_items(each) for each in derived} | {form: items | _derived_items(form)}
    needed = set(derived)
    for each in (form, *derived):
        needed.update(forms_of(made_from(form_model(each))))
    for watcher, rules in watching(touched).items():
        needed.add(watcher)
        needed.update(forms_of(_operands_of(watcher, rules)))
    needed.update(forms_of(looked_at_by(form_model(form))))
    return frozenset(each for each in needed if is_declared(each))


def forms_shown(form: str) -> set[str]:
    """The forms that the screen of a page reads: its own, that of consent, and what its rules look at."""
    looked_at = forms_of(looked_at_by(form_model(form)))
    return {form, "ELIG", *(each for each in looked_at if is_declared(each))}


def _operands_of(form: str, some: Rules) -> Iterator[str]:
    for operand, rules in _looking(form_model(form)):
        if rules.items & some.items or rules.checks & some.checks:
            yield operand


def _derived_from(form: str) -> set[str]:
    """The forms with items that are derived from this one, or from those."""
    found: set[str] = set()
    waiting = {form}
    while waiting:
        waiting = {each for source in waiting for each in dependents().get(source, ())} - found
        found |= waiting
    return found


@cache
def _derived_items(form: str) -> frozenset[str]:
    return frozenset(item.name for item in form_model(form).items() if item.is_derived)


def looked_at_by(model: type[FormRow]) -> Iterator[str]:
    """What the limits, conditions, checks and deviations of a form look at."""
    return (operand for operand, _rules in _looking(model))


def made_from(model: type[FormRow]) -> Iterator[str]:
    """What the derived items of a form are made from."""
    for item in model.items():
        if item.declared.derivation:
            yield from item.declared.derivation.sources


def forms_of(operands: Iterable[str]) -> Iterator[str]:
    """The forms that operands name; an item of the same row names none."""
    for operand in operands:
        if operand.isupper() or "." in operand:
            yield operand.partition(".")[0]
