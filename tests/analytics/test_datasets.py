"""The analysis datasets: the facts of a subject, its endpoints, and where each of them was read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.datasets import build
from analytics.datasets.adverse_events import ADAE
from analytics.datasets.analysis_sets import SETS
from analytics.datasets.build import Datasets, build_datasets, record_datasets
from analytics.datasets.story import Story, tell
from analytics.datasets.subjects import ADSL
from analytics.datasets.trace import traced, with_versions
from analytics.locks.cut import FORM_DATE, all_records
from analytics.locks.seal import make_lock
from analytics.locks.snapshot import CutSubject, read_snapshot
from patients.builder.build import casebook_of as sheets_of
from patients.builder.timeline import Timeline
from patients.casebook.answers import Record, local_day
from patients.casebook.files import write_casebook
from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.deliveries import CasebookFolder
from patients.entry.derive import with_derived
from patients.entry.importing import CasebookImport
from tests.analytics.casebooks import (
    BORN,
    ENROLLED,
    NEVER,
    T0,
    assessed,
    built,
    cohort,
    contact,
    counted,
    cut,
    cut_at,
    day,
    died,
    enrolled,
    grafted,
    infused,
    relapsed,
    row,
    without_database,
)
from tests.patients.builder.strategies import cohorts
from tests.patients.builder.strategies import timelines as any_timeline
from trial.people.access import SystemPerson
from trial.trail.actor import Source

SLOW = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
TABLES = ("adsl", "adtte", "adae", "adin", "exclusions", "trace")
MRD = {"mrd_done": True, "mrd_lod": Decimal("0.002")}


@pytest.fixture(autouse=True)
def new_registry(request: pytest.FixtureRequest) -> Iterator[None]:
    if "db" in request.fixturenames:
        yield
        return
    with without_database():
        yield


def story(*records: Record, cutoff: date = NEVER) -> Story:
    return tell(cut([*infused(), *records], cutoff), cutoff)


PANCYTOPENIA = counted("PLAT", {18: "9", 30: "9", 44: "9"})
FULL_COUNTS = [*counted("NEUT", {14: "2.0"}), *counted("PLAT", {14: "150"})]


def facts(data: Datasets) -> dict[str, Any]:
    (found,) = data.adsl.to_dicts()
    return found


def value(fact: Any) -> Any:
    return None if fact is None else fact.value


# --- ADSL -------------------------------------------------------------------------------------------------
def test_the_facts_of_a_subject_stand_in_one_row() -> None:
    marrow = assessed(14, 2, mrd_value=Decimal("0.001"), **MRD)
    end = [relapsed(90), contact(95), died(120, "relapse_progression")]
    found = facts(cohort([*infused(), marrow, grafted(16), *end]))
    assert found == {
        "SUBJID": "HZ01-001",
        "SITEID": "HZ01",
        **dict.fromkeys(("ENRLFL", "SAFFL", "RESPFL", "HSCTFL", "ENGFL", "AGFL", "FU3FL"), True),
        **dict.fromkeys(("DLTEVLFL", "CHIMFL", "CGFL"), False),
        "AGEDAYS": (ENROLLED - BORN.earliest).days,
        "AGE": Decimal("43.7"),
        "ENRLDT": ENROLLED,
        "TRTSDT": T0,
        "TR02SDT": day(16),
        "DTHDT": day(120),
        "DTHCAUS": "relapse_progression",
        "RLPDT": day(90),
        "RLPTYPE": "morphological_relapse",
        "RLPCD7": "negative",
        "REMDT": day(14),
        "CRIMRDDT": day(14),
        "LSTALVDT": day(95),
        "LSTDZDT": day(14),
        "SEX": "F",
        "DXTYPE": "aml",
        "DOSEFL": None,
        "NOCONDFL": True,
        "NOPROPFL": True,
        **dict.fromkeys(("DONCLASS", "DONGRP", "MFGFL", "CRSMAX", "CYTMAX", "AGMAX", "AGONDT", "AGRESDT")),
        **dict.fromkeys(("CHIM1PCT", "CGONDT", "REMSDT", "ICANSMAX", "IECHSMAX", "NEUTMAX", "PLATMAX")),
        **dict.fromkeys(("HGBMAX", "LYMMAX", *OF_ALL_COUNTS, "AGPREMAX", "DLTOCFL", "GFFL", "RCL")),
        **dict.fromkeys(("PRLINES", "PRALLO", "PRCLL1", "LDDRUGS"), 0),
        **dict.fromkeys(("DTHREL", "DTHRELGR", "LDSDT", "DOSEKG", "GRCD34", "DLTRULES")),
    }


def test_what_was_before_the_product_and_what_it_did_stand_in_the_row() -> None:
    before = [
        *(row("PTHER", day(-90), key=key, line_no=int(key)) for key in "123"),
        row("PTX", day(-90), key="1", ptx_type="autologous"),
        row("PTX", day(-80), key="2", ptx_type="allogeneic"),
        row("PCAR", day(-70), key="1", pcar_type="car_t", pcar_target=["cd19", "cll_1"]),
        row("PCAR", day(-60), key="2", pcar_type="car_t", pcar_target=["cd19"]),
        row("DONOR", day(-30), key="1", donor_rel="SON, BIOLOGICAL", donor_role=["graft_source"]),
        row("DONOR", day(-30), key="2", donor_rel="MOTHER, BIOLOGICAL", donor_role=["car_t_source"]),
        row("MFG", day(-20), key="1", mfg_success=False),
        row("MFG", day(-15), key="2", mfg_success=True),
    ]
    found = facts(cohort([*infused(), *before]))
    expected = {"PRLINES": 3, "PRALLO": 1, "PRCLL1": 1, "DONGRP": "parent", "MFGFL": True}
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([row("HLH", day(4), "a", hlh_grade="2"), row("HLH", day(9), "b", hlh_grade="3")], {"IECHSMAX": 3}),
        (
            [row("REL", day(-3), "a", rel_rcl="positive"), row("REL", day(-2), "b", rel_rcl="negative")],
            {"RCL": "positive"},
        ),
        (
            [row("REL", day(-3), "a", rel_rcl="pending"), row("REL", day(-2), "b", rel_rcl="negative")],
            {"RCL": "negative"},
        ),
        ([row("DLT", day(28), "C28", dlt_evaluable="Y", dlt_occurred=False)], {"DLTOCFL": False}),
        ([grafted(16), row("ENG", day(60), "HD30", eng_secondary_gf=True)], {"GFFL": True}),
        ([grafted(16), row("ENG", day(60), "HD30", eng_secondary_gf=False)], {"GFFL": None}),
        (
            [
                grafted(16),
                *counted("NEUT", dict.fromkeys(range(17, 50, 3), "0.1")),
                *PANCYTOPENIA,
                contact(60),
                row("ENG", day(60), "HD30"),
            ],
            {"GFFL": True},
        ),
        (
            [
                grafted(16),
                *counted("NEUT", {26: "0.9", 27: "0.9", 28: "0.9"}),
                contact(60),
                row("ENG", day(60), "HD30"),
            ],
            {"GFFL": False},
        ),
        ([assessed(14, 2)], {"REMSDT": None, "REMDT": day(14)}),
        ([assessed(14, 2), *FULL_COUNTS], {"REMSDT": day(14), "REMDT": day(14)}),
    ],
    ids=[
        "worst IEC-HS",
        "a positive test stays",
        "the last test",
        "no toxicity",
        "secondary failure",
        "a primary one is not excluded",
        "primary failure",
        "engrafted",
        "strict without counts",
        "strict with counts",
    ],
)
def test_what_safety_asks_for_stands_in_the_row(records: list[Record], expected: dict[str, Any]) -> None:
    found = facts(cohort([*infused(), *records]))
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("records", "cutoff", "sets"),
    [
        ([*infused(), grafted(16)], day(16), "ENRLFL SAFFL HSCTFL"),
        ([*infused(), grafted(16)], day(15), "ENRLFL SAFFL"),
        ([*infused(), row("HSCT", day(9), hsct_done=False)], day(16), "ENRLFL SAFFL"),
        (infused(), day(-1), "ENRLFL"),
        (enrolled(), NEVER, "ENRLFL"),
        (infused(), ENROLLED, "ENRLFL"),
        (enrolled(on=day(-5)), day(-6), ""),
        ([*enrolled()[1:], *infused()[3:], grafted(16)], NEVER, ""),
    ],
    ids=[
        "transplanted on the cut-off",
        "transplanted later",
        "not transplanted",
        "infused later",
        "never infused",
        "enrolled on the cut-off",
        "consented, enrolled later",
        "infused and not enrolled",
    ],
)
def test_analysis_sets(records: list[Record], cutoff: date, sets: str) -> None:
    found = facts(cohort(records, cutoff=cutoff))
    assert [name for name in ("ENRLFL", "SAFFL", "HSCTFL") if found[name]] == sets.split()


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([contact(50)], 50),
        ([contact(50), contact(90, status="UNKNOWN")], 50),
        ([contact(50), contact(90, status="DEAD")], 50),
        ([contact(50), assessed(70, 60)], 70),
        ([contact(50), grafted(70)], 70),
        ([contact(50), relapsed(70)], 70),
        ([contact(50), replace(assessed(40, 60), form_date=day(60))], 60),
        ([contact(50), row("RESP", day(60))], 60),
        ([contact(50), row("RESP", day(60), header={"not_done": "Y", "not_done_reason": "died"})], 50),
        ([contact(50), row("EOS", day(60), eos_dt=day(60))], 50),
        ([contact(50), died(60)], 50),
        ([contact(50), died(50)], 50),
        ([contact(50), assessed(60, 2), died(55)], 50),
        ([], 0),
    ],
)
def test_last_known_alive(records: list[Record], expected: int) -> None:
    assert value(story(*records).last_alive) == day(expected)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([contact(50)], None),
        ([contact(50, free_on=45)], 45),
        ([contact(50, free_on=45), contact(60)], 45),
        ([contact(50, free_on=0)], None),
        ([contact(50, free_on=45), assessed(48, 2)], 48),
        ([assessed(48, 60)], 48),  # no response is no progression
        ([assessed(-5, 60)], None),
        ([row("RESP", day(48), resp_dt=day(48), bm_done=False)], None),
        ([assessed(20, 2), assessed(48, 60)], 20),  # the second is a relapse
    ],
)
def test_last_day_free_of_disease(records: list[Record], expected: int | None) -> None:
    assert value(story(*records).last_free_of_disease) == (None if expected is None else day(expected))


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([relapsed(90), relapsed(60)], 60),
        ([relapsed(60, "mrd_relapse"), relapsed(90)], 90),
        ([relapsed(60, "molecular_relapse")], None),
        ([relapsed(60, "progression_without_remission")], 60),
        ([relapsed(60, "extramedullary_relapse", cd7="positive")], 60),
        ([relapsed(60), died(60)], 60),
        ([relapsed(61), died(60)], None),
    ],
)
def test_the_relapse_that_counts(records: list[Record], expected: int | None) -> None:
    assert value(story(*records).relapse) == (None if expected is None else day(expected))


@pytest.mark.parametrize(
    ("records", "remission", "mrd_negative"),
    [
        ([assessed(14, 2, mrd_value=Decimal("0.001"), **MRD)], 14, 14),
        ([assessed(14, 2, mrd_value=Decimal("0.01"), **MRD)], 14, None),
        ([assessed(14, 2), assessed(28, 2, mrd_value=Decimal(0), **MRD)], 14, 28),
        ([assessed(14, 2), grafted(28), assessed(28, 2, mrd_value=Decimal(0), **MRD)], 14, 28),
        ([assessed(14, 2), grafted(27), assessed(28, 2, mrd_value=Decimal(0), **MRD)], 14, None),
        ([assessed(0, 2, mrd_value=Decimal(0), **MRD)], None, None),
        ([assessed(14, 60, mrd_value=Decimal(0), **MRD)], None, None),
        ([relapsed(14), assessed(14, 2, mrd_value=Decimal(0), **MRD)], None, None),
        ([relapsed(15), assessed(14, 2, mrd_value=Decimal(0), **MRD)], 14, 14),
    ],
)
def test_remission(records: list[Record], remission: int | None, mrd_negative: int | None) -> None:
    found = story(*records)
    days = (value(found.remission), value(found.remission_mrd_negative))
    assert days == tuple(None if number is None else day(number) for number in (remission, mrd_negative))


# --- the tables as a whole --------------------------------------------------------------------------------
def test_nobody_gives_empty_tables_of_the_same_columns() -> None:
    nobody, somebody = build_datasets(NEVER, []), cohort([*infused(), died(9)])
    for table in TABLES:
        assert getattr(nobody, table).height == 0
        assert getattr(nobody, table).schema == getattr(somebody, table).schema


def test_the_trace_is_left_out_on_demand() -> None:
    subject = cut([*infused(), died(9)])
    data = build_datasets(NEVER, [subject], with_trace=False)
    assert data.trace.is_empty()
    assert_frame_equal(data.adtte, build_datasets(NEVER, [subject]).adtte)


@SLOW
@given(cohorts(max_size=4), st.integers(0, 1200))
def test_subjects_that_come_in_parts_give_the_same_tables(subjects: list[Timeline], days: int) -> None:
    cutoff = date.fromordinal(date(2021, 11, 1).toordinal() + days)
    casebooks = built(subjects)
    whole = build_datasets(cutoff, cut_at(casebooks, cutoff))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_SUBJECTS_AT_ONCE", 1)
        parts = build_datasets(cutoff, cut_at(casebooks, cutoff))
    for table in TABLES:
        assert_frame_equal(getattr(parts, table), getattr(whole, table), check_row_order=table != "trace")


@SLOW
@given(any_timeline())
def test_deriving_again_changes_nothing(timeline: Timeline) -> None:
    """One pass over the forms is enough: nothing is derived from what a later form derives."""
    (subject,) = cut_at(built([timeline]), NEVER)
    casebook = tell(subject, NEVER).casebook
    records = all_records(casebook)
    before = [dict(record.values) for record in records]
    assert [with_derived(record, casebook).values for record in records] == before


# --- the trace --------------------------------------------------------------------------------------------
OF_ALL_COUNTS = {"ICAHTEP", "ICAHTE", "ICAHTL"}
PLAIN = {
    "SUBJID",
    "SITEID",
    "AGE",
    "AGEDAYS",
    *OF_ALL_COUNTS,
    *(one.flag for one in SETS),
}  # not read from one item
COUNTED = {"PRLINES", "PRALLO", "PRCLL1", "LDDRUGS"}
PLACE = {"form", "visit", "row_key"}
PLAIN_OF_EVENTS = {"SUBJID", "AESEQ", "ASTDTF", "ASTDTC", "AENDTF", "AENDTC", "TRTEMFL", "DLTDRV", *PLACE}
TRACED_OF_EVENTS = set(ADAE.schema) - PLAIN_OF_EVENTS


def named(trace: dict[str, str], subjects: dict[str, CutSubject]) -> Any:
    """The value at the place that a row of the trace names; fails if there is none."""
    casebook = subjects[trace["SUBJID"]].casebook
    place = (trace["form"], trace["visit"], trace["row_key"])
    (record,) = (record for record in casebook.records(trace["form"]) if record.place == place)
    if trace["item"] == FORM_DATE:
        return record.form_date
    found = record.values[form_model(trace["form"]).item(trace["item"]).name]
    if isinstance(found, list):
        return " ".join(found)
    return local_day(found) or found


def assert_traced(data: Datasets, subjects: dict[str, CutSubject]) -> None:
    """Each value of ADSL and each date of ADTTE stands at the place that the trace names for it."""
    assert_events_traced(data, subjects)
    every = data.trace.filter(pl.col("DATASET") != "ADAE").to_dicts()
    counted = [trace for trace in every if trace["VARIABLE"] in COUNTED]
    traces = {(row["DATASET"], row["SUBJID"], row["VARIABLE"]): row for row in every if row not in counted}
    assert len(traces) == len(every) - len(counted)
    assert_each_counts_once(data, counted, subjects)
    for subject in data.adsl.to_dicts():
        for variable in subject.keys() - PLAIN - COUNTED:
            trace = traces.pop(("ADSL", subject["SUBJID"], variable), None)
            assert (None if trace is None else named(trace, subjects)) == subject[variable], variable
    for end in data.adtte.to_dicts():
        trace = traces.pop(("ADTTE", end["SUBJID"], end["PARAMCD"]), None)
        if trace is None:
            assert end["ADT"] in (end["STARTDT"], data.cutoff) or end["CNSDTDSC"] == f"DAY {end['AVAL']}"
        else:  # what was there before the origin stands on it
            assert max(named(trace, subjects), end["STARTDT"]) == end["ADT"]
    assert traces == {}


def assert_events_traced(data: Datasets, subjects: dict[str, CutSubject]) -> None:
    """Each value of an event stands in its own row, the row that the event names."""
    every = data.trace.filter(pl.col("DATASET") == "ADAE").to_dicts()
    traces = {(one["SUBJID"], one["row_key"], one["VARIABLE"]): one for one in every}
    assert len(traces) == len(every)
    for event in data.adae.to_dicts():
        for variable in TRACED_OF_EVENTS:
            trace = traces.pop((event["SUBJID"], event["row_key"], variable), None)
            assert (None if trace is None else as_text(named(trace, subjects))) == as_text(event[variable])
            assert trace is None or {name: trace[name] for name in PLACE} == {
                name: event[name] for name in PLACE
            }
    assert traces == {}


def as_text(found: Any) -> str | None:
    """A grade is chosen as text and read as a number; a list is read as words."""
    return None if found is None else " ".join(found) if isinstance(found, list) else str(found)


def assert_each_counts_once(
    data: Datasets, counted: list[dict[str, str]], subjects: dict[str, CutSubject]
) -> None:
    """Each number of ADSL has as many traces, each of another row with a value."""
    for subject in data.adsl.to_dicts():
        for variable in COUNTED:
            mine = (subject["SUBJID"], variable)
            own = [one for one in counted if (one["SUBJID"], one["VARIABLE"]) == mine]
            places = {(one["form"], one["visit"], one["row_key"]) for one in own}
            assert len(own) == len(places) == subject[variable], variable
            assert None not in [named(one, subjects) for one in own]


@SLOW
@given(cohorts(max_size=3), st.integers(0, 1200))
def test_every_value_names_the_item_that_it_was_read_from(subjects: list[Timeline], days: int) -> None:
    cutoff = date.fromordinal(date(2021, 11, 1).toordinal() + days)
    found = {subject.facts.subject: subject for subject in cut_at(built(subjects), cutoff)}
    assert_traced(build_datasets(cutoff, found.values()), found)


@pytest.mark.django_db
@pytest.mark.one_engine
def test_every_value_leads_to_its_page_and_version_in_the_registry(
    tmp_path: Path, demo_timelines: list[Timeline]
) -> None:
    write_casebook(tmp_path / "casebook", sheets_of(demo_timelines[3:6]))
    CasebookImport(CasebookFolder(tmp_path / "casebook"), SystemPerson("import")).run()
    cutoff = date(2025, 2, 1)
    lock = make_lock(cutoff, "interim", by=SystemPerson("lock"), source=Source.COMMAND)
    found = {subject.facts.subject: subject for subject in read_snapshot(lock.snapshot.path)[1]}
    data = build_datasets(cutoff, found.values())
    assert_traced(data, found)
    led = traced(data, lock)
    assert led.height == data.trace.height > 40
    for place in led.to_dicts():
        assert_in_registry(place)
    (records,) = record_datasets(cutoff, found.values())
    for table in vars(records).values():
        rows = with_versions(table, lock)
        assert rows.height == table.height
        for place in rows.head(20).to_dicts():
            assert_in_registry(place)


def assert_in_registry(place: dict[str, Any]) -> None:
    page = Page.objects.get(pk=place["page_id"])
    assert (page.subject.code, page.form_code, page.visit_code) == (
        place["SUBJID"],
        place["form"],
        place["visit"],
    )
    model = form_model(place["form"])
    version = model.history.get(history_id=place["history_id"])
    current = model.objects.get(page=page, row_key=place["row_key"])
    assert version.id == current.pk
    assert current.history.latest().history_id == version.history_id


def test_a_column_is_either_plain_or_traced() -> None:
    for dataset, plain in ((ADSL, PLAIN), (ADAE, PLAIN_OF_EVENTS)):
        assert {one.name for one in dataset.variables if one.fact is None} == plain
