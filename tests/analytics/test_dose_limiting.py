"""Dose-limiting toxicity by criterion: the items behind each, and what the adjudication says otherwise."""

from decimal import Decimal
from typing import Any

import pytest

from analytics.endpoints.dose_limiting import dose_limiting_of, subjects_with_toxicity
from analytics.endpoints.stopping import stopping_of
from patients.casebook.answers import Record
from patients.items.partial_date import PartialDate
from tests.analytics.casebooks import cohort, configured, counted, day, died, grafted, infused, row

pytestmark = pytest.mark.usefixtures("new_registry")
EVENT = {"ae_special", "ae_grade", "ae_start", "ae_rel_cart"}


def event(special: str, grade: int, *, on: int = 3, relation: str | None = "possible", **more: Any) -> Record:
    start = PartialDate.of(day(on))
    values = {"ae_term": special, "ae_special": special, "ae_grade": str(grade), "ae_rel_cart": relation}
    return row("AE", day(on), key="1", **{"ae_start": start, **values, **more})


def decided(occurred: bool, *rules: str) -> Record:
    return row("DLT", day(28), "C28", dlt_evaluable="Y", dlt_occurred=occurred, dlt_rule=list(rules) or None)


def told(*stories: list[Record]) -> dict[str, Any]:
    return dose_limiting_of(cohort(*stories))


def met(*stories: list[Record]) -> dict[str, set[str]]:
    """The criteria that are met, each with the items behind it of its first event."""
    found = told(*stories)["criteria"]
    return {one["code"]: {item[-1] for item in one["events"][0]["items"]} for one in found if one["events"]}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([event("crs", 4)], {"D1": EVENT}),
        ([event("icans", 4)], {"D2": EVENT}),
        ([event("none", 4)], {"D4": EVENT}),
        ([event("none", 3, ae_end=PartialDate.of(day(11)))], {"D5": {*EVENT, "ae_end"}}),
        ([event("infection", 4)], {"D8": EVENT}),
        ([event("infection", 5), died(9)], {"D7": {*EVENT, "dth_primary"}}),
        ([event("infection", 5), died(9, "relapse_progression")], {}),
        ([event("crs", 4, on=29)], {}),
        ([event("crs", 4, relation="unlikely")], {}),
        ([grafted(16), event("none", 4, on=20)], {}),
        ([grafted(16), event("none", 4, on=20, relation="definite")], {"D4": EVENT}),
    ],
    ids=[
        "D1",
        "D2",
        "D4",
        "D5",
        "D8",
        "D7",
        "of disease",
        "late",
        "unrelated",
        "after H0",
        "definite after H0",
    ],
)
def test_each_criterion_names_the_items_behind_it(
    records: list[Record], expected: dict[str, set[str]]
) -> None:
    assert met([*infused(), *records]) == expected


def test_a_marrow_that_stays_empty_is_a_toxicity_by_its_counts() -> None:
    marrow = row(
        "RESP",
        day(45),
        "R45",
        resp_dt=day(45),
        bm_done=True,
        bm_adequate="yes",
        bm_cellularity=Decimal(2),
        bm_blast=Decimal(1),
    )
    counts = counted("NEUT", {45: "0.1"})
    behind = {"resp_dt", "bm_cellularity", "resp_anc", "bm_blast"}
    assert met([*infused(), event("cytopenia", 4), marrow, *counts]) == {"D9": EVENT | behind}
    assert met([*infused(), grafted(40), event("cytopenia", 4), marrow, *counts]) == {}


def test_what_is_derived_and_what_is_adjudicated_stand_side_by_side_where_they_differ() -> None:
    toxic, well = [*infused(), event("crs", 4)], infused()
    stories = (
        [*toxic, decided(True, "D1")],
        [*toxic, decided(True, "D2")],
        [*toxic, decided(False)],
        toxic,
        [*well, decided(True, "D8")],
        [*well, decided(False)],
    )
    found = told(*stories)["differences"]
    assert [tuple(one.values()) for one in found] == [
        ("HZ01-002", ["D1"], True, ["D2"]),
        ("HZ01-003", ["D1"], False, []),
        ("HZ01-004", ["D1"], None, []),
        ("HZ01-005", [], True, ["D8"]),
    ]
    rule = stopping_of(cohort(*stories))["rules"][0]
    assert (rule["evaluated"], rule["events"]) == (6, 5), "derived, or found by the committee"


def test_what_cannot_be_told_yet_is_open() -> None:
    lasting, partial = event("none", 3), event("none", 4, ae_start=PartialDate(2024, 3))
    unrelated, known = event("none", 4, relation=None), event("none", 2)
    found = told(*([*infused(), one] for one in (lasting, partial, unrelated, known)))
    assert found["open"] == ["HZ01-001", "HZ01-002", "HZ01-003"]


def test_a_death_after_the_cutoff_has_not_happened() -> None:
    data = cohort([*infused(), event("infection", 5, ae_outcome="FATAL"), died(60)], cutoff=day(30))
    assert subjects_with_toxicity(data) == []


def test_the_criteria_are_those_of_the_configuration() -> None:
    story = [*infused(), event("crs", 4)]
    with configured(dlt_d1="no"):
        assert met(story) == {}
    lasting = [*infused(), event("none", 3, ae_end=PartialDate.of(day(11)))]
    with configured(dlt_lasting_days="10", dlt_window_days="21"):
        assert met(lasting) == {}
        assert told(lasting)["settings"]["dlt_lasting_days"] == "10"
