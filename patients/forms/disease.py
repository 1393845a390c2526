"""DX: disease history and diagnosis, entered by the coordinator at screening, signed by the investigator."""

import re
from datetime import date

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.anchors import first_dose_day
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import CNS, YES, Code, CodeList, choices, codes
from patients.items.conditions import Answers, when, when_not
from patients.items.item import Derivation
from patients.items.limits import (
    NOT_IN_FUTURE,
    Limit,
    at_least,
    at_least_one,
    at_most,
    between,
    must,
    not_after,
    not_before,
    numbered,
    other_than,
)
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
    PartialDateItem,
    TextItem,
)

_T_CELL = ("etp", "near_etp", "pro_pre", "cortical", "mature", "nos")
SUBTYPES: dict[str, tuple[str, ...]] = {
    "aml": ("npm1", "cbf", "kmt2a", "mr_gene", "tp53", "cebpa", "nos", "other"),
    "t_all": _T_CELL,
    "t_lbl": _T_CELL,
}
GENES = (
    "FLT3-ITD",
    "FLT3-TKD",
    "NPM1",
    "CEBPA",
    "TP53",
    "RUNX1",
    "ASXL1",
    "DNMT3A",
    "TET2",
    "IDH1",
    "IDH2",
    "NRAS/KRAS",
    "WT1",
    "NOTCH1",
    "FBXW7",
    "PTEN",
    "JAK1/3",
    "PHF6",
)
FUSIONS = (
    "RUNX1::RUNX1T1",
    "CBFB::MYH11",
    "KMT2A-r",
    "PML::RARA",
    "BCR::ABL1",
    "STIL::TAL1",
    "PICALM::MLLT10",
    "NUP98-r",
    "NUP214::ABL1",
    "SET::NUP214",
)
_NONE_FOUND = (Code("other", _("other")), Code("none", _("none")), Code("not_done", _("not done")))


def _has_allogeneic(status: str, answers: Answers) -> bool:
    """Silent until the form of earlier transplants is part of this version."""
    if status != "relapse_after_allo_hsct" or not answers.knows("PTX"):
        return True
    return any(row["ptx_type"] == "allogeneic" for row in answers.rows("PTX"))


def _recent_at_lymphodepletion(day: date, answers: Answers) -> bool:
    first = first_dose_day(answers)
    return first is None or (first - day).days <= 28


_RECENT: Limit = numbered(
    must(_("at most 28 d before the first lymphodepletion dose"), _recent_at_lymphodepletion, "LD.ld_date"),
    "X-ELIG-14",
    _("CD7 test older than 28 d at lymphodepletion."),
)


ABERRATION = re.compile(r"t\(|del|inv|[+-]")  # in ISCN
MARROW_DISEASE_FROM_PCT = 25  # of marrow blasts: leukaemia rather than lymphoma


def _blasts_of_leukaemia(answers: Answers) -> Sight:
    blasts = answers["bm_blast_scr_pct"]
    reached = blasts is not None and blasts >= MARROW_DISEASE_FROM_PCT
    return reached and answers["dx_type"] == "t_lbl" and {"pct": blasts}


def _few_blasts(answers: Answers) -> Sight:
    blasts = answers["bm_blast_scr_pct"]
    few = blasts is not None and blasts < MARROW_DISEASE_FROM_PCT
    return few and answers["dx_type"] == "t_all" and {"pct": blasts}


def _of_another_diagnosis(answers: Answers) -> Sight:
    """AML and T-cell disease have lists of their own; other diagnoses take any subtype."""
    diagnosis, subtype = answers["dx_type"], answers["dx_subtype"]
    if subtype is None or subtype in SUBTYPES.get(diagnosis, (subtype,)):
        return False
    dx_type, dx_subtype = DiseaseHistory.item("dx_type"), DiseaseHistory.item("dx_subtype")
    return {"subtype": dx_subtype.readable(subtype), "diagnosis": dx_type.readable(diagnosis)}


def _karyotype_is_not_normal(answers: Answers) -> Sight:
    """Translocation, deletion, inversion, gain or loss in the text of a karyotype that is called normal."""
    found = ABERRATION.search(answers["karyotype_iscn"] or "")
    return found is not None and answers["cyto_group"] == "normal" and {"sign": found[0]}


def _lines(answers: Answers) -> int | None:
    """Lines of earlier therapy; None before the first."""
    return len(answers.rows("PTHER")) or None


def _lines_before(answers: Answers) -> int | None:
    """What `lines_n` said before the number last changed: X-DX-08 compares with it, and reads no history."""
    last: int | None = answers["lines_n"]
    before: int | None = answers["lines_before_n"]
    return before if last in (None, _lines(answers)) else last


_CHECKS = (
    hard(
        "X-DX-01",
        "dx_subtype",
        _("Subtype %(subtype)s does not belong to %(diagnosis)s."),
        _of_another_diagnosis,
        "dx_type",
    ),
    hard(
        "X-DX-05",
        "karyotype_iscn",
        _("Cytogenetic group and ISCN disagree: “%(sign)s” in a normal karyotype."),
        _karyotype_is_not_normal,
        "cyto_group",
    ),
    soft(
        "X-DX-03",
        "bm_blast_scr_pct",
        # xgettext:no-python-format
        _("Marrow blasts of %(pct)s %%: 25 %% or more usually means T-ALL, please confirm."),
        _blasts_of_leukaemia,
        "dx_type",
    ),
    soft(
        "X-DX-04",
        "bm_blast_scr_pct",
        # xgettext:no-python-format
        _("T-ALL with %(pct)s %% marrow blasts, under 25 %%: please confirm (relapse or MRD)."),
        _few_blasts,
        "dx_type",
    ),
)


class DiseaseHistory(FormRow):
    """What the disease is, where it stands at screening, and how far it carries CD7."""

    form = FormDeclaration(
        code="DX",
        title=_("Disease history and diagnosis"),
        enters=_("coordinator"),
        signs=_("investigator"),
        sdtm="MH, RS, GF, CP, SUPPMH",
        sections=(
            Section(_("Diagnosis"), "dx_type"),
            Section(_("Genetics"), "karyotype_iscn"),
            Section(_("Disease at screening"), "ann_arbor"),
            Section("CD7", "cd7_method"),
        ),
        checks=_CHECKS,
    )

    dx_type = ChoiceItem(
        _("Diagnosis"),
        choices("dx_type", _("AML"), _("T-ALL"), _("T-LBL"), _("MPAL T/myeloid"), _("other CD7+")),
        soft=other_than("mpal_t_myeloid", "other_cd7plus"),
        cdisc="MH.MHTERM",
    )
    dx_subtype = ChoiceItem(
        _("Subtype"),
        choices(
            "dx_subtype",
            "NPM1",
            "CBF",
            "KMT2A",
            "MR-gene",
            "TP53",
            "CEBPA",
            "ETP",
            "near-ETP",
            _("pro/pre"),
            _("cortical"),
            _("mature"),
            "NOS",
            _("other"),
        ),
        cdisc="MH.MHDECOD/SUPPMH",
    )
    dx_classification = ChoiceItem(
        _("Classification used"),
        choices("dx_classification", "WHO 2022", "ICC 2022", "WHO 2016"),
        cdisc="SUPPMH",
    )
    dx_date = PartialDateItem(
        _("Date of first diagnosis"),
        hard=(not_before("DM.birth_date"), not_after("ELIG.icf_main_dt")),
        cdisc="MH.MHSTDTC",
    )
    secondary_dx = BooleanItem(_("Secondary / therapy-related"), cdisc="SUPPMH")
    eln_risk = ChoiceItem(
        _("ELN 2022 risk at diagnosis"),
        choices("eln_risk", _("favourable"), _("intermediate"), _("adverse"), _("unknown")),
        req="C",
        when=when("dx_type", "aml"),
        cdisc="RS",
    )

    karyotype_iscn = TextItem(_("Karyotype (ISCN text)"), 300, req="O", genetic=True, cdisc="GF")
    cyto_group = ChoiceItem(
        _("Cytogenetic group"),
        choices(
            "cyto_group",
            _("normal"),
            _("favourable"),
            _("intermediate"),
            _("adverse"),
            Code("complex", _("complex (>=3)")),
            _("monosomal"),
            _("failed"),
            _("not done"),
        ),
        cdisc="GF",
    )
    fusion_genes = MultiItem(
        _("Fusion genes detected"),
        CodeList("fusion_genes", (*codes("", *FUSIONS).codes, *_NONE_FOUND)),
        exclusive=("none", "not_done"),
        genetic=True,
        cdisc="GF",
    )
    mutations = MultiItem(
        _("Mutated genes"),
        CodeList("mutations", (*codes("", *GENES).codes, *_NONE_FOUND)),
        exclusive=("none", "not_done"),
        genetic=True,
        cdisc="GF.GFTESTCD (C181178)",
    )

    ann_arbor = ChoiceItem(
        _("Ann Arbor/Lugano stage"),
        codes("ann_arbor", "I", "II", "III", "IV"),
        req="C",
        when=when("dx_type", "t_lbl"),
        cdisc="TU/RS",
    )
    disease_status = ChoiceItem(
        _("Status at screening"),
        choices(
            "disease_status",
            _("primary refractory"),
            _("relapse 1"),
            _("relapse 2+"),
            _("relapse after allo-HSCT"),
            _("MRD persistence"),
            _("other"),
        ),
        hard=numbered(
            must(_("an earlier allogeneic transplant"), _has_allogeneic, "PTX.ptx_type"),
            "X-DX-02",
            _("Add the earlier allogeneic transplant."),
        ),
        cdisc="RS",
    )
    relapse_n = IntegerItem(
        _("Number of earlier relapses"), hard=between("0", "10"), soft=at_most("4"), cdisc="SUPPMH"
    )
    lines_before_n = IntegerItem(
        _("Lines of earlier therapy before their number last changed"),
        derived=Derivation(_("the last other value of lines_n"), _lines_before, ("PTHER",)),
        cdisc="SUPPMH",
    )
    lines_n = IntegerItem(
        _("Lines of earlier therapy"),
        derived=Derivation(_("number of rows of PTHER"), _lines, ("PTHER",)),
        cdisc="SUPPMH",
    )
    bm_blast_scr_pct = DecimalItem(
        _("Marrow blasts at screening"),
        4,
        1,
        hard=between("0", "100"),
        soft=at_most("70"),
        unit="%",
        cdisc="LB.BLAST / MI",
    )
    pb_blast_scr_pct = DecimalItem(
        _("Blood blasts at screening"),
        4,
        1,
        hard=between("0", "100"),
        soft=at_most("50"),
        unit="%",
        cdisc="LB.BLASTLE (C64487)",
    )
    emd_present = BooleanItem(_("Extramedullary disease"), cdisc="RS.EMDRESP (C204685)")
    emd_sites = MultiItem(
        _("Extramedullary sites"),
        choices(
            "emd_sites",
            _("CNS"),
            _("mediastinum"),
            _("lymph node"),
            _("skin"),
            _("testis/ovary"),
            _("liver"),
            _("spleen"),
            _("bone"),
            _("soft tissue"),
            _("effusion"),
            _("other"),
        ),
        req="C",
        when=when("emd_present", YES),
        hard=at_least_one(),
        cdisc="TU.TULOC",
    )
    cns_status = ChoiceItem(
        _("CNS status at screening"),
        CNS,
        soft=other_than("CNS3"),
        cdisc="RS.CNSSTAT (C204683); CNS1 C116833, CNS2 C116834, CNS3 C116835",
    )
    csf_wbc = DecimalItem(
        _("CSF leukocytes"),
        6,
        1,
        req="C",
        when=when_not("cns_status", "not_assessed"),
        hard=between("0", "10000"),
        unit="cells/uL",
        cdisc="LB",
    )

    cd7_method = ChoiceItem(
        _("CD7 test method"),
        choices("cd7_method", _("flow cytometry"), _("IHC"), _("both")),
        cdisc="CP.CPMETHOD (C85492)",
    )
    cd7_pct = DecimalItem(
        _("CD7-positive blasts"),
        4,
        1,
        hard=between("0", "100"),
        soft=numbered(
            at_least("50"),
            "X-DX-06",
            _("CD7 expression %(value)s is low: risk of CD7-negative escape."),
        ),
        unit="%",
        cdisc="CP (C181173, sponsor extension CD7BLST)",
    )
    cd7_mfi = ChoiceItem(
        _("CD7 intensity"),
        choices("cd7_mfi", _("bright"), _("moderate"), _("dim"), _("heterogeneous"), _("unknown")),
        soft=other_than("dim"),
        cdisc="CP",
    )
    cd7_test_dt = DateItem(
        _("Date of CD7 test"),
        hard=(
            NOT_IN_FUTURE,
            must(
                _("not after the date of the form"),
                lambda value, answers: answers.dated is None or value <= answers.dated,
            ),
        ),
        soft=_RECENT,
        cdisc="CP.CPDTC",
    )
    lip_markers = TextItem(_("Leukaemia-associated immunophenotype (for MRD)"), 200, req="O", cdisc="SUPPCP")
