"""Haematology, laboratory, chimerism."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2024-01-05 13:40")
GRAFTED = row("HSCT", "H0", hsct_done="Y", hsct_start_dt="2024-01-25 15:20")
FULL = row(
    "CHIM",
    "HM1",
    "blood-whole",
    chim_dt="2024-02-24",
    chim_sample="blood",
    chim_lineage="whole",
    chim_donor_pct="98.00",
    chim_host_pct="2.00",
)


def sample(visit: str, date: str, donor: str) -> Row:
    return Row("CHIM", FULL.answers, visit, "blood-whole").but(
        chim_dt=date, chim_donor_pct=donor, chim_host_pct=""
    )


def result(test: str, value: str, unit: str = "10^9/L", at: str = "2024-01-10 08:00", **answers: str) -> Row:
    given = {"lab_dt": at, "lab_test": test, "lab_value": value, "lab_unit": unit, "lab_status": "done"}
    return Row("LAB", {**given, **answers}, "UNS1", f"{test} {at} {answers.get('lab_cs', '')}")


NEUT = result("NEUT", "0.4", lab_lln="1.8", lab_cs="pending_investigator")
PARTS = (result("NEUT", "2.0"), result("LYM", "1.5"), result("MONO", "0.7"))

CASES = (
    Case("X-CHM-01", (FULL.but(chim_host_pct="3.01"),), (FULL.but(chim_host_pct="3.00"),)),
    Case("X-CHM-01", (FULL.but(chim_host_pct="0.99"),), (FULL.but(chim_host_pct="1.00"),), note="less"),
    Case(
        "X-CHM-02",
        (FULL, sample("HM2", "2024-03-25", "88.00")),
        (FULL, sample("HM2", "2024-03-25", "88.01")),
    ),
    Case(
        "X-CHM-03",
        (FULL, sample("HM2", "2024-03-25", "94.99")),
        (FULL, sample("HM2", "2024-03-25", "95.00")),
    ),
    Case(
        "X-CHM-05",
        (INFUSED, GRAFTED, sample("C14R", "2024-01-24", "5.01")),
        (INFUSED, GRAFTED, sample("C14R", "2024-01-24", "5.00")),
    ),
    Case(
        "X-CHM-05",
        (INFUSED, GRAFTED, sample("C14R", "2024-01-24", "5.01")),
        (INFUSED, GRAFTED, sample("H0", "2024-01-25", "5.01")),
        note="from the graft on",
    ),
    Case("X-LAB-01", (result("HGB", "251", "g/L"),), (result("HGB", "250", "g/L"),), note="high"),
    Case("X-LAB-01", (result("HGB", "1.9", "g/dL"),), (result("HGB", "2.0", "g/dL"),), note="other unit"),
    Case("X-LAB-01", (result("HGB", "100", "mmol/L"),), (result("HGB", "100", "g/L"),), note="unit"),
    Case("X-LAB-02", (result("HGB", "59", "g/L"),), (result("HGB", "60", "g/L"),), note="low"),
    Case("X-LAB-02", (result("K", "6.1", "mmol/L"),), (result("K", "6.0", "mmol/L"),), note="high"),
    Case(
        "X-LAB-02",
        (INFUSED, result("BLASTLE", "0.1", "%")),
        (INFUSED, result("BLASTLE", "0.1", "%", at="2024-01-05 08:00")),
        note="blasts after the infusion",
    ),
    Case(
        "X-LAB-02",
        (result("CMVDNA", "1001", "IU/mL", lab_uln="1000"),),
        (result("CMVDNA", "1000", "IU/mL", lab_uln="1000"),),
        note="threshold of a virus",
    ),
    Case(
        "X-LAB-02",
        (result("PLAT", "100"), result("PLAT", "49", at="2024-01-11 08:00")),
        (result("PLAT", "100"), result("PLAT", "50", at="2024-01-11 08:00")),
        note="fall within a day",
    ),
    Case(
        "X-LAB-02",
        (result("PLAT", "100"), result("PLAT", "151", at="2024-01-11 08:00")),
        (result("PLAT", "100"), result("PLAT", "151", at="2024-01-11 08:01")),
        note="rise within a day",
    ),
    Case(
        "X-LAB-03",
        (result("NEUT", "2", lab_lln="6.3", lab_uln="6.3"),),
        (result("NEUT", "2", lab_lln="1.8", lab_uln="6.3"),),
    ),
    Case("X-LAB-04", (NEUT,), (NEUT.but(lab_cs="Y"),), today="2024-01-14"),
    Case("X-LAB-04", (NEUT,), (NEUT.but(lab_value="1.0"),), today="2024-01-14", note="grade 2"),
    Case("X-LAB-04", (NEUT,), (NEUT.but(lab_dt="2024-01-11 12:00"),), today="2024-01-14", note="3 days"),
    Case("X-LAB-06", (*PARTS, result("WBC", "3.99")), (*PARTS, result("WBC", "4.00"))),
    Case(
        "X-LAB-07",
        (result("BILI", "20", "umol/L"), result("BILDIR", "20.1", "umol/L")),
        (result("BILI", "20", "umol/L"), result("BILDIR", "20", "umol/L")),
    ),
    Case("X-LAB-09", (NEUT, result("NEUT", "0.5")), (NEUT, result("NEUT", "0.4"))),
    Case(
        "X-LAB-09",
        (NEUT, result("NEUT", "0.5")),
        (NEUT, result("NEUT", "0.5", at="2024-01-10 08:01")),
        note="a minute later",
    ),
)
