"""What of a table its reader may have: dates as the rule says, genetic data under a filing alone.

Identity is in no snapshot. What remains that could tell who somebody is are the days of their life: unless a
reader is to have them, all dates of a subject are moved by one number of days of its own, which the key of
the registry alone can tell. Days between two dates stay, and so does everything computed from them. A partial
date is moved by its earliest day and stays as partial as it was. Who is older than 89 is 90. (Requirements
PV-04 and PV-05.)
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl
from django.conf import settings

from analytics.exports.tables import Column, Kind, Table
from patients.items.partial_date import read_partial_date
from trial.people.tokens import Dates, ExportToken

MOST_DAYS = 364
"""Dates are moved back by 1 to so many days: nobody is moved into the future."""
OLDEST = 89
"""Years: who is older is as old as everybody who is (PV-04)."""
AGES = {"AGE", "age_consent", "donor_age"}
_TO_THE_DAY = {"AGEDAYS"}
_DAY = len("2025-08-05")
_A_DATE = r"^(19|20|21)\d\d-\d\d(-\d\d(T\d\d:\d\d\S*)?)?$"
"""A text that is a date with a month: among results a year alone may as well be a number, and stays."""
_MOVED = (Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a reader may have: `dates`, and `filing`, the number under which genetic data may leave.
    `hides_sites`: it reads of several sites and must not know which of them a subject is of (`naming.py`)."""

    dates: str = Dates.SHIFTED
    filing: str = ""
    hides_sites: bool = False

    @classmethod
    def to(cls, token: ExportToken) -> "Disclosure":
        """What the bearer of a token may have."""
        return cls(token.dates, token.filing, token.hides_sites)


def disclosed(table: Table, to: Disclosure) -> Table:
    """The table as its reader may have it."""
    kept_back = withheld(table, to)
    columns = tuple(column for column in table.columns if column not in kept_back)
    names = [column.name for column in columns]
    moved = to.dates != Dates.TRUE and bool(table.subject)
    source = table.parts if to.filing else table.parts_without_genetic or table.parts

    def parts() -> Iterator[pl.DataFrame]:
        for frame in source():
            own = frame.select(names)
            yield _moved(_of_age(own), table, columns) if moved else own

    return replace(table, columns=columns, parts=parts, parts_without_genetic=None)


def _of_age(frame: pl.DataFrame) -> pl.DataFrame:
    ages = [pl.col(name).clip(upper_bound=OLDEST + 1) for name in frame.columns if name in AGES]
    return frame.with_columns(ages)


def withheld(table: Table, to: Disclosure) -> tuple[Column, ...]:
    """The columns of a table that its reader does not get: genetic data, and with moved dates an age that
    tells the day of birth."""
    return tuple(
        column
        for column in table.columns
        if (column.is_genetic and not to.filing) or (column.name in _TO_THE_DAY and to.dates != Dates.TRUE)
    )


def days_of(subject: str) -> int:
    """By how many days the dates of a subject are moved back."""
    key = hashlib.sha256(b"shift of dates" + settings.IDENTITY_KEY.encode()).digest()
    drawn = hmac.new(key, subject.encode(), hashlib.sha256).digest()
    return 1 + int.from_bytes(drawn[:8], "big") % MOST_DAYS


def _moved(frame: pl.DataFrame, table: Table, columns: tuple[Column, ...]) -> pl.DataFrame:
    subject = table.subject
    subjects = frame[subject].unique().to_list()
    shift = pl.DataFrame(
        {subject: subjects, "_shift": [days_of(one.removeprefix(table.prefix)) for one in subjects]},
        schema={subject: pl.String, "_shift": pl.Int64},
    )
    joined = frame.join(shift, on=subject, how="left", maintain_order="left")
    back = pl.duration(days=pl.col("_shift"))
    whole = [(pl.col(one.name) - back).alias(one.name) for one in columns if one.kind in _MOVED]
    partial = [_partial_moved(one.name) for one in columns if one.kind is Kind.PARTIAL_DATE]
    texts = [
        pl.when(pl.col(one.name).str.contains(_A_DATE))
        .then(_partial_moved(one.name))
        .otherwise(pl.col(one.name))
        for one in columns
        if one.may_be_date
    ]
    return joined.with_columns(*whole, *partial, *texts).drop("_shift")


def _partial_moved(name: str) -> pl.Expr:
    """A text of a date as it was entered, moved by its earliest day; what follows the day is the time of that
    day."""
    text = pl.col(name).replace("", None)
    day = text.str.head(_DAY)
    length = day.str.len_chars()
    missing = pl.lit("-01-01").str.tail(_DAY - length.cast(pl.Int64))
    moved = (day + missing).str.to_date("%F", strict=False) - pl.duration(days=pl.col("_shift"))
    return (moved.dt.to_string("%F").str.head(length) + text.str.slice(_DAY)).alias(name)


# --- value by value ----------------------------------------------------------------------------------------
Move = Callable[[str, int], str]
"""What becomes of a text, given by how many days the dates of its subject are moved."""


def move_of(name: str, kind: Kind, to: Disclosure) -> Move | None:
    """What becomes of the texts of an item for a reader, the same as of a column of it in a table; None where
    they stay. It raises NotAnAnswer and ValueError for a text that is none of the item."""
    if to.dates == Dates.TRUE:
        return None
    if name in AGES:
        return _oldest
    return moved_back if kind in (*_MOVED, Kind.PARTIAL_DATE) else None


def value_told(name: str, kind: Kind, text: str, subject: str, to: Disclosure) -> str:
    """The text of a single value of a subject as its reader may have it. Raises as what moves it."""
    move = move_of(name, kind, to)
    return move(text, days_of(subject)) if move and text else text


def moved_back(text: str, days: int) -> str:
    """A date as text, moved: as partial as it was, and with what follows the day, the time of that day."""
    day, clock = text[:_DAY], text[_DAY:]
    earliest = read_partial_date(day).earliest - timedelta(days=days)
    return earliest.isoformat()[: len(day)] + clock


def _oldest(text: str, _days: int) -> str:
    return str(OLDEST + 1) if float(text) > OLDEST + 1 else text
