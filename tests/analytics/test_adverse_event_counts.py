"""How many had which adverse event: cases, and agreement with a count of the casebook's text."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.datasets.build import Datasets, build_datasets
from analytics.endpoints.adverse_events import adverse_event_counts
from patients.builder.build import casebook_of as sheets_of
from patients.builder.timeline import DAYS, Timeline
from patients.casebook.answers import Record
from patients.items.partial_date import PartialDate
from tests.analytics import plain_events
from tests.analytics.casebooks import cohort, cut_at, day, enrolled, infused, row
from tests.patients.builder import reading
from tests.patients.builder.strategies import cohorts

SLOW = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])


pytestmark = pytest.mark.usefixtures("new_registry")


def event(
    key: str, name: str, grade: int | None, *, on: int = 3, special: str = "none", term: str = ""
) -> Record:
    """An event by its CTCAE term, or by other words under "other"."""
    return row(
        "AE",
        day(0),
        key=key,
        ae_start=PartialDate.of(day(on)),
        ae_term=term or name,
        ae_ctcae_term=name,
        ae_special=special,
        ae_grade=None if grade is None else str(grade),
    )


def counted(data: Datasets) -> dict[tuple[str, ...], dict[str, int | None]]:
    """The rows by what they count: all, a category, a name in a category."""
    found: dict[tuple[str, ...], dict[str, int | None]] = {}
    category = ""
    for one in adverse_event_counts(data)["rows"]:
        name = one["code"] or one["text"].casefold()
        category = name if one["kind"] == "category" else category
        key = {"every": (), "category": (name,), "term": (category, name)}[one["kind"]]
        assert key not in found
        found[key] = {worst["subject"]: worst["grade"] for worst in one["worst"]}
    return found


def rows(*stories: list[Record]) -> list[tuple[str, str, int, int]]:
    """Kind, name, number of subjects of any and of a severe grade."""
    return [
        (
            one["kind"],
            one["code"] or one["text"],
            len(one["worst"]),
            sum((worst["grade"] or 0) >= 3 for worst in one["worst"]),
        )
        for one in adverse_event_counts(cohort(*stories))["rows"]
    ]


# --- cases ------------------------------------------------------------------------------------------------
def test_a_subject_counts_once_with_its_worst_event() -> None:
    found = adverse_event_counts(
        cohort([*infused(), event("1", "nausea", 2), event("2", "nausea", 3), event("3", "nausea", 3, on=9)])
    )
    worst = {"subject": "HZ01-001", "grade": 3, "visit": "UNSAE", "row_key": "2"}
    assert found["size"] == 1
    assert [one["worst"] for one in found["rows"]] == [[worst]] * 3


def test_the_most_frequent_comes_first_then_the_name() -> None:
    assert rows(
        [
            *infused(),
            event("1", "vomiting", 1),
            event("2", "nausea", 3),
            event("3", "sepsis", 4, special="infection"),
        ],
        [*infused(), event("1", "anemia", 3), event("2", "nausea", 2)],
        [*infused(), event("1", "sepsis", 2, special="infection"), event("2", "diarrhea", None)],
    ) == [
        ("every", "", 3, 2),
        ("category", "none", 3, 2),
        ("term", "nausea", 2, 1),
        ("term", "anemia", 1, 1),
        ("term", "diarrhea", 1, 0),
        ("term", "vomiting", 1, 0),
        ("category", "infection", 2, 1),
        ("term", "sepsis", 2, 1),
    ]


def test_what_is_other_is_named_by_its_words() -> None:
    assert rows(
        [*infused(), event("1", "other", 1, term="Hiccups")],
        [*infused(), event("1", "other", 3, term=" hiccups"), event("2", "other", 2, term="Itching")],
        [*infused(), event("1", "immune_system_disorders_other", 2, term="Serum sickness")],
    )[2:] == [("term", "Hiccups", 2, 1), ("term", "Itching", 1, 0), ("term", "Serum sickness", 1, 0)]


@pytest.mark.parametrize(
    "story",
    [
        [*infused(), event("1", "nausea", 4, on=-1)],
        [*enrolled(), event("1", "nausea", 4)],
        [*infused()[3:], event("1", "nausea", 4)],
        infused(),
        [*infused(), row("AE", day(0), key="1", ae_term="Nausea", ae_grade="4")],
    ],
    ids=["before the infusion", "not infused", "not enrolled", "no event", "start not known"],
)
def test_what_is_not_counted(story: list[Record]) -> None:
    assert rows(story) == [("every", "", 0, 0)]


def test_an_event_without_category_or_name_is_counted_all_the_same() -> None:
    bare = row("AE", day(0), key="1", ae_start=PartialDate.of(day(3)), ae_grade="3")
    expected = [("every", "", 1, 1), ("category", "", 1, 1), ("term", "", 1, 1)]
    assert rows([*infused(), bare]) == expected


NONE: dict[str, list[str]] = {
    aspect: [] for aspect in ("serious", "related_ld", "related_cart", "related_hsct", "fatal")
}


@pytest.mark.parametrize(
    ("values", "aspects"),
    [
        ({"ae_serious": True}, {"serious"}),
        ({"ae_serious": False}, set()),
        ({"ae_rel_ld": "possible"}, {"related_ld"}),
        ({"ae_rel_cart": "probable"}, {"related_cart"}),
        ({"ae_rel_hsct": "definite"}, {"related_hsct"}),
        ({"ae_rel_ld": "unlikely", "ae_rel_cart": "not_related"}, set()),
        ({"ae_outcome": "FATAL"}, {"fatal"}),
        ({"ae_grade": "5"}, {"fatal"}),
        ({"ae_grade": "4"}, set()),
    ],
)
def test_an_aspect_of_any_event_counts_the_subject(values: dict[str, Any], aspects: set[str]) -> None:
    """Also where another event was worse, and in its term alone."""
    one = row("AE", day(0), key="1", ae_start=PartialDate.of(day(3)), ae_ctcae_term="nausea", **values)
    found = adverse_event_counts(cohort([*infused(), one, event("2", "sepsis", 4)]))["rows"]
    of_all, of_nausea = (
        next(each for each in found if (each["kind"], each["code"]) == key)
        for key in (("every", ""), ("term", "nausea"))
    )
    expected = {aspect: ["HZ01-001"] if aspect in aspects else [] for aspect in NONE}
    assert of_all["aspects"] == of_nausea["aspects"] == expected


def test_nobody_has_none() -> None:
    assert adverse_event_counts(cohort()) == {
        "size": 0,
        "rows": [{"kind": "every", "code": "", "text": "", "worst": [], "aspects": NONE}],
        "dictionaries": [],
        "uncoded": 0,
    }


# --- counted again ----------------------------------------------------------------------------------------
def assert_same(sheets: dict[str, Any], cutoff: date) -> None:
    data = build_datasets(cutoff, cut_at(reading.subjects(sheets), cutoff))
    assert counted(data) == plain_events.counts(sheets, cutoff)
    assert adverse_event_counts(data)["size"] == plain_events.size_of_saf(sheets, cutoff)


def test_the_invented_cohort_counts_the_same_on_every_cutoff(demo_timelines: list[Timeline]) -> None:
    sheets = sheets_of(demo_timelines)
    for week in range(0, 92, 30):
        assert_same(sheets, date(2023, 12, 1) + timedelta(7 * week))
    assert_same(sheets, date(2025, 8, 5))


def test_the_invented_cohort_has_events_to_count(demo_timelines: list[Timeline]) -> None:
    found = plain_events.counts(sheets_of(demo_timelines), date(2025, 8, 5))
    assert len(found) > 6
    assert len(found[()]) > 10


@st.composite
def cohorts_with_cutoffs(draw: st.DrawFn) -> tuple[list[Timeline], date]:
    """The cut-off lies on, just before or just after something that happened."""
    timelines = draw(cohorts(max_size=5))
    happened = {getattr(timeline, column) for timeline in timelines for column in DAYS} - {None}
    return timelines, draw(st.sampled_from(sorted(happened))) + timedelta(
        draw(st.sampled_from([0, -1, 1, 1000]))
    )


@SLOW
@given(cohorts_with_cutoffs(), st.data())
def test_any_cohort_counts_the_same(case: tuple[list[Timeline], date], data: st.DataObject) -> None:
    """Also with starts of which the month alone is known, and with words in other capitals."""
    timelines, cutoff = case
    sheets = dict(sheets_of(timelines))
    sheets["AE"] = [blurred(dict(one), data) for one in sheets["AE"]]
    assert_same(sheets, cutoff)


def blurred(event: dict[str, str], data: st.DataObject) -> dict[str, str]:
    if data.draw(st.booleans()):
        event["ae_start"] = event["ae_start"][: data.draw(st.sampled_from([7, 4]))]
    return event | {"ae_term": data.draw(st.sampled_from([event["ae_term"], event["ae_term"].upper()]))}
