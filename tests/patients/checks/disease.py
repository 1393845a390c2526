"""Disease and history."""

from tests.patients.checks.casebook import Case, row

LYMPHOMA = row("DX", dx_type="t_lbl", ann_arbor="IV", bm_blast_scr_pct="24.9")
T_ALL = row("DX", dx_type="t_all", bm_blast_scr_pct="25.0")

CASES = (
    Case("X-DX-03", (LYMPHOMA.but(bm_blast_scr_pct="25.0"),), (LYMPHOMA,)),
    Case("X-DX-04", (T_ALL.but(bm_blast_scr_pct="24.9"),), (T_ALL,)),
)
