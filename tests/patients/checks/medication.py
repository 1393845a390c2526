"""What other forms find in concomitant medication, and miss there."""

from tests.patients.checks.casebook import Case, Row, row

INFUSED = row("INF", "C0", inf_start_dt="2025-03-10 10:00", inf_weight="60.0")
GRAFTED = row("HSCT", "H0", hsct_done="Y", hsct_start_dt="2025-03-26 15:00", cond_none="Y", gvhdp_none="Y")


def given(name: str, start: str, end: str = "", *, key: str = "1", **answers: str) -> Row:
    """A medicine by vein on these days; without an end it goes on."""
    course = {"cm_start": start, "cm_ongoing": "N" if end else "Y", "cm_end": end}
    return row("CM", key=key, cm_name=name, **({"cm_route": "INTRAVENOUS"} | course | answers))


# --- before the infusion ---------------------------------------------------------------------------------
PREDNISOLONE = given("prednisolone", "2025-03-07", "2025-03-07", cm_dose="30", cm_unit="mg", cm_freq="QD")
DEXAMETHASONE = given(
    "地塞米松磷酸钠注射液", "2025-03-05", "2025-03-08", cm_dose="2.25", cm_unit="mg", cm_freq="BID"
)
EXPLAINED = row("PDEV", key="1", pd_cat="prohibited_medication", pd_dt="2025-03-07")
BEFORE_INFUSION = (
    Case(
        "X-INF-07",
        (INFUSED, PREDNISOLONE),
        (INFUSED, PREDNISOLONE.but(cm_dose="29.9")),
        note="0.5 mg/kg",
    ),
    Case(
        "X-INF-07",
        (INFUSED, PREDNISOLONE),
        (INFUSED, PREDNISOLONE.but(cm_start="2025-03-06", cm_end="2025-03-06")),
        note="three days before",
    ),
    Case(
        "X-INF-07",
        (INFUSED, PREDNISOLONE.but(cm_start="2025-03-09", cm_end="2025-03-09")),
        (INFUSED, PREDNISOLONE.but(cm_start="2025-03-10", cm_end="2025-03-10")),
        note="the day itself has no order",
    ),
    Case("X-INF-07", (INFUSED, PREDNISOLONE), (INFUSED, PREDNISOLONE, EXPLAINED), note="with a reason"),
    Case(
        "X-INF-07",
        (INFUSED, PREDNISOLONE),
        (INFUSED, PREDNISOLONE.but(cm_route="TOPICAL")),
        note="systemic",
    ),
    Case(
        "X-INF-07",
        (INFUSED, DEXAMETHASONE),
        (INFUSED, DEXAMETHASONE.but(cm_freq="QD")),
        note="equivalents and doses a day",
    ),
    Case(
        "X-INF-07",
        (
            INFUSED,
            PREDNISOLONE.but(cm_dose="15"),
            given("hydrocortisone", "2025-03-07", "2025-03-07", key="2", cm_dose="1", cm_unit="mg/kg"),
        ),
        (
            INFUSED,
            PREDNISOLONE.but(cm_dose="14.9"),
            given("hydrocortisone", "2025-03-07", "2025-03-07", key="2", cm_dose="1", cm_unit="mg/kg"),
        ),
        note="two together",
    ),
    Case(
        "X-INF-07",
        (INFUSED, PREDNISOLONE.but(cm_start="2025-02", cm_end="", cm_ongoing="Y")),
        (INFUSED, PREDNISOLONE.but(cm_start="2025-02", cm_end="2025", cm_ongoing="N")),
        note="for certain",
    ),
)

# --- about the graft -------------------------------------------------------------------------------------
BUSULFAN = given("白消安注射液", "2025-03-22", "2025-03-25")
TACROLIMUS = given("tacrolimus", "2025-03-19", "2025-04-30", cm_route="ORAL", cm_ind="prophylaxis")
METHOTREXATE = given("methotrexate 15 mg", "2025-03-27", "2025-03-27")
CYCLOPHOSPHAMIDE = given("环磷酰胺", "2025-03-29", "2025-03-30")
ABOUT_THE_GRAFT = (
    Case("X-HSCT-05", (INFUSED, GRAFTED, BUSULFAN), (INFUSED, GRAFTED.but(cond_none="N"), BUSULFAN)),
    Case(
        "X-HSCT-05",
        (INFUSED, GRAFTED, BUSULFAN.but(cm_start="2025-03-10", cm_end="2025-03-10")),
        (INFUSED, GRAFTED, BUSULFAN.but(cm_start="2025-03-09", cm_end="2025-03-09")),
        note="from the infusion on",
    ),
    Case(
        "X-HSCT-05",
        (INFUSED, GRAFTED, given("TBI 2 Gy", "2025-03-26", "2025-03-26", cm_route="OTHER")),
        (INFUSED, GRAFTED, given("TBI 2 Gy", "2025-03-27", "2025-03-27", cm_route="OTHER")),
        note="to the graft",
    ),
    Case(
        "X-HSCT-05",
        (GRAFTED, TACROLIMUS.but(cm_end="2025-03-19")),
        (GRAFTED, TACROLIMUS.but(cm_start="2025-03-18", cm_end="2025-03-18")),
        note="prophylaxis from H0 - 7",
    ),
    Case(
        "X-HSCT-05",
        (GRAFTED, TACROLIMUS.but(cm_start="2025-04-23")),
        (GRAFTED, TACROLIMUS.but(cm_start="2025-04-24")),
        note="prophylaxis to H0 + 28",
    ),
    Case(
        "X-HSCT-05",
        (GRAFTED, TACROLIMUS),
        (GRAFTED, TACROLIMUS.but(cm_ind="gvhd_treatment")),
        note="not as treatment",
    ),
    Case(
        "X-HSCT-05",
        (GRAFTED, METHOTREXATE),
        (GRAFTED, METHOTREXATE.but(cm_route="INTRATHECAL")),
        note="not into the spine",
    ),
    Case(
        "X-HSCT-05",
        (GRAFTED, CYCLOPHOSPHAMIDE),
        (GRAFTED, CYCLOPHOSPHAMIDE.but(cm_start="2025-03-24", cm_end="2025-03-25")),
        note="cyclophosphamide after the graft",
    ),
)


# --- CRS -------------------------------------------------------------------------------------------------
def crs(day: str, **answers: str) -> Row:
    quiet = {"crs_fever": "N", "crs_fever_masked": "N", "crs_hypot": "N", "crs_hypox": "N"}
    given_nothing = {"crs_toci": "0", "crs_steroid": "none"}
    return row("CRS", f"C{day[-1]}", crs_episode="1", crs_date=day, **(quiet | given_nothing | answers))


FEVER, MASKED = crs("2025-03-12", crs_fever="Y"), crs("2025-03-13", crs_fever_masked="Y")
PARACETAMOL = given("paracetamol", "2025-03-12", "2025-03-12", cm_class="other")
TOCILIZUMAB = given("Tocilizumab (Actemra)", "2025-03-13", "2025-03-13", cm_class="anti_cytokine")
STEROID = given("甲泼尼龙琥珀酸钠", "2025-03-12", "2025-03-14", cm_class="steroid")
MASKED_FEVER = (
    Case("X-CRS-03", (FEVER, MASKED), (FEVER, MASKED, PARACETAMOL)),
    Case("X-CRS-03", (MASKED, PARACETAMOL), (FEVER, MASKED, PARACETAMOL), note="earlier fever"),
    Case(
        "X-CRS-03",
        (FEVER, MASKED, PARACETAMOL.but(cm_start="2025-03-11", cm_end="2025-03-11")),
        (FEVER, MASKED, PARACETAMOL.but(cm_start="2025-03-11", cm_end="2025-03-12")),
        note="in the episode",
    ),
    Case(
        "X-CRS-03",
        (FEVER, MASKED, PARACETAMOL.but(cm_name="meropenem")),
        (FEVER, MASKED, PARACETAMOL.but(cm_name="unheard of", cm_class="anti_cytokine")),
        note="a treatment that masks",
    ),
    Case(
        "X-CRS-06",
        (MASKED.but(crs_toci="1"),),
        (MASKED.but(crs_toci="1"), TOCILIZUMAB),
        note="tocilizumab missing there",
    ),
    Case("X-CRS-06", (MASKED, TOCILIZUMAB), (FEVER, TOCILIZUMAB), note="tocilizumab missing here"),
    Case(
        "X-CRS-06",
        (MASKED.but(crs_steroid="methylprednisolone"),),
        (MASKED.but(crs_steroid="methylprednisolone"), STEROID),
        note="steroid missing there",
    ),
    Case(
        "X-CRS-06",
        (MASKED, STEROID),
        (MASKED, STEROID.but(cm_route="TOPICAL")),
        note="steroid missing here",
    ),
    Case(
        "X-CRS-06",
        (MASKED, STEROID),
        (MASKED, STEROID.but(cm_start="2025-03-14")),
        note="steroid of another day",
    ),
)

# --- GVHD and infection ----------------------------------------------------------------------------------
GVHD = row(
    "AGVHD", "H21", ag_dt="2025-04-16", ag_onset_dt="2025-04-12", ag_tx="steroid",
    ag_skin_bsa="60.0", ag_skin_bullae="N", ag_bili="10.0", ag_ugi="none_or_intermittent",
    ag_stool_mode="no_diarrhoea", ag_lgi_severe="N",
)  # fmt: skip
REACTIVATION = row(
    "INFX", key="1", inf_class="viral_reactivation", inf_onset="2025-05-01", vir_first_dt="2025-05-01",
    vir_thr="Y", inf_end="2025-05-20",
)  # fmt: skip
GANCICLOVIR = given("更昔洛韦", "2025-05-20", "2025-05-30", cm_class="other")
TREATMENT = (
    Case("X-AG-06", (GVHD,), (GVHD, given("prednisone", "2025-04-16", cm_route="ORAL"))),
    Case(
        "X-AG-06",
        (GVHD, given("prednisone", "2025-04-01", "2025-04-11")),
        (GVHD, given("prednisone", "2025-04-01", "2025-04-12")),
        note="since the onset",
    ),
    Case("X-AG-06", (GVHD,), (GVHD.but(ag_tx="topical"),), note="steroid as treatment"),
    Case("X-AG-06", (GVHD,), (GVHD.but(ag_skin_bsa="0"),), note="with a grade"),
    Case("X-INFX-01", (REACTIVATION,), (REACTIVATION, GANCICLOVIR)),
    Case(
        "X-INFX-01",
        (REACTIVATION, GANCICLOVIR.but(cm_start="2025-05-21")),
        (REACTIVATION, GANCICLOVIR),
        note="in its time",
    ),
    Case("X-INFX-01", (REACTIVATION,), (REACTIVATION.but(vir_thr="N"),), note="above the threshold"),
    Case(
        "X-INFX-01",
        (REACTIVATION, GANCICLOVIR.but(cm_name="meropenem")),
        (REACTIVATION, GANCICLOVIR.but(cm_name="a new one", cm_class="antiviral")),
        note="by its class",
    ),
)

CASES = (*BEFORE_INFUSION, *ABOUT_THE_GRAFT, *MASKED_FEVER, *TREATMENT)
