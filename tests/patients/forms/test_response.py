"""Response: an examination that was not done after all has no say in it, whatever is kept of it."""

import pytest

from tests.patients.checks.casebook import Row, casebook, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

COUNTS = tuple(
    row("LAB", "C28", test, lab_test=test, lab_dt="2025-07-29 07:00", lab_value=value, lab_unit="10^9/L")
    for test, value in (("NEUT", "1.2"), ("PLAT", "110"))
)
PAGE = row(
    "RESP", "C28", resp_dt="2025-07-29", bm_done="Y", bm_adequate="yes", bm_blast="2", pb_blast="0",
    emd_resp="none_ever", cns_resp="CNS1", mrd_done="Y", mrd_value="1.5", mrd_lod="0.001",
)  # fmt: skip
NODAL = PAGE.but(mrd_value="0", pet_done="Y", deauville="5", pet_change="increased")


def strict(diagnosis: str, page: Row) -> str | None:
    (found,) = casebook((row("DX", "SCR", dx_type=diagnosis), *COUNTS, page)).records("RESP")
    code: str | None = found.values["resp_strict"]
    return code


def test_a_residual_disease_that_was_not_tested_takes_no_remission_away() -> None:
    assert strict("t_all", PAGE) == "NR"
    assert strict("t_all", PAGE.but(mrd_done="N")) == "CR"


def test_a_scan_that_was_not_done_shows_no_progression() -> None:
    assert strict("t_lbl", NODAL) == "PD"
    assert strict("t_lbl", NODAL.but(pet_done="N")) == "CR"
