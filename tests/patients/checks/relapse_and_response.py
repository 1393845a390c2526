"""Relapse, as the assessments, the follow-up and later therapy know it."""

from tests.patients.checks.casebook import Case, Row, row

DIAGNOSIS = row("DX", "SCR", dx_type="aml", bm_blast_scr_pct="60.0")


def assessed(day: str, visit: str, blasts: str) -> Row:
    return row(
        "RESP", visit, resp_dt=day, bm_done="Y", bm_adequate="yes", bm_blast=blasts, pb_blast="0",
        emd_resp="none_ever", cns_resp="CNS1", mrd_done="N",
    )  # fmt: skip


REMISSION = assessed("2025-04-01", "C28", "1.0")
RELAPSED = assessed("2025-06-01", "RLPv1", "30.0")
LATER = assessed("2025-07-20", "HM3", "40.0")
AGAIN_IN_REMISSION = assessed("2025-06-20", "HM2", "1.0")
RELAPSE = row("RLP", "RLPv1", rlp_dt="2025-06-01", rlp_type="morphological_relapse")
FREE = row(
    "FU", "HM3", fu_dt="2025-06-30", fu_status="ALIVE", fu_disease="remission_mrd_neg", fu_dz_dt="2025-06-02"
)
CHEMOTHERAPY = row("SUBTX", key="1", stx_type="chemotherapy", stx_ind="relapse", stx_start="2025-06-10")
BEFORE = (DIAGNOSIS, REMISSION)

CASES = (
    Case("X-RSP-04", (*BEFORE, RELAPSED), (*BEFORE, RELAPSED, RELAPSE)),
    Case(
        "X-RSP-04",
        (*BEFORE, RELAPSED, RELAPSE.but(rlp_dt="2025-06-16")),
        (*BEFORE, RELAPSED, RELAPSE.but(rlp_dt="2025-06-15")),
        note="within 14 d",
    ),
    Case(
        "X-RSP-04",
        (*BEFORE, RELAPSED, RELAPSE, AGAIN_IN_REMISSION, LATER),
        (*BEFORE, RELAPSED, RELAPSE, LATER),
        note="the same relapse, later",
    ),
    Case("X-RLP-04", (RELAPSE, FREE), (RELAPSE, FREE.but(fu_dz_dt="2025-06-01"))),
    Case(
        "X-RLP-04",
        (RELAPSE, FREE),
        (RELAPSE.but(rlp_type="mrd_relapse"), FREE),
        note="of a relapse that counts",
    ),
    Case("X-RLP-05", (CHEMOTHERAPY,), (CHEMOTHERAPY, RELAPSE)),
    Case("X-RLP-05", (CHEMOTHERAPY,), (CHEMOTHERAPY.but(stx_ind="mrd"),), note="for relapse"),
)
