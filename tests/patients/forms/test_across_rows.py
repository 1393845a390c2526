"""Limits that look at other rows and forms: what each edit check asks about, and what it lets pass."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from patients.casebook.answers import Record
from patients.casebook.form import FormDeclaration, form_model
from patients.entry.derive import with_derived
from patients.items.partial_date import PartialDate, read_partial_date
from tests.patients.items.answers import answers, record
from trial.protocol.study import SITE_ZONE

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

T0, H0 = date(2024, 3, 1), date(2024, 3, 17)


def moment(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), SITE_ZONE)


def after(days: int, start: date = T0) -> date:
    return start + timedelta(days)


INFUSED = record("INF", "C0", inf_start_dt=moment(T0))
GRAFTED = record("HSCT", "H0", hsct_start_dt=moment(H0), hsct_done=True)
DIED = record("DTH", "", dth_dt=after(9))


def row(form: str, key: str, **values: Any) -> Record:
    made = record(form, key, **values)
    return Record(form, made.visit, key, None, made.values)


def event(special: str, grade: str = "3", serious: bool = False) -> Record:
    return row("AE", "1", ae_special=special, ae_grade=grade, ae_serious=serious)


def lab(test: str, value: str, day: date = T0, *, key: str = "", uln: str = "40", **values: Any) -> Record:
    units = {"BILI": "umol/L", "BILDIR": "umol/L", "ALT": "U/L", "ALP": "U/L", "BLASTLE": "%", "ALB": "g/L"}
    units |= {"CA": "mmol/L"}
    given = {"lab_dt": moment(day), "lab_unit": units.get(test, "10^9/L"), "lab_uln": Decimal(uln)}
    made = row("LAB", key or test, lab_test=test, lab_value=Decimal(value), **(given | values))
    made.values["lab_si"] = made.values["lab_value"]
    return made


def crs(car_day: int, fever: bool = True, **values: Any) -> Record:
    quiet = {"crs_fever_masked": False, "crs_hypot": False, "crs_hypox": False}
    return record(
        "CRS", f"C{car_day}", crs_episode=1, crs_date=after(car_day), crs_fever=fever, **(quiet | values)
    )


TOCILIZUMAB = row(
    "CM",
    "1",
    cm_name="tocilizumab",
    cm_start=read_partial_date(str(after(3))),
    cm_end=read_partial_date(str(after(3))),
)


def checks(item: str, about: Record, *others: Record) -> set[str]:
    """The numbers of the checks that find something at an item once its row is derived."""
    seen = answers(about, *others)
    with_derived(about, seen.casebook)
    found = [*form_model(about.form).item(item).findings(about.values[item], seen)]
    found += [one for check in about_form(about).checks for one in check.findings(seen) if one.item == item]
    return {finding.check for finding in found}


def about_form(about: Record) -> FormDeclaration:
    return form_model(about.form).form


def line(number: int, start: str, end: str | None = None) -> Record:
    return row(
        "PTHER",
        str(number),
        line_no=number,
        line_start=read_partial_date(start),
        line_end=read_partial_date(end) if end else None,
    )


HLA = {f"{locus}_{n}": f"{locus}*0{n}:01" for locus in ("A", "B", "C", "DRB1", "DQB1") for n in (1, 2)}
STRANGER = HLA | {"C_1": "C*07:02", "C_2": "C*08:01"}
HAPLO = {"donor_class": "new_haploidentical_donor", "haplo_shared": True, "r_hla": HLA}
ADULT = record("DM", age_consent=Decimal("48.0"))
CLEARING = record("ELIG", crcl_ml_min=Decimal("69.9"))
WBC = {"lab_test": "WBC"}


def donor(**values: Any) -> Record:
    return row("DONOR", "1", **values)


def ag(day: date, **values: Any) -> Record:
    return record("AGVHD", f"D{day}", ag_dt=day, **values)


RASH = {"ag_skin_bsa": Decimal(60)}  # grade II
FADED = {"ag_skin_bsa": Decimal(10), "ag_grade": 1}


def cg(day: date, **values: Any) -> Record:
    return record("CGVHD", f"D{day}", cg_dt=day, **({"cg_present": True} | values))


def chim(donor_pct: str, day: date, fraction: str = "whole", sample: str = "blood") -> Record:
    values = {"chim_lineage": fraction, "chim_sample": sample, "chim_donor_pct": Decimal(donor_pct)}
    return row("CHIM", f"{day}-{sample}-{fraction}", chim_dt=day, **values)


def infection(grade: str) -> Record:
    return row("INFX", "1", inf_onset=after(3), inf_ctcae=grade, inf_end=after(5))


def adverse(**values: Any) -> Record:
    return row("AE", "1", **({"ae_start": PartialDate.of(after(1)), "ae_special": "none"} | values))


LIVER = [lab("BILI", "60", H0, uln="21"), lab("ALT", "30", H0), lab("ALP", "30", H0, uln="120")]
SCREENED = {"icf_main_signed": True, "inc08_organ": "Y", "lvef_pct": Decimal(60), "spo2_ra_pct": 97}

# check, item, the row, the others: what is asked about
ASKED: list[tuple[str, str, Record, list[Record]]] = [
    ("X-ELIG-05", "ld_date", row("LD", "1", ld_date=after(-5)), [record("ELIG", eligible=False)]),
    ("X-ELIG-05", "inf_start_dt", INFUSED, [record("ELIG", eligible=False)]),
    ("X-ELIG-08", "inc08_organ", record("ELIG", **SCREENED | {"spo2_ra_pct": 91}), []),
    (
        "X-ELIG-08",
        "inc08_organ",
        record("ELIG", **SCREENED),
        [Record("LAB", "SCR", "ALT", None, lab("ALT", "121").values)],
    ),
    ("X-DX-07", "line_no", line(2, "2023-05-01"), []),
    ("X-DX-07", "line_no", line(3, "2023-05-01"), [line(1, "2022-01-01")]),
    ("X-DX-07", "line_no", line(2, "2023-05-01"), [line(1, "2023-06")]),
    ("X-DX-07", "line_no", line(2, "2023-05-01"), [line(1, "2023-01-01", "2023-06-01")]),
    ("X-DON-04", "haplo_shared", donor(**HAPLO, d_hla=STRANGER), []),
    ("X-DON-06", "donor_age", donor(donor_rel="MOTHER, BIOLOGICAL", donor_age=62), [ADULT]),
    ("X-DON-06", "donor_age", donor(donor_rel="SON, BIOLOGICAL", donor_age=34), [ADULT]),
    ("X-DON-09", "donor_age", donor(donor_age=17), [ADULT]),
    ("X-LD-01", "ld_date", row("LD", "1", ld_date=T0), [INFUSED]),
    ("X-LD-04", "inf_start_dt", INFUSED, [row("LD", "1", ld_date=after(-5), ld_drug="fludarabine")]),
    ("X-LD-05", "ld_renal_adj", row("LD", "1", ld_drug="fludarabine", ld_renal_adj=False), [CLEARING]),
    ("X-CRS-05", "crs_toci", crs(3, fever=False, crs_toci=1), [INFUSED]),
    ("X-CRS-07", "crs_outcome", crs(3, crs_max=1, crs_outcome="RECOVERED/RESOLVED"), [event("crs", "2")]),
    ("X-CRS-08", "crs_fever", crs(15), [INFUSED]),
    ("X-CRS-10", "crs_date", crs(5), [INFUSED, crs(2), crs(3)]),
    ("X-AG-02", "ag_bili", ag(T0, ag_bili=Decimal(20)), [lab("BILI", "23")]),
    ("X-AG-04", "ag_grade", ag(after(101, H0), **RASH), [GRAFTED, event("agvhd")]),
    ("X-AG-05", "ag_grade", ag(H0, **RASH), [GRAFTED, event("cgvhd")]),
    (
        "X-AG-09",
        "ag_resolved_dt",
        ag(after(9, H0), ag_resolved_dt=after(3, H0)),
        [ag(H0, ag_grade=1), ag(after(5, H0), ag_grade=2)],
    ),
    ("X-CG-03", "cg_liver", cg(H0, cg_liver="2"), LIVER),
    ("X-CG-05", "cg_overlap", cg(H0, cg_overlap=False), [ag(H0, ag_grade=1)]),
    ("X-CHM-02", "chim_donor_pct", chim("80", after(40)), [chim("90", after(30))]),
    ("X-CHM-05", "chim_donor_pct", chim("6", after(5)), [INFUSED, GRAFTED]),
    ("X-LAB-02", "lab_value", lab("BLASTLE", "1", after(1)), [INFUSED]),
    ("X-LAB-04", "lab_cs", lab("NEUT", "0.3", lab_cs="pending_investigator"), []),
    ("X-LAB-06", "lab_value", lab("WBC", "4.0"), [lab("NEUT", "3.0"), lab("LYM", "1.3")]),
    ("X-LAB-07", "lab_value", lab("BILDIR", "20"), [lab("BILI", "19")]),
    ("X-LAB-09", "lab_test", lab("NEUT", "2"), [lab("NEUT", "3", key="again")]),
    ("X-INFX-03", "inf_ctcae", infection("3"), [event("crs")]),
    (
        "X-AE-06",
        "ae_grade",
        adverse(ae_grade="3", ae_ctcae_term="neutrophil_count_decreased"),
        [lab("NEUT", "0.3", after(2), lab_grade=4)],
    ),
    ("X-FU-04", "fu_second_ca", record("FU", "HM3", fu_second_ca="yes_other"), [event("second_malignancy")]),
]
PASSED: list[tuple[str, str, Record, list[Record]]] = [
    ("X-ELIG-05", "ld_date", row("LD", "1", ld_date=after(-5)), [record("ELIG", eligible=True)]),
    ("X-ELIG-08", "inc08_organ", record("ELIG", **SCREENED), []),
    ("X-ELIG-08", "inc08_organ", record("ELIG", **SCREENED | {"inc08_organ": "N", "spo2_ra_pct": 91}), []),
    ("X-ELIG-08", "inc08_organ", record("ELIG", **SCREENED), [
        Record("LAB", "SCR", "ALT", None, lab("ALT", "121").values), record("DX", emd_sites=["liver"])]),
    ("X-DX-07", "line_no", line(1, "2023-05-01"), []),
    ("X-DX-07", "line_no", line(2, "2023-05-01"), [line(1, "2023-01-01", "2023-05-31")]),
    ("X-DX-07", "line_no", line(2, "2023-05"), [line(1, "2023-05")]),
    ("X-DON-04", "haplo_shared", donor(**HAPLO, d_hla=HLA), []),
    ("X-DON-04", "haplo_shared", donor(**HAPLO | {"haplo_shared": False}, d_hla=STRANGER), []),
    ("X-DON-06", "donor_age", donor(donor_rel="MOTHER, BIOLOGICAL", donor_age=63), [ADULT]),
    ("X-DON-06", "donor_age", donor(donor_rel="SON, BIOLOGICAL", donor_age=33), [ADULT]),
    ("X-DON-06", "donor_age", donor(donor_rel="SISTER, FULL", donor_age=48), [ADULT]),
    ("X-DON-09", "donor_age", donor(donor_age=18), [ADULT]),
    ("X-LD-01", "ld_date", row("LD", "1", ld_date=after(-1)), [INFUSED]),
    ("X-LD-04", "inf_start_dt", INFUSED, []),
    ("X-LD-05", "ld_renal_adj", row("LD", "1", ld_drug="fludarabine", ld_renal_adj=True), [CLEARING]),
    ("X-CRS-05", "crs_toci", crs(3, crs_toci=1), [INFUSED]),
    ("X-CRS-07", "crs_outcome", crs(3, crs_outcome="RECOVERED/RESOLVED"), [event("crs", "1")]),
    ("X-CRS-08", "crs_fever", crs(14), [INFUSED]),
    ("X-CRS-08", "crs_fever", crs(15), [INFUSED, crs(13)]),
    ("X-CRS-10", "crs_date", crs(4), [INFUSED, crs(2), crs(3)]),
    ("X-CRS-10", "crs_date", crs(9, fever=False), [crs(2), crs(3, fever=False), crs(4, fever=False)]),
    ("X-AG-02", "ag_bili", ag(T0, ag_bili=Decimal(20)), [lab("BILI", "22")]),
    ("X-AG-02", "ag_bili", ag(T0, ag_bili=Decimal(20)), [lab("BILI", "40", after(1))]),
    ("X-AG-04", "ag_grade", ag(after(100, H0), **RASH), [GRAFTED, event("agvhd")]),
    ("X-AG-05", "ag_grade", ag(H0, **FADED), [GRAFTED]),
    ("X-AG-09", "ag_resolved_dt", ag(after(9, H0), ag_resolved_dt=after(9, H0)), [ag(H0, ag_grade=2)]),
    ("X-AG-09", "ag_resolved_dt", ag(after(60, H0), ag_resolved_dt=after(50, H0)), [
        ag(H0, ag_grade=3), ag(after(9, H0), ag_resolved_dt=after(9, H0)), ag(after(40, H0), ag_grade=1)]),
    ("X-CG-03", "cg_liver", cg(H0, cg_liver="3"), LIVER),
    ("X-CG-03", "cg_liver", cg(after(8, H0), cg_liver="2"), LIVER),
    ("X-CG-05", "cg_overlap", cg(H0, cg_overlap=True), [ag(H0, ag_grade=1)]),
    ("X-CHM-02", "chim_donor_pct", chim("80", after(40)), [chim("89.9", after(30))]),
    ("X-CHM-02", "chim_donor_pct", chim("80", after(40)), [chim("95", after(30), sample="marrow")]),
    ("X-CHM-05", "chim_donor_pct", chim("6", H0), [INFUSED, GRAFTED]),
    ("X-CHM-05", "chim_donor_pct", chim("5", after(5)), [INFUSED, GRAFTED]),
    ("X-LAB-02", "lab_value", lab("BLASTLE", "1", T0), [INFUSED]),
    ("X-LAB-04", "lab_cs", lab("NEUT", "0.3", lab_cs="Y"), []),
    ("X-LAB-06", "lab_value", lab("WBC", "4.0"), [lab("NEUT", "3.0"), lab("LYM", "1.2")]),
    ("X-LAB-07", "lab_value", lab("BILDIR", "19"), [lab("BILI", "19")]),
    ("X-LAB-09", "lab_test", lab("NEUT", "2"), [lab("NEUT", "2", key="again")]),
    ("X-LAB-09", "lab_test", lab("NEUT", "2"), [lab("NEUT", "3", after(1), key="next")]),
    ("X-INFX-03", "inf_ctcae", infection("2"), []),
    ("X-INFX-03", "inf_ctcae", infection("3"), [event("infection")]),
    ("X-AE-06", "ae_grade", adverse(ae_grade="4", ae_ctcae_term="neutrophil_count_decreased"), [
        lab("NEUT", "0.3", after(2), lab_grade=4), lab("NEUT", "0.7", after(-9), key="early", lab_grade=3)]),
    ("X-FU-04", "fu_second_ca", record("FU", "HM3", fu_second_ca="yes_other"), [
        event("second_malignancy", serious=True)]),
]  # fmt: skip


def named(cases: list[tuple[str, str, Record, list[Record]]]) -> list[Any]:
    return [pytest.param(*case, id=f"{case[0]} {number}") for number, case in enumerate(cases)]


@pytest.mark.parametrize(("check", "item", "about", "others"), named(ASKED))
def test_a_check_asks(check: str, item: str, about: Record, others: list[Record]) -> None:
    assert check in checks(item, about, *others)


@pytest.mark.parametrize(("check", "item", "about", "others"), named(PASSED))
def test_a_check_lets_pass(check: str, item: str, about: Record, others: list[Record]) -> None:
    assert check not in checks(item, about, *others)


def test_every_check_is_tested_both_ways() -> None:
    assert {case[0] for case in ASKED} == {case[0] for case in PASSED}


# --- limits without a number ----------------------------------------------------------------------------
UNNUMBERED: list[tuple[bool, str, Record, list[Record]]] = [
    (True, "ae_special", adverse(ae_special="agvhd"), [ag(H0)]),
    (True, "ae_special", adverse(ae_special="tma"), []),
    (False, "ae_special", adverse(ae_special="agvhd"), []),
    (True, "ae_special", adverse(ae_special="icans"), [record("ICANS", "C3", ice_dt=moment(after(3)))]),
    (False, "ae_special", adverse(ae_special="icans"), []),
    (True, "ae_special", adverse(ae_special="iec_hs"), [record("HLH", "UNS1", hlh_dt=after(9))]),
    (False, "ae_special", adverse(ae_special="iec_hs"), []),
    (True, "ae_special", adverse(ae_special="graft_failure"), [record("ENG", "HM1")]),
    (False, "ae_special", adverse(ae_special="graft_failure"), []),
    (True, "ae_dlt", adverse(ae_dlt="Y_candidate"), []),
    (False, "ae_dlt", adverse(ae_dlt="Y_confirmed"), []),
    (False, "crs_outcome", crs(3, crs_outcome="FATAL"), [event("crs", "5")]),
    (True, "crs_outcome", crs(8, crs_outcome="FATAL"), [event("crs", "5"), DIED]),
    (False, "crs_o2_flow", crs(3, crs_o2="nasal_cannula", crs_o2_flow=Decimal("6.1")), []),
    (True, "crs_o2_flow", crs(3, crs_o2="high_flow", crs_o2_flow=Decimal("6.1")), []),
    (False, "crs_toci", crs(3, crs_toci=2), [crs(2, crs_toci=3)]),
    (True, "crs_toci", crs(3, crs_toci=1), [crs(2, crs_toci=3), TOCILIZUMAB]),
    (False, "cg_tx_start", cg(H0, cg_tx_start=after(-1, H0)), []),
    (True, "cg_tx_start", cg(H0, cg_tx_start=H0), []),
    (True, "cg_tx_start", cg(after(30, H0), cg_tx_start=H0), [cg(H0)]),
    (False, "fu_new_ae", record("FU", "HM3", fu_new_ae=True), [event("none")]),
    (True, "fu_new_ae", record("FU", "HM3", fu_new_ae=True), [event("none", serious=True)]),
    (False, "inf_onset", row("INFX", "1", inf_onset=T0), []),
    (True, "inf_onset", infection("2"), []),
    (False, "lab_grade", lab("NEUT", "1.2", after(2)), [lab("NEUT", "4", key="before", lab_grade=0)]),
    (True, "lab_grade", lab("NEUT", "1.2", after(2), lab_cs="N"), [lab("NEUT", "4", key="b", lab_grade=0)]),
    (True, "lab_grade", lab("NEUT", "1.2", after(2)), [lab("NEUT", "1.6", key="before", lab_grade=1)]),
    (False, "inf_batch", record("INF", "C0", inf_batch="B1"), [
        row("REL", "1", batch_no="B1", rel_conditional="exceptional")]),
    (True, "inf_batch", record("INF", "C0", inf_batch="B1"), [
        row("REL", "1", batch_no="B1", rel_conditional="full")]),
]  # fmt: skip


@pytest.mark.parametrize(("is_kept", "item", "about", "others"), UNNUMBERED)
def test_a_limit_without_a_number(is_kept: bool, item: str, about: Record, others: list[Record]) -> None:
    assert (not checks(item, about, *others)) == is_kept


# --- derived across rows --------------------------------------------------------------------------------
DOSED = row("LD", "1", ld_date=after(-5))


@pytest.mark.parametrize(
    ("about", "others", "grade"),
    [
        (lab("ALT", "150", after(2)), [DOSED, lab("ALT", "100", after(-6), key="before")], 1),
        (lab("ALT", "150", after(2)), [DOSED, lab("ALT", "30", after(-6), key="before")], 2),
        (lab("ALT", "150", after(-6)), [DOSED, lab("ALT", "100", after(-9), key="before")], 2),
        (lab("ALT", "150", after(2)), [lab("ALT", "100", after(-6), key="before")], 2),
        (lab("CA", "1.90", lab_lln=Decimal("2.1"), uln="2.6"), [lab("ALB", "35")], 1),
        (lab("CA", "1.90", lab_lln=Decimal("2.1"), uln="2.6"), [lab("ALB", "40")], 2),
        (lab("CA", "1.90", lab_lln=Decimal("2.1"), uln="2.6"), [], None),
    ],
)
def test_a_grade_of_the_laboratory(about: Record, others: list[Record], grade: int | None) -> None:
    seen = answers(about, *others)
    assert with_derived(about, seen.casebook).values["lab_grade"] == grade


def test_death_closes_an_episode() -> None:
    outcome = form_model("CRS").item("crs_outcome")
    last, before = crs(8), crs(7)
    assert outcome.asked(answers(last, before, DIED))
    assert not outcome.asked(answers(before, last, DIED))
    assert not outcome.asked(answers(last, before))
