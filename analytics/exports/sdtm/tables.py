"""The domains as tables of an export: every format and its description come with that."""

from collections.abc import Callable, Iterator
from functools import cache, partial

import polars as pl

from analytics.exports.sdtm.datasets import PREFIX
from analytics.exports.sdtm.domains import (
    DOMAINS,
    GENETIC,
    MAY_BE_A_DATE,
    Class,
    Domain,
    kind_of,
    label_of,
    length_of,
)
from analytics.exports.sdtm.sources import codes_of, items_of, source_of
from analytics.exports.tables import Column, Kind, Origin, Standard, Table

Parts = Callable[[str], Iterator[pl.DataFrame]]


def tables(parts: Parts) -> list[Table]:
    """Every domain; `parts` hands out the frames of one by its name."""
    return [_table(domain, partial(parts, domain.code)) for domain in DOMAINS.values()]


def _table(domain: Domain, parts: Callable[[], Iterator[pl.DataFrame]]) -> Table:
    has_genetic = has_genetic_records(domain.code)
    return Table(
        name=domain.code,
        label=domain.label,
        structure=domain.structure,
        keys=domain.keys,
        columns=_columns(domain.code),
        parts=partial(_records, parts),
        subject="USUBJID" if "USUBJID" in domain.variables else "",
        prefix=PREFIX,
        standard=Standard.SDTM,
        parts_without_genetic=partial(_records, parts, without_genetic=True) if has_genetic else None,
    )


def _records(
    parts: Callable[[], Iterator[pl.DataFrame]], *, without_genetic: bool = False
) -> Iterator[pl.DataFrame]:
    for frame in parts():
        kept = frame.filter(pl.col(GENETIC).fill_null(value=False).not_()) if without_genetic else frame
        yield kept.drop(GENETIC)


def has_genetic_records(code: str) -> bool:
    """Whether items that are genetic data go into a domain, or into its qualifiers."""
    return any(item.declared.genetic for item in items_of(code))


@cache
def _columns(code: str) -> tuple[Column, ...]:
    return tuple(_column(DOMAINS[code], variable) for variable in DOMAINS[code].variables)


def _column(domain: Domain, variable: str) -> Column:
    kind = kind_of(variable)
    source, derivation = source_of(domain.code, variable)
    return Column(
        name=variable,
        label=label_of(variable, domain.code),
        kind=kind,
        origin=_origin(source, derivation, domain),
        length=length_of(variable, domain.code),
        codes=codes_of(domain.code, variable) if kind is Kind.TEXT else None,
        source=source,
        derivation=derivation,
        may_be_date=kind is Kind.TEXT and variable.endswith(MAY_BE_A_DATE) and domain.of is not Class.DESIGN,
    )


def _origin(source: tuple[str, ...], derivation: str, domain: Domain) -> Origin:
    if derivation:
        return Origin.DERIVED
    return Origin.COLLECTED if source else Origin.ASSIGNED
