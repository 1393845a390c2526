"""Response and relapse."""

from tests.patients.checks.casebook import Case, Row, row

AML = row("DX", "SCR", dx_type="aml", bm_blast_scr_pct="60")
LYMPHOMA = row("DX", "SCR", dx_type="t_lbl")
REMISSION = row(
    "RESP",
    "C28",
    resp_dt="2024-02-02",
    bm_done="Y",
    bm_adequate="yes",
    bm_blast="1.0",
    pb_blast="0",
    emd_resp="none_ever",
    cns_resp="CNS1",
    resp_inv="CRi",
)
RELAPSE = row(
    "RLP",
    "RLPv1",
    rlp_dt="2024-02-03",
    rlp_type="morphological_relapse",
    rlp_site="marrow",
    rlp_cd7="negative",
    rlp_cd7_pct="4.9",
)


def at(visit: str, **answers: str) -> Row:
    return Row("RESP", REMISSION.answers, visit).but(**answers)


CASES = (
    Case("X-RSP-01", (at("C28", bm_done="N"),), (at("C14R", bm_done="N"),)),
    Case("X-RSP-01", (at("HM3", bm_done="N"),), (at("HM3"),), note="month 3"),
    Case("X-RSP-03", (AML, REMISSION.but(resp_inv="MLFS")), (AML, REMISSION)),
    Case("X-RSP-06", (LYMPHOMA, REMISSION.but(pet_done="N")), (LYMPHOMA, REMISSION.but(pet_done="Y"))),
    Case(
        "X-RSP-06", (LYMPHOMA, REMISSION.but(pet_done="N")), (LYMPHOMA, at("HM1", pet_done="N")), note="visit"
    ),
    Case(
        "X-RLP-01",
        (AML, REMISSION, RELAPSE.but(rlp_dt="2024-02-02")),
        (AML, REMISSION, RELAPSE),
    ),
    Case(
        "X-RLP-01",
        (AML, RELAPSE),
        (
            AML,
            row("INF", "C0", inf_start_dt="2024-01-05 13:40"),
            RELAPSE.but(rlp_type="progression_without_remission"),
        ),
        note="progression",
    ),
    Case("X-RLP-02", (RELAPSE.but(rlp_cd7="not_tested", rlp_cd7_pct=""),), (RELAPSE,)),
    Case("X-RLP-03", (RELAPSE.but(rlp_cd7_pct="5.0"),), (RELAPSE,), note="negative"),
    Case(
        "X-RLP-03",
        (RELAPSE.but(rlp_cd7="positive", rlp_cd7_pct="49.9"),),
        (RELAPSE.but(rlp_cd7="positive", rlp_cd7_pct="50.0"),),
        note="positive",
    ),
)
