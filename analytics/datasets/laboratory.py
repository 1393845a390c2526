"""The laboratory results, one row each (dataset ADLB): as entered, in SI, graded, against the baseline."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.metadata import PLACE, Dataset, Variable
from analytics.datasets.periods import period_of
from analytics.datasets.records import Row, numbered_and_dated, of_item, rows_of
from analytics.datasets.story import Story
from patients.casebook.answers import RowAnswers
from patients.casebook.form import form_model
from patients.forms.adverse_event import AdverseEvent
from patients.forms.laboratory_ranges import normal_range
from patients.items.codelists import CodeList
from patients.items.item import Item
from patients.items.problems import Text
from patients.items.types import MultiItem

FORM = "LAB"
SI = pl.Decimal(18, 5)
_STEP = Decimal("0.00001")


@dataclass(frozen=True, slots=True)
class Result(Row):
    """A result, its normal range in SI, and the baseline of its test where it is not before it."""

    low: Decimal | None
    high: Decimal | None
    base: Decimal | None

    @property
    def change(self) -> Decimal | None:
        value = self.record.values["lab_si"]
        return None if value is None or self.base is None else value - self.base


def results_of(story: Story) -> Iterable[Result]:
    """The results of a subject."""
    rows = rows_of(story, FORM)
    baselines = {
        row.record.values["lab_test"]: row for row in reversed(rows) if row.record.values["lab_bl_fl"]
    }
    for row in rows:
        low, high = normal_range(RowAnswers(row.record, story.casebook))
        base = _baseline(row, baselines.get(row.record.values["lab_test"]))
        yield Result(row.story, row.record, row.number, row.day, _in_steps(low), _in_steps(high), base)


def _baseline(row: Row, baseline: Row | None) -> Decimal | None:
    """The value of the baseline, of itself and of what was sampled later."""
    if baseline is None or row.record.values["lab_dt"] is None:
        return None
    later = row.record.values["lab_dt"] >= baseline.record.values["lab_dt"]
    value: Decimal | None = baseline.record.values["lab_si"]
    return value if later else None


def _in_steps(limit: Decimal | None) -> Decimal | None:
    return None if limit is None else limit.quantize(_STEP, ROUND_HALF_UP)


# --- the dataset ------------------------------------------------------------------------------------------
def _item(name: str) -> Item:
    return form_model(FORM).item(name)


def as_entered(row: Result) -> str | None:
    """The result with its comparator, unless that says that the value is exact."""
    sign, text = row.record.values["lab_cmp"], _item("lab_value").text(row.record.values["lab_value"])
    return ("" if sign in (None, "=") else sign) + text if text else None


def _periods() -> CodeList:
    item = AdverseEvent.item("ae_trtem")
    assert isinstance(item, MultiItem)
    return item.codes


def _made(
    name: str,
    label: Text,
    kind: Any,
    read: Callable[[Result], Any],
    source: str,
    derivation: Text,
    length: int | None = None,
    codes: CodeList | None = None,
) -> Variable:
    return Variable(
        name=name,
        label=label,
        type=kind,
        read=read,
        source=tuple(source.split()),
        derivation=derivation,
        length=length,
        codes=codes,
    )


_RANGE = "LAB.lab_lln LAB.lab_uln LAB.lab_unit LAB.lab_name"
_IN_SI = _("as entered, else of the table of the laboratory; in SI")
_BASE = _("SI value of the result with ABLFL of the test, of it and of later ones")

ADLB = Dataset(
    "ADLB",
    _("Laboratory Analysis Dataset"),
    _("one row for each laboratory result"),
    (
        *numbered_and_dated("LAB.lab_dt"),
        of_item("PARAMCD", _("Parameter Code"), pl.String, "LAB.lab_test"),
        _made(
            "LBDTC",
            _("Date and Time of Specimen as Entered"),
            pl.String,
            lambda row: _item("lab_dt").text(row.record.values["lab_dt"]) or None,
            "LAB.lab_dt",
            _("with the offset of the site"),
            length=32,
        ),
        of_item("LBSTAT", _("Completion Status"), pl.String, "LAB.lab_status"),
        _made(
            "LBORRES",
            _("Result as Entered"),
            pl.String,
            as_entered,
            "LAB.lab_value LAB.lab_cmp",
            _("with its comparator, in the unit of LBORRESU"),
            length=21,
        ),
        of_item("LBORRESU", _("Original Units"), pl.String, "LAB.lab_unit"),
        of_item("AVAL", _("Analysis Value"), SI, "LAB.lab_si", _("in SI; empty for what is no result")),
        _made("A1LO", _("Analysis Range 1 Lower Limit"), SI, lambda row: row.low, _RANGE, _IN_SI),
        _made("A1HI", _("Analysis Range 1 Upper Limit"), SI, lambda row: row.high, _RANGE, _IN_SI),
        of_item("ANRIND", _("Analysis Reference Range Indicator"), pl.String, "LAB.lab_ind"),
        of_item("ATOXGR", _("Analysis Toxicity Grade"), pl.Int8, "LAB.lab_grade"),
        of_item("ABLFL", _("Baseline Record Flag"), pl.Boolean, "LAB.lab_bl_fl"),
        _made("BASE", _("Baseline Value"), SI, lambda row: row.base, "LAB.lab_si", _BASE),
        _made("CHG", _("Change from Baseline"), SI, lambda row: row.change, "LAB.lab_si", _("AVAL - BASE")),
        _made(
            "APERIODC",
            _("Period"),
            pl.String,
            lambda row: period_of(row.story, row.day),
            "LAB.lab_dt LD.ld_date INF.inf_start_dt HSCT.hsct_start_dt",
            _("of the sample: LD from the first dose, CART for 90 days from T0, HSCT for 100 from H0"),
            codes=_periods(),
        ),
        of_item("LBCLSIG", _("Clinically Significant"), pl.String, "LAB.lab_cs"),
        of_item("LBNAM", _("Vendor Name"), pl.String, "LAB.lab_name"),
        *PLACE,
    ),
)
