"""Neurotoxicity: the ICE score, what it says together with the rest, and days without a test."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2025-07-01 10:00")
ICE = {"ice_orient": "4", "ice_name": "3", "ice_command": "1", "ice_write": "1", "ice_attn": "1"}
WELL = row(
    "ICANS",
    "C3",
    "1",
    ice_dt="2025-07-04 09:00",
    ice_baseline="N",
    ice_testable="yes",
    icans_loc="alert",
    icans_loc_other="N",
    icans_seizure="none",
    icans_motor="N",
    icans_icp="none",
    **ICE,
)
AT_REST = row("ICANS", "C2", "1", ice_dt="2025-07-03 09:00", ice_testable="yes", **ICE)
REPORTED = row("AE", "", "1", ae_special="icans", ae_grade="1")
TIRED = WELL.but(ice_orient="3")
UNROUSED = WELL.but(ice_testable="no_unarousable", icans_loc="awakens_only_to_touch")
STUPOROUS = WELL.but(icans_motor="Y", ice_attn="")


def tested(moment: str) -> Row:
    """A full score at a moment of 2025-07."""
    return row("ICANS", f"UNS{moment[:2]}", moment, ice_dt=f"2025-07-{moment}", ice_testable="yes", **ICE)


BASELINE = row("ICANS", "PRE", "1", ice_dt="2025-06-30 09:00", ice_baseline="Y", ice_testable="yes", **ICE)
NOT_TESTED = tested("03 15:00").but(ice_testable="no_language_sedation_other")
DAY_0, DAY_1, DAY_3 = tested("01 08:00"), tested("02 08:00"), tested("04 08:00")
DAY_11, DAY_12, DAY_13 = tested("12 08:00"), tested("13 08:00"), tested("14 08:00")
DIED = row("DTH", dth_dt="2025-07-04")
AFTER_TWO_WEEKS = "2025-07-20"

CASES = (
    Case("X-ICA-02", (UNROUSED.but(icans_loc="alert"),), (UNROUSED,)),
    Case("X-ICA-02", (UNROUSED.but(icans_loc="awakens_spontaneously"),), (UNROUSED,), note="by itself"),
    Case("X-ICA-03", (AT_REST, WELL.but(ice_orient="1")), (AT_REST, WELL.but(ice_orient="2"))),
    Case(
        "X-ICA-03",
        (AT_REST, NOT_TESTED, WELL.but(ice_name="0")),
        (AT_REST.but(ice_name="0"), NOT_TESTED, WELL.but(ice_name="0")),
        note="against the last score",
    ),
    Case("X-ICA-04", (TIRED,), (TIRED, REPORTED)),
    Case("X-ICA-04", (TIRED, REPORTED.but(ae_special="crs")), (WELL,), note="no grade, no event"),
    Case("X-ICA-05", (INFUSED, DAY_1), (INFUSED, DAY_1, DAY_3), today="2025-07-05"),
    Case("X-ICA-05", (INFUSED, BASELINE), (INFUSED, BASELINE, DAY_0), today="2025-07-03", note="from day 0"),
    Case("X-ICA-05", (INFUSED, DAY_11), (INFUSED, DAY_12), today=AFTER_TWO_WEEKS, note="to day 13"),
    Case("X-ICA-05", (INFUSED, DAY_11), (INFUSED, DAY_11, DAY_13), today=AFTER_TWO_WEEKS, note="one day"),
    Case("X-ICA-05", (INFUSED, DAY_1), (INFUSED, DAY_1, DIED), today=AFTER_TWO_WEEKS, note="to death"),
    Case("X-ICA-06", (BASELINE.but(ice_attn="0"),), (BASELINE,)),
    Case("X-ICA-06", (BASELINE.but(ice_attn="0"),), (TIRED,), note="only of the baseline"),
    Case("X-ICA-07", (STUPOROUS, REPORTED), (STUPOROUS.but(ice_attn="1"), REPORTED)),
    Case("X-ICA-07", (STUPOROUS,), (STUPOROUS.but(icans_motor="N"),), note="from grade 3 on"),
)
