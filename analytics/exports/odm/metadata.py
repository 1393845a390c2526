"""The metadata of ODM-XML 1.3.2: the study with its visits, forms and items, as they are declared.

Elements stand in the order that the schema asks for. Derived items are described with the method by which
they are computed; the data hold what was recorded alone, from which they are computed again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from analytics.exports.disclosure import Disclosure
from analytics.exports.formats.sas_names import sas_names
from analytics.exports.odm.code_lists import CodeLists
from analytics.exports.odm.elements import LANGUAGES, alias, element, translated, worded
from analytics.exports.odm.items import (
    condition_of,
    condition_oid,
    item_def,
    method_of,
    method_oid,
)
from patients.casebook.form import FormDeclaration, Repeat, declared_forms
from patients.casebook.odm import (
    AGE,
    LOG,
    PAGE,
    SERIES,
    STUDY_OID,
    SUBJECT,
    event_of,
    form_oid,
    group_oid,
    item_oid,
    items_under,
    unit_oid,
)
from patients.items.item import Item, Requirement
from patients.items.problems import Text
from patients.items.units import unit_in_words
from trial.people.tokens import Dates
from trial.protocol.study import STUDY
from trial.protocol.visits import LOG_FORMS, VISITS, Clock, VisitType

_in_words = lazy(unit_in_words, str)


@dataclass(frozen=True, slots=True)
class Group:
    """An item group as it is told: of a form, of the header of pages, or of the subject itself."""

    name: str
    title: Text
    items: Sequence[Item]
    form: FormDeclaration | None = None

    @property
    def repeats(self) -> bool:
        return self.form is not None and self.form.repeat is Repeat.ROWS


def is_told(item: Item, to: Disclosure) -> bool:
    """Whether an item leaves the registry: genetic data under a filing alone, and with moved dates no age
    that tells the day of birth."""
    return not (item.declared.genetic and not to.filing) and not (item.name == AGE and to.dates != Dates.TRUE)


def groups(to: Disclosure) -> list[Group]:
    """All item groups with the items that their reader may have."""
    named: list[tuple[str, Text, FormDeclaration | None]] = [
        (PAGE, _("Header of the page"), None),
        (SUBJECT, _("Subject"), None),
        *((model.form.code, model.form.title, model.form) for model in declared_forms()),
    ]
    return [
        Group(
            name,
            title,
            [item for item in items_under(group_oid(name)).values() if is_told(item, to)],
            form,
        )
        for name, title, form in named
    ]


def study(version: str, to: Disclosure, lists: CodeLists) -> Any:
    """The Study element; lists that the data draw on are in `lists` already. `version` is the OID of the
    MetaDataVersion."""
    told = groups(to)
    with translation.override(next(iter(LANGUAGES))):
        return element(
            "Study",
            {"OID": STUDY_OID},
            [_global_variables(), *_units(told), _meta_data(version, told, lists)],
        )


def _global_variables() -> Any:
    named = {
        "StudyName": STUDY.study_id,
        "StudyDescription": str(STUDY.title),
        "ProtocolName": STUDY.registry_id,
    }
    return element("GlobalVariables", children=[worded(tag, text) for tag, text in named.items()])


def _units(told: Iterable[Group]) -> Iterator[Any]:
    units = sorted({item.declared.unit for group in told for item in group.items} - {""})
    if units:
        yield element("BasicDefinitions", children=[_unit(unit) for unit in units])


def _unit(unit: str) -> Any:
    symbol = translated("Symbol", _in_words(unit))
    return element("MeasurementUnit", {"OID": unit_oid(unit), "Name": unit}, [symbol])


def _meta_data(version: str, told: Sequence[Group], lists: CodeLists) -> Any:
    items = [(group, item) for group in told for item in group.items]
    defined = [_item_defs(group, lists) for group in told]
    found = element("MetaDataVersion", {"OID": version, "Name": f"{STUDY.study_id} {STUDY.protocol_version}"})
    found.append(_protocol())
    found.extend(_events())
    found.extend(_form_def(group) for group in told if group.name != PAGE)
    found.extend(_group_def(group) for group in told)
    for some in defined:
        found.extend(some)
    found.extend(lists.elements())
    found.extend(condition_of(group.name, item) for group, item in items if not item.is_always_asked)
    found.extend(method_of(group.name, item) for group, item in items if item.declared.derivation)
    return found


# --- visits -------------------------------------------------------------------------------------------------
def _protocol() -> Any:
    refs = [
        element("StudyEventRef", {"StudyEventOID": oid, "OrderNumber": number, "Mandatory": "No"})
        for number, oid in enumerate((LOG, *_by_event()), 1)
    ]
    return element("Protocol", children=[translated("Description", STUDY.title), *refs])


def _by_event() -> dict[str, VisitType]:
    """The first visit of each event of the protocol; the days of lymphodepletion are one that repeats."""
    found: dict[str, VisitType] = {}
    for visit in VISITS:
        found.setdefault(event_of(visit.code)[0], visit)
    return found


def _events() -> Iterator[Any]:
    common = element("StudyEventDef", {"OID": LOG, "Name": "LOG", "Repeating": "No", "Type": "Common"})
    common.append(translated("Description", _("Kept through the study")))
    common.extend(_form_refs([SUBJECT, *(model.form.code for model in declared_forms() if _is_log(model))]))
    yield common
    for oid, visit in _by_event().items():
        yield _event(oid, visit)


def _is_log(model: Any) -> bool:
    return model.form.code in LOG_FORMS


def _event(oid: str, visit: VisitType) -> Any:
    name = oid.removeprefix("SE.")
    told = {
        "OID": oid,
        "Name": name,
        "Repeating": "Yes" if name in SERIES else "No",
        "Type": "Unscheduled" if visit.clock is Clock.EVENT else "Scheduled",
    }
    found = element("StudyEventDef", told, [translated("Description", visit.label)])
    found.extend(_form_refs(_forms_at(visit)))
    return found


def _forms_at(visit: VisitType) -> list[str]:
    """The forms that have a page at a visit: those that are due, then any other, which may be filled where
    something called for it."""
    due = [form.form for form in visit.forms if not form.log and not form.page_at]
    every = [model.form.code for model in declared_forms() if not _is_log(model)]
    return list(dict.fromkeys([form for form in due if form in every] + every))


def _form_refs(forms: Iterable[str]) -> Iterator[Any]:
    for number, form in enumerate(forms, 1):
        yield element("FormRef", {"FormOID": form_oid(form), "OrderNumber": number, "Mandatory": "No"})


# --- forms --------------------------------------------------------------------------------------------------
def _form_def(group: Group) -> Any:
    """A page: its header, then the rows of its form."""
    names = [group.name] if group.name == SUBJECT else [PAGE, group.name]
    told = {"OID": form_oid(group.name), "Name": group.name, "Repeating": "No"}
    found = element("FormDef", told, [translated("Description", group.title)])
    for number, name in enumerate(names, 1):
        ref = {"ItemGroupOID": group_oid(name), "OrderNumber": number, "Mandatory": "No"}
        found.append(element("ItemGroupRef", ref))
    if group.form:
        found.append(alias("version", group.form.version))
    return found


def _group_def(group: Group) -> Any:
    told = {
        "OID": group_oid(group.name),
        "Name": group.name,
        "Repeating": "Yes" if group.repeats else "No",
        "IsReferenceData": "No",
        "SASDatasetName": group.name,
    }
    found = element("ItemGroupDef", told, [translated("Description", group.title)])
    found.extend(_item_ref(group, number, item) for number, item in enumerate(group.items, 1))
    if group.form and group.form.sdtm:
        found.append(alias("SDTM", group.form.sdtm))
    return found


def _item_ref(group: Group, number: int, item: Item) -> Any:
    return element(
        "ItemRef",
        {
            "ItemOID": item_oid(group.name, item.name),
            "OrderNumber": number,
            "Mandatory": "Yes" if item.declared.requirement is Requirement.REQUIRED else "No",
            "MethodOID": method_oid(group.name, item),
            "CollectionExceptionConditionOID": condition_oid(group.name, item),
        },
    )


def _item_defs(group: Group, lists: CodeLists) -> list[Any]:
    short = sas_names(item.name for item in group.items)
    return [item_def(group.name, item, short[item.name], lists) for item in group.items]
