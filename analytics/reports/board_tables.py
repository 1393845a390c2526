"""The tables of the safety board that list subjects: enrolment against the plan, deaths, serious events,
exposure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analytics.reports.counted_tables import NONE, Cell, Row, Table, count
from patients.casebook.form import form_model

Listed = Mapping[str, Any]


def board_tables(found: Mapping[str, Any]) -> list[Table]:
    """In the order in which the board reads them; of a run of before there are none."""
    return [
        _enrolment(found["enrolment"]),
        _deaths(found["deaths"]),
        _serious(found["serious"]),
        _exposure(found["exposure"]),
    ]


# --- enrolment --------------------------------------------------------------------------------------------
def _enrolment(found: Mapping[str, Any]) -> Table:
    months: list[Listed] = found["months"]
    sites = sorted({each["site"] for each in months})
    heads = (_("Month"), *sites, _("All sites"), _("Enrolled until then"), _("Of the plan"))
    rows = tuple(_month_rows(months, sites, found["planned"]))
    return Table("enrolment", _("Enrolment by site and month"), _plan(found["planned"]), heads, rows)


def _plan(planned: int | None) -> str:
    if planned is None:
        return _("how many are planned is not configured")
    return _("planned: %(n)s subjects") % {"n": planned}


def _month_rows(months: Sequence[Listed], sites: Sequence[str], planned: int | None) -> Iterator[Row]:
    so_far = 0
    for month in _every_month({each["month"] for each in months}):
        of_month = {each["site"]: each["subjects"] for each in months if each["month"] == month}
        everybody = [code for site in sites for code in of_month.get(site, ())]
        so_far += len(everybody)
        cells = [count(of_month.get(site, ())) for site in sites]
        yield Row(
            month, (*cells, Cell(str(len(everybody))), Cell(str(so_far)), Cell(_share(so_far, planned)))
        )


def _every_month(found: Collection[str]) -> Iterator[str]:
    """From the first to the last, none left out."""
    month, last = min(found, default=""), max(found, default="")
    while month and month <= last:
        yield month
        year, number = map(int, month.split("-"))
        month = f"{year + number // 12}-{number % 12 + 1:02d}"


def _share(n: int, planned: int | None) -> str:
    return f"{100 * n / planned:.0f} %" if planned else NONE


# --- deaths and serious events ----------------------------------------------------------------------------
def _deaths(found: Sequence[Listed]) -> Table:
    heads = (
        _("Subject"), _("Day from T0"), _("Day from H0"), _("Primary cause"), _("Related to CAR-T"),
        _("Related to HSCT"),
    )  # fmt: skip
    rows = tuple(
        Row(
            each["subject"],
            (
                _number(each["day"]),
                _number(each["day_from_graft"]),
                _shown("DTH", "dth_primary", each["cause"]),
                _shown("DTH", "dth_rel_cart", each["related_cart"]),
                _shown("DTH", "dth_rel_hsct", each["related_hsct"]),
            ),
        )
        for each in found
    )
    return Table("deaths", _("Deaths"), _causes(found), heads, rows)


def _causes(found: Sequence[Listed]) -> str:
    counted = Counter(_shown("DTH", "dth_primary", each["cause"]).text for each in found)
    return "; ".join(f"{cause}: {n}" for cause, n in sorted(counted.items())) or _("nobody has died")


def _serious(found: Sequence[Listed]) -> Table:
    heads = (
        _("Subject"), _("Event"), _("Grade"), _("Day from T0"), _("Days"), _("Related to lymphodepletion"),
        _("Related to CAR-T"), _("Related to HSCT"), _("Outcome"),
    )  # fmt: skip
    rows = tuple(
        Row(
            f"{each['subject']} · {each['event']}",
            (
                Cell(_name(each)),
                _number(each["grade"]),
                _number(each["day"]),
                _number(each["lasted"]),
                _shown("AE", "ae_rel_ld", each["related_ld"]),
                _shown("AE", "ae_rel_cart", each["related_cart"]),
                _shown("AE", "ae_rel_hsct", each["related_hsct"]),
                _shown("AE", "ae_outcome", each["outcome"]),
            ),
        )
        for each in found
    )
    subjects = len({each["subject"] for each in found})
    note = _("%(events)s events in %(subjects)s subjects; preferred term, else CTCAE term, else as entered")
    return Table(
        "serious",
        _("Serious adverse events"),
        note % {"events": len(found), "subjects": subjects},
        heads,
        rows,
    )


def _name(each: Listed) -> str:
    """The coded term; without one the CTCAE term, and under "other" the words."""
    if each["preferred"]:
        return str(each["preferred"])
    code = each["ctcae_term"] or "other"
    words = str(each["words"] or NONE)
    return words if code.split("_")[-1] == "other" else _shown("AE", "ae_ctcae_term", code).text


# --- exposure ---------------------------------------------------------------------------------------------
def _exposure(found: Sequence[Listed]) -> Table:
    heads = (
        _("Subject"), _("Lymphodepletion from day"), _("Doses given"), _("CAR+ cells, 10^6/kg"),
        _("Within the window"), _("Graft on day"), _("CD34+ cells, 10^6/kg"),
    )  # fmt: skip
    rows = tuple(
        Row(
            each["subject"],
            (
                _number(each["lymphodepletion_day"]),
                _number(each["lymphodepletion_doses"]),
                _number(each["dose_per_kg"] if each["infused"] else None, _("not infused")),
                Cell(_yes_no(each["dose_in_window"])),
                _number(each["graft_day"]),
                _number(each["graft_cd34"]),
            ),
        )
        for each in found
    )
    counted = {
        "lymphodepleted": sum(bool(each["lymphodepletion_doses"]) for each in found),
        "infused": sum(bool(each["infused"]) for each in found),
        "grafted": sum(each["graft_day"] is not None for each in found),
        "all": len(found),
    }
    note = _(
        "of %(all)s enrolled %(lymphodepleted)s had lymphodepletion, %(infused)s the infusion and "
        "%(grafted)s a graft; days from T0"
    )
    return Table("exposure", _("Exposure"), note % counted, heads, rows)


def _number(value: object, otherwise: str = NONE) -> Cell:
    return Cell(otherwise if value is None else str(value))


def _yes_no(value: bool | None) -> str:
    if value is None:
        return NONE
    return _("Yes") if value else _("No")


def _shown(form: str, item: str, code: str | None) -> Cell:
    return Cell(form_model(form).item(item).shown(code) if code else NONE)
