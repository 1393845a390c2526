"""Deviations that the system records, and those that stay open."""

from tests.patients.checks.casebook import Case, row

WAIVED = row("ELIG", "SCR", icf_main_dt="2025-01-10 09:00", inc07_life="N", waiver="Y")
TRANSPORTED = row("MFG", "APH", key="B-1", coc_temp_ok="N", coc_recv_dt="2025-01-25 12:00")
INFUSED = row("INF", "C0", inf_start_dt="2025-03-10 10:00", inf_weight="60.0", inf_dose_total="144.00")
GRAFTED = row(
    "HSCT", "H0", hsct_done="Y", hsct_start_dt="2025-03-26 15:00", cond_none="Y", gvhdp_none="Y",
    graft_manip="none",
)  # fmt: skip
IMPORTANT = row("PDEV", key="1", pd_dt="2025-06-01", pd_aware_dt="2025-07-05", pd_class="important")

CASES = (
    Case("X-ELIG-06", (WAIVED,), (WAIVED.but(waiver="N"),)),
    Case("X-MFG-03", (TRANSPORTED,), (TRANSPORTED.but(coc_temp_ok="Y"),)),
    Case("X-INF-05", (INFUSED.but(inf_dose_total="144.06"),), (INFUSED,), note="above 2.4"),
    Case(
        "X-INF-05",
        (INFUSED.but(inf_dose_total="95.94"),),
        (INFUSED.but(inf_dose_total="96.00"),),
        note="below 1.6",
    ),
    Case("X-HSCT-04", (GRAFTED.but(cond_none="N"),), (GRAFTED,), note="conditioning"),
    Case("X-HSCT-04", (GRAFTED.but(gvhdp_none="N"),), (GRAFTED,), note="prophylaxis"),
    Case(
        "X-HSCT-04",
        (GRAFTED.but(graft_manip="tcrab_depletion"),),
        (GRAFTED.but(graft_manip="plasma_rbc_depletion"),),
        note="T cells removed",
    ),
    Case("X-PD-02", (IMPORTANT,), (IMPORTANT.but(pd_aware_dt="2025-07-06"),), note="after 30 d"),
    Case("X-PD-02", (IMPORTANT,), (IMPORTANT.but(pd_class="minor"),), note="important"),
    Case("X-PD-02", (IMPORTANT,), (IMPORTANT.but(pd_capa="Training repeated."),), note="corrected"),
)
