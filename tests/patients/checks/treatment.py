"""Treatment."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_go="Y", inf_start_dt="2024-01-05 13:40", inf_weight="70.0")
FLU = row(
    "LD",
    "LD1",
    "flu",
    ld_drug="fludarabine",
    ld_date="2024-01-01",
    ld_weight="70.0",
    ld_height="175.0",
    ld_dose_planned="30",
    ld_dose_given="55.4",
)
CY = Row("LD", FLU.answers, "LD1", "cy").but(ld_drug="cyclophosphamide", ld_weight="", ld_height="")
ETO = Row("LD", CY.answers, "LD1", "eto").but(ld_drug="etoposide")
RELEASED = row(
    "REL", "REL", "1", batch_no="B1", rel_conditional="full", rel_expiry="2024-01-05 13:40", rel_coi_match="Y"
).but(rel_dose_total="140.00")
WITH_BATCH = INFUSED.but(inf_batch="B1", inf_dose_total="140.00")
CHECKED = INFUSED.but(inf_coi_check1="ben.wu", inf_coi_check2="cai.xu")

CONSENTED = row("ELIG", "SCR", icf_main_dt="2023-12-09 13:45", icf_hsct_signed="Y")
REMISSION = row(
    "RESP",
    "C14R",
    resp_dt="2024-01-18",
    bm_done="Y",
    bm_adequate="yes",
    bm_blast="1.0",
    pb_blast="0",
    emd_resp="none_ever",
    cns_resp="CNS1",
)
AML = row("DX", "SCR", dx_type="aml", bm_blast_scr_pct="60")
GRAFTED = row("HSCT", "H0", hsct_done="Y", hsct_start_dt="2024-01-25 15:20")
READY = (CONSENTED, AML, INFUSED, REMISSION)
NOT_DONE = row("HSCT", "H0", hsct_done="N", hsct_not_reason="other")
SEEN = row("AGVHD", "H7", ag_dt="2024-02-01")
DONOR = row("DONOR", "", "1", donor_role="graft_source")
# A man of 47.5 years and 70 kg, whose creatinine clearance is 70 mL/min at 113.6 umol/L.
RECIPIENT = (
    CONSENTED,
    row("DM", "SCR", birth_date="1976-06-15", sex="M"),
    row("VS", "SCR", vs_weight="70.0"),
)
CREATININE = row(
    "LAB", "SCR", "1", lab_test="CREAT", lab_dt="2023-12-10 08:00", lab_unit="umol/L", lab_value="114"
)
UNREDUCED = FLU.but(ld_renal_adj="N")

CASES = (
    Case("X-LD-01", (INFUSED, FLU.but(ld_date="2024-01-05")), (INFUSED, FLU.but(ld_date="2024-01-04"))),
    Case("X-LD-02", (FLU.but(ld_dose_given="61.0"),), (FLU,), note="more"),
    Case("X-LD-02", (FLU.but(ld_dose_given="49.0"),), (FLU.but(ld_dose_given="49.9"),), note="less"),
    Case("X-LD-03", (FLU, Row("LD", FLU.answers, "LD1", "again")), (FLU, CY)),
    Case("X-LD-04", (INFUSED, FLU, CY), (INFUSED, FLU, CY, ETO)),
    Case(
        "X-LD-05",
        (*RECIPIENT, CREATININE, UNREDUCED),
        (*RECIPIENT, CREATININE.but(lab_value="113"), UNREDUCED),
        note="clearance",
    ),
    Case("X-LD-05", (*RECIPIENT, CREATININE, UNREDUCED), (*RECIPIENT, CREATININE, FLU.but(ld_renal_adj="Y"))),
    Case("X-INF-01", (INFUSED.but(inf_go="N"),), (INFUSED,)),
    Case("X-INF-02", (RELEASED.but(rel_conditional="rejected"), WITH_BATCH), (RELEASED, WITH_BATCH)),
    Case(
        "X-INF-02",
        (RELEASED.but(rel_expiry="2024-01-05 13:39"), WITH_BATCH),
        (RELEASED, WITH_BATCH),
        note="expired",
    ),
    Case("X-INF-02", (RELEASED.but(rel_coi_match="N"), WITH_BATCH), (RELEASED, WITH_BATCH), note="label"),
    Case("X-INF-02", (RELEASED, WITH_BATCH.but(inf_batch="B2")), (RELEASED, WITH_BATCH), note="unknown"),
    Case("X-INF-03", (CHECKED.but(inf_coi_check2="ben.wu"),), (CHECKED,)),
    Case("X-INF-04", (INFUSED, FLU.but(ld_date="2023-12-28")), (INFUSED, FLU.but(ld_date="2023-12-29"))),
    Case(
        "X-INF-04",
        (INFUSED, FLU.but(ld_date="2024-01-04")),
        (INFUSED, FLU.but(ld_date="2024-01-03")),
        note="soon",
    ),
    Case("X-INF-06", (RELEASED, WITH_BATCH.but(inf_dose_total="140.01")), (RELEASED, WITH_BATCH)),
    Case(
        "X-INF-06",
        (RELEASED, WITH_BATCH.but(inf_dose_total="140.01")),
        (
            RELEASED,
            Row("REL", RELEASED.answers, "REL", "2").but(batch_no="B2", rel_dose_total="150"),
            WITH_BATCH.but(inf_dose_total="150.00", inf_batch="B2"),
        ),
        note="of the batch infused",
    ),
    Case("X-HSCT-01", (*READY[1:], CONSENTED.but(icf_hsct_signed="N"), GRAFTED), (*READY, GRAFTED)),
    Case("X-HSCT-02", (CONSENTED, AML, INFUSED, GRAFTED), (*READY, GRAFTED), note="none"),
    Case(
        "X-HSCT-02",
        (CONSENTED, AML, INFUSED, REMISSION.but(resp_dt="2024-01-10"), GRAFTED),
        (CONSENTED, AML, INFUSED, REMISSION.but(resp_dt="2024-01-11"), GRAFTED),
        note="old",
    ),
    Case(
        "X-HSCT-02",
        (CONSENTED, AML, INFUSED, REMISSION.but(bm_blast="8.0"), GRAFTED),
        (*READY, GRAFTED),
        note="gate closed",
    ),
    Case(
        "X-HSCT-03",
        (INFUSED, GRAFTED.but(hsct_start_dt="2024-01-14 15:20")),
        (INFUSED, GRAFTED.but(hsct_start_dt="2024-01-15 15:20")),
        note="early",
    ),
    Case(
        "X-HSCT-03",
        (INFUSED, GRAFTED.but(hsct_start_dt="2024-02-07 15:20")),
        (INFUSED, GRAFTED.but(hsct_start_dt="2024-02-06 15:20")),
        note="late",
    ),
    Case(
        "X-HSCT-06",
        (DONOR.but(donor_role="backup"), GRAFTED.but(hsct_donor="HZ01-001-D1")),
        (DONOR, GRAFTED.but(hsct_donor="HZ01-001-D1")),
    ),
    Case("X-HSCT-07", (GRAFTED.but(graft_cd34="1.99"),), (GRAFTED.but(graft_cd34="2.00"),), note="low"),
    Case("X-HSCT-07", (GRAFTED.but(graft_cd34="10.01"),), (GRAFTED.but(graft_cd34="10.00"),), note="high"),
    Case("X-HSCT-08", (NOT_DONE, SEEN), (NOT_DONE, Row("AGVHD", SEEN.answers, "C28"))),
    Case("X-HSCT-08", (NOT_DONE, SEEN), (GRAFTED, SEEN), note="done"),
    Case("X-HSCT-08", (NOT_DONE, row("VS", "H7")), (NOT_DONE, row("VS", "C14")), note="vital signs"),
    Case("X-HSCT-08", (NOT_DONE, row("LAB", "H7", "1")), (NOT_DONE, row("LAB", "C14", "1")), note="a sample"),
    Case(
        "X-HSCT-09",
        (INFUSED, NOT_DONE.but(hsct_not_reason="")),
        (INFUSED, NOT_DONE),
        today="2024-03-06",
    ),
    Case(
        "X-HSCT-09",
        (INFUSED, NOT_DONE.but(hsct_not_reason="")),
        (INFUSED.but(inf_start_dt="2024-01-06 10:00"), NOT_DONE.but(hsct_not_reason="")),
        today="2024-03-06",
        note="day 60",
    ),
)
