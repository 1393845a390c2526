"""Acute GVHD: what of a page its stages are made from."""

import pytest

from tests.patients.checks.casebook import casebook, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

PAGE = row("AGVHD", "H14", ag_dt="2025-07-31", ag_stool_ml="1600", ag_stool_n="8")


@pytest.mark.parametrize(
    ("mode", "volume", "episodes", "stage"),
    [
        ("volume", "600", "8", 1),
        ("episodes", "1600", "3", 1),
        ("no_diarrhoea", "1600", "8", 0),
        ("volume", "", "8", None),
    ],
)
def test_the_gut_is_staged_by_the_way_of_measuring_that_is_chosen(
    mode: str, volume: str, episodes: str, stage: int | None
) -> None:
    page = PAGE.but(ag_stool_mode=mode, ag_stool_ml=volume, ag_stool_n=episodes)
    (found,) = casebook((page,)).records("AGVHD")
    assert found.values["ag_lgi_stage"] == stage
