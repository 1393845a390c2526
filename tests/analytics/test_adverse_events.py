"""The adverse events as the analysis sees them on the cut-off (dataset ADAE)."""

from datetime import date, timedelta
from typing import Any

import pytest

from patients.casebook.answers import Record
from patients.items.partial_date import PartialDate
from tests.analytics.casebooks import (
    ENROLLED,
    NEVER,
    T0,
    cohort,
    contact,
    day,
    died,
    enrolled,
    grafted,
    infused,
    row,
)

MARCH, YEAR = PartialDate(2024, 3), PartialDate(2024)  # the infusion is on 1 March 2024
PAGE = ENROLLED  # the date of the page of all events


pytestmark = pytest.mark.usefixtures("new_registry")


CODED = ("AELLT", "AELLTCD", "AEDECOD", "AEPTCD", "AEBODSYS", "AEBDSYCD", "AEDICT", "AEDICTV")


def event(
    key: str, start: int | PartialDate | None, end: int | PartialDate | None = None, **of: Any
) -> Record:
    """An event with its days after the infusion."""
    missing = of.pop("missing", None)
    values = {"ae_start": on(start), "ae_end": on(end), "ae_grade": "2", "ae_term": "Fever"} | of
    return row("AE", PAGE, key=key, missing=missing, **values)


def on(when: int | PartialDate | None) -> PartialDate | None:
    return PartialDate.of(day(when)) if isinstance(when, int) else when


def events(*records: Record, cutoff: date = NEVER) -> list[dict[str, Any]]:
    return cohort([*infused(), *records], cutoff=cutoff).adae.to_dicts()


def the_event(*records: Record, cutoff: date = NEVER) -> dict[str, Any]:
    (found,) = events(*records, cutoff=cutoff)
    return found


def test_an_event_is_a_row_with_its_place() -> None:
    found = the_event(
        grafted(16),
        event(
            "7",
            20,
            25,
            ae_term="Acute graft versus host disease",
            ae_ctcae_term="immune_system_disorders_other",
            ae_special="agvhd",
            ae_grade="3",
            ae_serious=True,
            ae_rel_cart="possible",
            ae_rel_ld="unlikely",
            ae_rel_hsct="definite",
            ae_outcome="RECOVERED/RESOLVED",
            ae_dlt="N",
        ),
    )
    assert found == {
        "SUBJID": "HZ01-001",
        "AESEQ": 1,
        "AETERM": "Acute graft versus host disease",
        **dict.fromkeys(CODED),
        "AETOX": "immune_system_disorders_other",
        "AESCAT": "agvhd",
        "AETOXGR": 3,
        "ASTDT": day(20),
        "ASTDTF": None,
        "ASTDTC": day(20).isoformat(),
        "ASTDY": 20,
        "HSCTDY": 4,
        "AENDT": day(25),
        "AENDTF": None,
        "AENDTC": day(25).isoformat(),
        "AESER": True,
        "AEREL": "possible",
        "AERELLD": "unlikely",
        "AERELGR": "definite",
        "AEOUT": "RECOVERED/RESOLVED",
        "TRTEMFL": True,
        "APERIODC": "hsct",
        "DLTFL": "N",
        "DLTDRV": False,
        "form": "AE",
        "visit": "UNSAE",
        "row_key": "7",
    }


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (0, (day(0), None, 0, True)),
        (-1, (day(-1), None, -1, False)),
        (90, (day(90), None, 90, True)),
        (91, (day(91), None, 91, False)),
        (MARCH, (T0, "D", None, True)),
        (PartialDate(2024, 2), (date(2024, 2, 1), "D", None, False)),
        (YEAR, (date(2024, 1, 1), "M", None, False)),
        (None, (None, None, None, None)),
    ],
    ids=["day of infusion", "day before", "day 90", "day 91", "month", "month before", "year", "not known"],
)
def test_the_start(start: int | PartialDate | None, expected: tuple[Any, ...]) -> None:
    found = the_event(event("1", start))
    assert tuple(found[name] for name in ("ASTDT", "ASTDTF", "ASTDY", "TRTEMFL")) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (3, 9, (day(9), None)),
        (3, None, (None, None)),
        (3, MARCH, (day(3), "D")),  # not before the start
        (3, PartialDate(2024, 4), (date(2024, 4, 1), "D")),
        (3, YEAR, (day(3), "M")),
        (MARCH, 9, (day(9), None)),
        (None, MARCH, (T0, "D")),
        (9, 3, (day(3), None)),  # a slip stays as it was entered
        (40, MARCH, (T0, "D")),
    ],
)
def test_the_end(start: Any, end: Any, expected: tuple[Any, ...]) -> None:
    found = the_event(event("1", start, end))
    assert (found["AENDT"], found["AENDTF"]) == expected


@pytest.mark.parametrize(
    ("records", "kept"),
    [
        ([event("1", 30)], ["1"]),
        ([event("1", 31)], []),
        ([event("1", MARCH), event("2", PartialDate(2024, 4))], ["1"]),  # by the earliest day
        ([event("1", None)], ["1"]),  # by the date of the page
        ([row("AE", PAGE)], []),
        ([row("AE", PAGE, header={"not_done": "Y", "not_done_reason": "missed"})], []),
        ([row("INFX", day(5), key="1", inf_onset=day(5), inf_ctcae="2")], []),
    ],
    ids=[
        "began on the cut-off",
        "began later",
        "months",
        "start not known",
        "a page without events",
        "a page not done",
        "an infection is no event of its own",
    ],
)
def test_which_rows_are_events_by_the_cutoff(records: list[Record], kept: list[str]) -> None:
    assert [found["row_key"] for found in events(*records, cutoff=day(30))] == kept


@pytest.mark.parametrize(
    ("end", "of", "more", "expected"),
    [
        (30, {"ae_outcome": "RECOVERED/RESOLVED"}, [], (day(30), "RECOVERED/RESOLVED", 2)),
        (31, {"ae_outcome": "RECOVERED/RESOLVED"}, [], (None, None, 2)),
        (None, {"ae_outcome": "NOT RECOVERED/NOT RESOLVED"}, [], (None, "NOT RECOVERED/NOT RESOLVED", 2)),
        (30, {"ae_outcome": "FATAL", "ae_grade": "5"}, [died(30)], (day(30), "FATAL", 5)),
        (31, {"ae_outcome": "FATAL", "ae_grade": "5"}, [died(31)], (None, None, None)),
        (MARCH, {"ae_outcome": "FATAL", "ae_grade": "5"}, [died(31)], (None, None, None)),
        (None, {"ae_outcome": "FATAL", "ae_grade": "5"}, [died(31)], (None, None, None)),
        (None, {"ae_outcome": "FATAL", "ae_grade": "5"}, [], (None, "FATAL", 5)),
        (29, {"ae_outcome": "RECOVERED/RESOLVED"}, [contact(50)], (day(29), "RECOVERED/RESOLVED", 2)),
    ],
    ids=[
        "ended on the cut-off",
        "ended later",
        "ongoing",
        "died on the cut-off",
        "died later",
        "died later, the month known",
        "died later, the end not entered",
        "the day of death not entered",
        "recovered and seen alive later",
    ],
)
def test_what_had_happened_by_the_cutoff(
    end: Any, of: dict[str, Any], more: list[Record], expected: tuple[Any, ...]
) -> None:
    found = the_event(event("1", 3, end, **of), *more, cutoff=day(30))
    assert (found["AENDT"], found["AEOUT"], found["AETOXGR"]) == expected
    assert found["AENDTF"] is None


def test_nothing_is_emergent_without_treatment() -> None:
    found = cohort([*enrolled(), event("1", 3), event("2", None)]).adae
    assert set(found["TRTEMFL"]) == {False, None}  # None: the day is not known
    assert (
        found["ASTDY"].to_list() == found["HSCTDY"].to_list() == found["APERIODC"].to_list() == [None, None]
    )


def test_an_infusion_after_the_cutoff_has_not_been_given() -> None:
    early = cohort([*infused(), event("1", -3)], cutoff=day(-1)).adae.to_dicts()
    assert [(found["TRTEMFL"], found["ASTDY"]) for found in early] == [(False, None)]


@pytest.mark.parametrize(
    ("start", "expected"),
    [(-6, None), (-5, "ld"), (-1, "ld"), (0, "cart"), (15, "cart"), (16, "hsct"), (116, "hsct"), (117, None)],
)
def test_an_event_is_emergent_in_the_period_in_which_it_began(start: int, expected: str | None) -> None:
    dose = row("LD", day(-5), "LD1", key="fludarabine", ld_date=day(-5))
    found = the_event(event("1", start), dose, grafted(16))
    assert (found["APERIODC"], found["TRTEMFL"]) == (expected, expected is not None)


def test_a_grade_that_is_not_known_is_missing() -> None:
    unknown = event("1", 3, ae_grade=None, missing={"ae_grade": "UNK"})
    assert the_event(unknown)["AETOXGR"] is None


def test_events_are_counted_in_their_order() -> None:
    found = events(event("10", 9), event("2", 4), event("b", 4), event("x", None))
    assert [(one["AESEQ"], one["row_key"]) for one in found] == [(1, "x"), (2, "2"), (3, "b"), (4, "10")]


@pytest.mark.parametrize(
    ("start", "period"),
    [(-6, None), (-5, "ld"), (-1, "ld"), (0, "cart"), (15, "cart"), (16, "hsct"), (117, None)],
)
def test_the_period_in_which_it_began(start: int, period: str | None) -> None:
    dose = row("LD", day(-5), "LD1", key="1", ld_date=T0 - timedelta(5))
    assert the_event(dose, grafted(16), event("1", start))["APERIODC"] == period
