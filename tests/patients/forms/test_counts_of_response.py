"""The counts of a response assessment: the nearest, and platelets that no transfusion has raised."""

import pytest

from tests.patients.checks.casebook import Row, casebook, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

RESPONSE = row("RESP", "C28", resp_dt="2025-07-20")


def platelets(value: str, day: str) -> Row:
    given = {"lab_test": "PLAT", "lab_dt": f"2025-07-{day} 07:00", "lab_value": value, "lab_unit": "10^9/L"}
    return row("LAB", day, "PLAT", **given)


def transfused(day: str, product: str = "platelets") -> Row:
    return row("TRF", "", day, trf_dt=f"2025-07-{day}", trf_type=product)


@pytest.mark.parametrize(
    ("others", "count"),
    [
        ([platelets("60", "20")], 60),
        ([platelets("60", "18"), platelets("80", "21")], 80),
        ([platelets("60", "19"), platelets("80", "21")], 60),
        ([platelets("60", "16")], None),
        ([platelets("60", "20"), transfused("12")], 60),
        ([platelets("60", "20"), transfused("13")], None),
        ([platelets("60", "20"), transfused("20")], None),
        ([platelets("60", "20"), transfused("21")], 60),
        ([platelets("60", "20"), transfused("13", "red_cells")], 60),
        ([platelets("60", "18"), transfused("19"), platelets("90", "20")], 60),
    ],
)
def test_the_nearest_platelets_without_a_transfusion_in_the_week_before(
    others: list[Row], count: int | None
) -> None:
    (response,) = casebook((RESPONSE, *others)).records("RESP")
    assert response.values["resp_plt"] == count
