"""The data dictionary, read from the declarations: form → item → everything declared."""

from collections.abc import Iterable
from typing import Any

from django.utils import translation

from patients.casebook.form import FormRow, declared_forms
from patients.items.checks import Check, Deviation
from patients.items.codelists import CodeList
from patients.items.item import Item
from patients.items.limits import Limit
from patients.items.missing import MissingReason
from patients.items.problems import filled


def dictionary(language: str = "en", header: Iterable[Item] = ()) -> dict[str, Any]:
    """Every form with every item, in the language asked for; and the items of the header of every page."""
    with translation.override(language):
        return {
            "missing_reasons": {reason.value: str(reason.label) for reason in MissingReason},
            "header": {item.name: _item(item) for item in header},
            "forms": {model.form.code: _form(model) for model in declared_forms()},
        }


def _form(model: type[FormRow]) -> dict[str, Any]:
    form = model.form
    return {
        "title": str(form.title),
        "version": form.version,
        "repeat": form.repeat.value,
        "enters": str(form.enters),
        "signs": str(form.signs),
        "sdtm": form.sdtm,
        "dated_by": form.dated_by or "form_date",
        "items": {item.name: _item(item) for item in model.items()},
        "checks": [rule_as_declared(rule) for rule in form.row_rules],
    }


def rule_as_declared(rule: Check | Deviation) -> dict[str, Any]:
    """A rule that looks at a whole row; one that is a deviation is put on record by the system."""
    severity = rule.severity.value if isinstance(rule, Check) else "deviation"
    return {
        "check": rule.id,
        "severity": severity,
        "item": rule.item,
        "message": str(filled(rule.message, _InBraces())),
        "looks_at": list(rule.looks_at),
    }


class _InBraces(dict[str, str]):
    """Stands for the values of a message: each is said as its name, `{day}`."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _item(item: Item) -> dict[str, Any]:
    declared = item.declared
    described: dict[str, Any] = {
        "label": str(declared.label),
        "type": item.type_name,
        "requirement": declared.requirement.value,
        "when": str(declared.when),
        "unit": declared.unit,
        "hint": str(declared.hint),
        "cdisc": declared.cdisc,
        "hard": [_limit(limit) for limit in declared.hard],
        "soft": [_limit(limit) for limit in declared.soft],
    }
    codes = getattr(item, "codes", None)
    if isinstance(codes, CodeList):
        described["codes"] = _codes(codes)
    if declared.derivation:
        described["formula"] = str(declared.derivation.formula)
        described["sources"] = list(declared.derivation.sources)
    if declared.proposal:
        described["proposal"] = str(declared.proposal.formula)
    if getattr(item, "target", ""):
        described["target"] = item.target  # type: ignore[attr-defined]
    if declared.identity:
        described["identity"] = True
    return described


def _codes(codes: CodeList) -> list[dict[str, str]]:
    nci = {code.code: code.nci for code in codes.codes}
    return [
        {"code": code, "label": str(label), **({"nci": nci[code]} if nci.get(code) else {})}
        for code, label in codes.labels.items()
    ]


def _limit(limit: Limit) -> dict[str, str]:
    return {"rule": str(limit), **({"check": limit.check} if limit.check else {})}
