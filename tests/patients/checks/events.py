"""Adverse events and infections."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2024-01-05 13:40")
GRAFTED = row("HSCT", "H0", hsct_done="Y", hsct_start_dt="2024-01-25 15:20")
DIED = row("DTH", "ENDv", dth_dt="2024-03-20")
EVENT = row("AE", "", "1", ae_start="2024-01-05", ae_grade="4", ae_outcome="NOT RECOVERED/NOT RESOLVED")
FATAL = EVENT.but(ae_grade="5", ae_outcome="FATAL", ae_end="2024-03-20")
OVER = EVENT.but(ae_outcome="RECOVERED/RESOLVED", ae_end="2024-01-05")
LOW_COUNT = EVENT.but(ae_ctcae_term="neutrophil_count_decreased", ae_end="2024-01-20")
COUNT = row(
    "LAB",
    "C5",
    "NEUT",
    lab_dt="2024-01-10 08:00",
    lab_test="NEUT",
    lab_value="0.49",
    lab_unit="10^9/L",
    lab_lln="1.8",
)
INFECTION = row(
    "INFX",
    "",
    "1",
    inf_onset="2024-01-12",
    inf_class="bacterial",
    inf_site="blood",
    inf_org="escherichia_coli",
    inf_ctcae="3",
)
REPORTED = row("AE", "", "2", ae_special="infection")


def again(onset: str, **answers: str) -> Row:
    return Row("INFX", INFECTION.answers, "", "2").but(inf_onset=onset, **answers)


CASES = (
    Case("X-AE-01", (EVENT.but(ae_grade="5"), DIED), (FATAL, DIED), note="outcome"),
    Case("X-AE-01", (FATAL,), (FATAL, DIED), note="death form"),
    Case("X-AE-01", (FATAL.but(ae_grade="4"), DIED), (FATAL, DIED), note="grade"),
    Case("X-AE-02", (OVER.but(ae_end="2024-01-04"),), (OVER,)),
    Case(
        "X-AE-02",
        (OVER.but(ae_end=""),),
        (OVER,),
        note="resolved without end",
    ),
    Case(
        "X-AE-03",
        (INFUSED, EVENT.but(ae_start="2024-01-04", ae_rel_cart="possible")),
        (INFUSED, EVENT.but(ae_rel_cart="possible")),
        note="CAR-T",
    ),
    Case(
        "X-AE-03",
        (GRAFTED, EVENT.but(ae_start="2024-01-24", ae_rel_hsct="probable")),
        (GRAFTED, EVENT.but(ae_start="2024-01-24", ae_rel_hsct="unlikely")),
        note="HSCT",
    ),
    Case("X-AE-06", (COUNT, LOW_COUNT.but(ae_grade="3")), (COUNT, LOW_COUNT)),
    Case(
        "X-AE-06",
        (COUNT, LOW_COUNT.but(ae_grade="3")),
        (COUNT, LOW_COUNT.but(ae_grade="3", ae_end="2024-01-09")),
        note="while it lasts",
    ),
    Case("X-INFX-03", (INFECTION,), (INFECTION, REPORTED)),
    Case("X-INFX-03", (INFECTION,), (INFECTION.but(inf_ctcae="2"),), note="grade 2"),
    Case("X-INFX-04", (INFECTION, again("2024-01-26")), (INFECTION, again("2024-01-27"))),
    Case(
        "X-INFX-04",
        (INFECTION, again("2024-01-26")),
        (INFECTION, again("2024-01-26", inf_site="lung")),
        note="site",
    ),
)
