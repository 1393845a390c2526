"""GVHD."""

from datetime import date, timedelta

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2024-01-05 13:40")
GRAFTED = row("HSCT", "H0", hsct_done="Y", hsct_start_dt="2024-01-25 15:20")
RASH = row(
    "AGVHD",
    "H14",
    ag_dt="2024-02-08",
    ag_phase="hsct",
    ag_skin_bsa="50.1",
    ag_skin_bullae="N",
    ag_bili="20",
    ag_ugi="none_or_intermittent",
    ag_stool_mode="no_diarrhoea",
    ag_lgi_severe="N",
)


def seen(visit: str, on: str, **answers: str) -> Row:
    return Row("AGVHD", RASH.answers, visit).but(ag_dt=on, **answers)


REPORTED = row("AE", "", "1", ae_special="agvhd")
BILIRUBIN = row(
    "LAB",
    "H14",
    "BILI",
    lab_dt="2024-02-08 08:00",
    lab_test="BILI",
    lab_value="22.2",
    lab_unit="umol/L",
    lab_uln="21",
)
ALT = Row("LAB", BILIRUBIN.answers, "H14", "ALT").but(lab_test="ALT", lab_unit="U/L", lab_value="30")
ALP = Row("LAB", ALT.answers, "H14", "ALP").but(lab_test="ALP")
CHRONIC = row(
    "CGVHD",
    "HM3",
    cg_dt="2024-04-24",
    cg_present="Y",
    cg_mouth="1",
    cg_overlap="N",
    cg_systemic_tx="Y",
    cg_tx_start="2024-04-24",
)
NOTHING = CHRONIC.but(
    cg_mouth="0", cg_skin_bsa="0", cg_skin_feat="0", cg_eyes="0", cg_gi="0", cg_liver="0"
).but(cg_lung_sx="0", cg_joint="0", cg_genital="0")
LIVER = tuple(
    Row("LAB", one.answers, "HM3", one.key).but(lab_dt="2024-04-30 08:00") for one in (BILIRUBIN, ALT, ALP)
)
WEEKLY = (seen("H0", "2024-01-25"), seen("H7", "2024-02-02"))
UP_TO_DAY_80 = tuple(seen(f"UNS{n}", str(date(2024, 1, 25) + timedelta(days=10 * n))) for n in range(9))

CASES = (
    Case("X-AG-02", (BILIRUBIN, RASH.but(ag_bili="19.9")), (BILIRUBIN, RASH)),
    Case("X-AG-03", (RASH.but(ag_skin_bullae="Y", ag_skin_bsa="50.0"),), (RASH.but(ag_skin_bullae="Y"),)),
    Case("X-AG-04", (GRAFTED, seen("UNS1", "2024-05-05")), (GRAFTED, seen("UNS1", "2024-05-04"))),
    Case("X-AG-05", (RASH,), (RASH, REPORTED)),
    Case("X-AG-05", (RASH,), (RASH.but(ag_skin_bsa="50.0"),), note="grade I"),
    Case("X-AG-07", (GRAFTED, seen("C14", "2024-01-24")), (GRAFTED, seen("H0", "2024-01-25"))),
    Case(
        "X-AG-08",
        (GRAFTED, *WEEKLY, seen("H21", "2024-02-13")),
        (GRAFTED, *WEEKLY, seen("H21", "2024-02-12")),
        today="2024-02-20",
        note="between two",
    ),
    Case("X-AG-08", (GRAFTED, *WEEKLY), (GRAFTED, *WEEKLY, seen("H14", "2024-02-03")), "2024-02-13"),
    Case(
        "X-AG-08",
        (GRAFTED, *WEEKLY),
        (GRAFTED, *WEEKLY, row("DTH", "ENDv", dth_dt="2024-02-12")),
        today="2024-02-20",
        note="alive",
    ),
    Case("X-AG-08", (GRAFTED,), (GRAFTED, seen("H7", "2024-01-26")), "2024-02-05", note="none at all"),
    Case(
        "X-AG-08",
        (GRAFTED, *UP_TO_DAY_80, seen("G93", "2024-04-22")),
        (GRAFTED, *UP_TO_DAY_80, seen("G93", "2024-04-23")),
        today="2024-08-01",
        note="up to day 100",
    ),
    Case(
        "X-AG-09",
        (seen("H7", "2024-02-02"), RASH.but(ag_skin_bsa="0", ag_resolved_dt="2024-02-01")),
        (seen("H7", "2024-02-02"), RASH.but(ag_skin_bsa="0", ag_resolved_dt="2024-02-02")),
    ),
    Case("X-CG-01", (NOTHING,), (CHRONIC,)),
    Case("X-CG-02", (GRAFTED, CHRONIC.but(cg_dt="2024-03-24")), (GRAFTED, CHRONIC.but(cg_dt="2024-03-25"))),
    Case("X-CG-03", (*LIVER, CHRONIC.but(cg_liver="1")), (*LIVER, CHRONIC.but(cg_liver="2"))),
    Case(
        "X-CG-03",
        (*LIVER, CHRONIC.but(cg_liver="1", cg_dt="2024-04-23")),
        (*LIVER, CHRONIC.but(cg_liver="1", cg_dt="2024-04-22")),
        note="of the week",
    ),
    Case("X-CG-04", (CHRONIC.but(cg_tx_start=""),), (CHRONIC,)),
    Case(
        "X-CG-04",
        (CHRONIC.but(cg_tx_start=""),),
        (CHRONIC.but(cg_tx_start="", cg_systemic_tx="N"),),
        note="none",
    ),
    Case(
        "X-CG-05",
        (CHRONIC, seen("HM3", "2024-04-24")),
        (CHRONIC, seen("HM3", "2024-04-24", ag_skin_bsa="0")),
    ),
)
