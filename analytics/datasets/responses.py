"""The response assessments, one row each (dataset ADRS): the policy of the protocol beside the strict reading
and the investigator's, MRD, and the best response until then."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.metadata import PLACE, Dataset, Variable
from analytics.datasets.records import Row, numbered_and_dated, of_item, rows_of
from analytics.datasets.story import Story, value
from patients.grading.response import Assessed, best_response
from patients.items.codelists import RESP

FORM = "RESP"


@dataclass(frozen=True, slots=True)
class Assessment(Row):
    """An assessment. `best` is the best response after T0 until then, `improves` whether it is the first with
    it; None of one that is not after T0."""

    best: str | None
    improves: bool | None


def assessments_of(story: Story) -> Iterable[Assessment]:
    """The response assessments of a subject. What follows a relapse changes the best response no more."""
    infused, relapsed = value(story.infused), value(story.relapse)
    seen: list[Assessed] = []
    best = None
    for row in rows_of(story, FORM):
        before, improves = best, None
        if infused is not None and row.day is not None and row.day > infused:
            seen.append(Assessed(row.day, row.record.values["resp_protocol"]))
            best = best_response(seen, relapsed).value
            improves = best != before
        yield Assessment(
            story, row.record, row.number, row.day, best if improves is not None else None, improves
        )


ADRS = Dataset(
    "ADRS",
    _("Response Analysis Dataset"),
    _("one row for each response assessment"),
    (
        *numbered_and_dated("RESP.resp_dt"),
        of_item("RSPROT", _("Response by the Policy of the Protocol"), pl.String, "RESP.resp_protocol"),
        of_item("RSSTRICT", _("Strict Response"), pl.String, "RESP.resp_strict"),
        of_item("RSINV", _("Response by the Investigator"), pl.String, "RESP.resp_inv"),
        Variable(
            name="BSTRESP",
            label=_("Best Response So Far"),
            type=pl.String,
            read=lambda row: row.best,
            source=("RESP.resp_protocol", "RLP.rlp_dt"),
            derivation=_(
                "the best of RSPROT after T0 up to this row, before relapse: CR > CRh > CRi > MLFS > PR"
            ),
            codes=RESP,
        ),
        Variable(
            name="BSTFL",
            label=_("First with Best Response Flag"),
            type=pl.Boolean,
            read=lambda row: row.improves,
            source=("RESP.resp_protocol", "RLP.rlp_dt"),
            derivation=_("this row is the first with BSTRESP; empty up to T0"),
        ),
        of_item("MRDSTAT", _("MRD Class"), pl.String, "RESP.mrd_status"),
        of_item("MRDPCT", _("MRD Level"), pl.Decimal(9, 6), "RESP.mrd_value"),
        of_item("MRDLOD", _("MRD Limit of Detection"), pl.Decimal(9, 6), "RESP.mrd_lod"),
        of_item("MRDELN", _("MRD by ELN at 0.1 Percent"), pl.String, "RESP.mrd_eln"),
        of_item("BMADEQ", _("Marrow Adequate"), pl.String, "RESP.bm_adequate"),
        of_item("BMBLAST", _("Marrow Blasts"), pl.Decimal(4, 1), "RESP.bm_blast"),
        of_item("PBBLAST", _("Blood Blasts"), pl.Decimal(4, 1), "RESP.pb_blast"),
        of_item("EMDRESP", _("Extramedullary Disease"), pl.String, "RESP.emd_resp"),
        of_item("CNSRESP", _("CNS Status"), pl.String, "RESP.cns_resp"),
        of_item("NEUT", _("Neutrophils at Assessment"), pl.Decimal(5, 2), "RESP.resp_anc"),
        of_item("PLAT", _("Platelets at Assessment"), pl.Int32, "RESP.resp_plt"),
        of_item("LUGANO", _("Lugano Class"), pl.String, "RESP.lugano"),
        of_item("GATEFL", _("Transplant Gate Open Flag"), pl.Boolean, "RESP.resp_gate"),
        *PLACE,
    ),
)
