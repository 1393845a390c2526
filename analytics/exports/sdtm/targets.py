"""Where an item belongs in SDTM, as its declaration says it: `CM.CMDOSE`, `FA.FATESTCD=CRSGR`, `SUPPAE`."""

import re
from dataclasses import dataclass
from functools import cache

from django.utils.translation import override

from analytics.exports.form_tables import exported_items
from analytics.exports.formats.sas_names import sas_names
from analytics.exports.formats.xport import within
from analytics.exports.sdtm.domains import DOMAINS
from patients.casebook.form import FormRow, declared_forms
from patients.items.item import Item
from patients.items.problems import Text

_SUPP = re.compile(r"SUPP([A-Z]{2})")
_FIRST = re.compile(r"([A-Z]{2})\b(?:\.([A-Z][A-Z0-9]*)(?:=([A-Z0-9]{2,8})\b)?)?")
_CATEGORY = re.compile(r"\b[A-Z]{2}(CAT|EVAL)=([A-Z][A-Z0-9 ]*[A-Z0-9])")
LONGEST_LABEL = 40


@dataclass(frozen=True, slots=True)
class Target:
    """`domain` that an item goes into first; `variable` that it is, `test` that it is a result of, or whether
    it qualifies a record; `said` holds the variables that the declaration fills beside it."""

    domain: str
    variable: str = ""
    test: str = ""
    is_qualifier: bool = False
    said: tuple[tuple[str, str], ...] = ()


NOWHERE = Target("")


def target_of(item: Item) -> Target:
    """The first target of an item that is a domain here; NOWHERE for what is an audit or analysis item."""
    declared = item.declared.cdisc
    if qualifier := _SUPP.match(declared):
        return Target(qualifier[1], is_qualifier=True)
    found = _FIRST.match(declared)
    if found is None or found[1] not in DOMAINS:
        return NOWHERE
    domain, name, test = found[1], found[2] or "", found[3] or ""
    said = tuple((f"{domain}{what}", value.strip()) for what, value in _CATEGORY.findall(declared))
    if name in DOMAINS[domain].variables:
        return Target(domain, name, test, said=said)
    is_test = bool(name) and not name.startswith(domain)
    return Target(domain, test=test or (name[:8] if is_test else ""), said=said)


@cache
def short_names() -> dict[tuple[str, str], str]:
    """Eight letters for each item, by form and item, for what the standard has no name for."""
    items = [(model.form.code, item.name) for model in declared_forms() for item in exported_items(model)]
    own = sas_names(dict.fromkeys(name for _form, name in items))
    return {(form, name): own[name] for form, name in items}


def short_name(model: type[FormRow], item: Item) -> str:
    return short_names()[model.form.code, item.name]


def english(text: Text) -> str:
    """The text in the language of the standard, whoever asks."""
    with override("en"):
        return str(text)


def short_label(text: Text) -> str:
    """At most 40 bytes of it."""
    return within(english(text), LONGEST_LABEL)[0].rstrip()
