"""The questions of CIBMTR 4000, 4003, 4006 and 4100 and of EBMT's report at day 100, each with the item that
answers it.

The words are ours: the forms of the registries are theirs and change. `is_confirmed` is False where the
specification has the rule behind an item from memory (IEC-HS; the overall grade of acute and the organ
scores of chronic GVHD). A question without an item is one that the casebook does not ask.
"""

from dataclasses import dataclass
from enum import StrEnum


class Which(StrEnum):
    """Which of several rows answers: every one, or one by its date or its value."""

    ALL = "every row"
    FIRST = "first"
    LAST = "last"
    HIGHEST = "highest"
    FIRST_SIGN = "first of grade 1 or more"
    LAST_SIGN = "last of grade 1 or more"


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a report. `item` answers it (`FORM.item`); `graded` is the item whose grade tells which
    row does."""

    report: str
    text: str
    item: str = ""
    which: Which = Which.ALL
    graded: str = ""
    is_confirmed: bool = True


PRE, PRODUCT, INFUSION, FOLLOW_UP = "CIBMTR 4000", "CIBMTR 4003", "CIBMTR 4006", "CIBMTR 4100"
DAY_100 = "EBMT day 100"
REPORTS = (PRE, PRODUCT, INFUSION, FOLLOW_UP, DAY_100)
UNTIL_CAR_DAY = {DAY_100: 100}
"""Reports of a day count what had happened by it, in days from the infusion; others what the cut holds."""
_FROM_MEMORY = False

QUESTIONS: tuple[Question, ...] = (
    Question(PRE, "Indication", "DX.dx_type"),
    Question(PRE, "Status of the disease", "DX.disease_status"),
    Question(PRE, "Prior transplant: kind", "PTX.ptx_type"),
    Question(PRE, "Prior transplant: date", "PTX.ptx_date"),
    Question(PRE, "Prior transplant: donor", "PTX.ptx_donor_type"),
    Question(PRE, "Prior cellular therapy: kind", "PCAR.pcar_type"),
    Question(PRE, "Prior cellular therapy: target", "PCAR.pcar_target"),
    Question(PRE, "Prior cellular therapy: date", "PCAR.pcar_date"),
    Question(PRE, "Prior therapy: regimen", "PTHER.regimen_name"),
    Question(PRE, "Prior therapy: start", "PTHER.line_start"),
    Question(PRE, "Prior therapy: best response", "PTHER.line_best_resp"),
    Question(PRE, "Comorbidity index (HCT-CI)", "DM.hctci"),
    Question(PRE, "Performance status (ECOG) at screening", "VS.ecog", Which.FIRST),
    Question(PRE, "Performance status of a child (Lansky)"),
    Question(PRODUCT, "Source of the cells: relation of the donor", "DONOR.donor_rel"),
    Question(PRODUCT, "Collection", "MFG.aph_date"),
    Question(PRODUCT, "Manufactured at", "MFG.mfg_site"),
    Question(PRODUCT, "Construct", "MFG.construct"),
    Question(PRODUCT, "Manipulation: genes edited", "MFG.gene_edit"),
    Question(PRODUCT, "Manipulation: vector", "MFG.vector"),
    Question(PRODUCT, "Manufactured until", "MFG.mfg_end"),
    Question(PRODUCT, "Viability", "REL.rel_viab"),
    Question(PRODUCT, "CAR-positive cells", "REL.rel_car"),
    Question(PRODUCT, "Released", "REL.rel_conditional"),
    Question(INFUSION, "Product", "INF.inf_batch"),
    Question(INFUSION, "Date of the infusion", "INF.inf_start_dt"),
    Question(INFUSION, "Whole volume given", "INF.inf_complete"),
    Question(INFUSION, "Volume", "INF.inf_volume"),
    Question(INFUSION, "Route"),
    Question(INFUSION, "Dose, in all", "INF.inf_dose_total"),
    Question(INFUSION, "Dose by weight", "INF.inf_dose_kg"),
    Question(INFUSION, "Lymphodepletion: medicine", "LD.ld_drug"),
    Question(INFUSION, "Lymphodepletion: dose", "LD.ld_dose_given"),
    Question(FOLLOW_UP, "Survival at the last contact", "FU.fu_status", Which.LAST),
    Question(FOLLOW_UP, "Date of the last contact", "FU.fu_dt", Which.LAST),
    Question(FOLLOW_UP, "Date of death", "DTH.dth_dt"),
    Question(FOLLOW_UP, "Cause of death", "DTH.dth_primary"),
    Question(FOLLOW_UP, "Subsequent therapy or infusion", "SUBTX.stx_type"),
    Question(FOLLOW_UP, "Subsequent therapy: start", "SUBTX.stx_start"),
    Question(FOLLOW_UP, "Response at each assessment", "RESP.resp_protocol"),
    Question(FOLLOW_UP, "Recovery of neutrophils", "ENG.eng_anc_dt", Which.FIRST),
    Question(FOLLOW_UP, "Recovery of platelets", "ENG.eng_plt_dt", Which.FIRST),
    Question(FOLLOW_UP, "Relapse or progression: date", "RLP.rlp_dt"),
    Question(FOLLOW_UP, "Relapse or progression: kind", "RLP.rlp_type"),
    Question(FOLLOW_UP, "New malignancy", "FU.fu_second_ca", Which.LAST),
    Question(FOLLOW_UP, "Persistence: last day with CAR-T cells", "KIN.kin_last_pos", Which.HIGHEST),
    Question(FOLLOW_UP, "Acute GVHD: highest grade", "AGVHD.ag_grade", Which.HIGHEST, "", _FROM_MEMORY),
    Question(FOLLOW_UP, "Acute GVHD: onset", "AGVHD.ag_onset_dt", Which.FIRST),
    Question(FOLLOW_UP, "Chronic GVHD: severity", "CGVHD.cg_global", Which.ALL, "", _FROM_MEMORY),
    Question(FOLLOW_UP, "CRS: onset", "CRS.crs_onset_dt", Which.FIRST),
    Question(FOLLOW_UP, "CRS: end", "CRS.crs_end_dt", Which.LAST),
    Question(FOLLOW_UP, "CRS: highest grade", "CRS.crs_max", Which.HIGHEST),
    Question(FOLLOW_UP, "CRS: tocilizumab", "CRS.crs_toci", Which.HIGHEST),
    Question(FOLLOW_UP, "CRS: steroid", "CRS.crs_steroid"),
    Question(FOLLOW_UP, "ICANS: onset", "ICANS.ice_dt", Which.FIRST_SIGN, "icans_grade"),
    Question(FOLLOW_UP, "ICANS: last day", "ICANS.ice_dt", Which.LAST_SIGN, "icans_grade"),
    Question(FOLLOW_UP, "ICANS: highest grade", "ICANS.icans_grade", Which.HIGHEST),
    Question(FOLLOW_UP, "ICANS: therapy", "ICANS.icans_tx"),
    Question(FOLLOW_UP, "IEC-HS: diagnosed", "HLH.hlh_dx", Which.ALL, "", _FROM_MEMORY),
    Question(FOLLOW_UP, "IEC-HS: date", "HLH.hlh_dt", Which.ALL, "", _FROM_MEMORY),
    Question(FOLLOW_UP, "IEC-HS: grade", "HLH.hlh_grade", Which.HIGHEST, "", _FROM_MEMORY),
    Question(FOLLOW_UP, "Infection: onset", "INFX.inf_onset"),
    Question(FOLLOW_UP, "Infection: kind", "INFX.inf_class"),
    Question(FOLLOW_UP, "Infection: organism", "INFX.inf_org"),
    Question(FOLLOW_UP, "Hepatitis B: outcome of a reactivation"),
    Question(FOLLOW_UP, "Fertility and pregnancy"),
    Question(FOLLOW_UP, "Change of the blood group"),
    Question(FOLLOW_UP, "Functional status each year"),
    Question(DAY_100, "Date of the infusion", "INF.inf_start_dt"),
    Question(DAY_100, "Survival", "FU.fu_status", Which.LAST),
    Question(DAY_100, "CRS: onset", "CRS.crs_onset_dt", Which.FIRST),
    Question(DAY_100, "CRS: end", "CRS.crs_end_dt", Which.LAST),
    Question(DAY_100, "CRS: highest grade", "CRS.crs_max", Which.HIGHEST),
    Question(DAY_100, "ICANS: onset", "ICANS.ice_dt", Which.FIRST_SIGN, "icans_grade"),
    Question(DAY_100, "ICANS: last day", "ICANS.ice_dt", Which.LAST_SIGN, "icans_grade"),
    Question(DAY_100, "ICANS: highest grade", "ICANS.icans_grade", Which.HIGHEST),
)
