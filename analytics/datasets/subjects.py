"""The facts of a subject and the sets it belongs to, one row each (dataset ADSL)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.analysis_sets import SETS, AnalysisSet
from analytics.datasets.metadata import SUBJECT, Dataset, PolarsType, Variable
from analytics.datasets.story import Story
from patients.grading.result import Graded
from patients.items.codelists import CodeList
from patients.items.problems import Text

DAYS_OF_A_YEAR = Decimal("365.25")


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """What a row of ADSL is made of: the story, and the sets that it is outside of."""

    story: Story
    outside: Mapping[str, str]

    @property
    def subject(self) -> str:
        return self.story.subject


def _years(days: int | None) -> Decimal | None:
    return None if days is None else (days / DAYS_OF_A_YEAR).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _flag(one: AnalysisSet) -> Variable:
    def is_in(row: SubjectRow) -> bool:
        return one.name not in row.outside

    return Variable(name=one.flag, label=one.label, type=pl.Boolean, read=is_in, derivation=one.words)


def _fact(
    name: str,
    label: Text,
    kind: PolarsType,
    fact: str,
    source: str,
    derivation: Text = "",
    codes: CodeList | None = None,
) -> Variable:
    """A variable that a fact of the story is; several sources are parted by blanks."""
    found: Callable[[Story], Any] = attrgetter(fact)
    return Variable(
        name=name,
        label=label,
        type=kind,
        fact=lambda row: found(row.story),
        source=tuple(source.split()),
        derivation=derivation,
        codes=codes,
    )


def _haematotoxicity(name: str, label: Text, grade: str, derivation: Text) -> Variable:
    """A grade over many counts, which is no one item's."""

    def read(row: SubjectRow) -> int | None:
        found = row.story.safety.haematotoxicity
        graded: Graded | None = None if found is None else getattr(found, grade)
        return None if graded is None else graded.number

    source = ("LAB.lab_value", "INF.inf_start_dt")
    return Variable(name=name, label=label, type=pl.Int8, read=read, source=source, derivation=derivation)


_SET_FLAGS = tuple(map(_flag, SETS))
_LATEST_ALIVE = _("the latest contact that says alive, visit or sample, not after death")
_LATEST_FREE = _("the latest assessment after T0 that found neither relapse nor progression")
_BEFORE_GRAFT = _("the first remission with negative MRD on the same page, by the day of transplantation")
_CYTOPENIA = _("worst grade of neutrophils, platelets, haemoglobin, lymphocytes, T0 to min(H0 + 30, T0 + 60)")
_LINEAGE = _("the highest from T0 to min(H0 + 30, T0 + 60)")
_CHIMERISM = _(
    "whole blood, else the lower of CD3 and CD33, marrow only without blood; transplant day 27 to 35, the "
    "nearest to day 30, the later on a tie"
)

ADSL = Dataset(
    "ADSL",
    _("Subject-Level Analysis Dataset"),
    _("one row for each subject of the cut"),
    (
        SUBJECT,
        Variable(
            name="SITEID",
            label=_("Study Site Identifier"),
            type=pl.String,
            read=lambda row: row.story.facts.site,
            derivation=_("the site of the subject"),
            length=12,
        ),
        *_SET_FLAGS,
        Variable(
            name="AGEDAYS",
            label=_("Age at Enrolment in Days"),
            type=pl.Int32,
            read=lambda row: row.story.facts.age_days_at_enrolment,
            source=("DM.birth_date", "ELIG.enrol_dt"),
            derivation=_("enrolment - birth, counted in the registry: the birth date does not leave it"),
        ),
        Variable(
            name="AGE",
            label=_("Age"),
            type=pl.Decimal(5, 1),
            read=lambda row: _years(row.story.facts.age_days_at_enrolment),
            source=("DM.birth_date", "ELIG.enrol_dt"),
            derivation=_("AGEDAYS / 365.25, years with one decimal, half up"),
        ),
        _fact("ENRLDT", _("Date of Enrollment"), pl.Date, "enrolled", "ELIG.enrol_dt"),
        _fact(
            "TRTSDT",
            _("Date of First Exposure to Treatment"),
            pl.Date,
            "infused",
            "INF.inf_start_dt",
            _("T0, the day of infusion at the site"),
        ),
        _fact(
            "TR02SDT",
            _("Date of First Exposure in Period 02"),
            pl.Date,
            "grafted",
            "HSCT.hsct_start_dt",
            _("H0, the day of the graft at the site, if it was given"),
        ),
        _fact("DTHDT", _("Date of Death"), pl.Date, "died", "DTH.dth_dt"),
        _fact("DTHCAUS", _("Cause of Death"), pl.String, "death_cause", "DTH.dth_primary"),
        _fact(
            "DTHREL",
            _("Causality of Death to the CAR-T Product"),
            pl.String,
            "death_related",
            "DTH.dth_rel_cart",
        ),
        _fact(
            "DTHRELGR",
            _("Causality of Death to the Graft"),
            pl.String,
            "death_related_to_graft",
            "DTH.dth_rel_hsct",
        ),
        _fact(
            "LDSDT",
            _("Date of First Lymphodepletion"),
            pl.Date,
            "first_dose",
            "LD.ld_date",
            _("the first day of a dose"),
        ),
        _fact(
            "LDDRUGS",
            _("Number of Lymphodepletion Doses"),
            pl.Int16,
            "lymphodepletion",
            "LD.ld_dose_given",
            _("rows with a dose that was given"),
        ),
        _fact("DOSEKG", _("CAR+ Cells per kg, 10^6"), pl.Decimal(6, 3), "dose_per_kg", "INF.inf_dose_kg"),
        _fact(
            "GRCD34", _("Graft CD34+ Cells per kg, 10^6"), pl.Decimal(6, 2), "graft_cd34", "HSCT.graft_cd34"
        ),
        _fact(
            "RLPDT",
            _("Date of Relapse or Progression"),
            pl.Date,
            "relapse",
            "RLP.rlp_dt",
            _("the first that counts in PFS: morphological, extramedullary or progression, not after death"),
        ),
        _fact(
            "RLPTYPE",
            _("Type of Relapse"),
            pl.String,
            "relapse_type",
            "RLP.rlp_type",
            _("that of RLPDT"),
        ),
        _fact(
            "RLPCD7", _("CD7 Status at Relapse"), pl.String, "relapse_cd7", "RLP.rlp_cd7", _("that of RLPDT")
        ),
        _fact(
            "REMDT",
            _("Date of First Remission"),
            pl.Date,
            "remission",
            "RESP.resp_dt",
            _("first CR, CRh or CRi by the policy of the protocol, after T0 and before relapse"),
        ),
        _fact(
            "CRIMRDDT",
            _("Date of First MRD-Negative Remission"),
            pl.Date,
            "remission_mrd_negative",
            "RESP.resp_dt",
            _BEFORE_GRAFT,
        ),
        _fact("LSTALVDT", _("Date Last Known Alive"), pl.Date, "last_alive", "", _LATEST_ALIVE),
        _fact(
            "LSTDZDT",
            _("Date Last Known Free of Disease"),
            pl.Date,
            "last_free_of_disease",
            "FU.fu_dz_dt RESP.resp_dt",
            _LATEST_FREE,
        ),
        _fact("SEX", _("Sex"), pl.String, "sex", "DM.sex"),
        _fact("DXTYPE", _("Diagnosis"), pl.String, "diagnosis", "DX.dx_type"),
        _fact("DOSEFL", _("Dose in Window Flag"), pl.Boolean, "dose_in_window", "INF.inf_dose_ok"),
        _fact(
            "NOCONDFL",
            _("Graft Without Conditioning Flag"),
            pl.Boolean,
            "without_conditioning",
            "HSCT.cond_none",
        ),
        _fact(
            "NOPROPFL",
            _("Graft Without GVHD Prophylaxis Flag"),
            pl.Boolean,
            "without_prophylaxis",
            "HSCT.gvhdp_none",
        ),
        _fact(
            "DONCLASS",
            _("Class of Product Donor"),
            pl.String,
            "history.donor_class",
            "DONOR.donor_class",
            _("of the donor of the CAR-T product"),
        ),
        _fact(
            "DONGRP",
            _("Relationship of Product Donor"),
            pl.String,
            "history.donor_group",
            "DONOR.donor_group",
            _("of the donor of the CAR-T product"),
        ),
        _fact(
            "MFGFL",
            _("Product Manufactured Flag"),
            pl.Boolean,
            "history.manufactured",
            "MFG.mfg_success",
            _("true if any batch was successful"),
        ),
        _fact(
            "CRSMAX",
            _("Worst CRS Grade"),
            pl.Int8,
            "toxicity.crs_max",
            "CRS.crs_grade",
            _("the highest of all days"),
        ),
        _fact(
            "CYTMAX",
            _("Worst Cytopenia Grade"),
            pl.Int8,
            "toxicity.cytopenia_max",
            "LAB.lab_grade",
            _CYTOPENIA,
        ),
        _fact(
            "AGMAX",
            _("Worst Acute GVHD Grade After the Graft"),
            pl.Int8,
            "toxicity.acute_max",
            "AGVHD.ag_grade",
            _("the highest of episodes that began on the day of the graft or later"),
        ),
        _fact(
            "AGONDT",
            _("Date of Acute GVHD Onset After the Graft"),
            pl.Date,
            "toxicity.acute_onset",
            "AGVHD.ag_onset_dt AGVHD.ag_dt",
            _("the first onset on the day of the graft or later; without one, the day of the assessment"),
        ),
        _fact(
            "AGRESDT",
            _("Date of Acute GVHD Resolution"),
            pl.Date,
            "toxicity.acute_resolved",
            "AGVHD.ag_resolved_dt",
            _("the first after AGONDT"),
        ),
        _fact(
            "CHIM1PCT",
            _("Donor Chimerism at One Month"),
            pl.Decimal(5, 2),
            "toxicity.donor_share",
            "CHIM.chim_donor_pct",
            _CHIMERISM,
        ),
        _fact(
            "CGONDT",
            _("Date of Chronic GVHD Onset"),
            pl.Date,
            "toxicity.chronic_onset",
            "CGVHD.cg_dt",
            _("the first day with chronic GVHD"),
        ),
        _fact(
            "REMSDT",
            _("Date of First Strict Remission"),
            pl.Date,
            "remission_strict",
            "RESP.resp_dt",
            _("first CR, CRh or CRi by the strict reading, after T0 and before relapse"),
        ),
        _fact(
            "ICANSMAX",
            _("Worst ICANS Grade"),
            pl.Int8,
            "safety.icans_max",
            "ICANS.icans_grade",
            _("the highest of all tests"),
        ),
        _fact(
            "IECHSMAX",
            _("Worst IEC-HS Grade"),
            pl.Int8,
            "safety.iec_hs_max",
            "HLH.hlh_grade",
            _("the highest of all evaluations"),
        ),
        *(
            _fact(name, label, pl.Int8, f"safety.{fact}", "LAB.lab_grade", _LINEAGE)
            for name, label, fact in (
                ("NEUTMAX", _("Worst Grade of Neutrophils"), "neutrophils_max"),
                ("PLATMAX", _("Worst Grade of Platelets"), "platelets_max"),
                ("HGBMAX", _("Worst Grade of Haemoglobin"), "haemoglobin_max"),
                ("LYMMAX", _("Worst Grade of Lymphocytes"), "lymphocytes_max"),
            )
        ),
        _haematotoxicity(
            "ICAHTEP",
            _("Early ICAHT Grade Before the Graft"),
            "icaht_early_pre",
            _("neutrophils from T0 to the graft, at most to day 30"),
        ),
        _haematotoxicity(
            "ICAHTE",
            _("Early ICAHT Grade"),
            "icaht_early_all",
            _("neutrophils of the 30 days from T0, the graft among them"),
        ),
        _haematotoxicity(
            "ICAHTL",
            _("Late ICAHT Grade"),
            "icaht_late",
            _("neutrophils after day 30, until progression or new therapy"),
        ),
        _fact(
            "AGPREMAX",
            _("Worst Acute GVHD Grade Before the Graft"),
            pl.Int8,
            "safety.acute_before_max",
            "AGVHD.ag_grade",
            _("the highest of episodes that began from T0 on and before the graft"),
        ),
        _fact(
            "DLTOCFL",
            _("Dose-Limiting Toxicity Occurred Flag"),
            pl.Boolean,
            "safety.dose_limiting",
            "DLT.dlt_occurred",
            _("as the adjudication says"),
        ),
        _fact(
            "DLTRULES",
            _("Criteria of Dose-Limiting Toxicity"),
            pl.String,
            "safety.dose_limiting_rules",
            "DLT.dlt_rule",
            _("as the adjudication says, parted by blanks"),
        ),
        _fact(
            "GFFL",
            _("Graft Failure Flag"),
            pl.Boolean,
            "safety.graft_failure",
            "ENG.eng_primary_gf ENG.eng_secondary_gf",
            _("primary or secondary; false only if a primary one was excluded"),
        ),
        _fact(
            "RCL",
            _("Test for Replication-Competent Virus"),
            pl.String,
            "safety.replication_competent",
            "REL.rel_rcl",
            _("a positive test, if there is one, else the last"),
        ),
        _fact(
            "PRLINES",
            _("Number of Prior Lines of Therapy"),
            pl.Int16,
            "history.lines",
            "PTHER.line_no",
            _("rows of earlier therapy"),
        ),
        _fact(
            "PRALLO",
            _("Number of Prior Allogeneic Transplants"),
            pl.Int16,
            "history.allogeneic_transplants",
            "PTX.ptx_type",
            _("rows of allogeneic transplants"),
        ),
        _fact(
            "PRCLL1",
            _("Number of Prior CLL-1 CAR-T Therapies"),
            pl.Int16,
            "history.cll1_car_t",
            "PCAR.pcar_type",
            _("rows of CAR-T therapy against CLL-1"),
        ),
    ),
)
