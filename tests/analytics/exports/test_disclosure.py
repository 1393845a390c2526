"""What a token may have of a table: dates moved by a number of days, genetic data under a filing."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from analytics.exports.disclosure import MOST_DAYS, Disclosure, days_of, disclosed, value_told, withheld
from analytics.exports.tables import Kind, Table
from patients.items.partial_date import read_partial_date
from trial.people.tokens import Dates

pytestmark = pytest.mark.xdist_group("exports")
FILED = Disclosure(filing="2025-BGH-1")
"""All rows, with dates moved."""
GENETIC = {
    "DX": {"karyotype_iscn", "fusion_genes", "mutations"},
    "DONOR": {"r_hla", "d_hla"},
    "RESP": {"mol_marker", "mol_result"},
    "ADSL": {"AGEDAYS"},  # no genetic one: it tells the day of birth
}


@pytest.mark.requirement("PV-04")
def test_the_dates_of_a_subject_are_moved_by_one_number_of_days(tables: dict[str, Table]) -> None:
    """Days between any two dates of a subject stay, on all tables alike."""
    moved = 0
    for table in tables.values():
        true, told = table.frame(), disclosed(table, Disclosure()).frame()
        for column in table.columns:
            if column.kind not in (Kind.DATE, Kind.DATETIME):
                continue
            rows = zip(true[table.subject], true[column.name], told[column.name], strict=True)
            for subject, was, now in rows:
                assert (was is None) == (now is None)
                assert was is None or was - now == timedelta(days_of(subject.removeprefix(table.prefix)))
                moved += was is not None
    assert moved > 1000


def test_a_partial_date_stays_as_partial_as_it_was(tables: dict[str, Table]) -> None:
    for table in tables.values():
        true, told = table.frame(), disclosed(table, FILED).frame()
        for column in (one for one in table.columns if one.kind is Kind.PARTIAL_DATE):
            rows = zip(true[table.subject], true[column.name], told[column.name], strict=True)
            for subject, was, now in rows:
                if was is None:
                    assert now is None
                    continue
                assert len(was) == len(now)
                day = read_partial_date(was[:10]).earliest - timedelta(
                    days_of(subject.removeprefix(table.prefix))
                )
                assert now == day.isoformat()[: len(was)] + was[10:]


@pytest.mark.requirement("PV-04")
def test_no_true_day_is_left_in_any_cell(tables: dict[str, Table]) -> None:
    """Also not in a text: a day of the subject's own that stands in a cell moved by nobody would tell."""
    own: dict[str, set[date]] = {}
    for table in tables.values():
        frame = table.frame()
        for column in (one for one in table.columns if one.kind is Kind.DATE):
            for subject, day in frame.select(table.subject, column.name).drop_nulls().rows():
                own.setdefault(subject, set()).add(day)
    for table in (disclosed(each, Disclosure()) for each in tables.values() if each.subject):
        frame = table.frame()
        texts = [
            one.name
            for one in table.columns
            if one.kind is Kind.TEXT and not one.may_be_date and one.name != table.subject
        ]
        for row in frame.select(table.subject, *texts).unique().rows():
            days = {day.isoformat() for day in own.get(row[0].removeprefix(table.prefix), ())}
            assert not [text for text in row[1:] if text and any(day in text for day in days)], table.name


def test_everybody_is_moved_by_a_number_of_their_own() -> None:
    days = [days_of(f"HZ01-{number:03d}") for number in range(400)]
    assert set(days) <= set(range(1, MOST_DAYS + 1))
    assert len(set(days)) > 200
    assert days_of("HZ01-001") == days_of("HZ01-001")


def test_true_dates_are_as_they_are(tables: dict[str, Table]) -> None:
    table = tables["INF"]
    assert disclosed(table, Disclosure(Dates.TRUE)).frame().equals(table.frame())


@pytest.mark.requirement("PV-04")
def test_who_is_older_than_89_is_90(hostile: Table) -> None:
    ages = pl.DataFrame({"SUBJID": ["a", "b", "c"], "AGE": [89.9, 90.0, 103.2]})
    column = replace(hostile.column("DAYS"), name="AGE", kind=Kind.DECIMAL)
    table = replace(hostile, columns=(hostile.column("SUBJID"), column), parts=lambda: iter([ages]))
    assert disclosed(table, Disclosure()).frame()["AGE"].to_list() == [89.9, 90.0, 90.0]
    texts = [value_told("AGE", Kind.DECIMAL, str(age), "a", Disclosure()) for age in ages["AGE"]]
    assert [float(text) for text in texts] == [89.9, 90.0, 90.0]


def test_a_single_value_is_told_as_in_its_column(tables: dict[str, Table]) -> None:
    """Whoever tells value by value (REST, ODM-XML) moves as whoever tells whole tables."""
    seen = 0
    for table in (tables["AE"], tables["RESP"], tables["DX"]):
        true, told = table.frame(), disclosed(table, FILED).frame()
        for column in (one for one in table.columns if one.kind in (Kind.DATE, Kind.PARTIAL_DATE)):
            for subject, was, now in zip(
                true[table.subject], true[column.name], told[column.name], strict=True
            ):
                if was is not None:
                    assert value_told(column.name, column.kind, str(was), subject, FILED) == str(now)
                    seen += 1
    assert seen > 50


@pytest.mark.requirement("PV-05")
def test_genetic_data_leave_under_a_filing_alone(tables: dict[str, Table]) -> None:
    for name, table in tables.items():
        genetic = {column.name for column in withheld(table, Disclosure())}
        assert genetic == GENETIC.get(name, set())
        all_of_it = Disclosure(Dates.TRUE, filing="2025-BGH-1")
        without, under = disclosed(table, Disclosure()), disclosed(table, all_of_it)
        assert not genetic & set(without.frame().columns)
        assert genetic <= set(under.frame().columns)
        assert [one.name for one in without.columns] == without.frame().columns


def test_no_table_holds_who_somebody_is(tables: dict[str, Table]) -> None:
    named = {column.name for table in tables.values() for column in table.columns}
    assert not named & {"birth_date", "name", "full_name", "hospital_number", "patient_id"}


def test_a_subject_without_rows_breaks_nothing(hostile: Table) -> None:
    nothing = Table(
        name="NONE",
        label="",
        structure="",
        keys=("SUBJID",),
        columns=hostile.columns,
        parts=lambda: iter([pl.DataFrame(schema=hostile.schema)]),
    )
    assert disclosed(nothing, Disclosure()).frame().height == 0
