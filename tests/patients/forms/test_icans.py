"""Neurotoxicity: score and grade from their components, and when an item is asked."""

import pytest

from patients.casebook.answers import RowAnswers
from patients.casebook.form import form_model
from patients.items.problems import Severity
from tests.patients.checks.casebook import Row, casebook, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

INFUSED = row("INF", "C0", inf_start_dt="2025-07-10 10:00")
WELL = row(
    "ICANS",
    "C3",
    "1",
    ice_dt="2025-07-13 09:00",
    ice_baseline="N",
    ice_testable="yes",
    ice_orient="4",
    ice_name="3",
    ice_command="1",
    ice_write="1",
    ice_attn="1",
    icans_loc="alert",
    icans_loc_other="N",
    icans_seizure="none",
    icans_motor="N",
    icans_icp="none",
)


def derived(found: Row) -> tuple[int | None, int | None]:
    (record,) = casebook((found,)).records("ICANS")
    return record.values["ice_total"], record.values["icans_grade"]


@pytest.mark.parametrize(
    ("answers", "score", "grade"),
    [
        ({}, 10, 0),
        ({"ice_orient": "2", "ice_write": "0"}, 7, 1),
        ({"ice_orient": "0", "ice_name": "0"}, 3, 2),
        ({"ice_testable": "no_unarousable", "icans_loc": "awakens_only_to_touch"}, 0, 4),
        ({"ice_testable": "no_language_sedation_other"}, None, 0),
        ({"ice_attn": ""}, None, 0),
        ({"icans_loc": "awakens_to_voice"}, 10, 2),
        ({"icans_loc": "awakens_to_voice", "icans_loc_other": "Y"}, 10, 0),
        ({"icans_seizure": "prolonged_gt5_min"}, 10, 4),
        ({"icans_icp": "focal_oedema_on_imaging"}, 10, 3),
        ({"icans_death": "Y"}, 10, 5),
    ],
)
def test_score_and_grade_follow_the_components(
    answers: dict[str, str], score: int | None, grade: int | None
) -> None:
    """X-ICA-01: the total is the sum of its items."""
    assert derived(WELL.but(**answers)) == (score, grade)


def test_without_components_there_is_no_grade() -> None:
    assert derived(row("ICANS", "C3", "1", ice_dt="2025-07-13 09:00")) == (None, None)


def findings(item: str, *rows: Row) -> set[Severity]:
    """What is found at an item of the last row."""
    held = casebook(rows)
    last = next(r for r in held.records("ICANS") if (r.visit, r.row_key) == (rows[-1].visit, rows[-1].key))
    found = form_model("ICANS").item(item).findings(last.values[item], RowAnswers(last, held))
    return {finding.severity for finding in found}


BASELINE = WELL.but(ice_baseline="Y", ice_dt="2025-07-02 09:00")


def test_a_test_is_not_long_before_the_infusion_but_for_the_baseline() -> None:
    assert findings("ice_dt", INFUSED, BASELINE) == set()
    assert findings("ice_dt", INFUSED, WELL.but(ice_dt="2025-07-07 10:00")) == set()
    assert findings("ice_dt", INFUSED, WELL.but(ice_dt="2025-07-07 09:59")) == {Severity.HARD}


def test_there_is_one_baseline_and_it_is_before_the_infusion() -> None:
    another = row("ICANS", "PRE", "1", ice_dt="2025-07-09 09:00", ice_baseline="Y")
    late = row("ICANS", "C0", "1", ice_dt="2025-07-10 10:00", ice_baseline="Y")
    assert findings("ice_baseline", INFUSED, BASELINE) == set()
    assert findings("ice_baseline", INFUSED, BASELINE, another) == {Severity.HARD}
    assert findings("ice_baseline", INFUSED, late) == {Severity.HARD}
    assert findings("ice_baseline", INFUSED, BASELINE, late.but(ice_baseline="N")) == set()


def test_a_fatal_course_counts_at_the_last_test_alone() -> None:
    fatal, later = (
        WELL.but(icans_death="Y"),
        Row("ICANS", WELL.answers, "C4", "1").but(ice_dt="2025-07-14 09:00"),
    )
    grades = {
        record.visit: record.values["icans_grade"] for record in casebook((fatal, later)).records("ICANS")
    }
    assert grades == {"C3": 0, "C4": 0}


def test_a_fatal_episode_counts_at_its_last_day_alone() -> None:
    fatal = row("CRS", "C3", crs_date="2025-07-13", crs_episode="1", crs_fever="Y", crs_outcome="FATAL")
    later = row("CRS", "C4", crs_date="2025-07-14", crs_episode="1", crs_fever="Y")
    alone, followed = casebook((INFUSED, fatal)), casebook((INFUSED, fatal, later))
    assert [record.values["crs_grade"] for record in alone.records("CRS")] == [5]
    assert [record.values["crs_grade"] for record in followed.records("CRS")] == [1, 1]


def test_a_fatal_course_is_asked_at_the_last_test_of_somebody_who_died() -> None:
    died, first = row("DTH", dth_dt="2025-07-14"), WELL.but(ice_dt="2025-07-12 09:00")
    earlier = row("ICANS", "C2", "1", **first.answers)
    held = casebook((died, earlier, WELL))
    asked = {
        record.visit: form_model("ICANS").item("icans_death").asked(RowAnswers(record, held))
        for record in held.records("ICANS")
    }
    assert asked == {"C2": False, "C3": True}
    (alive,) = casebook((WELL,)).records("ICANS")
    assert not form_model("ICANS").item("icans_death").asked(RowAnswers(alive, casebook((WELL,))))
