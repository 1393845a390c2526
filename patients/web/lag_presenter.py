"""The lag of entry as a table."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import ngettext

from patients.casebook.form import form_model, is_declared
from patients.oversight.entry_lag import Lag


@dataclass(frozen=True, slots=True)
class LagRow:
    site: str
    form: str
    title: str
    count: str
    median: str
    longest: int
    early: int
    from_paper: int


@dataclass(frozen=True, slots=True)
class LagScreen:
    """Everything that the template of the lag says."""

    rows: list[LagRow]


def lag_screen(lags: Iterable[Lag]) -> LagScreen:
    return LagScreen([_row(lag) for lag in lags])


def _row(lag: Lag) -> LagRow:
    title = str(form_model(lag.form).form.title) if is_declared(lag.form) else ""
    return LagRow(
        lag.site, lag.form, title, _count(lag), f"{lag.median:g}", lag.longest, lag.early, lag.from_paper
    )


def _count(lag: Lag) -> str:
    words = (
        ngettext("%(count)s row", "%(count)s rows", lag.count)
        if lag.by_row
        else ngettext("%(count)s page", "%(count)s pages", lag.count)
    )
    return words % {"count": lag.count}
