"""Engraftment, graft failure, and what is missing or has changed around a transplantation."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2025-05-01 10:00")
GRAFTED = row("HSCT", "H0", hsct_done="Y", hsct_start_dt="2025-05-20 10:00", graft_weight="60.0")
ANCHORS = (INFUSED, GRAFTED)
IN_TIME = "2025-07-01"


def count(test: str, value: str, day: str) -> Row:
    return row("LAB", day, test, lab_test=test, lab_dt=f"{day} 07:00", lab_value=value, lab_unit="10^9/L")


def course(test: str, *values: str, first: int = 1, month: str = "2025-06") -> tuple[Row, ...]:
    """A count every day from a day of June on."""
    return tuple(count(test, value, f"{month}-{day:02d}") for day, value in enumerate(values, first))


def transfused(day: str, product: str = "platelets") -> Row:
    return row("TRF", "", f"{day} {product}", trf_dt=day, trf_type=product)


def donor(share: str, day: str = "2025-06-19") -> Row:
    return row(
        "CHIM", day, "whole", chim_dt=day, chim_sample="blood", chim_lineage="whole", chim_donor_pct=share
    )


SUMMARY = row("ENG", "HM1", on="2025-06-19")
NEUTROPHILS = course("NEUT", "0.1", "0.6", "0.7", "0.8")  # engrafted on 2 June
PLATELETS = course("PLAT", "10", "22", "25", "30")  # on 2 June as well
APLASTIC = course("NEUT", *["0.1"] * 20)
HELD = count("PLAT", "25", "2025-06-18")
RELAPSED = row("RLP", "RLPv1", rlp_type="morphological_relapse", rlp_dt="2025-06-18")
DIED, ENDED = row("DTH", dth_dt="2025-06-22"), row("EOS", eos_dt="2025-06-24")
WEIGHED = row("LD", "LD1", "fludarabine", ld_date="2025-04-26", ld_weight="60.0")

CASES = (
    Case(
        "X-ENG-01",
        (*ANCHORS, *NEUTROPHILS, SUMMARY.but(eng_anc_conf="2025-06-04")),
        (*ANCHORS, *NEUTROPHILS, SUMMARY.but(eng_anc_conf="2025-06-03")),
    ),
    Case(
        "X-ENG-01",
        (*ANCHORS, *NEUTROPHILS, SUMMARY.but(eng_anc_conf="2025-05-31")),
        (*ANCHORS, *NEUTROPHILS, SUMMARY.but(eng_anc_conf="2025-06-01")),
        note="before",
    ),
    Case(
        "X-ENG-02",
        (*ANCHORS, *APLASTIC, SUMMARY.but(eng_secondary_gf="Y")),
        (*ANCHORS, *NEUTROPHILS, SUMMARY.but(eng_secondary_gf="Y")),
    ),
    Case(
        "X-ENG-02",
        (*ANCHORS, *APLASTIC, SUMMARY.but(eng_secondary_gf="Y")),
        (*ANCHORS, *APLASTIC, SUMMARY.but(eng_secondary_gf="N")),
        note="none",
    ),
    Case("X-ENG-03", (*ANCHORS, *APLASTIC), (*ANCHORS, *NEUTROPHILS), today="2025-06-20"),
    Case("X-ENG-03", (*ANCHORS, *APLASTIC), (*ANCHORS, *APLASTIC, RELAPSED), today=IN_TIME, note="relapse"),
    Case("X-ENG-03", (*ANCHORS, *APLASTIC), (*ANCHORS, *APLASTIC, DIED), today=IN_TIME, note="death"),
    Case("X-ENG-03", (*ANCHORS, *APLASTIC), (*ANCHORS, *APLASTIC, HELD), today=IN_TIME, note="platelets"),
    Case(
        "X-ENG-04",
        (SUMMARY.but(eng_auto="Y"), *ANCHORS, donor("5.0")),
        (SUMMARY.but(eng_auto="Y"), *ANCHORS, donor("4.9")),
    ),
    Case(
        "X-ENG-04",
        (SUMMARY.but(eng_auto="Y"), *ANCHORS, donor("4.0", "2025-06-01"), donor("9.0")),
        (SUMMARY.but(eng_auto="Y"), *ANCHORS, donor("9.0", "2025-06-01"), donor("4.0")),
        note="of the last sample",
    ),
    Case(
        "X-ENG-05",
        (*ANCHORS, *PLATELETS, SUMMARY, transfused("2025-06-09")),
        (*ANCHORS, *PLATELETS, SUMMARY, transfused("2025-06-10")),
    ),
    Case(
        "X-ENG-05",
        (*ANCHORS, *PLATELETS, SUMMARY, transfused("2025-06-09")),
        (*ANCHORS, *PLATELETS, SUMMARY, transfused("2025-06-09", "red_cells")),
        note="platelets alone",
    ),
    Case("X-CHM-04", ANCHORS, (*ANCHORS, donor("99.0", "2025-06-16")), today="2025-06-25"),
    Case(
        "X-CHM-04",
        (*ANCHORS, donor("99.0", "2025-06-15")),
        (*ANCHORS, donor("99.0", "2025-06-24")),
        today=IN_TIME,
        note="day 27 to 35",
    ),
    Case("X-CHM-04", ANCHORS, (*ANCHORS, DIED), today=IN_TIME, note="death"),
    Case("X-CHM-04", ANCHORS, (*ANCHORS, ENDED), today=IN_TIME, note="end of study"),
    Case("X-HSCT-11", (*ANCHORS, WEIGHED.but(ld_weight="66.8")), (*ANCHORS, WEIGHED.but(ld_weight="66.6"))),
    Case(
        "X-HSCT-11",
        (*ANCHORS, WEIGHED, row("VS", "H0", vs_dt="2025-05-20 07:00", vs_weight="53.9")),
        (*ANCHORS, WEIGHED, row("VS", "H0", vs_dt="2025-05-20 07:00", vs_weight="54.0")),
        note="as weighed on the day",
    ),
)
