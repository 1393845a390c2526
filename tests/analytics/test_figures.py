"""The figures: those of the invented cohort against R's answers, their rounding, and where there is none."""

import csv
import json
import re
from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from analytics.endpoints.catalogue import catalogue, printed
from analytics.endpoints.figure import EMPTY_SET, Figure, figure, share
from analytics.endpoints.survival_times import BEYOND, MONTHS_AT_RISK, MONTHS_READ, NOT_REACHED, percent_at
from analytics.endpoints.verify import compare
from analytics.survival import kaplan_meier
from patients.builder.timeline import Timeline
from tests.analytics.casebooks import (
    assessed,
    built,
    by_id,
    cohort,
    contact,
    day,
    died,
    enrolled,
    figures_at,
    grafted,
    infused,
    relapsed,
    without_database,
)

EXPECTED = Path(__file__).parent / "expected"
CUTOFF = date(2025, 8, 5)
TOLERANCE = 1e-9
DAYS_PER_MONTH = 30.4375

# R 4.2.2, survival 3.5-3, cmprsk 2.2-11: value at full precision, and as published or printed.
R_ANSWERS: dict[str, tuple[float | None, str]] = {
    id: (value, text)
    for id, (value, text) in json.loads((EXPECTED / "demo_figures.json").read_text()).items()
}
BEYOND_THE_LIST = [
    "mfg_success_n",
    "mfg_success_pct",
    "dose_in_window_n",
    "no_conditioning_n",
    "no_prophylaxis_n",
]


pytestmark = pytest.mark.usefixtures("new_registry")


@pytest.fixture(scope="module")
def demo(demo_timelines: list[Timeline]) -> dict[str, Figure]:
    with without_database():
        return figures_at(built(demo_timelines), CUTOFF)


# --- the catalogue ----------------------------------------------------------------------------------------
def test_the_catalogue_has_154_figures_and_5_beyond_them() -> None:
    assert len(catalogue()) == 154 + 5
    assert list(catalogue())[154:] == BEYOND_THE_LIST


def test_79_figures_were_published() -> None:
    published = [entry for entry in catalogue().values() if entry.published_value is not None]
    assert len(published) == 79
    assert all(entry.published for entry in published)
    assert [one.id for one in compare({})] == [entry.id for entry in published]


def test_every_entry_says_what_it_is() -> None:
    entries = catalogue().values()
    assert {entry.kind for entry in entries} == {"count", "percent", "months", "days", "years"}
    sets = Counter(entry.set for entry in entries)
    assert sets.keys() == {"ENR", "SAF", "HSCTSET", "CHIMEV", "CGEV", "relapsed"}
    assert all(entry.digits == 0 for entry in entries if entry.kind == "count")
    assert all(entry.digits in (0, 1) for entry in entries)


IN_WORDS = {
    "prior_cll1_n": "One patient",
    "cri_n": "All patients",
    "hsct_n": "mostly",
    "hsct_within_month_n": "mostly",
    "agvhd_resolved_n": "All aGVHD",
}


@pytest.mark.parametrize("id", [id for id, entry in catalogue().items() if entry.published_value is not None])
def test_the_published_value_stands_in_the_published_sentence(id: str) -> None:
    entry = catalogue()[id]
    numbers = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", entry.published)}
    assert IN_WORDS[id] in entry.published if id in IN_WORDS else entry.published_value in numbers
    assert float(entry.published_text) == entry.published_value


def test_every_figure_is_computed(demo: dict[str, Figure]) -> None:
    assert list(demo) == list(catalogue())


# --- the invented cohort ----------------------------------------------------------------------------------
@pytest.mark.parametrize("id", R_ANSWERS)
def test_a_figure_is_r_s_answer_and_prints_as_published(demo: dict[str, Figure], id: str) -> None:
    value, text = R_ANSWERS[id]
    assert demo[id].value == (None if value is None else pytest.approx(value, rel=0, abs=TOLERANCE))
    assert demo[id].text == text


def steps(endpoint: str) -> list[dict[str, float]]:
    """R's Kaplan-Meier curve of an endpoint, step by step."""
    with (EXPECTED / "demo_km_steps.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.pop("endpoint") == endpoint]
    return [{name: float(number) for name, number in row.items()} for row in rows]


@pytest.mark.parametrize("month", MONTHS_READ)
@pytest.mark.parametrize("endpoint", ["OS", "PFS"])
def test_survival_at_a_month_is_read_off_r_s_curve(
    demo: dict[str, Figure], endpoint: str, month: int
) -> None:
    curve, at = steps(endpoint), month * DAYS_PER_MONTH
    first = {"time": 0.0, "surv": 1.0, "lower": 1.0, "upper": 1.0}
    last = [step for step in [first, *curve] if step["time"] <= at][-1]
    for part, column in (("", "surv"), ("_lo", "lower"), ("_hi", "upper")):
        found = demo[f"{endpoint.lower()}_{month}m{part}"]
        if at > curve[-1]["time"]:
            assert (found.value, found.text, found.reason) == (None, "", BEYOND)
        else:
            assert found.value == pytest.approx(100 * last[column], rel=0, abs=TOLERANCE)


@pytest.mark.parametrize("endpoint", ["OS", "PFS"])
def test_numbers_at_risk_are_those_of_r_s_curve(demo: dict[str, Figure], endpoint: str) -> None:
    curve = steps(endpoint)
    for month in MONTHS_AT_RISK:
        later = [step["n.risk"] for step in curve if step["time"] >= month * DAYS_PER_MONTH]
        assert demo[f"{endpoint.lower()}_nrisk_{month}m"].value == (later[0] if later else 0)


def test_every_figure_counts_within_its_set_and_names_its_subjects(demo: dict[str, Figure]) -> None:
    sizes = {"ENR": 19, "SAF": 19, "HSCTSET": 19, "CHIMEV": 17, "CGEV": 13, "relapsed": 5}
    for id, found in demo.items():
        if not id.startswith("relapse_m"):  # the times of those who relapsed
            assert found.size == sizes[catalogue()[id].set], id
        assert 0 <= found.n <= found.size, id
        assert len(set(found.subjects)) == len(found.subjects) <= found.size, id
        if catalogue()[id].kind == "count":
            assert found.value == found.n == len(found.subjects), id


@pytest.mark.parametrize("stem", ["cri_pct", "hsct_pct", "cd7neg_share_pct"])
def test_exact_limits_of_the_cohort_are_those_of_statsmodels(demo: dict[str, Figure], stem: str) -> None:
    low, high = proportion_confint(demo[stem].n, demo[stem].size, method="beta")
    assert demo[f"{stem}_lo"].value == pytest.approx(100 * low, rel=0, abs=TOLERANCE)
    assert demo[f"{stem}_hi"].value == pytest.approx(100 * high, rel=0, abs=TOLERANCE)


def test_the_published_figures_agree(demo: dict[str, Figure]) -> None:
    comparisons = compare({id: found.text for id, found in demo.items()})
    assert [one.id for one in comparisons if not one.agrees] == []
    assert len(comparisons) == 79


def test_a_figure_that_was_not_computed_does_not_agree(demo: dict[str, Figure]) -> None:
    texts = {id: found.text for id, found in demo.items() if id != "os_12m"}
    assert [one.id for one in compare(texts) if not one.agrees] == ["os_12m"]


# --- rounding ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Fraction(100 * 15, 19), 1, "78.9"),
        (Fraction(100, 1), 1, "100.0"),
        (Fraction(100 * 1, 16), 1, "6.3"),  # 6.25
        (Fraction(100 * 3, 16), 1, "18.8"),  # 18.75
        (Fraction(100 * 7, 80), 1, "8.8"),  # 8.75
        (Fraction(100 * 1, 2000), 1, "0.1"),  # 0.05, which no float is
        (Fraction(100 * 3, 2000), 1, "0.2"),  # 0.15
        (Fraction(-1, 4), 1, "-0.3"),
        (Fraction(-1, 100), 1, "0.0"),
        (Fraction(1, 2), 0, "1"),
        (Fraction(5, 2), 0, "3"),
        (Fraction(0), 1, "0.0"),
        (0.0, 1, "0.0"),
        (-0.0, 1, "0.0"),
        (0.15, 1, "0.2"),
        (2.675, 2, "2.68"),
        (7.05, 1, "7.1"),
        (93.74999999999999, 1, "93.8"),  # what a product of 15/16 may leave
        (93.7499999, 1, "93.7"),
        (54.811507936507944, 1, "54.8"),
        (19, 0, "19"),
        (1e6, 0, "1000000"),
    ],
)
def test_numbers_are_printed_half_away_from_zero(value: float | Fraction, digits: int, text: str) -> None:
    assert printed(value, digits) == text


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_a_percentage_is_rounded_on_the_exact_ratio(n: int, size: int) -> None:
    n = min(n, size)
    text = share("male_pct", n, size).text
    assert abs(Fraction(text) - Fraction(100 * n, size)) <= Fraction(1, 20)
    assert Fraction(text) - Fraction(100 * n, size) != Fraction(-1, 20), "a tie goes up"


def test_a_figure_that_the_catalogue_lacks_is_refused() -> None:
    with pytest.raises(KeyError):
        figure("os_13m", 1.0)


# --- where there is no number -----------------------------------------------------------------------------
def test_nobody_gives_counts_of_0_and_no_other_number() -> None:
    found = by_id(cohort())
    for id, one in found.items():
        if catalogue()[id].kind == "count":
            assert (one.value, one.text, one.n, one.size) == (0, "0", 0, 0), id
        else:
            assert (one.value, one.text, one.reason, one.n, one.size) == (None, "", EMPTY_SET, 0, 0), id


def test_who_was_only_enrolled_is_in_no_denominator_of_treatment() -> None:
    found = by_id(cohort(enrolled(), enrolled()))
    assert (found["enrolled_n"].value, found["saf_n"].value) == (2, 0)
    assert found["age_median"].size == 2
    for id in ("fu_median", "cri_pct", "cri_pct_lo", "hsct_pct_hi", "os_12m", "pfs_median", "nrm_12m"):
        assert (found[id].value, found[id].reason, found[id].size) == (None, EMPTY_SET, 0), id


def test_a_missing_birth_date_is_not_an_age() -> None:
    without = [record for record in enrolled() if record.form != "DM"]
    found = by_id(cohort(enrolled(), without))
    assert (found["age_median"].n, found["age_median"].size) == (1, 2)
    assert found["age_median"].subjects == ("HZ01-001",)
    assert (found["male_n"].size, found["male_pct"].text) == (2, "0.0")


def test_nothing_is_extended_beyond_the_longest_observed_time() -> None:
    found = by_id(cohort([*infused(), contact(60, free_on=40)], [*infused(), died(20)]))
    assert found["os_1m"].value == pytest.approx(50)
    assert found["pfs_1m"].value == pytest.approx(50)
    for id in ("os_3m", "os_3m_lo", "os_3m_hi", "pfs_3m", "nrm_12m", "relapse_cif_12m"):
        assert (found[id].value, found[id].text, found[id].reason) == (None, "", BEYOND), id
    assert (found["os_nrisk_3m"].value, found["os_nrisk_0m"].value) == (0, 2)


def test_the_longest_observed_time_itself_is_read() -> None:
    found = by_id(cohort([*infused(), contact(366, free_on=366)]))
    assert (found["os_12m"].value, found["pfs_12m"].value) == (100, 100)
    assert (found["nrm_12m"].value, found["relapse_cif_12m"].value) == (0, 0)


def test_where_survival_is_0_there_are_no_limits() -> None:
    """No month ends on a whole day, so the reading is asked for the last day itself."""
    curve = kaplan_meier([10, 20], [1, 1])
    assert percent_at(curve, 20) == {"": 0.0, "_lo": None, "_hi": None}
    assert percent_at(curve, 19)[""] == pytest.approx(50)


def test_a_median_on_a_level_stretch_is_its_middle() -> None:
    found = by_id(cohort([*infused(), died(10)], [*infused(), died(31)]))
    assert found["os_median"].value == pytest.approx((10 + 31) / 2 / DAYS_PER_MONTH)
    assert (found["os_median_hi"].value, found["os_median_hi"].reason) == (None, NOT_REACHED)


def test_a_median_that_is_not_reached_has_none() -> None:
    found = by_id(cohort([*infused(), contact(60)], [*infused(), contact(70)]))
    for part in ("", "_lo", "_hi"):
        assert (found[f"os_median{part}"].value, found[f"os_median{part}"].reason) == (None, NOT_REACHED)


def test_reverse_follow_up_without_anybody_alive_has_no_median() -> None:
    found = by_id(cohort([*infused(), died(60)]))
    assert found["fu_reverse_km_median"].value is None
    assert found["fu_reverse_km_median"].reason == "the curve does not fall to one half"


def test_without_relapse_there_is_no_share_of_relapses() -> None:
    found = by_id(cohort([*infused(), contact(60)]))
    for id in (
        "cd7neg_share_pct",
        "cd7neg_share_pct_lo",
        "cd7neg_share_pct_hi",
        "relapse_median",
        "relapse_min",
    ):
        assert (found[id].value, found[id].reason) == (None, EMPTY_SET), id


# --- what is counted as what ------------------------------------------------------------------------------
def test_relapses_and_deaths_are_counted_by_kind() -> None:
    found = by_id(
        cohort(
            [*infused(), assessed(14, 2), grafted(16), contact(100)],
            [*infused(), relapsed(60), contact(100)],
            [*infused(), relapsed(70, cd7="positive"), died(90, "relapse_progression")],
            [*infused(), relapsed(80, cd7="partial"), died(80, "infection")],
            [*infused(), died(50, "infection")],
            [*infused(), died(55, "gvhd")],
            [*infused(), relapsed(40, "mrd_relapse"), contact(50)],
        )
    )
    counts = {
        "alive_n": 3,
        "disease_free_n": 2,
        "disease_free_cri_n": 1,
        "relapse_n": 1,
        "relapse_any_n": 3,
        "relapse_cd7pos_n": 1,
        "deaths_n": 4,
        "deaths_infection": 2,
        "deaths_relapse": 1,
        "deaths_other": 1,
        "os_events_n": 4,
        "pfs_events_n": 5,
        "hsct_n": 1,
        "cri_n": 0,
    }
    assert {id: found[id].value for id in counts} == counts
    assert found["cd7neg_share_pct"].text == "33.3"
    assert (found["nrm_12m"].n, found["relapse_cif_12m"].n) == (2, 3)


def test_three_months_of_follow_up_are_91_3125_days() -> None:
    found = by_id(cohort([*infused(), contact(91)], [*infused(), contact(92)], cutoff=day(91)))
    assert (found["fu_ge_3m_n"].value, found["fu_ge_3m_potential_n"].value) == (0, 0)
    found = by_id(cohort([*infused(), contact(91)], [*infused(), contact(92)], cutoff=day(92)))
    assert (found["fu_ge_3m_n"].value, found["fu_ge_3m_potential_n"].value) == (1, 2)


def test_a_month_to_the_graft_is_30_4375_days() -> None:
    found = by_id(cohort([*infused(), grafted(30)], [*infused(), grafted(31)]))
    assert found["hsct_within_month_n"].subjects == ("HZ01-001",)
    assert (found["hsct_interval_median"].value, found["hsct_interval_median"].text) == (30.5, "31")
