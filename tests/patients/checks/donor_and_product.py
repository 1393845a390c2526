"""Donor and product."""

from tests.patients.checks.casebook import Case, Row, row

LOCI = ("A", "B", "C", "DRB1", "DQB1")


def typed(**alleles: str) -> str:
    """Ten alleles, each locus *01:01 and *02:01 unless it is named with others."""
    cells = []
    for locus in LOCI:
        for number, allele in enumerate(alleles.get(locus, "01:01 02:01").split(), 1):
            cells.append(f"{locus}_{number}={locus}*{allele}")
    return "|".join(cells)


def half(*loci: str, **others: str) -> str:
    return typed(**dict.fromkeys(loci, "01:01 03:01"), **others)


CLEARED = row(
    "DONOR",
    "",
    "1",
    donor_consent="Y",
    donor_idm_ok="Y",
    donor_class="new_haploidentical_donor",
    donor_rel="SON, BIOLOGICAL",
    donor_sex="M",
    donor_age="18",
    donor_role="car_t_source|graft_source",
    haplo_shared="Y",
    r_hla=typed(),
    d_hla=half(*LOCI),
)
SECOND = Row("DONOR", CLEARED.answers, "", "2").but(donor_role="backup")
RECIPIENT = row("DM", "SCR", birth_date="1976-06-15", abo_rh="A+", sex="M")
CONSENTED = row("ELIG", "SCR", icf_main_dt="2023-12-15 10:00", icf_main_signed="Y")
ANTIBODIES = CLEARED.but(dsa_done="Y", dsa_max_mfi="1000", dsa_desens="Y")

BATCH = row(
    "MFG",
    "APH",
    "1",
    coi_id="COI-1",
    aph_date="2023-12-20 12:00",
    coc_ship_dt="2023-12-20 14:00",
    coc_recv_dt="2023-12-20 18:00",
    mfg_site="bioheng",
    mfg_start="2023-12-20",
    mfg_end="2024-01-02",
    mfg_by="lab.hand",
)
RELEASED = row(
    "REL",
    "REL",
    "1",
    batch_no="B1",
    rel_coi_match="Y",
    rel_viab="70.0",
    rel_cd3="80.0",
    rel_car="10.0",
    rel_cd7pos="5.00",
    rel_vcn="4.99",
    rel_endotoxin="4.999",
    rel_sterility="no_growth",
    rel_myco="negative",
    rel_rcl="not_applicable",
    rel_potency="pass",
    rel_dose_total="112.00",
    rel_conditional="full",
    rel_decision_dt="2024-01-03 09:00",
    rel_by="qa.hz01",
)
WEIGHED = row("VS", "SCR", vs_dt="2023-12-01 08:00", vs_weight="70.0")
INFUSED = row("INF", "C0", inf_start_dt="2024-01-05 13:40", inf_batch="B1", inf_weight="70.0")
PENDING = RELEASED.but(rel_sterility="pending", rel_conditional="conditional")

CASES = (
    Case("X-DON-01", (CLEARED, SECOND.but(donor_role="graft_source")), (CLEARED, SECOND)),
    Case("X-DON-02", (CLEARED.but(donor_consent="N"),), (CLEARED,), note="consent"),
    Case("X-DON-02", (CLEARED.but(donor_idm_ok="N"),), (CLEARED,), note="markers"),
    Case(
        "X-DON-02",
        (CLEARED.but(donor_consent="N"),),
        (CLEARED.but(donor_consent="N", donor_role="not_chosen"),),
        note="role",
    ),
    Case("X-DON-03", (CLEARED.but(d_hla=half("A")),), (CLEARED.but(d_hla=half("A", "B")),), note="9"),
    Case(
        "X-DON-03",
        (CLEARED.but(d_hla=half(*LOCI[:4], DQB1="03:01 04:01")),),
        (CLEARED,),
        note="4",
    ),
    Case("X-DON-04", (CLEARED.but(d_hla=half(*LOCI[:4], DQB1="03:01 04:01")),), (CLEARED,)),
    Case("X-DON-05", (CLEARED.but(donor_sex="F"),), (CLEARED,)),
    Case(
        "X-DON-06",
        (CONSENTED, RECIPIENT, CLEARED.but(donor_age="33")),
        (CONSENTED, RECIPIENT, CLEARED.but(donor_age="32")),
        note="child",
    ),
    Case(
        "X-DON-06",
        (CONSENTED, RECIPIENT, CLEARED.but(donor_rel="FATHER, BIOLOGICAL", donor_age="62")),
        (CONSENTED, RECIPIENT, CLEARED.but(donor_rel="FATHER, BIOLOGICAL", donor_age="63")),
        note="parent",
    ),
    Case("X-DON-07", (ANTIBODIES.but(dsa_desens="N"),), (ANTIBODIES,)),
    Case(
        "X-DON-07",
        (ANTIBODIES.but(dsa_desens="N"),),
        (ANTIBODIES.but(dsa_desens="N", dsa_max_mfi="999"),),
        note="weak",
    ),
    Case(
        "X-DON-08",
        (CLEARED.but(donor_role="car_t_source"), SECOND.but(donor_role="graft_source")),
        (CLEARED, SECOND),
    ),
    Case("X-DON-09", (CLEARED.but(donor_age="17"),), (CLEARED,)),
    Case(
        "X-DON-10",
        (RECIPIENT, CLEARED.but(donor_abo_rh="B+")),
        (RECIPIENT, CLEARED.but(donor_abo_rh="O+")),
    ),
    Case("X-MFG-01", (BATCH, Row("MFG", BATCH.answers, "APH", "2").but(coi_id="COI-2")), (BATCH,)),
    Case("X-MFG-01", (BATCH, RELEASED.but(rel_coi_match="N")), (BATCH, RELEASED), note="label"),
    Case("X-MFG-02", (BATCH.but(coc_ship_dt="2023-12-20 11:59"),), (BATCH,), note="shipped"),
    Case("X-MFG-02", (BATCH.but(coc_recv_dt="2023-12-20 13:59"),), (BATCH,), note="received"),
    Case("X-MFG-02", (BATCH.but(mfg_start="2023-12-19"),), (BATCH,), note="started"),
    Case("X-MFG-02", (BATCH.but(mfg_end="2023-12-19"),), (BATCH,), note="harvested"),
    Case(
        "X-MFG-02",
        (BATCH, RELEASED.but(rel_decision_dt="2024-01-01 09:00")),
        (BATCH, RELEASED.but(rel_decision_dt="2024-01-02 09:00")),
        note="released",
    ),
    *(
        Case("X-MFG-04", (RELEASED.but(**{item: wrong}),), (RELEASED,), note=item)
        for item, wrong in {
            "rel_viab": "69.9",
            "rel_cd3": "79.9",
            "rel_car": "9.9",
            "rel_cd7pos": "5.01",
            "rel_vcn": "5.00",
            "rel_endotoxin": "5.000",
            "rel_sterility": "pending",
            "rel_potency": "not_done",
        }.items()
    ),
    Case("X-MFG-05", (BATCH, RELEASED.but(rel_by="coordinator.hz01")), (BATCH, RELEASED), note="role"),
    Case("X-MFG-05", (BATCH.but(mfg_by="qa.hz01"), RELEASED), (BATCH, RELEASED), note="the same person"),
    *(
        Case("X-MFG-06", (RELEASED.but(**{item: wrong}),), (RELEASED,), note=item)
        for item, wrong in {
            "rel_sterility": "growth",
            "rel_myco": "positive",
            "rel_rcl": "positive",
            "rel_potency": "fail",
        }.items()
    ),
    Case("X-MFG-07", (WEIGHED, RELEASED.but(rel_dose_total="111.99")), (WEIGHED, RELEASED)),
    Case(
        "X-MFG-07",
        (WEIGHED.but(vs_weight="70.1"), INFUSED, RELEASED.but(rel_dose_total="112.00")),
        (WEIGHED, INFUSED.but(inf_weight="70.1"), RELEASED.but(rel_dose_total="112.00")),
        note="the weight at screening",
    ),
    Case("X-MFG-08", (INFUSED, PENDING), (INFUSED, RELEASED), today="2024-01-20"),
    Case(
        "X-MFG-08",
        (INFUSED, PENDING.but(rel_sterility="no_growth", rel_myco="pending")),
        (INFUSED.but(inf_batch="B2"), PENDING),
        today="2024-01-20",
        note="mycoplasma; another batch",
    ),
    Case(
        "X-MFG-08", (INFUSED, PENDING), (INFUSED.but(inf_start_dt="2024-01-06 13:40"), PENDING), "2024-01-20"
    ),
)
