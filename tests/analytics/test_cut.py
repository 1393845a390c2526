"""The data cut: what counts by the cut-off, and what later dates prove."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings

from analytics.locks.cut import AFTER_CUTOFF, SubjectFacts, all_records, cut_records, values_of
from patients.casebook.answers import Record
from patients.casebook.form import declared_forms, form_model
from patients.items.partial_date import PartialDate
from tests.analytics.casebooks import (
    BORN,
    ENROLLED,
    SUBJECT,
    assessed,
    contact,
    content,
    cut,
    day,
    died,
    grafted,
    infused,
    moment,
    relapsed,
    row,
)

SLOW = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
CUTOFF = day(100)


pytestmark = pytest.mark.usefixtures("new_registry")


def in_cut(*records: Record) -> list[Record]:
    return list(cut_records(records, CUTOFF))


def facts(*records: Record) -> SubjectFacts:
    return content([*infused(), *records], CUTOFF)[0]


# --- which rows, which values -----------------------------------------------------------------------------
def partly_known(on: date) -> PartialDate:
    return PartialDate(on.year, on.month, on.day)


def whole(on: date) -> date:
    return on


# The dating item of a form, and how it holds a day.
DATING: dict[str, tuple[str, Callable[[date], Any]]] = {
    "AE": ("ae_start", partly_known),
    "AGVHD": ("ag_dt", whole),
    "CGVHD": ("cg_dt", whole),
    "CHIM": ("chim_dt", whole),
    "CM": ("cm_start", partly_known),
    "CRS": ("crs_date", whole),
    "DONOR": ("donor_consent_dt", whole),
    "HLH": ("hlh_dt", whole),
    "ICANS": ("ice_dt", moment),
    "INFX": ("inf_onset", whole),
    "KIN": ("kin_dt", whole),
    "LAB": ("lab_dt", moment),
    "LD": ("ld_date", whole),
    "MFG": ("aph_date", moment),
    "PCAR": ("pcar_date", partly_known),
    "PDEV": ("pd_dt", whole),
    "PTHER": ("line_start", partly_known),
    "PTX": ("ptx_date", partly_known),
    "REL": ("rel_decision_dt", moment),
    "TRF": ("trf_dt", whole),
    "VS": ("vs_dt", moment),
    "SAE": ("sae_aware_dt", moment),
    "SUBTX": ("stx_start", whole),
}


def dated_by(form: str, on: int) -> Record:
    item, held = DATING[form]
    return row(form, day(on), **{item: held(day(on))})


DATED: dict[str, Callable[[int], Record]] = {
    "FU": contact,
    "RESP": lambda on: assessed(on, 2),
    "HSCT": grafted,
    "RLP": relapsed,
    "DTH": died,
    "INF": lambda on: row("INF", day(on), inf_start_dt=moment(day(on))),
    "EOS": lambda on: row("EOS", day(on), eos_dt=day(on)),
    "ELIG": lambda on: row("ELIG", day(on), icf_main_dt=moment(day(on))),
    "DM": lambda on: row("DM", day(on), sex="M"),
    "DX": lambda on: row("DX", day(on), dx_type="aml"),
    "ENG": lambda on: row("ENG", day(on), eng_pgf=False),
    "DLT": lambda on: row("DLT", day(on), dlt_evaluable="Y"),
    **{form: partial(dated_by, form) for form in DATING},
}


def test_every_form_is_tried() -> None:
    assert DATED.keys() == {model.form.code for model in declared_forms()}


@pytest.mark.parametrize("form", DATED)
def test_the_cutoff_is_inclusive(form: str) -> None:
    dated = DATED[form]
    assert in_cut(dated(99), dated(100), dated(101)) == [dated(99), dated(100)]


@pytest.mark.parametrize("form", [form for form in DATED if form_model(form).form.dated_by])
def test_a_row_counts_by_its_dating_item_and_not_by_its_page(form: str) -> None:
    early, late = DATED[form](100), DATED[form](101)
    assert in_cut(replace(early, form_date=day(101)))
    assert not in_cut(replace(late, form_date=day(100)))


def test_a_row_whose_dating_item_is_empty_counts_by_its_page() -> None:
    not_done = [row("HSCT", day(on), hsct_done=False) for on in (100, 101)]
    assert in_cut(*not_done) == not_done[:1]


def test_a_row_without_any_date_is_not_in_the_cut() -> None:
    assert not in_cut(row("DM", None, sex="F"))


def test_a_moment_counts_by_the_local_day_of_the_site() -> None:
    utc = ZoneInfo("UTC")
    moments = datetime(2024, 6, 9, 15, 59, tzinfo=utc), datetime(2024, 6, 9, 16, tzinfo=utc)  # 23:59, 24:00
    rows = [row("INF", None, f"C{number}", inf_start_dt=at) for number, at in enumerate(moments)]
    assert date(2024, 6, 9) == CUTOFF
    assert in_cut(*rows) == rows[:1]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (PartialDate(2024, 6, 9), True),
        (PartialDate(2024, 6, 10), False),
        (PartialDate(2024, 6), True),  # it may mean the first
        (PartialDate(2024, 7), False),
        (PartialDate(2024), True),
        (PartialDate(2025), False),
    ],
    ids=str,
)
def test_a_partial_date_counts_by_its_earliest_day(typed: PartialDate, kept: bool) -> None:
    (found,) = in_cut(row("DX", day(0), dx_type="aml", dx_date=typed))
    assert found.values["dx_date"] == (typed if kept else None)
    assert found.missing == ({} if kept else {"dx_date": AFTER_CUTOFF})


def test_later_dates_inside_a_row_are_blanked_and_flagged() -> None:
    signed = row("ELIG", day(101), icf_main_dt=moment(day(90)), icf_hsct_dt=day(100), enrol_dt=day(101))
    (found,) = in_cut(signed)
    assert (found.form_date, found.values["enrol_dt"]) == (None, None)
    assert found.values["icf_hsct_dt"] == day(100)
    assert found.missing == {"form_date": AFTER_CUTOFF, "enrol_dt": AFTER_CUTOFF}
    assert signed.missing == {}, "the casebook itself stays as it is"


def test_neither_derived_nor_identifying_values_are_held() -> None:
    records = [*infused(), assessed(40, 2, resp_protocol="CRi"), relapsed(60)]
    held = {value.item for value in content(records, CUTOFF)[1]}
    all_items = {item for model in declared_forms() for item in model.items()}
    assert held & {item.name for item in all_items if item.is_derived or item.declared.identity} == set()
    assert BORN.earliest.isoformat() not in str(content(records, CUTOFF))


# --- what the whole casebook proves -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("later", "alive", "progression_free"),
    [
        (contact(101), True, False),
        (contact(140, free_on=130), True, True),
        (contact(140, free_on=90), True, False),
        (contact(101, status="UNKNOWN"), False, False),
        (relapsed(101), True, True),
        (relapsed(101, "extramedullary_relapse"), True, True),
        (relapsed(101, "progression_without_remission"), True, True),
        (relapsed(101, "mrd_relapse"), True, False),
        (died(101), True, False),
        (assessed(101, 2), False, False),
        (grafted(101), False, False),
        (row("EOS", day(101), eos_dt=day(101)), False, False),
        (contact(100, free_on=100), False, False),
        (died(100), False, False),
    ],
    ids=[
        "a contact",
        "a later assessment of a later contact",
        "an earlier assessment of a later contact",
        "nobody could be reached",
        "a relapse",
        "a relapse elsewhere",
        "a progression",
        "an MRD relapse",
        "death",
        "a marrow",
        "a graft",
        "the end of study",
        "a contact on the cut-off",
        "death on the cut-off",
    ],
)
def test_what_a_later_date_proves(later: Record, alive: bool, progression_free: bool) -> None:
    found = facts(later)
    assert (found.alive_at_cutoff, found.progression_free_at_cutoff) == (alive, progression_free)


def test_a_relapse_by_the_cutoff_outweighs_later_ones() -> None:
    found = facts(relapsed(100), relapsed(150), contact(200, free_on=190))
    assert (found.alive_at_cutoff, found.progression_free_at_cutoff) == (True, False)


@pytest.mark.parametrize(
    "later",
    [assessed(101, 60), grafted(101), row("EOS", day(101), eos_dt=day(101)), contact(102, status="UNKNOWN")],
    ids=lambda record: record.form,
)
def test_nothing_else_of_a_later_date_is_used(later: Record) -> None:
    before = [*infused(), contact(90, free_on=90)]
    assert content([*before, later], CUTOFF) == content(before, CUTOFF)


def test_the_later_date_itself_is_not_kept() -> None:
    assert content([*infused(), died(101)], CUTOFF) == content([*infused(), died(500)], CUTOFF)


def test_age_is_that_at_enrolment_and_unknown_until_then() -> None:
    assert facts().age_days_at_enrolment == (ENROLLED - BORN.earliest).days
    assert content(infused(), ENROLLED - timedelta(1))[0].age_days_at_enrolment is None


@pytest.mark.parametrize(
    ("born", "counted_from"),
    [(PartialDate(1980, 5), date(1980, 5, 15)), (PartialDate(1980), date(1980, 6, 15))],
    ids=str,
)
def test_age_of_a_partly_known_birth_date(born: PartialDate, counted_from: date) -> None:
    records = [replace(r, values=r.values | {"birth_date": born}) if r.form == "DM" else r for r in infused()]
    assert content(records, CUTOFF)[0].age_days_at_enrolment == (ENROLLED - counted_from).days


@pytest.mark.parametrize(
    ("born", "means"),
    [
        (BORN, BORN),
        (PartialDate(1980, 5), PartialDate(1980, 5, 15)),
        (PartialDate(1980), PartialDate(1980, 6, 15)),
    ],
)
def test_rules_read_the_birth_that_the_age_at_enrolment_means(born: PartialDate, means: PartialDate) -> None:
    """So that a normal range for an age is the same in the analysis as in the registry."""
    records = [replace(r, values=r.values | {"birth_date": born}) if r.form == "DM" else r for r in infused()]
    (found,) = cut(records).casebook.records("DM")
    assert found.values["birth_date"] == means


def test_without_an_age_rules_read_no_birth() -> None:
    (found,) = cut(infused(), ENROLLED - timedelta(1)).casebook.records("DM")
    assert found.values["birth_date"] is None


def test_the_birth_that_rules_read_is_no_value_of_the_snapshot() -> None:
    subject = cut(infused())
    assert {value.item for value in values_of(SUBJECT, all_records(subject.casebook))}.isdisjoint(
        {"birth_date"}
    )
