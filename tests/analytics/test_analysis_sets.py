"""Who is in which analysis set, and the one reason of everybody who is not."""

from datetime import date
from decimal import Decimal

import pytest

from analytics.datasets.analysis_sets import REASONS, SETS
from analytics.datasets.build import build_datasets
from analytics.endpoints.sets import Set
from patients.builder.timeline import Timeline
from patients.casebook.answers import Record
from patients.forms.dose_limiting_toxicity import DoseLimitingToxicity
from patients.items.types import ChoiceItem
from tests.analytics.casebooks import (
    NEVER,
    assessed,
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
    relapsed,
    row,
)
from tests.analytics.conftest import DEMO_CUTOFF

pytestmark = pytest.mark.usefixtures("new_registry")


def reasons(*records: Record, cutoff: date = NEVER) -> dict[str, str]:
    return dict(cohort(records, cutoff=cutoff).exclusions.select("SET", "REASON").rows())


def adjudicated(answer: str) -> Record:
    return row("DLT", day(28), "C28", dlt_evaluable=answer)


def sampled(on: int, lineage: str = "whole", share: str | None = "99") -> Record:
    donor = None if share is None else Decimal(share)
    values = {"chim_dt": day(on), "chim_sample": "blood", "chim_lineage": lineage, "chim_donor_pct": donor}
    return row("CHIM", day(on), f"CH{on}", key=lineage, **values)


def unevaluable(on: int) -> Record:
    return row("RESP", day(on), f"R{on}", resp_dt=day(on), bm_done=False)


GRAFTED = grafted(16)
TOOK = counted("NEUT", {16: "0.1", 26: "0.6", 27: "0.7", 28: "0.9"})
CASES: dict[str, list[tuple[str, list[Record], date, str]]] = {
    "DLTEV": [
        ("adjudicated", [adjudicated("Y")], NEVER, ""),
        ("not yet", [], NEVER, "not_adjudicated"),
        ("adjudicated after the cut-off", [adjudicated("Y")], day(27), "not_adjudicated"),
        ("not answered", [row("DLT", day(28), "C28")], NEVER, "not_adjudicated"),
        ("dose", [adjudicated("N_under_dosed")], NEVER, "under_dosed"),
        ("left", [adjudicated("N_left_before_d28_without_dlt")], NEVER, "left_before_day_28"),
        ("progressed", [adjudicated("N_progression_before_d28")], NEVER, "progressed_before_day_28"),
        ("said not to be infused", [adjudicated("N_not_infused")], NEVER, "not_infused"),
    ],
    "RESPEV": [
        ("on day 7", [assessed(7, 60)], NEVER, ""),
        ("on day 6", [assessed(6, 60)], NEVER, "not_assessed"),
        ("on day 35", [assessed(35, 2)], NEVER, ""),
        ("on day 36", [assessed(36, 2)], NEVER, "not_assessed"),
        ("on the day of the graft", [assessed(16, 2), GRAFTED], NEVER, ""),
        ("after the graft", [assessed(17, 2), GRAFTED], NEVER, "not_assessed"),
        ("could not be evaluated", [unevaluable(14)], NEVER, "not_evaluable"),
        ("one of two could be evaluated", [unevaluable(14), assessed(28, 60)], NEVER, ""),
        ("death is no response", [died(20)], NEVER, ""),
        ("death after the window", [died(36)], NEVER, "not_assessed"),
        ("progression is no response", [relapsed(35)], NEVER, ""),
        ("the window is open", [assessed(36, 2)], day(34), "window_open"),
        ("the window closed on the cut-off", [assessed(36, 2)], day(35), "not_assessed"),
    ],
    "HSCTSET": [
        ("grafted", [GRAFTED], NEVER, ""),
        ("later", [GRAFTED], day(15), "not_grafted"),
        ("died", [died(13)], NEVER, "died_before_graft"),
        ("said not to be done", [row("HSCT", day(40), "H0", hsct_done=False)], NEVER, "graft_not_done"),
    ],
    "ENGEV": [
        ("alive on day 28", [GRAFTED, contact(44)], NEVER, ""),
        ("engrafted", [GRAFTED, *TOOK], NEVER, ""),
        ("engrafted and died", [GRAFTED, *TOOK, died(30)], NEVER, ""),
        ("died on day 28", [GRAFTED, died(44)], NEVER, ""),
        ("died on day 27", [GRAFTED, died(43)], NEVER, "died_before_hsct_day_28"),
        ("not followed", [GRAFTED, contact(43)], NEVER, "not_followed_to_hsct_day_28"),
    ],
    "CHIMEV": [
        ("on day 27", [GRAFTED, sampled(43)], NEVER, ""),
        ("on day 35", [GRAFTED, sampled(51)], NEVER, ""),
        ("on day 26", [GRAFTED, sampled(42)], NEVER, "no_sample"),
        ("on day 36", [GRAFTED, sampled(52)], NEVER, "no_sample"),
        ("CD3 alone", [GRAFTED, sampled(46, "cd3")], NEVER, "no_usable_fraction"),
        ("CD3 and CD33", [GRAFTED, sampled(46, "cd3"), sampled(46, "cd33_cd15_myeloid")], NEVER, ""),
        ("without a share", [GRAFTED, sampled(46, share=None)], NEVER, "no_usable_fraction"),
        ("died on day 26", [GRAFTED, died(42)], NEVER, "died_before_window"),
        ("died on day 27", [GRAFTED, died(43)], NEVER, "no_sample"),
        ("the window is open", [GRAFTED, contact(90)], day(50), "window_open"),
    ],
    "AGEV": [("grafted", [GRAFTED], NEVER, "")],
    "CGEV": [
        ("followed to day 100", [GRAFTED, contact(116)], NEVER, ""),
        ("followed to day 99", [GRAFTED, contact(115)], NEVER, "not_followed_to_hsct_day_100"),
        ("relapse on day 100", [GRAFTED, relapsed(116), died(200)], NEVER, "relapsed_by_hsct_day_100"),
        ("relapse on day 101", [GRAFTED, relapsed(117)], NEVER, ""),
        ("death on day 100", [GRAFTED, died(116)], NEVER, "died_by_hsct_day_100"),
        ("death on day 101", [GRAFTED, died(117)], NEVER, ""),
        ("relapse and death", [GRAFTED, relapsed(60), died(90)], NEVER, "relapsed_by_hsct_day_100"),
    ],
    "FU3M": [
        ("92 days", [contact(92)], NEVER, ""),
        ("91 days", [contact(91)], NEVER, "followed_less_than_3_months"),
        ("death on day 92", [died(92)], NEVER, ""),
        ("death on day 91", [died(91)], NEVER, "died_within_3_months"),
        ("cut-off on day 91", [contact(200)], day(91), "followed_less_than_3_months"),
    ],
}


@pytest.mark.parametrize(
    ("name", "records", "cutoff", "expected"),
    [
        pytest.param(name, records, cutoff, expected, id=f"{name}: {case}")
        for name, cases in CASES.items()
        for case, records, cutoff, expected in cases
    ],
)
def test_the_reason_to_be_outside(name: str, records: list[Record], cutoff: date, expected: str) -> None:
    assert reasons(*infused(), *records, cutoff=cutoff).get(name, "") == expected


@pytest.mark.parametrize(
    ("records", "reason", "outside"),
    [
        ([*enrolled(on=day(-5))[1:], *infused()[3:]], "not_enrolled", {one.name for one in SETS}),
        (enrolled(), "not_infused", {one.name for one in SETS} - {"ENR"}),
        (infused(), "not_grafted", {"HSCTSET", "ENGEV", "CHIMEV", "AGEV", "CGEV"}),
    ],
)
def test_a_set_inherits_the_reason_of_the_set_that_it_is_a_part_of(
    records: list[Record], reason: str, outside: set[str]
) -> None:
    assert {name for name, found in reasons(*records).items() if found == reason} == outside


def test_every_set_has_cases_and_its_flag_says_the_same() -> None:
    assert {one.name for one in SETS} == {"ENR", "SAF", *CASES}
    assert {one.name: one.value for one in Set} == {one.name: one.flag for one in SETS}
    stories = [
        [*infused(), *records]
        for cases in CASES.values()
        for _, records, cutoff, _ in cases
        if cutoff == NEVER
    ]
    data = cohort(*stories, enrolled(), enrolled()[1:])
    for one in Set:
        outside = data.exclusions.filter(SET=one.name)
        assert outside["SUBJID"].n_unique() == outside.height
        assert outside.height + one.of(data).height == data.adsl.height
        assert not set(outside["SUBJID"]) & set(one.of(data)["SUBJID"])


def test_every_reason_is_shown_by_a_case() -> None:
    shown = {expected for cases in CASES.values() for *_, expected in cases}
    assert REASONS.labels.keys() == (shown | {"not_enrolled"}) - {""}


def test_the_adjudication_has_no_answer_without_a_reason() -> None:
    item = DoseLimitingToxicity.item("dlt_evaluable")
    assert isinstance(item, ChoiceItem)
    for answer in item.codes.labels:
        assert reasons(*infused(), adjudicated(answer)).get("DLTEV", "") != "not_adjudicated"


def test_the_exclusions_of_the_invented_cohort(demo_timelines: list[Timeline]) -> None:
    cutoff = date.fromisoformat(DEMO_CUTOFF)
    data = build_datasets(cutoff, cut_at(built(demo_timelines), cutoff))
    counted_by = data.exclusions.group_by("SET", "REASON").len().sort("SET", "REASON")
    assert counted_by.rows() == [
        ("CGEV", "died_by_hsct_day_100", 1),
        ("CGEV", "not_followed_to_hsct_day_100", 2),
        ("CGEV", "relapsed_by_hsct_day_100", 3),
        ("CHIMEV", "died_before_window", 1),
        ("CHIMEV", "window_open", 1),
        ("FU3M", "died_within_3_months", 2),
        ("FU3M", "followed_less_than_3_months", 2),
    ]
    sizes = {one.name: one.of(data).height for one in Set}
    assert {name for name, size in sizes.items() if size == 19} == sizes.keys() - {"CHIMEV", "CGEV", "FU3M"}
