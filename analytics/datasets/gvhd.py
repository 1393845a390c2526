"""The assessments of acute and chronic GVHD, one row each (dataset ADGV)."""

from datetime import date
from operator import attrgetter

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.metadata import PLACE, Dataset, Variable
from analytics.datasets.records import Row, numbered_and_dated, of_item, rows_of, score_of
from analytics.datasets.story import Story
from patients.items.codelists import Code, CodeList

ACUTE, CHRONIC = "AGVHD", "CGVHD"
BEFORE, AFTER = "BEFORE", "AFTER"


def gvhd_of(story: Story) -> list[Row]:
    """The assessments of acute, then of chronic GVHD."""
    return rows_of(story, ACUTE, CHRONIC)


def _phase(row: Row) -> str | None:
    """By the onset of the episode, else by the assessment; the day of the graft is after it."""
    began: date | None = row.day
    if row.form == ACUTE and row.record.values["ag_grade"]:
        began = row.record.values["ag_onset_dt"] or row.day
    if began is None:
        return None
    grafted = row.story.grafted
    return AFTER if grafted is not None and began >= grafted.value else BEFORE


ADGV = Dataset(
    "ADGV",
    _("GVHD Analysis Dataset"),
    _("one row for each assessment of acute or chronic GVHD"),
    (
        *numbered_and_dated("AGVHD.ag_dt", "CGVHD.cg_dt"),
        Variable(
            name="GVCAT",
            label=_("Category of GVHD"),
            type=pl.String,
            read=attrgetter("form"),
            derivation=_("the form of the assessment"),
            codes=CodeList("GVCAT", (Code(ACUTE, _("acute GVHD")), Code(CHRONIC, _("chronic GVHD")))),
        ),
        Variable(
            name="GVPHASE",
            label=_("Before or After the Graft"),
            type=pl.String,
            read=_phase,
            source=("AGVHD.ag_onset_dt", "AGVHD.ag_dt", "CGVHD.cg_dt", "HSCT.hsct_start_dt"),
            derivation=_(
                "by the onset of the episode where there is a grade, else by the assessment; the day of the "
                "graft is after it"
            ),
            codes=CodeList(
                "GVPHASE",
                (
                    Code(BEFORE, _("before the graft, or without one")),
                    Code(AFTER, _("on the day of the graft or after it")),
                ),
            ),
        ),
        of_item("AGATTR", _("Attribution of Acute GVHD"), pl.String, "AGVHD.ag_phase"),
        of_item("SKINSTG", _("Acute GVHD Skin Stage"), pl.Int8, "AGVHD.ag_skin_stage"),
        of_item("LIVRSTG", _("Acute GVHD Liver Stage"), pl.Int8, "AGVHD.ag_liver_stage"),
        of_item("UGISTG", _("Acute GVHD Upper GI Stage"), pl.Int8, "AGVHD.ag_ugi_stage"),
        of_item("LGISTG", _("Acute GVHD Lower GI Stage"), pl.Int8, "AGVHD.ag_lgi_stage"),
        of_item("MAGICGR", _("Acute GVHD MAGIC Grade"), pl.Int8, "AGVHD.ag_grade"),
        of_item("AGONDT", _("Onset of the Acute Episode"), pl.Date, "AGVHD.ag_onset_dt"),
        of_item("AGRESDT", _("Resolution of the Acute Episode"), pl.Date, "AGVHD.ag_resolved_dt"),
        of_item("AGSTERR", _("Steroid Response of Acute GVHD"), pl.String, "AGVHD.ag_steroid_ref"),
        of_item("CGFL", _("Chronic GVHD Present Flag"), pl.Boolean, "CGVHD.cg_present"),
        of_item("NIHSEV", _("Chronic GVHD NIH Severity"), pl.String, "CGVHD.cg_global"),
        of_item("CGOVRFL", _("Overlap with Acute Features Flag"), pl.Boolean, "CGVHD.cg_overlap"),
        score_of("CGSKBSA", _("Chronic GVHD Skin Score by Extent"), "CGVHD.cg_skin_bsa"),
        score_of("CGSKSCL", _("Chronic GVHD Skin Score by Sclerosis"), "CGVHD.cg_skin_feat"),
        score_of("CGMOUTH", _("Chronic GVHD Mouth Score"), "CGVHD.cg_mouth"),
        score_of("CGEYES", _("Chronic GVHD Eyes Score"), "CGVHD.cg_eyes"),
        score_of("CGGI", _("Chronic GVHD GI Score"), "CGVHD.cg_gi"),
        score_of("CGLIVER", _("Chronic GVHD Liver Score"), "CGVHD.cg_liver"),
        of_item("CGLUNG", _("Chronic GVHD Lung Score"), pl.Int8, "CGVHD.cg_lung"),
        score_of("CGJOINT", _("Chronic GVHD Joints and Fascia Score"), "CGVHD.cg_joint"),
        score_of("CGGENIT", _("Chronic GVHD Genital Score"), "CGVHD.cg_genital"),
        of_item("CGSYSFL", _("Systemic Treatment of Chronic GVHD Flag"), pl.Boolean, "CGVHD.cg_systemic_tx"),
        of_item("CGSYSDT", _("Systemic Treatment of Chronic GVHD Start"), pl.Date, "CGVHD.cg_tx_start"),
        *PLACE,
    ),
)
