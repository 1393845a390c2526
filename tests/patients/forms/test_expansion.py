"""Expansion of the CAR-T cells: peak, exposure and last positive day, and what relapse makes of a sample."""

import pytest

from tests.patients.checks.casebook import Row, casebook, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

INFUSED = row("INF", "C0", inf_start_dt="2025-07-01 10:00")


def sample(day: int, copies: str, visit: str = "", kind: str = "blood", **more: str) -> Row:
    on = f"2025-07-{1 + day:02d}" if day < 31 else f"2025-08-{day - 30:02d}"
    given = {"kin_dt": on, "kin_sample": kind, "kin_qpcr": copies, "kin_lloq": "50", **more}
    return row("KIN", visit or f"C{day}", on=on, **given)


COURSE = (sample(0, "0"), sample(7, "10000"), sample(14, "4000"), sample(21, "0"), sample(28, "0"))


def course(*rows: Row) -> dict[str, str]:
    """What the last page says of the course."""
    last = casebook((INFUSED, *rows)).records("KIN")[-1].values
    names = ("kin_cmax", "kin_tmax", "kin_auc28", "kin_last_pos")
    return {name: str(last[name]) for name in names if last[name] is not None}


def test_the_course_up_to_day_28() -> None:
    """25 and 10000 over a week; 10000 and 4000; 4000 and 25; then the second negative counts nothing."""
    assert course(*COURSE) == {
        "kin_cmax": "10000.0",
        "kin_tmax": "7",
        "kin_auc28": "98262.5",
        "kin_last_pos": "14",
    }


def test_before_the_window_of_day_28_the_course_is_not_closed() -> None:
    assert course(*COURSE[:3], sample(24, "100")) == {"kin_last_pos": "24"}
    assert course(*COURSE[:3], sample(25, "100"))["kin_cmax"] == "10000.0"


def test_fewer_than_four_days_have_no_area() -> None:
    assert "kin_auc28" not in course(COURSE[0], COURSE[1], COURSE[4])
    assert "kin_auc28" not in course(*COURSE[:3], sample(29, "100"))


def test_later_samples_and_other_material_are_no_part_of_it() -> None:
    later = course(*COURSE, sample(14, "90000", "UNS1", "marrow"), sample(40, "20000"))
    assert (later["kin_cmax"], later["kin_auc28"], later["kin_last_pos"]) == ("10000.0", "98262.5", "40")


def test_a_course_without_a_positive_day_has_no_peak_and_no_area() -> None:
    flat = course(*(sample(day, "0") for day in (0, 7, 14, 28)))
    assert flat == {"kin_cmax": "0", "kin_auc28": "0.0"}


def test_cells_are_the_share_of_the_t_cells() -> None:
    (found,) = casebook((sample(7, "0", kin_cd3="120.5", kin_flow_pct="33.33"),)).records("KIN")
    assert str(found.values["kin_flow_abs"]) == "40.16"
    (found,) = casebook((sample(7, "0", kin_cd3="120.5"),)).records("KIN")
    assert found.values["kin_flow_abs"] is None


@pytest.mark.parametrize(
    ("day", "copies", "expected"),
    [
        (14, "50", True),
        (14, "49", False),
        (7, "50", True),
        (6, "50", None),
        (21, "50", True),
        (22, "50", None),
    ],
)
def test_a_relapse_looks_for_a_positive_sample_within_a_week(
    day: int, copies: str, expected: bool | None
) -> None:
    relapse = row("RLP", "RLPv1", rlp_dt="2025-07-15", rlp_type="morphological_relapse")
    (found,) = casebook((INFUSED, relapse, sample(day, copies))).records("RLP")
    assert found.values["rlp_car_pos"] is expected
