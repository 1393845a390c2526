"""IEC-HS: when the laboratory asks for the form, and whether the form agrees with it."""

from tests.patients.checks.casebook import Case, Row, row

DAY = "2025-07-12"
INFUSED = row("INF", "C0", inf_start_dt="2025-07-01 10:00")
UNITS = {"FERRITIN": "ug/L", "FIBRINO": "g/L", "ALT": "U/L", "NEUT": "10^9/L"}


def result(test: str, value: str, day: str = DAY, **more: str) -> Row:
    given = {"lab_test": test, "lab_dt": f"{day} 07:00", "lab_value": value, "lab_unit": UNITS[test]}
    return row("LAB", day, test, **(given | more))


def crs(day: str, fever: str, hypotension: str = "N") -> Row:
    return row(
        "CRS",
        day,
        crs_episode="1",
        crs_date=day,
        crs_fever=fever,
        crs_fever_masked="N",
        crs_hypot=hypotension,
        crs_hypox="N",
    )


FERRITIN = result("FERRITIN", "1001", lab_uln="500")
FIBRINOGEN = result("FIBRINO", "1.49", lab_lln="2.0")
ALT = result("ALT", "201", lab_uln="40")
FORM = row(
    "HLH",
    "UNS1",
    hlh_dt=DAY,
    hlh_ferritin="1001",
    hlh_timing="after_crs_resolving_resolved",
    hlh_transam="N",
    hlh_fibrinogen="Y",
    hlh_hemophag="not_examined",
    hlh_cytopenia="Y",
    hlh_alt_cause="no",
    hlh_dx="Y",
    hlh_grade="2",
)
IMPROVING = (crs("2025-07-10", "Y", "Y"), crs("2025-07-11", "Y"))
NEW_APLASIA = (result("NEUT", "0.9", "2025-07-10"), result("NEUT", "0.1"))
DOSED = row("LD", "LD1", "fludarabine", ld_date="2025-06-26")
RAISED_BEFORE = result("ALT", "60", "2025-06-20", lab_uln="40")
DIED = row("DTH", dth_dt="2025-07-20")

CASES = (
    Case("X-HLH-01", (INFUSED, FERRITIN, FIBRINOGEN), (INFUSED, FERRITIN.but(lab_value="1000"), FIBRINOGEN)),
    Case(
        "X-HLH-01",
        (INFUSED, FERRITIN, FIBRINOGEN),
        (INFUSED, FERRITIN, FIBRINOGEN.but(lab_value="1.5")),
        note="fibrinogen",
    ),
    Case("X-HLH-01", (INFUSED, FERRITIN, ALT), (INFUSED, FERRITIN, ALT.but(lab_value="200")), note="ALT"),
    Case(
        "X-HLH-01",
        (INFUSED, result("FERRITIN", "10001"), FIBRINOGEN),
        (INFUSED, result("FERRITIN", "10000"), FIBRINOGEN),
        note="without a normal range",
    ),
    Case(
        "X-HLH-01",
        (INFUSED, FERRITIN, *IMPROVING, *NEW_APLASIA),
        (INFUSED, FERRITIN, IMPROVING[0], *NEW_APLASIA),
        note="after CRS improves",
    ),
    Case(
        "X-HLH-01",
        (INFUSED, FERRITIN, *IMPROVING, *NEW_APLASIA),
        (INFUSED, FERRITIN, *IMPROVING, NEW_APLASIA[0].but(lab_value="0.2"), NEW_APLASIA[1]),
        note="a new cytopenia",
    ),
    Case(
        "X-HLH-01",
        (INFUSED, FERRITIN, FIBRINOGEN, FORM.but(hlh_dt="2025-07-04")),
        (INFUSED, FERRITIN, FIBRINOGEN, FORM.but(hlh_dt="2025-07-05")),
        note="the form of the week",
    ),
    Case(
        "X-HLH-01",
        (INFUSED, FERRITIN, FIBRINOGEN),
        (INFUSED.but(inf_start_dt="2025-07-13 10:00"), FERRITIN, FIBRINOGEN),
        note="not before the infusion",
    ),
    Case("X-HLH-02", (FORM.but(hlh_ferritin="1000"), FERRITIN), (FORM, FERRITIN)),
    Case(
        "X-HLH-02",
        (FORM.but(hlh_ferritin="900"), FERRITIN),
        (FORM.but(hlh_ferritin="900", hlh_ferritin_rise="Y"), FERRITIN),
        note="rising fast",
    ),
    Case("X-HLH-02", (FORM.but(hlh_ferritin="900"), FERRITIN), (FORM.but(hlh_dx="N"), FERRITIN), note="no"),
    Case("X-HLH-03", (FORM, FIBRINOGEN.but(lab_value="2.0")), (FORM, FIBRINOGEN)),
    Case("X-HLH-03", (FORM, ALT), (FORM.but(hlh_transam="Y"), ALT), note="transaminases"),
    Case(
        "X-HLH-03",
        (FORM, DOSED, RAISED_BEFORE, ALT.but(lab_value="301")),
        (FORM, DOSED, RAISED_BEFORE, ALT.but(lab_value="300")),
        note="against a raised baseline",
    ),
    Case(
        "X-HLH-03",
        (FORM, result("ALT", "201", "2025-07-13", lab_uln="40")),
        (FORM, result("ALT", "201", "2025-07-14", lab_uln="40")),
        note="within a day",
    ),
    Case("X-HLH-04", (FORM.but(hlh_grade="5"),), (FORM.but(hlh_grade="5"), DIED)),
    Case("X-HLH-04", (FORM.but(hlh_grade="5"),), (FORM.but(hlh_grade="4"),), note="grade 4"),
)
