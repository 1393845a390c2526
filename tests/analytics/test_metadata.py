"""What the datasets say of themselves is what they are: columns, types, lengths, code lists, sources."""

from datetime import date

import polars as pl
import pytest
from django.utils.functional import Promise

from analytics.datasets.build import DATASETS, build_datasets, record_datasets
from analytics.datasets.metadata import Dataset, Variable
from patients.builder.timeline import Timeline
from patients.items.item import Item
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
)
from tests.analytics.casebooks import built, cut_at
from tests.analytics.conftest import DEMO_CUTOFF

VARIABLES = [
    pytest.param(dataset, one, id=f"{dataset.name}.{one.name}")
    for dataset in DATASETS
    for one in dataset.variables
]
LABEL_CHARACTERS, NAME_CHARACTERS = 40, 8  # of a SAS transport file
EMPTY = {"ADDL"}  # nobody of the invented cohort met a criterion
PLACE = {"form", "visit", "row_key", "item"}


pytestmark = pytest.mark.usefixtures("new_registry")


@pytest.fixture(scope="module")
def tables(demo_timelines: list[Timeline], new_registry: None) -> dict[str, pl.DataFrame]:
    """Every dataset of the invented cohort by its name."""
    cutoff = date.fromisoformat(DEMO_CUTOFF)
    casebooks = built(demo_timelines)
    (records,) = record_datasets(cutoff, cut_at(casebooks, cutoff))
    estimated = build_datasets(cutoff, cut_at(casebooks, cutoff))
    return {
        name.upper(): table for name, table in (vars(estimated) | vars(records)).items() if name != "cutoff"
    }


def test_every_dataset_is_described_and_every_description_is_of_a_dataset(
    tables: dict[str, pl.DataFrame],
) -> None:
    """The trace and the courses are no datasets: they lead back, and are drawn."""
    assert tables.keys() == {one.name for one in DATASETS} | {"TRACE", "COURSES"}


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda one: one.name)
def test_columns_and_types_are_those_declared(dataset: Dataset, tables: dict[str, pl.DataFrame]) -> None:
    table = tables[dataset.name]
    assert list(table.columns) == [one.name for one in dataset.variables]
    assert all(table.schema[one.name] == one.type for one in dataset.variables)
    assert (table.height > 0) == (dataset.name not in EMPTY)


@pytest.mark.parametrize(("dataset", "variable"), VARIABLES)
def test_a_variable_says_what_a_reader_must_know(dataset: Dataset, variable: Variable) -> None:
    assert isinstance(variable.label, Promise)
    assert 0 < len(str(variable.label)) <= LABEL_CHARACTERS
    assert len(variable.name) <= NAME_CHARACTERS
    assert variable.name in PLACE or variable.name.isupper()
    assert (variable.read is None) != (variable.fact is None)
    assert variable.derivation or len(variable.items) == 1
    assert variable.format
    assert dataset.variable(variable.name) is variable


def test_names_and_labels_are_unique() -> None:
    for dataset in DATASETS:
        for part in ("name", "label"):
            found = [str(getattr(one, part)) for one in dataset.variables]
            assert len(set(found)) == len(found), (dataset.name, part)


def test_a_variable_means_the_same_in_every_dataset() -> None:
    """One name has one type; what both begin with has one label, too."""
    seen: dict[str, Variable] = {}
    for dataset in DATASETS:
        for one in dataset.variables:
            other = seen.setdefault(one.name, one)
            if one.name not in ("AVAL", "PARAMCD"):  # of their dataset, as in ADaM
                assert one.type == other.type, one.name


@pytest.mark.parametrize(("dataset", "variable"), VARIABLES)
def test_what_is_an_item_as_it_stands_has_its_type(dataset: Dataset, variable: Variable) -> None:
    if not variable.derivation:
        (item,) = variable.items
        assert holds(variable, item), f"{variable.format} of {item.type_name}"


def holds(variable: Variable, item: Item) -> bool:
    match item:
        case DecimalItem():
            return variable.type == pl.Decimal(item.digits, item.places)
        case BooleanItem():
            return variable.type == pl.Boolean
        case DateItem():
            return variable.type == pl.Date
        case IntegerItem():
            return variable.type in (pl.Int8, pl.Int16, pl.Int32)
        case _:
            return variable.type == pl.String


@pytest.mark.parametrize(("dataset", "variable"), VARIABLES)
def test_a_code_list_is_that_of_the_form(dataset: Dataset, variable: Variable) -> None:
    coded = [item for item in variable.items if isinstance(item, ChoiceItem | MultiItem)]
    if (
        len(variable.items) == 1
        and coded
        and variable.codes is None
        and variable.type in (pl.String, pl.Int8)
    ):
        assert variable.code_list is coded[0].codes
    if not variable.derivation and not coded:
        assert variable.code_list is None


@pytest.mark.parametrize(("dataset", "variable"), VARIABLES)
def test_values_keep_to_the_code_list_and_the_length(
    dataset: Dataset, variable: Variable, tables: dict[str, pl.DataFrame]
) -> None:
    values = set(tables[dataset.name][variable.name].drop_nulls())
    if variable.code_list is not None:
        assert {str(one) for one in values} <= variable.code_list.labels.keys()
    if variable.type == pl.String:
        most = int(variable.format.removeprefix("text(").removesuffix(")"))
        assert max((len(one) for one in values), default=0) <= most


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(KeyError):
        DATASETS[0].variable("NONE")
