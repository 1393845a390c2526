"""What a dataset says about itself: its variables, each with label, type, code list, derivation and source.

One declaration builds the table, its schema, its trace and its description; beside each variable stands the
code that fills it. Nothing here reads a casebook.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeAlias

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.sourced import Sourced
from patients.casebook.form import form_model
from patients.items.codelists import CodeList
from patients.items.item import Item
from patients.items.problems import Text
from patients.items.types import ChoiceItem, DecimalItem, MultiItem, TextItem

Fact: TypeAlias = Sourced[Any] | tuple[Sourced[Any], ...] | None
PolarsType: TypeAlias = type[pl.DataType] | pl.DataType
TRACE: dict[str, PolarsType] = dict.fromkeys(
    ("DATASET", "SUBJID", "VARIABLE", "form", "visit", "row_key", "item"), pl.String
)
_CODED = (pl.String, pl.Int8)  # a grade or score is a code as a number; flags and what is counted are none
_NAMES = {pl.String: "text", pl.Date: "date", pl.Datetime: "datetime", pl.Boolean: "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One column. `read` gives its value from what a row is made of, or `fact` a value that remembers its
    item, which goes into the trace as well; several facts are counted. `source` names the items (`FORM.item`)
    that it is read from, `derivation` says in words what becomes of them, and is empty where the value is
    what the item says. The code list is that of the single source, unless `codes` gives another; a text
    without one has at most `length` characters."""

    name: str
    label: Text
    type: PolarsType
    read: Callable[[Any], Any] | None = None
    fact: Callable[[Any], Fact] | None = None
    source: tuple[str, ...] = ()
    derivation: Text = ""
    codes: CodeList | None = None
    length: int | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        """The declarations of its sources. Raises KeyError for one that no form has."""
        parted = (one.partition(".") for one in self.source)
        return tuple(form_model(form).item(item) for form, _dot, item in parted if item)

    @property
    def code_list(self) -> CodeList | None:
        if self.codes is None and len(self.items) == 1 and self.type in _CODED:
            (item,) = self.items
            return item.codes if isinstance(item, ChoiceItem | MultiItem) else None
        return self.codes

    @property
    def format(self) -> str:
        """The type with its length: `text(8)`, `decimal(18,5)`, `date`."""
        if isinstance(self.type, pl.Decimal):
            return f"decimal({self.type.precision},{self.type.scale})"
        name = next((name for kind, name in _NAMES.items() if self.type == kind), "integer")
        return f"{name}({self._characters})" if name == "text" else name

    @property
    def _characters(self) -> int:
        """Of the longest code; of several in one text, of all of them."""
        if self.length is not None or self.code_list is None:
            return self.length or max(map(_length_of, self.items))
        lengths = [len(code) for code in self.code_list.labels]
        several = any(isinstance(item, MultiItem) for item in self.items)
        return sum(lengths) + len(lengths) - 1 if several else max(lengths)


def _length_of(item: Item) -> int:
    if isinstance(item, TextItem):
        return item.length
    if isinstance(item, DecimalItem):
        return item.digits + 2  # sign and point
    return item.max_length or 0


@dataclass(frozen=True)
class Dataset:
    """A table: what it holds, what a row of it is, and its variables in their order."""

    name: str
    label: Text
    row: Text
    variables: tuple[Variable, ...]
    schema: dict[str, PolarsType] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", {one.name: one.type for one in self.variables})

    def variable(self, name: str) -> Variable:
        """The variable of this name. Raises KeyError."""
        found = {one.name: one for one in self.variables}
        return found[name]

    def table(self, rows: Sequence[Any]) -> pl.DataFrame:
        """The table of what its rows are made of."""
        return self.traced_table(rows, with_trace=False)[0]

    def traced_table(
        self, rows: Sequence[Any], *, with_trace: bool = True
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The table, and the trace of its facts (each row has a `subject`), or an empty one."""
        columns: list[pl.Series] = []
        traces: list[tuple[str, ...]] = []
        for variable in self.variables:
            values, facts = _read(variable, rows)
            columns.append(pl.Series(variable.name, values, dtype=variable.type))
            traces += self._traces(variable, rows, facts) if with_trace else ()
        return pl.DataFrame(columns), pl.DataFrame(traces, schema=TRACE, orient="row")

    def _traces(
        self, variable: Variable, rows: Sequence[Any], facts: Sequence[Fact]
    ) -> Iterator[tuple[str, ...]]:
        for row, found in zip(rows, facts, strict=False):
            for one in _each(found):
                yield self.name, row.subject, variable.name, one.form, one.visit, one.row_key, one.item


def _read(variable: Variable, rows: Sequence[Any]) -> tuple[list[Any], list[Fact]]:
    """The values of a column, and the facts that it was read from, if it was."""
    if variable.fact is None:
        assert variable.read is not None, variable.name
        return list(map(variable.read, rows)), []
    facts = list(map(variable.fact, rows))
    return list(map(bare, facts)), facts


def bare(fact: Fact) -> Any:
    """The value of a fact; of several, how many there are."""
    if isinstance(fact, tuple):
        return len(fact)
    return None if fact is None else fact.value


def _each(fact: Fact) -> Iterator[Sourced[Any]]:
    if isinstance(fact, tuple):
        yield from fact
    elif fact is not None:
        yield fact


def _page(name: str, label: Text, length: int) -> Variable:
    return Variable(
        name=name,
        label=label,
        type=pl.String,
        read=attrgetter(name),
        derivation=_("of the row of the casebook that this row was read from"),
        length=length,
    )


SUBJECT = Variable(
    name="SUBJID",
    label=_("Subject Identifier for the Study"),
    type=pl.String,
    read=attrgetter("subject"),
    derivation=_("the code of the subject"),
    length=12,
)
PLACE = (_page("form", _("Form"), 12), _page("visit", _("Visit"), 12), _page("row_key", _("Row"), 60))
"""Where a row of a dataset was read: with the item of a variable's source, this leads to page and version."""
