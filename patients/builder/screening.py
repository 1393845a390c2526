"""Screening: consent and eligibility, demographics, disease history. Everything dated from consent to
enrolment, with answers that let the subject in."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.builder.members import PRINCIPAL_INVESTIGATOR
from patients.builder.story import PageRow, Story
from patients.builder.timeline import Diagnosis, Sex
from patients.forms.demographics import Demographics, age_in_years
from patients.forms.disease import SUBTYPES
from patients.forms.eligibility import EXCLUSION, INCLUSION
from patients.items.codelists import NO, YES
from patients.items.partial_date import PartialDate
from patients.items.types import ChoiceItem
from trial.protocol.defaults import CONSENT_VERSIONS
from trial.protocol.visits import ANCHOR_FORMS

SCREENING = ANCHOR_FORMS["ELIG"]
FERTILE_BELOW_YEARS = 50  # of women
LINE_DAYS = (100, 260)  # from one line of therapy to the next
TRANSPLANT_DAYS = (200, 500)  # an earlier transplantation and the remission after it

# Status at screening: earlier relapses (at least) and what makes the disease relapsed or refractory.
_REFRACTORY = ("primary_refractory", 0, "no_cr_after_standard_induction")
_FIRST_RELAPSE = ("relapse_1", 1, "first_cr_lasting_le12_months")
_LATER_RELAPSE = ("relapse_2plus", 2, "ge2_relapses")
_AFTER_TRANSPLANT = ("relapse_after_allo_hsct", 1, "relapse_after_allo_hsct")
RELAPSES_UNASKED = 4  # more are asked about

# Subtypes with a cytogenetic group, fusion or mutation of their own.
_CYTOGENETICS = {"cbf": "favourable", "tp53": "complex", "kmt2a": "adverse", "mr_gene": "adverse"}
_FUSIONS = {"cbf": "RUNX1::RUNX1T1", "kmt2a": "KMT2A-r"}
_MUTATIONS = {
    "npm1": ["NPM1", "FLT3-ITD"],
    "cebpa": ["CEBPA"],
    "tp53": ["TP53"],
    "mr_gene": ["ASXL1", "RUNX1"],
    "etp": ["NOTCH1", "FLT3-ITD"],
    "near_etp": ["NOTCH1"],
}
_ELN_RISK = {
    "cbf": "favourable",
    "cebpa": "favourable",
    "tp53": "adverse",
    "mr_gene": "adverse",
    "kmt2a": "adverse",
}
# Blasts (%) in marrow and blood: T-ALL from 25 % of marrow, T-LBL below it.
_BLASTS = {
    Diagnosis.AML: (("22.0", "64.0"), ("1.0", "25.0")),
    Diagnosis.T_ALL: (("30.0", "66.0"), ("1.0", "30.0")),
    Diagnosis.T_LBL: (("7.0", "20.0"), ("0.0", "0.0")),
}


def eligibility(story: Story) -> Iterator[PageRow]:
    """ELIG: consented, eligible by every criterion, signed in the source before enrolment."""
    yield PageRow(
        form="ELIG",
        day=story.consented_on,
        visit=SCREENING,
        values=_consent(story) | _criteria(story) | _organ_function(story) | _enrolment(story),
    )


def _consent(story: Story) -> dict[str, Any]:
    return {
        "icf_main_signed": True,
        "icf_main_dt": story.moment("ELIG icf_main_dt", story.consented_on, from_hour=9, to_hour=17),
        "icf_main_version": _consent_version(story.consented_on),
        "icf_language": "zh",
        "icf_signer": "subject",
        "icf_hsct_signed": True,
        "icf_hsct_dt": story.consented_on,
        "icf_genetic_signed": story.one_of("ELIG icf_genetic_signed", (YES, YES, YES, "declined")),
        "icf_ltfu_signed": True,
        "rescreen": False,
    }


def _consent_version(day: date) -> str:
    """The version in force on the day, of those with which a registry starts."""
    in_force = [version for version in CONSENT_VERSIONS if version["in_force_from"] <= day]  # type: ignore[operator]
    return str((in_force or CONSENT_VERSIONS)[-1]["version"])


def _criteria(story: Story) -> dict[str, Any]:
    answers: dict[str, Any] = dict.fromkeys(INCLUSION, YES) | dict.fromkeys(EXCLUSION, NO)
    answers["rr_basis"] = [_status(story)[2]]
    if story.facts.sex is Sex.M:
        del answers["exc07_preg"]
    else:
        answers["pregnancy_test"] = "negative" if _fertile(story) == YES else "not_applicable"
    return answers


def _organ_function(story: Story) -> dict[str, Any]:
    return {
        "lvef_pct": story.decimal("ELIG lvef_pct", "55.0", "72.0"),
        "spo2_ra_pct": story.number("ELIG spo2_ra_pct", 95, 99),
    }


def _enrolment(story: Story) -> dict[str, Any]:
    enrolled = story.facts.enrolment_date
    return {
        "signed_in_source_by": PRINCIPAL_INVESTIGATOR,
        "signed_in_source_on": max(story.screened_on, enrolled - timedelta(1)),
        "enrol_dt": enrolled,
    }


def demographics(story: Story) -> Iterator[PageRow]:
    """DM; the birth date stands in the sheet of identities."""
    yield PageRow(
        form="DM",
        day=story.screened_on,
        visit=SCREENING,
        values={
            "sex": story.facts.sex.value,
            "ethnic_han": "han",
            "race": "ASIAN",
            "country": "CHN",
            "abo_rh": blood_group(story),
            "cmv_igg": story.one_of("DM cmv_igg", ("positive", "positive", "positive", "negative")),
            "ebv_igg": "positive",
            "hbsag": "negative",
            "hbcab": "negative",
            "fertile": _fertile(story),
            "hctci": story.number("DM hctci", 0, 4),
        },
    )


def blood_group(story: Story) -> str:
    return story.one_of("DM abo_rh", _blood_groups())


def _blood_groups() -> list[str]:
    """Those that can be typed before any transplantation."""
    item = Demographics.item("abo_rh")
    assert isinstance(item, ChoiceItem)
    return [code for code in item.codes.labels if code.endswith(("+", "-"))]


def _fertile(story: Story) -> str:
    if story.facts.sex is Sex.M:
        return YES
    if age_in_years(PartialDate.of(story.facts.date_of_birth), story.consented_on) >= FERTILE_BELOW_YEARS:
        return "N_postmenopausal"
    return "N_treatment" if story.facts.n_prior_allo_hsct else YES


def disease_history(story: Story) -> Iterator[PageRow]:
    """DX: the diagnosis, active disease at screening, CD7 on the blasts."""
    yield PageRow(
        form="DX",
        day=story.screened_on,
        visit=SCREENING,
        values=_diagnosis(story) | _disease_at_screening(story) | _cd7(story),
    )


def _diagnosis(story: Story) -> dict[str, Any]:
    subtype = story.one_of("DX dx_subtype", SUBTYPES[story.diagnosis])
    cytogenetics = _CYTOGENETICS.get(subtype) or story.one_of("DX cyto_group", ("normal", "intermediate"))
    values: dict[str, Any] = {
        "dx_type": story.diagnosis,
        "dx_subtype": subtype,
        "dx_classification": "who_2022",
        "dx_date": diagnosed_on(story),
        "secondary_dx": False,
        "cyto_group": cytogenetics,
        "fusion_genes": [_FUSIONS.get(subtype, "none")],
        "mutations": sorted(_MUTATIONS.get(subtype, ["none"])),
    }
    if cytogenetics == "normal":
        values["karyotype_iscn"] = "46,XY[20]" if story.facts.sex is Sex.M else "46,XX[20]"
    if story.facts.diagnosis is Diagnosis.AML:
        values["eln_risk"] = _ELN_RISK.get(subtype, "intermediate")
    if story.has_lymphoma:
        values["ann_arbor"] = story.one_of("DX ann_arbor", ("III", "IV"))
    return values


def diagnosed_on(story: Story) -> PartialDate:
    """As long ago as the lines and transplantations take; of some only the month is known."""
    facts = story.facts
    lines = sum(story.number(f"DX line {n}", *LINE_DAYS) for n in range(max(facts.prior_lines, 1)))
    grafts = sum(story.number(f"DX graft {n}", *TRANSPLANT_DAYS) for n in range(facts.n_prior_allo_hsct))
    day = max(story.consented_on - timedelta(lines + grafts), facts.date_of_birth + timedelta(365))
    month_alone = story.one_of("DX dx_date", (True, False, False))
    return PartialDate(day.year, day.month) if month_alone else PartialDate.of(day)


def _status(story: Story) -> tuple[str, int, str]:
    if story.facts.n_prior_allo_hsct:
        return _AFTER_TRANSPLANT
    if story.facts.prior_lines >= 3:
        return _LATER_RELAPSE
    return _FIRST_RELAPSE if story.facts.prior_lines == 2 else _REFRACTORY


def _disease_at_screening(story: Story) -> dict[str, Any]:
    status, relapses, _basis = _status(story)
    values: dict[str, Any] = {
        "disease_status": status,
        "relapse_n": max(relapses, min(story.facts.prior_lines - 1, RELAPSES_UNASKED) if relapses else 0),
        "bm_blast_scr_pct": marrow_blasts_at_screening(story),
        "pb_blast_scr_pct": blood_blasts_at_screening(story),
        "emd_present": story.has_lymphoma,
        "cns_status": "CNS1",
        "csf_wbc": story.decimal("DX csf_wbc", "0.0", "4.0"),
    }
    if story.has_lymphoma:
        sites = (["lymph_node", "mediastinum"], ["mediastinum"], ["effusion", "mediastinum"])
        values["emd_sites"] = story.one_of("DX emd_sites", sites)
    return values


def marrow_blasts_at_screening(story: Story) -> Decimal:
    """In %; the baseline of every response."""
    return story.decimal("DX bm_blast_scr_pct", *_BLASTS[story.facts.diagnosis][0])


def blood_blasts_at_screening(story: Story) -> Decimal:
    return story.decimal("DX pb_blast_scr_pct", *_BLASTS[story.facts.diagnosis][1])


def _cd7(story: Story) -> dict[str, Any]:
    return {
        "cd7_method": "flow_cytometry",
        "cd7_pct": story.decimal("DX cd7_pct", "78.0", "99.5"),
        "cd7_mfi": story.one_of("DX cd7_mfi", ("bright", "bright", "moderate")),
        "cd7_test_dt": story.day_between("DX cd7_test_dt", story.consented_on, story.screened_on),
    }
