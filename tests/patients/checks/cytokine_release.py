"""Safety: CRS."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2024-01-05 13:40")
FEVER = row(
    "CRS",
    "C3",
    crs_episode="1",
    crs_date="2024-01-08",
    crs_fever="Y",
    crs_tmax="38.0",
    crs_fever_masked="N",
    crs_hypot="N",
    crs_hypox="N",
    crs_toci="0",
)


def day(visit: str, date: str, fever: str = "Y", **answers: str) -> Row:
    return Row("CRS", FEVER.answers, visit).but(crs_date=date, crs_fever=fever, **answers)


ANTIPYRETIC = row(
    "CM", key="1", cm_name="paracetamol", cm_route="ORAL", cm_start="2024-01-08", cm_end="2024-01-10",
    cm_ongoing="N",
)  # fmt: skip
CALM = (day("C4", "2024-01-09", "N"), day("C5", "2024-01-10", "N"))
OVER = (FEVER, CALM[0], CALM[1].but(crs_outcome="RECOVERED/RESOLVED"))
REPORTED = row("AE", "", "1", ae_special="crs", ae_grade="1")

CASES = (
    Case("X-CRS-01", (FEVER.but(crs_tmax="37.9"),), (FEVER,)),
    Case("X-CRS-02", (CALM[0].but(crs_hypot="Y"),), (FEVER.but(crs_hypot="Y"),), note="hypotension"),
    Case(
        "X-CRS-02",
        (CALM[0].but(crs_hypox="Y"),),
        (CALM[0].but(crs_hypox="Y", crs_fever_masked="Y"),),
        note="hypoxia",
    ),
    Case(
        "X-CRS-03",
        (FEVER.but(crs_fever="N"), CALM[0].but(crs_fever_masked="Y"), ANTIPYRETIC),
        (FEVER, CALM[0].but(crs_fever_masked="Y"), ANTIPYRETIC),
    ),
    Case("X-CRS-04", (FEVER.but(crs_grade_inv="2"),), (FEVER.but(crs_grade_inv="1"),)),
    Case("X-CRS-05", (CALM[0].but(crs_toci="1"),), (FEVER.but(crs_toci="1"),)),
    Case("X-CRS-07", OVER, (*OVER, REPORTED)),
    Case("X-CRS-07", (*OVER, REPORTED.but(ae_grade="2")), (*OVER, REPORTED), note="grade"),
    Case(
        "X-CRS-08",
        (INFUSED, day("C21", "2024-01-20")),
        (INFUSED, day("C14", "2024-01-19")),
    ),
    Case("X-CRS-10", (FEVER, CALM[1]), (FEVER, *CALM)),
    Case("X-CRS-10", (FEVER, CALM[1]), (FEVER, *CALM, day("C9", "2024-01-14", "N")), note="after the end"),
)
