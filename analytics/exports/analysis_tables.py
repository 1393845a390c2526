"""The analysis datasets as tables: their metadata says all that an export asks."""

from collections.abc import Iterator

import polars as pl

from analytics.datasets.metadata import Dataset, Variable
from analytics.exports.tables import TYPES, Column, Kind, Origin
from patients.items.codelists import NY

_PLACE = ("form", "visit", "row_key")
AS_ENTERED = "DTC"
"""How the variables end that hold a date as it was entered, as partial as it is."""
KEYS = {
    "ADSL": ("SUBJID",),
    "ADTTE": ("SUBJID", "PARAMCD"),
    "ADDL": ("SUBJID", "AESEQ", "CRIT", *_PLACE, "item"),
    "EXCLUSIONS": ("SUBJID", "SET"),
}
"""The columns that tell rows apart; of the others it is the subject and the number of its row."""


def columns_of(dataset: Dataset) -> tuple[Column, ...]:
    """The columns of an analysis dataset."""
    return tuple(_column(variable) for variable in dataset.variables)


def keys_of(dataset: Dataset) -> tuple[str, ...]:
    """The columns that tell the rows of a dataset apart."""
    if dataset.name in KEYS:
        return KEYS[dataset.name]
    number = next(one.name for one in dataset.variables if one.name.endswith("SEQ"))
    return ("SUBJID", number)


def as_exported(dataset: Dataset, frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of a dataset in the types of an export."""
    return frame.select(list(_expressions(dataset)))


def _expressions(dataset: Dataset) -> Iterator[pl.Expr]:
    for column in columns_of(dataset):
        value = pl.col(column.name)
        if column.kind is Kind.BOOLEAN:
            value = pl.when(value).then(pl.lit("Y")).when(~value).then(pl.lit("N"))
        yield value.cast(TYPES[column.kind]).alias(column.name)


def _column(variable: Variable) -> Column:
    kind, length = _kind(variable)
    return Column(
        name=variable.name,
        label=variable.label,
        kind=kind,
        origin=Origin.ASSIGNED if variable.name in _PLACE else Origin.DERIVED,
        length=length,
        places=variable.type.scale if isinstance(variable.type, pl.Decimal) else 0,
        codes=NY if kind is Kind.BOOLEAN else variable.code_list,
        source=variable.source,
        derivation=variable.derivation,
        is_genetic=any(item.declared.genetic for item in variable.items),
    )


def _kind(variable: Variable) -> tuple[Kind, int]:
    """Its kind, and of a text its length."""
    if variable.name.endswith(AS_ENTERED):
        return Kind.PARTIAL_DATE, len("2025-08-05T14:30:00+08:00")
    if variable.type == pl.String:
        return Kind.TEXT, int(variable.format.removeprefix("text(").removesuffix(")"))
    if variable.type == pl.Boolean:
        return Kind.BOOLEAN, 1
    if variable.type == pl.Date:
        return Kind.DATE, 0
    if isinstance(variable.type, pl.Datetime):
        return Kind.DATETIME, 0
    is_decimal = isinstance(variable.type, pl.Decimal) or variable.type in (pl.Float64, pl.Float32)
    return (Kind.DECIMAL if is_decimal else Kind.INTEGER), 0
