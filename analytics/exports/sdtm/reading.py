"""The records that the rows of a form give, by the mapping and the declarations of its items."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from analytics.datasets.story import Story
from analytics.exports.form_tables import exported_items
from analytics.exports.sdtm.domains import DOMAINS, FINDINGS, Class, kind_of
from analytics.exports.sdtm.mapping import FINDINGS_OF, OCCURRENCES, Findings, Made, Occurrence
from analytics.exports.sdtm.names import NAMES, laboratory_category, test_name
from analytics.exports.sdtm.observations import (
    Observation,
    Qualifier,
    is_not_done,
    iso,
    number_of,
    text_of,
    texts_of,
)
from analytics.exports.sdtm.targets import Target, short_label, short_name, target_of
from analytics.exports.tables import Kind
from patients.casebook.answers import Record
from patients.casebook.form import FormRow, form_model
from patients.items.item import Item
from patients.items.types import MultiReferenceItem, ReferenceItem, UserItem

SITE, NOT_MEASURED = "TUMIDENT", "NON-TARGET"
NOT_READ = (UserItem, ReferenceItem, MultiReferenceItem)
"""Who did it is of the trail; what refers to another row is of RELREC."""


def observations_of(story: Story) -> Iterator[Observation]:
    """Every record that single rows give."""
    for occurrence in OCCURRENCES:
        for record in rows_of(story, occurrence.form):
            yield from occurred(occurrence, record)
    for findings in FINDINGS_OF:
        yield from _found(findings, story)


def rows_of(story: Story, form: str) -> Iterator[Record]:
    """The rows of a form that say something, or that it was not done."""
    for record in story.casebook.records(form):
        if is_not_done(record) or any(value is not None for value in record.values.values()):
            yield record


# --- events and interventions -----------------------------------------------------------------------------
@cache
def variables_of(occurrence: Occurrence) -> Mapping[str, str | Made]:
    """Which variable of the domain is read from what."""
    declared = {
        target.variable: item.name
        for item in exported_items(form_model(occurrence.form))
        if (target := target_of(item)).domain == occurrence.domain and target.variable
    }
    return {**declared, **occurrence.items}


@cache
def qualifiers_of(occurrence: Occurrence) -> tuple[Item, ...]:
    """Items that qualify the record: declared so, or of the domain without being a variable of it."""
    used = {name for read in variables_of(occurrence).values() for name in _items_in(read)}
    return tuple(
        item
        for item in exported_items(form_model(occurrence.form))
        if item.name in occurrence.also
        or (item.name not in used and target_of(item).domain == occurrence.domain)
    )


def _items_in(read: str | Made) -> tuple[str, ...]:
    return read.items if isinstance(read, Made) else (read,)


def occurred(occurrence: Occurrence, record: Record) -> Iterator[Observation]:
    """The record that a row is, if it took place."""
    if not is_not_done(record) and occurrence.when(record.values):
        model = form_model(occurrence.form)
        found = {name: _value(model, name, read, record) for name, read in variables_of(occurrence).items()}
        values = {**occurrence.fixed, **{name: value for name, value in found.items() if value is not None}}
        yield Observation(
            occurrence.domain, values, record.place, tuple(_qualifying(occurrence, model, record))
        )


def _qualifying(occurrence: Occurrence, model: type[FormRow], record: Record) -> Iterator[Qualifier]:
    for item in qualifiers_of(occurrence):
        if text := text_of(item, record.values.get(item.name)):
            yield qualifier(model, item, text)


def qualifier(model: type[FormRow], item: Item, text: str) -> Qualifier:
    origin = "Derived" if item.is_derived else "CRF"
    said = item.declared
    return Qualifier(short_name(model, item), short_label(said.label), text, origin, said.genetic)


def _value(model: type[FormRow], variable: str, read: str | Made, record: Record) -> Any:
    if isinstance(read, Made):
        found = read.read(record.values)
        return iso(found) or found or None
    item, value = model.item(read), record.values.get(read)
    if kind_of(variable) in (Kind.DECIMAL, Kind.INTEGER):
        return number_of(item, value)
    return text_of(item, value) or None


# --- findings ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Test:
    """An item that is a finding. `is_site`: it names where disease was found, which nobody measured."""

    item: Item
    domain: str
    code: str
    name: str
    said: tuple[tuple[str, str], ...]
    is_site: bool = False


@cache
def tests_of(findings: Findings) -> tuple[Test, ...]:
    """The items of a form that are findings, each with its domain and test."""
    model = form_model(findings.form)
    dating = {model.form.dated_by, findings.dated, *findings.dates.values(), *findings.read.values()}
    found = (_test(findings, model, item) for item in exported_items(model) if item.name not in dating)
    return tuple(test for test in found if test is not None)


def _test(findings: Findings, model: type[FormRow], item: Item) -> Test | None:
    target = target_of(item)
    domain = findings.domains.get(item.name) or _domain(findings, target, item)
    if not domain or target.is_qualifier or item.name.startswith(findings.without or ("\0",)):
        return None
    named = target.test if target.domain == domain else ""
    if target.variable == f"{domain}LOC":
        return Test(item, domain, SITE, NAMES[SITE], _known(domain, target.said), is_site=True)
    code = findings.tests.get(item.name) or named or short_name(model, item)
    said = (*target.said, *((("LBCAT", laboratory_category(code)),) if domain == "LB" else ()))
    return Test(item, domain, code, test_name(domain, code, item.declared.label), _known(domain, said))


def _known(domain: str, said: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What is said of variables that the domain has."""
    return tuple((name, told) for name, told in said if name in DOMAINS[domain].variables)


def _domain(findings: Findings, target: Target, item: Item) -> str:
    """That of the declaration if it holds findings, else the default of the form; audit and analysis items,
    and those that other records hold, have none."""
    if isinstance(item, NOT_READ) or target.domain in ("IE", "DM") or _is_timing(target):
        return ""
    if target.domain in DOMAINS and DOMAINS[target.domain].of in FINDINGS:
        return target.domain
    is_of_analysis = item.declared.cdisc.startswith(("AD", "audit", "RELREC"))
    return "" if is_of_analysis else findings.default


def _is_timing(target: Target) -> bool:
    return target.variable.endswith(("DTC", "GRPID")) and DOMAINS[target.domain].of in FINDINGS


@cache
def qualified_by(findings: Findings) -> tuple[tuple[str, Item], ...]:
    """The items of a form that qualify all findings of a domain in a row."""
    domains = {test.domain for test in tests_of(findings)}
    targets = ((target_of(item), item) for item in exported_items(form_model(findings.form)))
    of = (
        (target.domain if target.domain in domains else findings.default, target, item)
        for target, item in targets
    )
    return tuple(
        (domain, item)
        for domain, target, item in of
        if target.is_qualifier and domain in domains and not isinstance(item, NOT_READ)
    )


def _found(findings: Findings, story: Story) -> Iterator[Observation]:
    seen: set[tuple[Any, ...]] = set()
    for record in rows_of(story, findings.form):
        if is_not_done(record):
            yield from _not_done(findings, record)
            continue
        of_row = _OfRow(findings, record)
        for test in tests_of(findings):
            for observation in _results(test, record, of_row):
                said = (test.domain, test.code, *observation.values.values())
                if not (findings.once and said in seen):
                    seen.add(said)
                    yield observation


class _OfRow(dict[str, tuple[dict[str, str], str | None, tuple[Qualifier, ...]]]):
    """What all findings of a row in a domain have in common, by the domain: what is said beside them, when,
    and their qualifiers."""

    def __init__(self, findings: Findings, record: Record) -> None:
        super().__init__()
        self._findings, self._record = findings, record

    def __missing__(self, domain: str) -> tuple[dict[str, str], str | None, tuple[Qualifier, ...]]:
        findings, record = self._findings, self._record
        qualifiers = tuple(_of_row(findings, domain, record))
        found = _of_domain(findings, domain, record), collected(findings, record, domain), qualifiers
        self[domain] = found
        return found


def _results(test: Test, record: Record, of_row: _OfRow) -> Iterator[Observation]:
    item, value = test.item, record.values.get(test.item.name)
    for text in () if value is None else texts_of(item, value):
        domain = test.domain
        said, when, qualifiers = of_row[domain]
        number = number_of(item, value)
        unit = item.declared.unit or None if number is not None else None
        values = {
            f"{domain}TESTCD": test.code,
            f"{domain}TEST": test.name,
            **said,
            **dict(test.said),
            f"{domain}ORRES": NOT_MEASURED if test.is_site else text,
            f"{domain}ORRESU": unit,
            f"{domain}STRESC": NOT_MEASURED if test.is_site else text,
            f"{domain}STRESN": number,
            f"{domain}STRESU": unit,
            f"{domain}DTC": when,
            **({f"{domain}LOC": text} if test.is_site else {}),
        }
        yield Observation(domain, values, record.place, qualifiers, item.declared.genetic, of_place=True)


def dating_of(findings: Findings, domain: str) -> str:
    """The item that dates findings of a domain; empty where the page does."""
    return findings.dates.get(domain) or findings.dated or form_model(findings.form).form.dated_by


def collected(findings: Findings, record: Record, domain: str) -> str | None:
    """When: the item that dates the findings, else the date of the page."""
    dating = dating_of(findings, domain)
    return iso(record.values.get(dating)) or iso(record.form_date)


def _of_domain(findings: Findings, domain: str, record: Record) -> dict[str, str]:
    model = form_model(findings.form)
    said = {name: text for name, text in findings.said.items() if name.startswith(domain)}
    read = {
        name: text_of(model.item(item), record.values.get(item))
        for name, item in findings.read.items()
        if name.startswith(domain)
    }
    return {name: text for name, text in {**said, **read}.items() if text}


def _of_row(findings: Findings, domain: str, record: Record) -> Iterator[Qualifier]:
    for of, item in qualified_by(findings):
        if of == domain and (text := text_of(item, record.values.get(item.name))):
            yield qualifier(form_model(findings.form), item, text)


def _not_done(findings: Findings, record: Record) -> Iterator[Observation]:
    """A form that was not done is one record: all tests of its domain."""
    domain = findings.default
    if domain and DOMAINS[domain].of in (Class.FINDINGS, Class.ABOUT):
        values = {
            f"{domain}TESTCD": f"{domain}ALL",
            f"{domain}TEST": test_name(domain, f"{domain}ALL", ""),
            **_of_domain(findings, domain, record),
            f"{domain}STAT": "NOT DONE",
            f"{domain}REASND": record.header.get("not_done_reason"),
            f"{domain}DTC": iso(record.form_date),
        }
        yield Observation(domain, values, record.place)
