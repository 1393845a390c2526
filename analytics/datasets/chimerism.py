"""The fractions of the chimerism samples, one row each (dataset ADCH)."""

import polars as pl
from django.utils.translation import gettext_lazy as _

from analytics.datasets.metadata import PLACE, Dataset, Variable
from analytics.datasets.records import Row, numbered_and_dated, of_item, rows_of
from analytics.datasets.story import Story
from patients.items.codelists import Code, CodeList
from trial.protocol.visits import VISITS, Clock

FORM = "CHIM"
BASELINE = "BASELINE"
_WINDOWS = {
    visit.code: (visit.target_day - visit.before, visit.target_day + visit.after)
    for visit in VISITS
    if visit.clock is Clock.HSCT
    and visit.target_day is not None
    and FORM in {due.form for due in visit.forms}
}
"""First and last transplant day of the visits at which chimerism is due; none of them overlap."""


def chimerism_of(story: Story) -> list[Row]:
    """The fractions of the samples of a subject."""
    return rows_of(story, FORM)


def _window(row: Row) -> str | None:
    if row.day is not None and row.story.infused is not None and row.day < row.story.infused.value:
        return BASELINE
    day = row.day_from_graft
    inside = (code for code, (first, last) in _WINDOWS.items() if day is not None and first <= day <= last)
    return next(inside, None)


def _gave_first_month(row: Row) -> bool:
    share = row.story.toxicity.donor_share
    return share is not None and (share.form, share.visit, share.row_key) == row.record.place


ADCH = Dataset(
    "ADCH",
    _("Chimerism Analysis Dataset"),
    _("one row for each cell fraction of a chimerism sample"),
    (
        *numbered_and_dated("CHIM.chim_dt"),
        of_item("CHSPEC", _("Specimen Type"), pl.String, "CHIM.chim_sample"),
        of_item("CHLIN", _("Cell Fraction"), pl.String, "CHIM.chim_lineage"),
        of_item("CHMETH", _("Method of Chimerism"), pl.String, "CHIM.chim_method"),
        of_item("DONPCT", _("Donor Share"), pl.Decimal(5, 2), "CHIM.chim_donor_pct"),
        of_item("DON2PCT", _("Share of a Second Donor"), pl.Decimal(5, 2), "CHIM.chim_donor2_pct"),
        of_item("HOSTPCT", _("Recipient Share"), pl.Decimal(5, 2), "CHIM.chim_host_pct"),
        of_item("CHLOD", _("Chimerism Detection Limit"), pl.Decimal(4, 3), "CHIM.chim_lod"),
        of_item("CHCLASS", _("Chimerism Class"), pl.String, "CHIM.chim_class"),
        Variable(
            name="AWIN",
            label=_("Analysis Window"),
            type=pl.String,
            read=_window,
            source=("CHIM.chim_dt", "INF.inf_start_dt", "HSCT.hsct_start_dt"),
            derivation=_(
                "the visit after the graft with chimerism in whose window the sample lies; BASELINE before T0"
            ),
            codes=CodeList(
                "AWIN",
                (
                    Code(BASELINE, _("reference profile, before the infusion")),
                    *(Code(visit.code, visit.label) for visit in VISITS if visit.code in _WINDOWS),
                ),
            ),
        ),
        Variable(
            name="CHIM1FL",
            label=_("Gave Chimerism at One Month Flag"),
            type=pl.Boolean,
            read=_gave_first_month,
            derivation=_("CHIM1PCT of ADSL was read from this row"),
        ),
        *PLACE,
    ),
)
