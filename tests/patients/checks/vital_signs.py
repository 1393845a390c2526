"""Vital signs beside the laboratory, infections and CRS."""

from tests.patients.checks.casebook import Case, row

FEBRILE = row("VS", "C5", vs_dt="2025-07-06 08:00", vs_temp="38.3", vs_o2="nasal_cannula")
APLASTIC = row(
    "LAB",
    "C4",
    "NEUT",
    lab_test="NEUT",
    lab_dt="2025-07-05 07:00",
    lab_value="0.49",
    lab_unit="10^9/L",
)
INFECTION = row("INFX", "", "1", inf_onset="2025-07-06")
CRS = row("CRS", "C5", crs_date="2025-07-06", crs_hypox="Y", crs_o2="nasal_cannula")

CASES = (
    Case("X-INFX-02", (FEBRILE, APLASTIC), (FEBRILE.but(vs_temp="38.2"), APLASTIC)),
    Case("X-INFX-02", (FEBRILE, APLASTIC), (FEBRILE, APLASTIC.but(lab_value="0.5")), note="neutrophils"),
    Case(
        "X-INFX-02",
        (FEBRILE, APLASTIC),
        (FEBRILE, APLASTIC.but(lab_dt="2025-07-04 07:00")),
        note="counted within a day",
    ),
    Case("X-INFX-02", (FEBRILE, APLASTIC), (FEBRILE, APLASTIC, INFECTION), note="an infection"),
    Case(
        "X-INFX-02",
        (FEBRILE, APLASTIC, INFECTION.but(inf_onset="2025-07-01", inf_end="2025-07-05")),
        (FEBRILE, APLASTIC, INFECTION.but(inf_onset="2025-07-01", inf_end="2025-07-06")),
        note="that has not ended",
    ),
    Case("X-INFX-02", (FEBRILE, APLASTIC), (FEBRILE, APLASTIC, CRS), note="CRS"),
    Case("X-CRS-09", (FEBRILE, CRS.but(crs_o2="mask")), (FEBRILE, CRS)),
    Case(
        "X-CRS-09",
        (FEBRILE, CRS.but(crs_o2="mask")),
        (FEBRILE, CRS.but(crs_o2="mask", crs_date="2025-07-07")),
        note="of the same day",
    ),
)
