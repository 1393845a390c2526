"""Disease and history."""

from tests.patients.checks.casebook import Case, Row, row

AML = row("DX", "SCR", dx_type="aml", dx_subtype="npm1", dx_date="2022-05-10")
LYMPHOMA = row("DX", "SCR", dx_type="t_lbl", ann_arbor="IV", bm_blast_scr_pct="24.9")
T_ALL = row("DX", "SCR", dx_type="t_all", bm_blast_scr_pct="25.0")
GRAFTED = row("PTX", "", "1", ptx_no="1", ptx_type="allogeneic", ptx_date="2023-02-01")
AUTOLOGOUS = GRAFTED.but(ptx_type="autologous")
NORMAL = AML.but(cyto_group="normal", karyotype_iscn="46,XY[20]")
INFUSED = row("INF", "C0", inf_start_dt="2023-05-12 10:00")
CAR_T = row("PCAR", "", "1", pcar_type="car_t", pcar_target="cll_1")
OLD_DONOR = row("DONOR", "", "1", donor_class="prior_transplant_donor")


def line(number: str, start: str, end: str = "") -> Row:
    return row("PTHER", "", number, line_no=number, line_start=start, line_end=end)


FIRST = line("1", "2022-05-20", "2022-12-31")
LINES = (FIRST, line("2", "2023-01-10"), line("3", "2023-03-10"))

CASES = (
    Case("X-DX-01", (AML.but(dx_subtype="etp"),), (AML,)),
    Case("X-DX-01", (T_ALL.but(dx_subtype="npm1"),), (T_ALL.but(dx_subtype="etp"),), note="T cells"),
    Case(
        "X-DX-02",
        (AML.but(disease_status="relapse_after_allo_hsct"), AUTOLOGOUS),
        (AML.but(disease_status="relapse_after_allo_hsct"), GRAFTED),
    ),
    Case("X-DX-03", (LYMPHOMA.but(bm_blast_scr_pct="25.0"),), (LYMPHOMA,)),
    Case("X-DX-04", (T_ALL.but(bm_blast_scr_pct="24.9"),), (T_ALL,)),
    Case("X-DX-05", (NORMAL.but(karyotype_iscn="46,XY,t(8;21)[20]"),), (NORMAL,)),
    Case("X-DX-05", (NORMAL.but(karyotype_iscn="47,XY,+8[3]"),), (NORMAL,), note="a gain"),
    Case(
        "X-DX-05",
        (NORMAL.but(karyotype_iscn="46,XY,del(5q)"),),
        (NORMAL.but(karyotype_iscn="46,XY,del(5q)", cyto_group="adverse"),),
        note="group",
    ),
    Case("X-DX-06", (AML.but(cd7_pct="49.9"),), (AML.but(cd7_pct="50.0"),)),
    Case("X-DX-07", (line("2", "2023-01-10"),), (FIRST, line("2", "2023-01-10")), note="gap"),
    Case(
        "X-DX-07",
        (FIRST, line("2", "2022-11-30")),
        (FIRST, line("2", "2022-12-01")),
        note="overlap",
    ),
    Case("X-DX-08", (AML.but(lines_n="2"), *LINES), (AML.but(lines_n="4"), *LINES)),
    Case("X-DX-08", (AML.but(lines_n="2"), *LINES), (AML, *LINES), note="never counted before"),
    Case("X-DX-08", (AML.but(lines_n="3"), *LINES[:2]), (AML.but(lines_n="1"), *LINES[:2]), note="fewer"),
    Case("X-DX-09", (AML, GRAFTED.but(ptx_date="2022-05-09")), (AML, GRAFTED.but(ptx_date="2022-05-10"))),
    Case("X-DX-10", (INFUSED, GRAFTED.but(ptx_date="2023-02-02")), (INFUSED, GRAFTED)),
    Case("X-DX-11", (CAR_T.but(pcar_target="cd7"),), (CAR_T,)),
    Case("X-DX-12", (OLD_DONOR, AUTOLOGOUS), (OLD_DONOR, GRAFTED)),
)
