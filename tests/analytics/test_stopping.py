"""The stopping boundaries: every printed column of the specification, and the counts of the data."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from analytics.datasets.build import build_datasets
from analytics.endpoints.stopping import RULES, Rule, stopping_of
from patients.builder.timeline import Timeline
from patients.casebook.answers import Record
from patients.items.partial_date import PartialDate
from tests.analytics.casebooks import (
    DIARRHOEA,
    acute,
    built,
    cohort,
    configured,
    contact,
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

EVALUATED = (3, 4, 5, 6, 8, 10, 12, 15, 18, 20, 24, 30)
PRINTED = {  # section 4.1: pause at so many events
    "dlt": (2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 11, 13),
    "non_relapse_death": (2, 3, 3, 3, 4, 4, 5, 6, 7, 7, 9, 10),
    "graft_failure": (2, 2, 3, 3, 3, 4, 4, 5, 6, 6, 7, 9),
    "acute_gvhd_3_4": (2, 3, 3, 3, 4, 5, 6, 7, 8, 8, 10, 12),
}
PRIORS = {
    "dlt": (0.66, 1.34),
    "non_relapse_death": (0.5, 1.5),
    "graft_failure": (0.4, 1.6),
    "acute_gvhd_3_4": (0.6, 1.4),
}
BY_CODE = {rule.code: rule for rule in RULES}


pytestmark = pytest.mark.usefixtures("new_registry")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_boundaries_are_those_of_the_specification(rule: Rule) -> None:
    assert rule.prior == PRIORS[rule.code]
    assert tuple(map(rule.boundary, EVALUATED)) == PRINTED[rule.code]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
@pytest.mark.parametrize(("events", "evaluated"), [(0, 0), (0, 6), (3, 6), (6, 6), (5, 19)])
def test_the_probability_is_that_of_the_beta_density(rule: Rule, events: int, evaluated: int) -> None:
    """The density added up with x = u^4 and (1 - x) alike, which takes away its poles at 0 and 1."""
    a, b = rule.prior[0] + events, rule.prior[1] + evaluated - events

    def mass(shape: float, other: float, least: float) -> float:
        """The integral of x^(shape - 1) (1 - x)^(other - 1) from 0 to `least`, below 1."""
        u = (np.arange(400_000) + 0.5) / 400_000 * least**0.25
        x = u**4
        return float((4 * u**3 * x ** (shape - 1) * (1 - x) ** (other - 1)).mean() * least**0.25)

    below, above = mass(a, b, rule.limit), mass(b, a, 1 - rule.limit)
    assert rule.probability(events, evaluated) == pytest.approx(above / (above + below), abs=1e-5)


def test_limits_and_priors_are_those_of_the_configuration() -> None:
    changed = {"stop_dlt_limit": "20", "stop_dlt_prior_events": "0.4", "stop_dlt_prior_others": "1.6"}
    with configured(**changed):
        assert tuple(map(BY_CODE["dlt"].boundary, EVALUATED)) == PRINTED["graft_failure"]
    stricter = {"stop_probability": "95", "stop_guard_subjects": "3", "stop_guard_events": "1"}
    with configured(**stricter):
        assert BY_CODE["dlt"].boundary(6) == 5
        assert counts(
            *[[*infused(), adjudicated()]] * 3, [*infused(), adjudicated(True)], code="dlt_first_six"
        ) == (3, 0, False)
        assert told(*[[*infused(), adjudicated(True)]], code="dlt_first_six")["crossed"]


def test_a_boundary_that_cannot_be_reached_is_none() -> None:
    assert BY_CODE["dlt"].boundary(0) is None
    assert BY_CODE["dlt"].boundary(1) is None
    assert BY_CODE["dlt"].boundary(2) == 2


# --- counts -----------------------------------------------------------------------------------------------
def adjudicated(occurred: bool = False) -> Record:
    return row("DLT", day(28), "C28", dlt_evaluable="Y", dlt_occurred=occurred)


def engrafted(**values: Any) -> Record:
    return row("ENG", day(50), "HD30", **values)


def told(*stories: list[Record], code: str) -> dict[str, Any]:
    found = stopping_of(cohort(*stories))
    every = [*found["rules"], found["guard"], *found["always"]]
    (one,) = (one for one in every if one["code"] == code)
    assert isinstance(one, dict)
    return one


def counts(*stories: list[Record], code: str) -> tuple[int, int, bool]:
    one = told(*stories, code=code)
    assert one["events"] == len(one["subjects"])
    return one["evaluated"], one["events"], one["crossed"]


@pytest.mark.parametrize(
    ("stories", "expected"),
    [
        ([], (0, 0, False)),
        ([infused()], (0, 0, False)),  # not adjudicated
        ([[*infused(), adjudicated()]] * 3, (3, 0, False)),
        ([[*infused(), adjudicated(True)], *[[*infused(), adjudicated()]] * 2], (3, 1, False)),
        ([*[[*infused(), adjudicated(True)]] * 2, [*infused(), adjudicated()]], (3, 2, True)),
    ],
    ids=["nobody", "not adjudicated", "none", "one of three", "two of three"],
)
def test_dose_limiting_toxicity(stories: list[list[Record]], expected: tuple[int, int, bool]) -> None:
    assert counts(*stories, code="dlt") == expected


def test_the_guard_looks_at_the_first_six_by_infusion() -> None:
    """Two among six pause, though the boundary of six is four; the seventh does not count."""
    well = [*infused(), adjudicated()]
    ill = [*infused(), adjudicated(True)]
    later = [*infused(on=day(5)), adjudicated(True)]
    assert counts(*[well] * 4, ill, ill, code="dlt_first_six") == (6, 2, True)
    assert counts(*[well] * 4, ill, ill, code="dlt") == (6, 2, False)
    assert counts(later, *[well] * 5, ill, code="dlt_first_six") == (6, 1, False)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([died(116)], (1, 1)),
        ([died(117)], (1, 0)),
        ([contact(116)], (1, 0)),
        ([contact(115)], (0, 0)),  # not followed to transplant day 100
        ([relapsed(60), died(80)], (1, 0)),
    ],
    ids=["on day 100", "on day 101", "alive on day 100", "alive on day 99", "after relapse"],
)
def test_non_relapse_death_by_day_100(story: list[Record], expected: tuple[int, int]) -> None:
    assert counts([*infused(), grafted(16), *story], code="non_relapse_death")[:2] == expected


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([acute(116, DIARRHOEA), contact(200)], (1, 1)),
        ([acute(117, DIARRHOEA), contact(200)], (1, 0)),
        ([acute(60, DIARRHOEA)], (1, 1)),
        ([contact(115)], (0, 0)),
    ],
    ids=["on day 100", "on day 101", "not followed longer", "not followed"],
)
def test_severe_acute_gvhd_by_day_100(story: list[Record], expected: tuple[int, int]) -> None:
    assert counts([*infused(), grafted(16), *story], code="acute_gvhd_3_4")[:2] == expected


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([], (0, 0)),
        ([engrafted()], (0, 0)),
        ([engrafted(eng_secondary_gf=True)], (1, 1)),
        ([engrafted(eng_secondary_gf=False)], (0, 0)),  # a primary one is not excluded by this
    ],
    ids=["no page", "empty page", "secondary", "no secondary"],
)
def test_graft_failure(pages: list[Record], expected: tuple[int, int]) -> None:
    assert counts([*infused(), grafted(16), *pages], code="graft_failure")[:2] == expected


# --- what always pauses -----------------------------------------------------------------------------------
def event(special: str, grade: int, *, on: int = 3, relation: str | None = None) -> Record:
    return row(
        "AE",
        day(on),
        key="1",
        ae_start=PartialDate.of(day(on)),
        ae_term=special,
        ae_special=special,
        ae_grade=str(grade),
        ae_rel_cart=relation,
    )


@pytest.mark.parametrize(
    ("code", "record", "happened"),
    [
        ("fatal_crs", event("crs", 5), True),
        ("fatal_crs", event("crs", 4), False),
        ("fatal_icans", event("icans", 5), True),
        ("fatal_icans", event("crs", 5), False),
        ("fatal_iec_hs", event("iec_hs", 5), True),
        ("fatal_iec_hs", row("HLH", day(9), hlh_grade="5"), True),
        ("fatal_iec_hs", row("HLH", day(9), hlh_grade="4"), False),
        ("rcl_positive", row("REL", day(-2), rel_rcl="positive"), True),
        ("rcl_positive", row("REL", day(-2), rel_rcl="negative"), False),
        ("car_related_malignancy", event("second_malignancy", 3, on=300, relation="possible"), True),
        ("car_related_malignancy", event("second_malignancy", 3, on=300, relation="unlikely"), False),
        ("car_related_malignancy", event("infection", 3, relation="definite"), False),
    ],
)
def test_what_always_pauses(code: str, record: Record, happened: bool) -> None:
    one = told([*infused(), record], code=code)
    assert (one["crossed"], one["subjects"]) == (happened, ["HZ01-001"] if happened else [])


def test_who_is_outside_of_the_set_pauses_nothing() -> None:
    assert counts([*enrolled(), event("crs", 5, on=-2)], code="fatal_crs") == (0, 0, False)


def test_the_invented_cohort_crosses_nothing(demo_timelines: list[Timeline]) -> None:
    cutoff = date.fromisoformat(DEMO_CUTOFF)
    found = stopping_of(build_datasets(cutoff, cut_at(built(demo_timelines), cutoff)))
    assert found["settings"]["stop_dlt_limit"] == "33"
    assert found["source"] == "specification 4.1"
    assert [(rule["code"], rule["events"], rule["boundary"]) for rule in found["rules"]] == [
        ("dlt", 0, 9),
        ("non_relapse_death", 1, 7),
        ("graft_failure", 0, 6),
        ("acute_gvhd_3_4", 3, 7),
    ]
    assert not any(one["crossed"] for one in (*found["rules"], found["guard"], *found["always"]))
