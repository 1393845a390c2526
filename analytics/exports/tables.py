"""The one model under every export format: a table says what it holds, and hands out its rows in parts.

A form of the casebook and an analysis dataset are tables alike. Parts are frames of some subjects each, in
the order of the subjects: no format needs more than one of them in memory, unless its own writer does.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from patients.items.codelists import CodeList
from patients.items.problems import Text


class Kind(StrEnum):
    """What stands in a column. A partial date is text, as is a reason or a list of several codes."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    PARTIAL_DATE = "partial date"


class Standard(StrEnum):
    """What a table is a table of."""

    ANALYSIS = "analysis"
    FORMS = "forms"
    SDTM = "sdtm"
    REGISTRY = "registry"


_APART = (Standard.SDTM, Standard.REGISTRY)
"""Tables with names of their own standard."""


class Origin(StrEnum):
    """Where a value comes from, in the words of Define-XML."""

    COLLECTED = "Collected"
    DERIVED = "Derived"
    ASSIGNED = "Assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `length` is the most characters of its text, `places` those behind the point; `source`
    names the items that it is read from, `derivation` says what becomes of them. `is_genetic`: it falls under
    the rules on human genetic resources. `may_be_date`: a text that is a date in some rows and moves with the
    others."""

    name: str
    label: Text
    kind: Kind
    origin: Origin
    length: int = 0
    places: int = 0
    codes: CodeList | None = None
    unit: str = ""
    source: tuple[str, ...] = ()
    derivation: Text = ""
    is_genetic: bool = False
    may_be_date: bool = False

    @property
    def labels(self) -> dict[str, str]:
        """What its codes mean, in the active language; empty without any."""
        return {code: str(label) for code, label in self.codes.labels.items()} if self.codes else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of an export. `keys` name the columns that tell its rows apart; `structure` says in words what
    a row is. `subject` names the column of the subject, by which dates are moved (empty: it is about none),
    and `prefix` what stands before the subject's code in it. `parts_without_genetic` hands out the rows that
    are no genetic data, where rows are."""

    name: str
    label: Text
    structure: Text
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    parts: Callable[[], Iterator[pl.DataFrame]]
    subject: str = "SUBJID"
    prefix: str = ""
    standard: Standard = Standard.FORMS
    parts_without_genetic: Callable[[], Iterator[pl.DataFrame]] | None = None

    @property
    def key(self) -> str:
        """Its name among all tables of a lock: domains are called as forms are."""
        return f"{self.standard.upper()}.{self.name}" if self.standard in _APART else self.name

    @property
    def oid(self) -> str:
        """Its identifier in the formats of CDISC: a dataset of their standards has its bare name."""
        of_standard = self.standard in (Standard.ANALYSIS, Standard.SDTM)
        return f"IG.{self.name}" if of_standard else f"IG.{self.standard.upper()}.{self.name}"

    @property
    def folder(self) -> str:
        """Where its files lie in an archive, before the format."""
        return f"{self.standard}/" if self.standard in _APART else ""

    def column(self, name: str) -> Column:
        """The column of this name. Raises KeyError."""
        return {one.name: one for one in self.columns}[name]

    def frame(self) -> pl.DataFrame:
        """All rows at once, for formats that are written so."""
        parts = list(self.parts())
        return pl.concat(parts) if parts else pl.DataFrame(schema=self.schema)

    @property
    def schema(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """The types of its columns."""
        return {one.name: TYPES[one.kind] for one in self.columns}


TYPES: dict[Kind, pl.DataType | type[pl.DataType]] = {
    Kind.TEXT: pl.String,
    Kind.INTEGER: pl.Int64,
    Kind.DECIMAL: pl.Float64,
    Kind.BOOLEAN: pl.String,
    Kind.DATE: pl.Date,
    Kind.DATETIME: pl.Datetime("us", "Asia/Shanghai"),
    Kind.TIME: pl.String,
    Kind.PARTIAL_DATE: pl.String,
}
"""A boolean is Y or N, as every code list of CDISC has it. A decimal travels as a number of 64 bits, as in
SAS and R; the casebook's own CSV alone keeps it digit by digit."""
