"""DONOR: donors considered, one row each, entered by the transplant physician, signed by the investigator.

A donor is a person of its own: no name, its own consent. One donor at most holds each role; the same donor
may give the cells of the product and the graft.
"""

from collections import Counter
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Repeat, Section
from patients.forms.rows import other_rows
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import ABO, NO, POSNEG, RELSUB, SEX_AT_SITES, YES, Code, CodeList, choices
from patients.items.conditions import Answers, judged, when, when_at_least
from patients.items.item import Derivation
from patients.items.limits import (
    at_least,
    at_most,
    below,
    between,
    must,
    not_after,
    numbered,
    other_than,
)
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DecimalItem,
    GridItem,
    IntegerItem,
    MultiItem,
    TextItem,
)

GROUPS = {"SON": "offspring", "DAUGHTER": "offspring", "MOTHER": "parent", "FATHER": "parent"}
SEX_OF = {"SON": "M", "FATHER": "M", "BROTHER": "M", "DAUGHTER": "F", "MOTHER": "F", "SISTER": "F"}
LOCI = ("A", "B", "C", "DRB1", "DQB1")
CELLS = CodeList("hla", tuple(Code(f"{locus}_{n}", f"{locus} {n}") for locus in LOCI for n in (1, 2)))
# WHO nomenclature: locus, allele group and up to three more fields, with an expression suffix.
HLA_PATTERN = r"(A|B|C|DRB1|DQB1)\*\d{2,3}(:\d{2,3}){1,3}[NLSCAQ]?"
CAR_T_SOURCE, GRAFT_SOURCE = "car_t_source", "graft_source"
HAPLO = "new_haploidentical_donor"
PRIOR = "prior_transplant_donor"
DSA_FROM_MFI = 1000
GENERATION_AT_LEAST, GENERATION_AT_MOST = 15, 50  # years from a parent to a child


def relationship_group(relationship: str | None) -> str | None:
    """Son and daughter are offspring, mother and father parents, brothers and sisters siblings."""
    if relationship is None:
        return None
    kind = relationship.partition(",")[0]
    return "sibling" if kind in ("BROTHER", "SISTER") else GROUPS.get(kind, "other")


def _two_fields(allele: str) -> str:
    """`A*02:01:01N` at the two-field level: `A*02:01`."""
    locus, _star, fields = allele.partition("*")
    return f"{locus}*{':'.join(fields.rstrip('NLSCAQ').split(':')[:2])}"


def matched_alleles(recipient: dict[str, str] | None, donor: dict[str, str] | None) -> int | None:
    """The multiset intersection of two-field alleles over five loci; None if a type is missing."""
    if not recipient or not donor or len(recipient) < len(CELLS.codes) or len(donor) < len(CELLS.codes):
        return None
    ours, theirs = (Counter(map(_two_fields, types.values())) for types in (recipient, donor))
    return sum((ours & theirs).values())


def _abo_match(answers: Answers) -> str | None:
    """Major: the recipient has antibodies against the graft's cells; minor: the graft's plasma against the
    recipient's; bidirectional: both."""
    recipient, donor = answers["DM.abo_rh"], answers["donor_abo_rh"]
    if not recipient or not donor or "changed" in recipient or "changed" in donor:
        return None
    antigens = {"A": {"A"}, "B": {"B"}, "AB": {"A", "B"}, "O": set()}
    ours, theirs = antigens[recipient.rstrip("+-")], antigens[donor.rstrip("+-")]
    major, minor = bool(theirs - ours), bool(ours - theirs)
    return ("bidirectional" if minor else "major") if major else ("minor" if minor else "compatible")


def _donor_id(answers: Answers) -> str:
    return f"{answers.subject}-D{answers.row_key}"


def _same_donor(answers: Answers) -> bool | None:
    """After both roles are set: whether one donor holds both."""
    roles = {
        role: row.row_key
        for row in answers.rows("DONOR")
        for role in row["donor_role"] or ()
        if role in (CAR_T_SOURCE, GRAFT_SOURCE)
    }
    return roles[CAR_T_SOURCE] == roles[GRAFT_SOURCE] if len(roles) == 2 else None


def _cleared(roles: list[str], answers: Answers) -> bool:
    """A role needs the donor's consent and acceptable infectious disease markers."""
    return roles == ["not_chosen"] or (
        bool(answers["donor_consent"]) and answers["donor_idm_ok"] is not False
    )


def _role_taken(answers: Answers) -> Sight:
    held = {role for row in other_rows(answers, "DONOR") for role in row["donor_role"] or ()}
    both = sorted(held & {CAR_T_SOURCE, GRAFT_SOURCE} & set(answers["donor_role"] or ()))
    return bool(both) and {"role": Donor.item("donor_role").readable(both)}


def _antibodies_untreated(answers: Answers) -> Sight:
    mfi = answers["dsa_max_mfi"]
    strong = mfi is not None and mfi >= DSA_FROM_MFI
    return strong and answers["dsa_desens"] is False and {"mfi": mfi}


def _sex_fits(sex: str, answers: Answers) -> bool:
    kind = (answers["donor_rel"] or "").partition(",")[0]
    return SEX_OF.get(kind, sex) == sex


def _has_allogeneic(donor_class: str, answers: Answers) -> bool:
    return donor_class != PRIOR or any(row["ptx_type"] == "allogeneic" for row in answers.rows("PTX"))


def _relative_if_haplo(relationship: str, answers: Answers) -> bool:
    return answers["donor_class"] != HAPLO or relationship != "unrelated"


def _usual_match(count: int, answers: Answers) -> bool:
    return answers["donor_class"] != HAPLO or 5 <= count <= 8


def _screened_if_mismatched(done: bool, answers: Answers) -> bool:
    matched = answers["hla_match_10"]
    return bool(done) or matched is None or matched == len(CELLS.codes)


def _haplotype_possible(shared: bool, answers: Answers) -> bool:
    """Whoever shares a haplotype has at least one allele in common at each locus."""
    recipient, donor = answers["r_hla"], answers["d_hla"]
    if not shared or not recipient or not donor:
        return True
    return all(_at(locus, recipient) & _at(locus, donor) for locus in LOCI)


def _at(locus: str, types: dict[str, str]) -> set[str]:
    return {_two_fields(allele) for cell, allele in types.items() if cell.startswith(f"{locus}_")}


def _age_fits(age: int, answers: Answers) -> bool:
    """A parent is 15 to 50 years older, a child at least 15 years younger."""
    kin, own = relationship_group(answers["donor_rel"]), answers["DM.age_consent"]
    if own is None or kin not in ("parent", "offspring"):
        return True
    older = age - own if kin == "parent" else own - age
    return bool(older >= GENERATION_AT_LEAST and (kin != "parent" or older <= GENERATION_AT_MOST))


def _cmv_fits(donor: str, answers: Answers) -> bool:
    return not (donor == "negative" and answers["DM.cmv_igg"] == "positive")


def _grid(label: Any) -> GridItem:
    return GridItem(
        label,
        CELLS,
        pattern=HLA_PATTERN,
        hint=_("WHO nomenclature, e.g. A*02:01"),
        hard=must(_("10 values, each of its locus"), _complete_typing),
        genetic=True,
        cdisc="GF.GFSTRESC",
    )


def _complete_typing(types: dict[str, str], answers: Answers) -> bool:
    return len(types) == len(CELLS.codes) and all(
        allele.partition("*")[0] == cell.partition("_")[0] for cell, allele in types.items()
    )


_CHECKS = (
    hard(
        "X-DON-01",
        "donor_role",
        _("Only one donor may hold role %(role)s."),
        _role_taken,
        "DONOR.donor_role",
    ),
    soft(
        "X-DON-07",
        "dsa_desens",
        _("DSA MFI %(mfi)s: desensitisation or another donor?"),
        _antibodies_untreated,
        "dsa_max_mfi",
    ),
)


class Donor(FormRow):
    """One donor: relationship, blood group, serology, HLA types, antibodies and the role chosen for."""

    form = FormDeclaration(
        code="DONOR",
        title=_("Donor selection and HLA"),
        enters=_("transplant physician"),
        signs=_("investigator"),
        sdtm="APDM/POOLDEF, RELSUB, SC, LB, SUPPDM",
        repeat=Repeat.ROWS,
        dated_by="donor_consent_dt",
        checks=_CHECKS,
        sections=(
            Section(_("Donor"), "donor_id"),
            Section(_("Blood group and serology"), "donor_abo_rh"),
            Section("HLA", "hla_res"),
            Section(_("Choice"), "donor_role"),
        ),
    )

    donor_id = TextItem(
        _("Donor identifier"),
        12,
        derived=Derivation(_("subject_id + '-D' + n"), _donor_id, ()),
        cdisc="APDM.APID",
    )
    donor_consent = BooleanItem(_("Donor consent signed"), cdisc="DS")
    donor_consent_dt = DateItem(
        _("Donor consent date"),
        req="C",
        when=when("donor_consent", YES),
        hard=not_after("MFG.aph_date"),
        cdisc="DS",
    )
    donor_class = ChoiceItem(
        _("Donor class"),
        choices("donor_class", _("prior transplant donor"), _("new haploidentical donor"), _("other")),
        hard=numbered(
            must(_("an earlier allogeneic transplant, for a prior donor"), _has_allogeneic, "PTX.ptx_type"),
            "X-DX-12",
            _("Prior-transplant donor chosen but no prior transplant recorded."),
        ),
        soft=other_than("other"),
        cdisc="SUPPDM",
    )
    donor_rel = ChoiceItem(
        _("Relationship"),
        RELSUB,
        hard=must(_("a biological relative, if haploidentical"), _relative_if_haplo, "donor_class"),
        cdisc="RELSUB.SREL (C100130)",
    )
    donor_group = ChoiceItem(
        _("Relationship group"),
        choices("donor_group", _("offspring"), _("parent"), _("sibling"), _("other")),
        derived=Derivation(
            _("offspring, parent, sibling or other, from donor_rel"),
            lambda answers: relationship_group(answers["donor_rel"]),
            ("donor_rel",),
        ),
        cdisc="ADSL",
    )
    donor_sex = ChoiceItem(
        _("Donor sex"),
        SEX_AT_SITES,
        hard=numbered(
            must(_("as the relationship says"), _sex_fits, "donor_rel"),
            "X-DON-05",
            _("Relationship and sex disagree."),
        ),
        cdisc="APDM.SEX",
    )
    donor_age = IntegerItem(
        _("Donor age"),
        hard=between("8", "75"),
        soft=(
            numbered(at_least("18"), "X-DON-09", _("Minor donor: ethics note required.")),
            at_most("60"),
            numbered(
                must(_("an age that fits the relationship"), _age_fits, "donor_rel", "DM.age_consent"),
                "X-DON-06",
                _("Ages do not fit the relationship."),
            ),
        ),
        unit="years",
        cdisc="APDM.AGE",
    )
    donor_weight = DecimalItem(
        _("Donor weight"), 4, 1, hard=between("25", "180"), unit="kg", cdisc="VS.WEIGHT (C25208)"
    )
    donor_parity = IntegerItem(
        _("Pregnancies (female donor)"),
        req="C",
        when=when("donor_sex", "F"),
        hard=between("0", "15"),
        cdisc="SUPPDM",
    )

    donor_abo_rh = ChoiceItem(_("Donor ABO/Rh"), ABO, cdisc="LB.ABO")
    abo_match = ChoiceItem(
        _("ABO compatibility"),
        choices("abo_match", _("compatible"), _("minor"), _("major"), _("bidirectional")),
        derived=Derivation(_("from DM.abo_rh and donor_abo_rh"), _abo_match, ("DM.abo_rh", "donor_abo_rh")),
        soft=numbered(
            other_than("major", "bidirectional"),
            "X-DON-10",
            _("Isohaemagglutinin titre and red-cell plan expected."),
        ),
        cdisc="SUPPLB",
    )
    donor_cmv = ChoiceItem(
        _("Donor CMV IgG"),
        POSNEG,
        soft=must(_("not negative for a positive recipient"), _cmv_fits, "DM.cmv_igg"),
        cdisc="MB.CMV",
    )
    donor_ebv = ChoiceItem(_("Donor EBV IgG"), POSNEG, cdisc="MB.EBV")
    donor_idm_ok = BooleanItem(_("Infectious disease markers acceptable"), cdisc="MB")

    hla_res = ChoiceItem(
        _("HLA typing resolution"),
        CodeList(
            "hla_res",
            (
                Code("high", _("high (2-field)")),
                Code("intermediate", _("intermediate")),
                Code("low", _("low")),
            ),
        ),
        soft=other_than("intermediate", "low"),
        cdisc="GF.GFMETHOD",
    )
    r_hla = _grid(_("Recipient HLA-A,B,C,DRB1,DQB1 (10 values)"))
    d_hla = _grid(_("Donor HLA-A,B,C,DRB1,DQB1 (10 values)"))
    hla_match_10 = IntegerItem(
        _("Matched alleles of 10"),
        derived=Derivation(
            _("sum over 5 loci of multiset matches at 2-field level"),
            lambda answers: matched_alleles(answers["r_hla"], answers["d_hla"]),
            ("r_hla", "d_hla"),
        ),
        hard=between("0", "10"),
        soft=numbered(
            must(_("5 to 8 of a haploidentical donor"), _usual_match, "donor_class"),
            "X-DON-03",
            _("HLA match %(value)s is unusual for a haploidentical donor."),
        ),
        unit="/10",
        cdisc="GF (sponsor HLAMTCH)",
    )
    haplo_shared = BooleanItem(
        _("One full haplotype shared"),
        when=when("donor_class", HAPLO),
        hard=(
            other_than(NO),
            numbered(
                must(_("an allele in common at each locus"), _haplotype_possible, "r_hla", "d_hla"),
                "X-DON-04",
                _("Shared haplotype impossible with these types."),
            ),
        ),
        cdisc="SUPPGF",
    )
    dpb1_class = ChoiceItem(
        _("DPB1 permissiveness"),
        choices("dpb1_class", _("matched"), _("permissive"), _("non-permissive"), _("not typed")),
        req="O",
        cdisc="SUPPGF",
    )
    kir_mismatch = ChoiceItem(
        _("KIR-ligand mismatch GvH"),
        CodeList(
            "kir_mismatch",
            (Code(YES, _("Yes")), Code(NO, _("No")), Code("not_assessed", _("not assessed"))),
        ),
        req="O",
        cdisc="SUPPGF",
    )
    dsa_done = BooleanItem(
        _("DSA screen done"),
        hard=must(_("done when any locus is mismatched"), _screened_if_mismatched, "hla_match_10"),
        cdisc="IS",
    )
    dsa_max_mfi = IntegerItem(
        _("Highest donor-specific MFI"),
        req="C",
        when=when("dsa_done", YES),
        hard=between("0", "40000"),
        soft=below("1000"),
        unit="MFI",
        cdisc="IS (C120525)",
    )
    dsa_desens = BooleanItem(
        _("Desensitisation given"),
        req="C",
        when=when_at_least("dsa_max_mfi", "1000"),
        cdisc="CM",
    )

    donor_role = MultiItem(
        _("Chosen as"),
        choices("donor_role", _("CAR-T source"), _("graft source"), _("backup"), _("not chosen")),
        exclusive=("not_chosen",),
        hard=numbered(
            must(_("consented and cleared"), _cleared, "donor_consent", "donor_idm_ok"),
            "X-DON-02",
            _("Donor is not cleared."),
        ),
        cdisc="SUPPDM",
    )
    same_donor = BooleanItem(
        _("CAR-T and graft from same donor"),
        when=judged(
            _("after both roles set"), lambda answers: _same_donor(answers) is not None, "DONOR.donor_role"
        ),
        derived=Derivation(_("whether one donor holds both roles"), _same_donor, ("donor_role", "DONOR")),
        soft=numbered(
            other_than(NO),
            "X-DON-08",
            _("CAR-T donor and graft donor differ: chimerism needs a second-donor marker."),
        ),
        cdisc="ADSL",
    )
