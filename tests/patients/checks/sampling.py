"""Laboratory results beside each other, and a response with its counts."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2025-07-01 10:00")
UNITS = {"ALT": "U/L", "CRP": "mg/L", "FERRITIN": "ug/L", "NEUT": "10^9/L"}


def result(test: str, value: str, moment: str = "2025-07-02 07:00", visit: str = "C1") -> Row:
    given = {"lab_test": test, "lab_dt": moment, "lab_value": value, "lab_unit": UNITS[test]}
    return row("LAB", visit, test, lab_status="done", **given)


BEFORE = result("ALT", "100", "2025-07-01 07:00", "C0")
COUNT, CRP, FERRITIN = result("NEUT", "1.0"), result("CRP", "30"), result("FERRITIN", "400")
LATE = "2025-07-16 07:00"
FREE_OF_LEUKAEMIA = (
    row("DX", "SCR", dx_type="aml"),
    row(
        "RESP",
        "C14R",
        resp_dt="2025-07-15",
        bm_done="Y",
        bm_adequate="yes",
        bm_blast="1",
        pb_blast="0",
        emd_resp="none_ever",
    ),
)

CASES = (
    Case("X-LAB-02", (BEFORE, result("ALT", "151")), (BEFORE, result("ALT", "150")), note="a rise"),
    Case("X-LAB-02", (BEFORE, result("ALT", "49")), (BEFORE, result("ALT", "50")), note="a fall"),
    Case(
        "X-LAB-02",
        (BEFORE, result("ALT", "151")),
        (BEFORE, result("ALT", "151", "2025-07-02 07:01")),
        note="within 24 h",
    ),
    Case("X-LAB-02", (BEFORE, result("ALT", "151")), (result("ALT", "151"),), note="against something"),
    Case("X-LAB-08", (INFUSED, COUNT, CRP), (INFUSED, COUNT, CRP, FERRITIN)),
    Case("X-LAB-08", (INFUSED, COUNT, FERRITIN), (INFUSED, COUNT, CRP, FERRITIN), note="CRP"),
    Case(
        "X-LAB-08",
        (INFUSED, result("NEUT", "1.0", "2025-07-15 07:00")),
        (INFUSED, result("NEUT", "1.0", LATE)),
        note="to day 14",
    ),
    Case(
        "X-LAB-08",
        (INFUSED, result("NEUT", "1.0", "2025-07-01 07:00")),
        (INFUSED, result("NEUT", "1.0", "2025-06-30 07:00")),
        note="from day 0",
    ),
    Case(
        "X-RSP-05",
        FREE_OF_LEUKAEMIA,
        (*FREE_OF_LEUKAEMIA, result("NEUT", "1.2", "2025-07-15 07:00")),
    ),
)
