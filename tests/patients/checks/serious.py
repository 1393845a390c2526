"""Adverse events and the reports of serious ones."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2025-03-10 10:00", inf_weight="60.0", inf_dose_total="120.00")


def event(key: str = "1", **answers: str) -> Row:
    common = {
        "ae_term": "Raised ALT",
        "ae_special": "none",
        "ae_ctcae_term": "alanine_aminotransferase_increased",
        "ae_start": "2025-03-20",
        "ae_grade": "3",
        "ae_outcome": "NOT RECOVERED/NOT RESOLVED",
        "ae_rel_cart": "possible",
        "ae_serious": "N",
    }
    return row("AE", key=key, **(common | answers))


ENDED = {"ae_end": "2025-03-25", "ae_outcome": "RECOVERED/RESOLVED"}
OTHER_WORDS = {"ae_ctcae_term": "other", "ae_term": "Hiccups"}

# --- events ----------------------------------------------------------------------------------------------
EVENTS = (
    Case(
        "X-AE-04",
        (event(**ENDED), event("2", ae_start="2025-03-25")),
        (event(**ENDED), event("2", ae_start="2025-03-26")),
    ),
    Case(
        "X-AE-04",
        (event(), event("2")),
        (event(), event("2", ae_ctcae_term="aspartate_aminotransferase_increased")),
        note="of the same term",
    ),
    Case(
        "X-AE-04",
        (event(**OTHER_WORDS), event("2", **OTHER_WORDS | {"ae_term": " hiccups"})),
        (event(**OTHER_WORDS), event("2", **OTHER_WORDS | {"ae_term": "Sneezing"})),
        note="of the same words",
    ),
    Case("X-AE-07", (INFUSED, event()), (INFUSED, event(ae_dlt="N"))),
    Case("X-AE-07", (INFUSED, event()), (INFUSED, event(ae_grade="2")), note="from grade 3"),
    Case(
        "X-AE-07",
        (INFUSED, event(ae_start="2025-04-07")),
        (INFUSED, event(ae_start="2025-04-08")),
        note="to day 28",
    ),
    Case(
        "X-AE-07",
        (INFUSED, event()),
        (INFUSED, event(ae_ctcae_term="anemia")),
        note="no cytopenia",
    ),
    Case("X-AE-09", (event(),), (event(ae_start="2025-03-21"),), today="2025-05-20", note="after 60 d"),
    Case("X-AE-09", (event(),), (event(**ENDED),), note="open"),
    Case(
        "X-AE-09",
        (event(),),
        (event(), row("SAE", key="1", sae_ae="1", sae_aware_dt="2025-07-30 09:00")),
        note="reported since",
    ),
    Case("X-AE-09", (event(),), (event(), row("DTH", "ENDv", dth_dt="2025-06-01")), note="in the study"),
)

# --- laboratory ------------------------------------------------------------------------------------------
ABNORMAL = row(
    "LAB", "C10", key="1", lab_dt="2025-03-20 07:00", lab_test="ALT", lab_value="300", lab_cmp="=",
    lab_unit="U/L", lab_uln="40", lab_status="done", lab_cs="Y",
)  # fmt: skip
LABORATORY = (
    Case("X-LAB-05", (ABNORMAL,), (ABNORMAL, event())),
    Case("X-LAB-05", (ABNORMAL,), (ABNORMAL.but(lab_cs="N"),), note="significant"),
    Case("X-LAB-05", (ABNORMAL,), (ABNORMAL.but(lab_value="200"),), note="grade 3"),
    Case(
        "X-LAB-05",
        (ABNORMAL, event(ae_start="2025-03-28")),
        (ABNORMAL, event(ae_start="2025-03-27")),
        note="7 d before it",
    ),
    Case(
        "X-LAB-05",
        (ABNORMAL, event(ae_start="2025-03-01", ae_end="2025-03-12")),
        (ABNORMAL, event(ae_start="2025-03-01", ae_end="2025-03-13")),
        note="7 d after it",
    ),
    Case("X-LAB-05", (ABNORMAL, event(ae_ctcae_term="anemia")), (ABNORMAL, event()), note="of the test"),
)

# --- reports ---------------------------------------------------------------------------------------------
SERIOUS = event(ae_serious="Y", ae_ser_crit="life_threatening", ae_rel_ld="unlikely", **OTHER_WORDS)
INITIAL = row(
    "SAE", key="1", sae_ae="1", sae_report_type="initial", sae_aware_dt="2025-03-20 10:00",
    sae_to_sponsor_dt="2025-03-21 10:00", sae_causality_inv="cart=possible|ld=unlikely",
    sae_causality_spo="cart=possible|ld=unlikely", sae_expected="unexpected",
    sae_submitted_dt="2025-03-25 09:00",
)  # fmt: skip
FOLLOW_UP = row(
    "SAE", key="2", sae_ae="1", sae_report_type="follow_up_1", sae_aware_dt="2025-03-30 10:00",
    sae_to_sponsor_dt="2025-03-30 12:00",
)  # fmt: skip
LATE = INITIAL.but(sae_to_sponsor_dt="2025-03-21 10:01")
EXPLAINED = row("PDEV", key="1", pd_cat="sae_timeline", pd_dt="2025-03-21")
REPORTS = (
    Case("X-AE-05", (SERIOUS,), (SERIOUS, INITIAL)),
    Case("X-AE-05", (SERIOUS, INITIAL.but(sae_ae="2")), (SERIOUS, INITIAL), note="of this event"),
    Case("X-AE-05", (SERIOUS,), (SERIOUS.but(ae_serious="N"),), note="serious"),
    Case("X-SAE-01", (SERIOUS, LATE), (SERIOUS, INITIAL)),
    Case("X-SAE-01", (SERIOUS, LATE), (SERIOUS, LATE, EXPLAINED), note="with a deviation"),
    Case(
        "X-SAE-01",
        (SERIOUS, LATE, EXPLAINED.but(pd_dt="2025-03-22")),
        (SERIOUS, LATE, EXPLAINED.but(pd_dt="2025-03-20")),
        note="with its deviation",
    ),
    Case(
        "X-SAE-02", (SERIOUS, INITIAL.but(sae_causality_spo="cart=unlikely|ld=unlikely")), (SERIOUS, INITIAL)
    ),
    Case(
        "X-SAE-02",
        (SERIOUS, INITIAL.but(sae_causality_spo="cart=probable|ld=not_related")),
        (SERIOUS, INITIAL.but(sae_causality_spo="cart=probable|ld=possible")),
        note="of each component",
    ),
    Case("X-SAE-04", (SERIOUS, FOLLOW_UP), (SERIOUS, INITIAL, FOLLOW_UP)),
    Case(
        "X-SAE-04",
        (SERIOUS, INITIAL, FOLLOW_UP.but(sae_report_type="follow_up_2")),
        (SERIOUS, INITIAL, FOLLOW_UP.but(sae_report_type="final")),
        note="without a gap",
    ),
    Case(
        "X-SAE-04",
        (SERIOUS, INITIAL, FOLLOW_UP.but(sae_report_type="initial")),
        (SERIOUS, INITIAL, FOLLOW_UP),
        note="each once",
    ),
    Case(
        "X-SAE-04",
        (SERIOUS, INITIAL, FOLLOW_UP.but(sae_to_sponsor_dt="2025-03-21 09:59")),
        (SERIOUS, INITIAL, FOLLOW_UP.but(sae_to_sponsor_dt="2025-03-21 10:00")),
        note="by their times",
    ),
    Case(
        "X-SAE-05",
        (SERIOUS, INITIAL),
        (SERIOUS, INITIAL.but(sae_submitted_dt="2025-03-26 09:00")),
        today="2025-04-03",
    ),
    Case(
        "X-SAE-05",
        (SERIOUS, INITIAL, FOLLOW_UP),
        (SERIOUS, INITIAL, FOLLOW_UP.but(sae_submitted_dt="2025-04-01 09:00")),
        note="sent",
    ),
    Case(
        "X-SAE-05",
        (SERIOUS, INITIAL),
        (SERIOUS.but(ae_ser_crit="disability"), INITIAL),
        note="fatal or life-threatening",
    ),
)

CASES = (*EVENTS, *LABORATORY, *REPORTS)
