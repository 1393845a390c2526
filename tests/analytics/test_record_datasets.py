"""The datasets of results and assessments: one row for each row of the casebook, in place and derived."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.datasets import build
from analytics.datasets.build import ADCH, ADGV, ADLB, ADRS, RecordDatasets, build_datasets, record_datasets
from analytics.datasets.periods import period_of
from analytics.datasets.story import tell
from analytics.locks.snapshot import CutSubject
from patients.builder.timeline import Timeline
from patients.casebook.answers import Record
from patients.items.partial_date import PartialDate
from tests.analytics.casebooks import (
    DIARRHOEA,
    NEVER,
    RASH,
    SUBJECT,
    acute,
    assessed,
    built,
    chronic,
    counted,
    cut,
    cut_at,
    day,
    died,
    grafted,
    infused,
    moment,
    relapsed,
    row,
)
from tests.patients.builder.strategies import cohorts

SLOW = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
TABLES = {"adlb": ADLB, "adrs": ADRS, "adgv": ADGV, "adch": ADCH}


pytestmark = pytest.mark.usefixtures("new_registry")


def tables(*records: Record, cutoff: date = NEVER) -> RecordDatasets:
    (found,) = record_datasets(cutoff, [cut([*infused(), *records], cutoff)])
    return found


def first(table: pl.DataFrame) -> dict[str, Any]:
    return table.to_dicts()[0]


DOSED = row("LD", day(-5), "LD1", key="1", ld_date=day(-5))
MRD = {"mrd_done": True, "mrd_lod": Decimal("0.002")}


# --- ADLB -------------------------------------------------------------------------------------------------
def test_a_result_is_a_row_as_entered_in_si_graded_and_against_the_baseline() -> None:
    before = counted("NEUT", {-9: "3.0", -7: "2.5"})
    result = row(
        "LAB",
        day(20),
        "H4d",
        key="NEUT",
        lab_dt=moment(day(20)),
        lab_test="NEUT",
        lab_value=Decimal(400),
        lab_cmp="<",
        lab_unit="/uL",
        lab_lln=Decimal(1800),
        lab_uln=Decimal(6300),
        lab_status="done",
        lab_cs="Y",
    )
    found = tables(DOSED, *before, grafted(16), result).adlb
    assert found["ABLFL"].to_list() == [False, True, False]
    assert found["BASE"].to_list() == [None, Decimal("2.5"), Decimal("2.5")]
    assert found["CHG"].to_list() == [None, Decimal(0), Decimal("-2.1")]
    assert found.to_dicts()[2] == {
        "SUBJID": SUBJECT,
        "ASEQ": 3,
        "ADT": day(20),
        "ADY": 20,
        "HSCTDY": 4,
        "PARAMCD": "NEUT",
        "LBDTC": "2024-03-21T14:00:00+08:00",
        "LBSTAT": "done",
        "LBORRES": "<400",
        "LBORRESU": "/uL",
        "AVAL": Decimal("0.40000"),
        "A1LO": Decimal("1.80000"),
        "A1HI": Decimal("6.30000"),
        "ANRIND": "LOW",
        "ATOXGR": 4,
        "ABLFL": False,
        "BASE": Decimal("2.50000"),
        "CHG": Decimal("-2.10000"),
        "APERIODC": "hsct",
        "LBCLSIG": "Y",
        "LBNAM": None,
        "form": "LAB",
        "visit": "H4d",
        "row_key": "NEUT",
    }


def test_the_baseline_is_that_of_the_test() -> None:
    found = tables(DOSED, *counted("NEUT", {-7: "2.5", 3: "1"}), *counted("PLAT", {3: "20"})).adlb
    assert found.filter(PARAMCD="PLAT")["BASE"].to_list() == [None]
    assert found.filter(PARAMCD="NEUT")["CHG"].to_list() == [Decimal(0), Decimal("-1.5")]


def test_a_sample_without_a_result_is_a_row_without_a_value() -> None:
    (nothing,) = counted("NEUT", {3: "1"})
    nothing.values.update(lab_value=None, lab_status="not_done")
    found = first(tables(nothing).adlb)
    assert (found["LBSTAT"], found["LBORRES"], found["AVAL"], found["CHG"]) == ("not_done", None, None, None)


@pytest.mark.parametrize(
    ("on", "period"),
    [(-6, None), (-5, "ld"), (-1, "ld"), (0, "cart"), (15, "cart"), (16, "hsct"), (116, "hsct"), (117, None)],
)
def test_the_period_of_a_day(on: int, period: str | None) -> None:
    story = tell(cut([*infused(), DOSED, grafted(16)]), NEVER)
    assert period_of(story, day(on)) == period


@pytest.mark.parametrize(("on", "period"), [(90, "cart"), (91, None)])
def test_the_period_without_a_graft(on: int, period: str | None) -> None:
    assert period_of(tell(cut(infused()), NEVER), day(on)) == period


@pytest.mark.parametrize("on", [-6, -5, -1, 0, 15, 16, 116, 117])
def test_the_period_is_that_of_an_adverse_event_of_the_day(on: int) -> None:
    event = row("AE", day(-20), "UNSAE", key="1", ae_term="Fever", ae_start=PartialDate.of(day(on)))
    subject = cut([*infused(), DOSED, grafted(16), event])
    data = build_datasets(NEVER, [subject])
    assert data.adae["APERIODC"].to_list() == [period_of(tell(subject, NEVER), day(on))]


# --- ADRS -------------------------------------------------------------------------------------------------
def test_an_assessment_is_a_row_with_both_readings() -> None:
    found = first(tables(assessed(14, 2, mrd_value=Decimal("0.001"), **MRD), grafted(16)).adrs)
    expected = {
        "ADT": day(14),
        "ADY": 14,
        "HSCTDY": -2,
        "RSPROT": "CRi",
        "BSTRESP": "CRi",
        "BSTFL": True,
        "MRDSTAT": "negative",
        "MRDPCT": Decimal("0.001"),
        "BMBLAST": Decimal(2),
        "GATEFL": True,
        "form": "RESP",
        "visit": "R14",
    }
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    ("records", "best"),
    [
        ([assessed(-5, 60), assessed(14, 60), assessed(28, 2)], "None- NR+ CRi+"),
        ([assessed(14, 2), assessed(28, 2)], "CRi+ CRi-"),
        ([assessed(14, 2), assessed(60, 60)], "CRi+ CRi-"),
        ([assessed(14, 60), relapsed(20), assessed(28, 2)], "NR+ NR-"),
        ([assessed(0, 2)], "None-"),
    ],
    ids=[
        "none before the infusion",
        "as good as before",
        "relapse",
        "after the relapse form",
        "day of infusion",
    ],
)
def test_the_best_response_so_far(records: list[Record], best: str) -> None:
    found = tables(*records).adrs.select("BSTRESP", "BSTFL").rows()
    assert " ".join(f"{code}{'+' if improves else '-'}" for code, improves in found) == best


# --- ADGV -------------------------------------------------------------------------------------------------
def test_acute_and_chronic_assessments_are_rows_of_one_table() -> None:
    found = tables(grafted(16), acute(40, DIARRHOEA, 38), chronic(116, 2, treated_from=118)).adgv.to_dicts()
    acute_row = {"GVCAT": "AGVHD", "HSCTDY": 24, "GVPHASE": "AFTER", "LGISTG": 2, "MAGICGR": 3, "SKINSTG": 0}
    assert (acute_row | {"AGONDT": day(38), "CGFL": None, "NIHSEV": None}).items() <= found[0].items()
    chronic_row = {"GVCAT": "CGVHD", "HSCTDY": 100, "CGFL": True, "NIHSEV": "moderate", "CGMOUTH": 2}
    assert (chronic_row | {"MAGICGR": None, "CGSYSDT": day(118), "CGEYES": None}).items() <= found[1].items()
    assert [one["ASEQ"] for one in found] == [1, 2]


@pytest.mark.parametrize(
    ("records", "phase"),
    [
        ([acute(14, RASH, 12), grafted(16)], "BEFORE"),
        ([grafted(16), acute(20, RASH, 15)], "BEFORE"),
        ([grafted(16), acute(20, RASH, 16)], "AFTER"),
        ([grafted(16), acute(20, {}, 15)], "AFTER"),
        ([acute(16, {}), grafted(16)], "AFTER"),
        ([acute(15, {}), grafted(16)], "BEFORE"),
        ([acute(60, RASH, 60)], "BEFORE"),
    ],
    ids=[
        "before the graft",
        "an episode that began before it",
        "an episode that began on its day",
        "the onset of an episode that is over says nothing",
        "without a grade, on its day",
        "without a grade, before it",
        "no graft",
    ],
)
def test_before_or_after_the_graft(records: list[Record], phase: str) -> None:
    assert tables(*records).adgv["GVPHASE"].to_list() == [phase]


def test_a_genital_score_that_was_not_examined_is_none() -> None:
    page = chronic(116, 1)
    page.values["cg_genital"] = "not_examined"
    assert first(tables(grafted(16), page).adgv)["CGGENIT"] is None


# --- ADCH -------------------------------------------------------------------------------------------------
def sampled(on: int, share: str = "99.0", lineage: str = "whole") -> Record:
    donor, host = Decimal(share), 100 - Decimal(share)
    values = {"chim_donor_pct": donor, "chim_host_pct": host, "chim_lineage": lineage, "chim_sample": "blood"}
    return row("CHIM", day(on), f"CH{on}", key=f"blood-{lineage}", chim_dt=day(on), **values)


@pytest.mark.parametrize(
    ("on", "window"),
    [(-10, "BASELINE"), (0, None), (10, None), (30, "H14"), (42, None), (43, "HM1"), (51, "HM1"), (52, None)],
)
def test_the_window_of_a_sample(on: int, window: str | None) -> None:
    assert first(tables(grafted(16), sampled(on)).adch)["AWIN"] == window


def test_a_fraction_is_a_row_and_says_whether_it_gave_the_figure() -> None:
    found = tables(grafted(16), sampled(43), sampled(46, "94.9"), sampled(46, "99", "cd3")).adch
    columns = ("CHLIN", "DONPCT", "HOSTPCT", "CHCLASS", "CHIM1FL")
    assert found.select(columns).rows() == [
        ("whole", Decimal("99.00"), Decimal("1.00"), "full", False),
        ("cd3", Decimal("99.00"), Decimal("1.00"), "full", False),
        ("whole", Decimal("94.90"), Decimal("5.10"), "mixed", True),
    ]


# --- all of them ------------------------------------------------------------------------------------------
def test_what_is_dated_after_the_cutoff_is_in_no_table() -> None:
    later = (*counted("NEUT", {30: "1"}), assessed(30, 2), acute(30, RASH, 30), sampled(30), chronic(30, 1))
    found = tables(*later, died(40), cutoff=day(29))
    assert [getattr(found, name).height for name in TABLES] == [0, 0, 0, 0]


def test_a_page_without_values_is_no_row() -> None:
    found = tables(row("RESP", day(14), "C14R", header={"not_done": "Y"}))
    assert found.adrs.height == 0


@SLOW
@given(cohorts(max_size=3), st.integers(0, 1200))
def test_every_value_stands_in_the_row_and_item_that_it_names(subjects: list[Timeline], days: int) -> None:
    cutoff = date.fromordinal(date(2021, 11, 1).toordinal() + days)
    found = {subject.facts.subject: subject for subject in cut_at(built(subjects), cutoff)}
    for data in record_datasets(cutoff, found.values()):
        for name, dataset in TABLES.items():
            plain = [one for one in dataset.variables if one.source and not one.derivation]
            for line in getattr(data, name).to_dicts():
                values = values_at(line, found)
                for one in plain:
                    form, _, item = one.source[0].partition(".")
                    assert line[one.name] == (values[item] if form == line["form"] else None), one.name


def values_at(line: dict[str, Any], subjects: dict[str, CutSubject]) -> dict[str, Any]:
    place = (line["form"], line["visit"], line["row_key"])
    (record,) = (one for one in subjects[line["SUBJID"]].casebook.records(line["form"]) if one.place == place)
    return record.values


def test_subjects_come_in_parts(demo_timelines: list[Timeline], monkeypatch: pytest.MonkeyPatch) -> None:
    casebooks = built(demo_timelines[:4])
    (whole,) = record_datasets(NEVER, cut_at(casebooks, NEVER))
    monkeypatch.setattr(build, "_SUBJECTS_AT_ONCE", 3)
    parts = list(record_datasets(NEVER, cut_at(casebooks, NEVER)))
    assert len(parts) == 2
    for name in TABLES:
        assert_frame_equal(pl.concat(getattr(part, name) for part in parts), getattr(whole, name))
