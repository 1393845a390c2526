"""Consent, eligibility and gating."""

from tests.patients.checks.casebook import Case, row

CONSENTED = row(
    "ELIG",
    "SCR",
    icf_main_signed="Y",
    icf_main_dt="2023-12-09 13:45",
    icf_main_version="1.0",
    lvef_pct="50.0",
    spo2_ra_pct="92",
    inc08_organ="Y",
)
MAN, WOMAN = row("DM", "SCR", sex="M"), row("DM", "SCR", sex="F")
DOSE = row("LD", "LD1", "flu", ld_drug="fludarabine", ld_date="2024-01-01")
INFUSED = row("INF", "C0", inf_start_dt="2024-01-05 13:40")
SAMPLE = row("LAB", "SCR", "ALT", lab_test="ALT", lab_unit="U/L", lab_status="done", lab_cmp="=")
LIVER = SAMPLE.but(lab_dt="2023-12-10 08:00", lab_uln="40", lab_value="120")
MPAL = row("DX", "SCR", dx_type="mpal_t_myeloid")
REFUSED = CONSENTED.but(exc06_malig="Y")

CASES = (
    Case("X-ELIG-03", (CONSENTED.but(icf_main_dt="2021-10-31 09:00"),), (CONSENTED,)),
    Case("X-ELIG-03", (CONSENTED.but(icf_main_version="2.0"),), (CONSENTED,), note="too new"),
    Case(
        "X-ELIG-03",
        (CONSENTED.but(reconsent_version="2.0", reconsent_dt="2025-05-31"),),
        (CONSENTED.but(reconsent_version="2.0", reconsent_dt="2025-06-01"),),
        note="of a re-consent",
    ),
    Case(
        "X-ELIG-04",
        (CONSENTED,),
        (CONSENTED.but(reconsent_version="2.0", reconsent_dt="2025-07-30"),),
    ),
    Case("X-ELIG-04", (CONSENTED,), (CONSENTED, row("DTH", "ENDv", dth_dt="2024-03-20")), note="alive"),
    Case("X-ELIG-04", (CONSENTED,), (CONSENTED, row("EOS", "ENDv", eos_dt="2024-03-20")), note="followed"),
    Case("X-ELIG-05", (REFUSED, DOSE), (CONSENTED, DOSE), note="lymphodepletion"),
    Case("X-ELIG-05", (REFUSED, INFUSED), (REFUSED.but(waiver="Y"), INFUSED), note="infusion"),
    Case(
        "X-ELIG-07",
        (CONSENTED, MAN.but(birth_date="1948-10-01")),
        (CONSENTED, MAN.but(birth_date="1948-12-01")),
    ),
    Case(
        "X-ELIG-07",
        (CONSENTED, MAN.but(birth_date="1974-10-01")),
        (CONSENTED, MAN.but(birth_date="1974-12-01")),
        settings={"age_max": "49"},
        note="configured",
    ),
    Case("X-ELIG-08", (CONSENTED.but(lvef_pct="49.9"),), (CONSENTED,), note="heart"),
    Case("X-ELIG-08", (CONSENTED.but(spo2_ra_pct="91"),), (CONSENTED,), note="lung"),
    Case("X-ELIG-08", (CONSENTED, LIVER.but(lab_value="120.1")), (CONSENTED, LIVER), note="liver"),
    Case(
        "X-ELIG-08",
        (CONSENTED, LIVER.but(lab_value="120.1")),
        (CONSENTED, LIVER.but(lab_value="200"), row("DX", "SCR", emd_sites="liver")),
        note="leukaemia in the liver",
    ),
    Case(
        "X-ELIG-09",
        (CONSENTED.but(inc03_dx="Y"), MPAL),
        (CONSENTED.but(inc03_dx="Y", exc06_malig="Y", waiver="Y"), MPAL),
    ),
    Case(
        "X-ELIG-09",
        (CONSENTED.but(inc03_dx="Y"), MPAL),
        (CONSENTED.but(inc03_dx="Y"), MPAL.but(dx_type="t_lbl")),
        note="diagnosis",
    ),
    Case(
        "X-ELIG-10",
        (WOMAN, CONSENTED.but(pregnancy_test="positive", exc07_preg="N")),
        (WOMAN, CONSENTED.but(pregnancy_test="positive", exc07_preg="Y")),
    ),
    Case(
        "X-ELIG-11",
        (CONSENTED.but(exc03_virus="N"), MAN.but(hbsag="positive", hbv_dna="21")),
        (CONSENTED.but(exc03_virus="N"), MAN.but(hbsag="positive", hbv_dna="20")),
    ),
    Case(
        "X-ELIG-11",
        (CONSENTED.but(exc03_virus="N"), MAN.but(hbsag="positive", hbv_dna="21")),
        (CONSENTED.but(exc03_virus="Y"), MAN.but(hbsag="positive", hbv_dna="21")),
        note="E3",
    ),
    Case(
        "X-ELIG-12",
        (CONSENTED.but(exc06_malig="Y", waiver="Y", enrol_dt="2023-12-16"),),
        (
            CONSENTED.but(
                exc06_malig="Y",
                waiver="Y",
                enrol_dt="2023-12-16",
                signed_in_source_by="pi.hz01",
                signed_in_source_on="2023-12-16",
            ),
        ),
    ),
    Case(
        "X-ELIG-13",
        (DOSE, SAMPLE.but(lab_dt="2023-12-17 08:00")),
        (DOSE, SAMPLE.but(lab_dt="2023-12-18 08:00")),
    ),
    Case(
        "X-ELIG-14",
        (DOSE, row("DX", "SCR", on="2023-12-10", cd7_test_dt="2023-12-03")),
        (DOSE, row("DX", "SCR", on="2023-12-10", cd7_test_dt="2023-12-04")),
    ),
    Case("X-ELIG-15", (MAN, CONSENTED.but(exc07_preg="Y")), (WOMAN, CONSENTED.but(exc07_preg="Y"))),
)
