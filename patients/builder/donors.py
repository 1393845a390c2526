"""The donor: one relative who gives the cells of the product and the graft."""

from collections.abc import Iterator
from typing import Any

from patients.builder.screening import blood_group
from patients.builder.story import PageRow, Story
from patients.builder.timeline import ProductSource, Relationship
from patients.forms.donor import CAR_T_SOURCE, CELLS, GRAFT_SOURCE, HAPLO, LOCI, PRIOR

DONOR = "1"
YOUNGEST, OLDEST = 8, 75  # hard limits of the donor's age
_GENERATION_YEARS = (20, 36)
_KIN = {
    Relationship.OFFSPRING: (("SON, BIOLOGICAL", "M"), ("DAUGHTER, BIOLOGICAL", "F")),
    Relationship.PARENT: (("FATHER, BIOLOGICAL", "M"), ("MOTHER, BIOLOGICAL", "F")),
    Relationship.SIBLING: (("BROTHER, FULL", "M"), ("SISTER, FULL", "F")),
}
_WEIGHT_KG = {"M": ("58.0", "88.0"), "F": ("46.0", "72.0")}
_ALLELES = {
    "A": ("02:01", "11:01", "24:02", "33:03", "30:01", "02:07"),
    "B": ("13:02", "15:01", "40:01", "46:01", "58:01", "51:01"),
    "C": ("01:02", "03:04", "06:02", "07:02", "08:01", "14:02"),
    "DRB1": ("04:05", "07:01", "09:01", "12:02", "15:01", "08:03"),
    "DQB1": ("02:02", "03:01", "03:03", "04:01", "06:01", "06:02"),
}


def donor_id(story: Story) -> str:
    return f"{story.subject}-D{DONOR}"


def donor(story: Story) -> Iterator[PageRow]:
    """DONOR: consented and cleared before enrolment, chosen for both roles."""
    if story.facts.donor_relationship is None:
        return
    yield PageRow(
        form="DONOR",
        day=story.screened_on,
        visit="",
        row_key=DONOR,
        values=_person(story) | _serology(story) | _typing(story),
    )


def _person(story: Story) -> dict[str, Any]:
    kin = story.facts.donor_relationship
    assert kin is not None
    relation, sex = story.one_of("DONOR rel", _KIN[kin])
    prior = story.facts.product_source is ProductSource.PRIOR_DONOR
    values: dict[str, Any] = {
        "donor_consent": True,
        "donor_consent_dt": story.screened_on,
        "donor_class": PRIOR if prior else HAPLO,
        "donor_rel": relation,
        "donor_sex": sex,
        "donor_age": _age(story, kin),
        "donor_weight": story.decimal("DONOR weight", *_WEIGHT_KG[sex]),
    }
    if sex == "F":
        values["donor_parity"] = story.number("DONOR parity", 0, 2)
    if not prior:
        values["haplo_shared"] = True
    return values


def _age(story: Story, kin: Relationship) -> int:
    """A generation younger or older; nearest to it what the form allows."""
    own = (story.screened_on - story.facts.date_of_birth).days // 365
    years = story.number("DONOR age", *_GENERATION_YEARS)
    wanted = {
        Relationship.OFFSPRING: own - years,
        Relationship.PARENT: own + years,
        Relationship.SIBLING: own + story.number("DONOR age of sibling", -6, 6),
    }[kin]
    return min(max(wanted, YOUNGEST), OLDEST)


def _serology(story: Story) -> dict[str, Any]:
    return {
        "donor_abo_rh": blood_group(story),
        "donor_cmv": "positive",
        "donor_ebv": "positive",
        "donor_idm_ok": True,
        "dsa_done": True,
        "dsa_max_mfi": story.number("DONOR dsa", 0, 600),
        "donor_role": sorted([CAR_T_SOURCE, GRAFT_SOURCE]),
        "kir_mismatch": "not_assessed",
    }


def _typing(story: Story) -> dict[str, Any]:
    """One haplotype shared: five alleles in common, and now and then one more by chance."""
    recipient: dict[str, str] = {}
    donor: dict[str, str] = {}
    for locus in LOCI:
        shared, own, other = _three_of(story, locus)
        recipient |= {f"{locus}_1": f"{locus}*{shared}", f"{locus}_2": f"{locus}*{own}"}
        donor |= {f"{locus}_1": f"{locus}*{shared}", f"{locus}_2": f"{locus}*{other}"}
    assert len(recipient) == len(CELLS.codes)
    return {"hla_res": "high", "r_hla": recipient, "d_hla": donor, "dpb1_class": "not_typed"}


def _three_of(story: Story, locus: str) -> tuple[str, str, str]:
    """Three alleles of a locus, the last two different, so that nothing else matches."""
    alleles = _ALLELES[locus]
    start = story.number(f"HLA {locus}", 0, len(alleles) - 1)
    first, second, third = (alleles[(start + step) % len(alleles)] for step in (0, 1, 2))
    return first, second, third
