"""The safety tables: each subject of a set in one row, cases of each table, the casebook counted again."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from analytics.datasets.build import Datasets, build_datasets
from analytics.endpoints.exhibits import roster_of_cut
from analytics.endpoints.listed import kept
from analytics.endpoints.safety import safety_of
from patients.builder.build import casebook_of as sheets_of
from patients.builder.timeline import Timeline
from patients.casebook.answers import Record
from patients.items.partial_date import PartialDate
from tests.analytics.casebooks import (
    DIARRHOEA,
    RASH,
    acute,
    built,
    cohort,
    contact,
    counted,
    cut_at,
    day,
    died,
    enrolled,
    grafted,
    infused,
    row,
)
from tests.analytics.conftest import DEMO_CUTOFF

CUTOFF = date.fromisoformat(DEMO_CUTOFF)


pytestmark = pytest.mark.usefixtures("new_registry")


@pytest.fixture(scope="module")
def demo(demo_timelines: list[Timeline], new_registry: None) -> Datasets:
    return build_datasets(CUTOFF, cut_at(built(demo_timelines), CUTOFF))


def grades(data: Datasets, name: str) -> dict[int | None, int]:
    """How many have each grade that somebody has."""
    (table,) = (one for one in safety_of(data)["grades"] if one["name"] == name)
    return {line["grade"]: len(line["subjects"]) for line in table["rows"] if line["subjects"]}


# --- grades -----------------------------------------------------------------------------------------------
def test_each_subject_of_the_set_stands_in_one_row(demo: Datasets) -> None:
    for table in safety_of(demo)["grades"]:
        everybody = [subject for line in table["rows"] for subject in line["subjects"]]
        assert len(everybody) == len(set(everybody)) == table["size"], table["name"]
        severe = [one for line in table["rows"] if (line["grade"] or 0) >= 3 for one in line["subjects"]]
        assert sorted(severe) == table["severe"]


def test_the_invented_cohort_has_the_published_grades(demo: Datasets) -> None:
    """Section 4.6: CRS 1 to 2 in 16 and 3 in 3, cytopenia of 3 or more in 19, acute GVHD in 9 and 3."""
    crs, cytopenia = grades(demo, "crs"), grades(demo, "cytopenia")
    gvhd = grades(demo, "acute_gvhd_after_graft")
    assert (crs[1] + crs[2], crs[3]) == (16, 3)
    assert cytopenia.keys() == {3, 4}
    assert (gvhd[1] + gvhd[2], gvhd[3]) == (9, 3)


def test_the_worst_lineage_is_the_cytopenia(demo: Datasets) -> None:
    columns = demo.adsl.select("NEUTMAX", "PLATMAX", "HGBMAX", "LYMMAX").rows()
    assert [max(grade for grade in one if grade is not None) for one in columns] == demo.adsl[
        "CYTMAX"
    ].to_list()


LOW = counted("NEUT", dict.fromkeys(range(1, 9), "0.3"))


@pytest.mark.parametrize(
    ("name", "story", "expected"),
    [
        ("crs", infused(), {0: 1}),
        ("icans", [*infused(), row("ICANS", day(3), ice_testable="N_unarousable")], {0: 1}),
        ("neutrophils", [*infused(), *counted("NEUT", {3: "0.3", 9: "0.8"})], {4: 1}),
        ("platelets", [*infused(), *counted("NEUT", {3: "0.3"})], {0: 1}),
        ("neutrophils", [*infused(), *counted("NEUT", {61: "0.3"})], {0: 1}),
        ("neutrophils", [*infused(), grafted(16), *counted("NEUT", {47: "0.3"})], {0: 1}),
        ("acute_gvhd_before_graft", [*infused(), acute(9, DIARRHOEA), grafted(16)], {3: 1}),
        ("acute_gvhd_before_graft", [*infused(), grafted(16), acute(20, RASH, onset=15)], {1: 1}),
        ("acute_gvhd_before_graft", [*infused(), grafted(16), acute(16, RASH)], {0: 1}),
        ("acute_gvhd_after_graft", [*infused(), grafted(16), acute(16, RASH)], {1: 1}),
        ("acute_gvhd_after_graft", infused(), {}),
        ("icaht_early", infused(), {None: 1}),
        ("crs", enrolled(), {}),
    ],
    ids=[
        "no CRS",
        "ICANS without axes",
        "worst count",
        "another lineage",
        "after day 60",
        "after day 30 of the graft",
        "GVHD before the graft",
        "begun before the graft",
        "on the day of the graft",
        "on the day of the graft it is after it",
        "not grafted",
        "no count",
        "not infused",
    ],
)
def test_a_grade(name: str, story: list[Record], expected: dict[int | None, int]) -> None:
    assert grades(cohort(story), name) == expected


def test_icaht_before_the_graft_ends_with_it() -> None:
    """Eight days at or below 0.5, of which the graft leaves four."""
    story = [*infused(), *LOW]
    late, early = (cohort([*story, grafted(number)]) for number in (30, 5))
    assert grades(late, "icaht_early_before_graft") != grades(early, "icaht_early_before_graft")
    assert grades(late, "icaht_early") == grades(early, "icaht_early")


# --- infections -------------------------------------------------------------------------------------------
def infection(key: str, on: int, grade: int, kind: str = "bacterial", **values: Any) -> Record:
    return row("INFX", day(on), key=key, inf_onset=day(on), inf_class=kind, inf_ctcae=str(grade), **values)


def infections(*stories: list[Record]) -> dict[str, Any]:
    found: dict[str, Any] = safety_of(cohort(*stories))["infections"]
    return found


def test_episodes_subjects_and_worst_grades() -> None:
    blood = {"inf_site": ["blood", "lung"], "inf_org": "escherichia_coli"}
    cmv = {"inf_org": "cytomegalovirus"}
    found = infections(
        [*infused(), infection("1", 3, 2, **blood), infection("2", 9, 4), contact(9)],
        [*infused(), infection("1", 5, 3, "viral_reactivation", **cmv), contact(9)],
    )
    disease, reactivation = found["disease"], found["reactivation"]
    assert (disease["episodes"], disease["subjects"]) == (2, ["HZ01-001"])
    assert (reactivation["episodes"], reactivation["subjects"]) == (1, ["HZ01-002"])
    worst = {line["grade"]: line["subjects"] for line in disease["worst"]["rows"]}
    assert (worst[4], worst[0]) == (["HZ01-001"], ["HZ01-002"])
    assert [(one["code"], one["episodes"]) for one in found["by_class"]] == [
        ("bacterial", 2),
        ("viral_reactivation", 1),
    ]
    assert {one["code"]: one["episodes"] for one in found["by_site"]} == {"": 2, "blood": 1, "lung": 1}
    assert found["days_at_risk"] == 20
    assert disease["per_100_days"] == 10


@pytest.mark.parametrize(
    ("story", "on", "is_counted"),
    [
        ([], -1, False),
        ([], 0, True),
        ([], 90, True),
        ([], 91, False),
        ([grafted(16)], 116, True),
        ([grafted(16)], 117, False),
        ([grafted(120)], 100, False),
        ([grafted(120)], 120, True),
    ],
)
def test_the_windows_of_infections(story: list[Record], on: int, is_counted: bool) -> None:
    found = infections([*infused(), *story, infection("1", on, 3), contact(400)])
    assert found["disease"]["episodes"] == int(is_counted)


@pytest.mark.parametrize(
    ("story", "days"),
    [
        ([contact(400)], 91),
        ([contact(30)], 31),
        ([died(0)], 1),
        ([grafted(16), contact(400)], 117),
        ([grafted(16), contact(50)], 51),
        ([grafted(120), contact(400)], 91 + 101),
        ([grafted(120), contact(150)], 91 + 31),
    ],
)
def test_the_days_at_risk_are_those_on_which_one_counts(story: list[Record], days: int) -> None:
    assert infections([*infused(), *story])["days_at_risk"] == days


def test_nobody_is_at_risk_of_nothing() -> None:
    found = infections()
    assert (found["size"], found["days_at_risk"]) == (0, 0)
    assert found["disease"]["per_100_days"] is None
    assert found["by_class"] == []


# --- serious events and dose-limiting toxicity ------------------------------------------------------------
def event(key: str, on: int, *, serious: bool = True, grade: int = 3) -> Record:
    return row(
        "AE",
        day(on),
        key=key,
        ae_start=PartialDate.of(day(on)),
        ae_term="sepsis",
        ae_grade=str(grade),
        ae_serious=serious,
    )


def test_serious_events_under_treatment_and_later() -> None:
    story = [*infused(), event("1", 3), event("2", 200), event("3", 4, serious=False), event("4", 5, grade=5)]
    found = safety_of(cohort(story, infused()))["serious"]
    assert found["size"] == 2
    assert [found[part]["events"] for part in ("emergent", "later", "fatal")] == [2, 1, 1]
    assert found["emergent"]["rows"][0] == {
        "subject": "HZ01-001",
        "visit": "UNSAE",
        "row_key": "1",
        "grade": 3,
    }


def test_dose_limiting_toxicity_is_of_those_evaluable() -> None:
    page = row("DLT", day(28), "C28", dlt_evaluable="Y", dlt_occurred=True)
    under_dosed = row("DLT", day(28), "C28", dlt_evaluable="N_under_dosed")
    found = safety_of(cohort([*infused(), page], [*infused(), under_dosed], infused()))["dlt"]
    assert found == {"size": 1, "evaluated_subjects": ["HZ01-001"], "subjects": ["HZ01-001"]}


# --- counted again ----------------------------------------------------------------------------------------
def test_infections_of_the_invented_cohort_are_those_of_its_sheets(
    demo: Datasets, demo_timelines: list[Timeline]
) -> None:
    sheets = sheets_of(demo_timelines)
    infused_on = {one["subject_id"]: date.fromisoformat(one["inf_start_dt"][:10]) for one in sheets["INF"]}
    grafted_on = {one["subject_id"]: date.fromisoformat(one["hsct_start_dt"][:10]) for one in sheets["HSCT"]}
    expected: dict[str, int] = {}
    for one in sheets["INFX"]:
        began, subject = date.fromisoformat(one["inf_onset"]), one["subject_id"]
        last = grafted_on[subject] + timedelta(100)
        if infused_on[subject] <= began <= min(last, CUTOFF):
            expected[one["inf_class"]] = expected.get(one["inf_class"], 0) + 1
    found = safety_of(demo)["infections"]
    assert {one["code"]: one["episodes"] for one in found["by_class"]} == expected != {}


def test_everything_is_plain_json(demo: Datasets) -> None:
    for data in (demo, cohort()):
        json.dumps(kept(safety_of(data), roster_of_cut(data)), allow_nan=False)
