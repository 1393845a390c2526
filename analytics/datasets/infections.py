"""The infections and viral reactivations of a subject, one row each (dataset ADIN)."""

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.metadata import PLACE, Dataset, Variable
from analytics.datasets.periods import period_of
from analytics.datasets.records import Row, numbered_and_dated, of_item, rows_of, score_of
from analytics.datasets.story import Story
from patients.forms.adverse_event import AdverseEvent
from patients.items.codelists import CodeList
from patients.items.types import MultiItem

FORM = "INFX"


def infections_of(story: Story) -> list[Row]:
    """The rows of the infection log of a subject."""
    return rows_of(story, FORM)


def _periods() -> CodeList:
    item = AdverseEvent.item("ae_trtem")
    assert isinstance(item, MultiItem)
    return item.codes


ADIN = Dataset(
    "ADIN",
    _("Infection Analysis Dataset"),
    _("one row for each infection or viral reactivation"),
    (
        *numbered_and_dated("INFX.inf_onset"),
        Variable(
            name="APERIODC",
            label=_("Period"),
            type=pl.String,
            read=lambda row: period_of(row.story, row.day),
            source=("INFX.inf_onset", "LD.ld_date", "INF.inf_start_dt", "HSCT.hsct_start_dt"),
            derivation=_(
                "in which it began: LD from the first dose, CART for 90 days from T0, HSCT for 100 from H0"
            ),
            codes=_periods(),
        ),
        of_item("INFCLASS", _("Class of Infection"), pl.String, "INFX.inf_class"),
        of_item("INFORG", _("Organism"), pl.String, "INFX.inf_org"),
        Variable(
            name="INFSITE",
            label=_("Sites of Infection"),
            type=pl.String,
            read=lambda row: " ".join(row.record.values["inf_site"] or ()) or None,
            source=("INFX.inf_site",),
            derivation=_("the codes of the sites, parted by blanks"),
            length=200,
        ),
        score_of("INFGR", _("CTCAE Grade of Infection"), "INFX.inf_ctcae"),
        of_item("INFNEUT", _("Neutropenic at Onset Flag"), pl.Boolean, "INFX.inf_neutropenic"),
        of_item("VIRTHR", _("Treatment Threshold Crossed Flag"), pl.Boolean, "INFX.vir_thr"),
        *PLACE,
    ),
)
