"""An item in ODM-XML: its type, question, unit, limits, codes, condition and method."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.exports.odm.code_lists import CodeLists, codes_of
from analytics.exports.odm.elements import alias, element, translated, worded
from patients.casebook.odm import item_oid, unit_oid
from patients.items.codelists import CodeList
from patients.items.item import Item
from patients.items.limits import Between, Compare, Fixed, Limit
from patients.items.problems import Severity, Text, filled
from patients.items.types import (
    DateItem,
    DateTimeItem,
    DecimalItem,
    GridItem,
    IntegerItem,
    MultiItem,
    PartialDateItem,
    TextItem,
    TimeItem,
)

OWN = "Chimera"
"""The language of the expressions: that of the data dictionary."""
_TYPES: tuple[tuple[type[Item], str], ...] = (
    (IntegerItem, "integer"),
    (DecimalItem, "float"),
    (DateItem, "date"),
    (PartialDateItem, "partialDate"),
    (DateTimeItem, "datetime"),
    (TimeItem, "partialTime"),
)
_COMPARATORS = {">=": "GE", "<=": "LE", ">": "GT", "<": "LT"}
_SAS_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,7}")
_DIGITS_OF_INTEGER, _MOST_TEXT = 18, 2000


def item_def(form: str, item: Item, sas_name: str, lists: CodeLists) -> Any:
    """The ItemDef of an item of a form."""
    said = item.declared
    told = {"OID": item_oid(form, item.name), "Name": item.name, "DataType": data_type(item), **_sizes(item)}
    if _SAS_NAME.fullmatch(said.cdisc):
        told["SDSVarName"] = said.cdisc
    found = element("ItemDef", told | {"SASFieldName": sas_name})
    if description := _description(item):
        found.append(translated("Description", description))
    found.append(translated("Question", said.label or item.name))
    if said.unit:
        found.append(element("MeasurementUnitRef", {"MeasurementUnitOID": unit_oid(said.unit)}))
    found.extend(_range_checks(item))
    if oid := lists.of_item(item):
        found.append(element("CodeListRef", {"CodeListOID": oid}))
    found.extend(_aliases(item))
    return found


def data_type(item: Item) -> str:
    """The type of an item in the words of ODM. A boolean is Y or N, as every code list of CDISC has it."""
    return next((name for of, name in _TYPES if isinstance(item, of)), "text")


def _sizes(item: Item) -> dict[str, Any]:
    if isinstance(item, DecimalItem):
        return {"Length": item.digits, "SignificantDigits": item.places}
    if isinstance(item, IntegerItem):
        return {"Length": _DIGITS_OF_INTEGER}
    if data_type(item) != "text":
        return {}
    return {"Length": _length(item)}


def _length(item: Item) -> int:
    """The most characters of a text; of a code, those of the longest that is offered."""
    if isinstance(item, TextItem):
        return item.length
    codes = codes_of(item)
    return max(map(len, codes.labels), default=1) if codes else item.max_length or _MOST_TEXT


def _description(item: Item) -> Text:
    """The hint of an item; of one with several answers in one text also how it is written."""
    if isinstance(item, MultiItem):
        return format_lazy(_("Several codes joined by |: {codes}"), codes=_codes_said(item.codes))
    if isinstance(item, GridItem):
        return format_lazy(
            _("CELL=VALUE joined by |, of the cells: {codes}"), codes=", ".join(item.cells.labels)
        )
    return item.declared.hint


def _said(codes: CodeList) -> str:
    return "; ".join(f"{code} = {label}" for code, label in codes.labels.items())


_codes_said = lazy(_said, str)


def _aliases(item: Item) -> Iterator[Any]:
    if item.declared.cdisc:
        yield alias("SDTM", item.declared.cdisc)
    if dictionary := getattr(item, "dictionary", ""):
        yield alias("dictionary", dictionary)
    if target := getattr(item, "target", ""):
        yield alias("refers to", target)


# --- limits -------------------------------------------------------------------------------------------------
def _range_checks(item: Item) -> Iterator[Any]:
    for severity, limits in ((Severity.HARD, item.declared.hard), (Severity.SOFT, item.declared.soft)):
        for limit in limits:
            yield from _range_check(limit, "Hard" if severity is Severity.HARD else "Soft")


def _range_check(limit: Limit, kind: str) -> Iterator[Any]:
    """A limit against a number is a comparison that any reader can make; another one is said as the data
    dictionary says it."""
    if (
        isinstance(limit, Compare)
        and isinstance(limit.bound, Fixed)
        and isinstance(limit.bound.number, Decimal)
    ):
        yield _compared(_COMPARATORS[limit.sign], limit.bound.number, limit, kind)
    elif isinstance(limit, Between):
        yield _compared("GE", limit.low, limit, kind)
        yield _compared("LE", limit.high, limit, kind)
    else:
        expression = worded("FormalExpression", str(limit))
        expression.set("Context", OWN)
        yield element("RangeCheck", {"SoftHard": kind}, [expression, _message(limit)])


def _compared(comparator: str, bound: Decimal, limit: Limit, kind: str) -> Any:
    told = {"Comparator": comparator, "SoftHard": kind}
    return element("RangeCheck", told, [worded("CheckValue", f"{bound:f}"), _message(limit)])


def _message(limit: Limit) -> Any:
    message = filled(limit.message, _InBraces()) if limit.message else format_lazy("{limit}", limit=limit)
    number = f"{limit.check}: " if limit.check else ""
    return translated("ErrorMessage", format_lazy("{number}{message}", number=number, message=message))


class _InBraces(dict[str, str]):
    """Stands for the values of a message: each is said as its name, `{day}`."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


# --- conditions and methods ---------------------------------------------------------------------------------
def condition_oid(form: str, item: Item) -> str:
    """The OID of the condition under which an item is not asked; empty for one that always is."""
    return "" if item.is_always_asked else f"COND.{form}.{item.name}"


def condition_of(form: str, item: Item) -> Any:
    """The ConditionDef of what is not always asked: in ODM it says when an item is *not* collected."""
    when = item.declared.when
    expression = worded("FormalExpression", f"not ({when})")
    expression.set("Context", OWN)
    said = translated("Description", format_lazy(_("Not asked unless: {condition}"), condition=when))
    told = {"OID": condition_oid(form, item), "Name": f"{form}.{item.name}"}
    return element("ConditionDef", told, [said, expression])


def method_oid(form: str, item: Item) -> str:
    """The OID of the method of a derived item; empty for one that is entered."""
    return f"MT.{form}.{item.name}" if item.declared.derivation else ""


def method_of(form: str, item: Item) -> Any:
    """The MethodDef of a derived item."""
    derivation = item.declared.derivation
    assert derivation is not None
    told = {"OID": method_oid(form, item), "Name": f"{form}.{item.name}", "Type": "Computation"}
    return element("MethodDef", told, [translated("Description", derivation.formula)])
