"""The lag of entry as a table."""

from collections.abc import Iterable
from dataclasses import dataclass

from patients.casebook.form import form_model, is_declared
from patients.oversight.entry_lag import Lag


@dataclass(frozen=True, slots=True)
class LagRow:
    site: str
    form: str
    title: str
    pages: int
    median: str
    longest: int
    early: int


@dataclass(frozen=True, slots=True)
class LagScreen:
    """Everything that the template of the lag says."""

    rows: list[LagRow]


def lag_screen(lags: Iterable[Lag]) -> LagScreen:
    return LagScreen([_row(lag) for lag in lags])


def _row(lag: Lag) -> LagRow:
    title = str(form_model(lag.form).form.title) if is_declared(lag.form) else ""
    return LagRow(lag.site, lag.form, title, lag.pages, f"{lag.median:g}", lag.longest, lag.early)
