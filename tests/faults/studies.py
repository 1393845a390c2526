"""Studies that are computed in about a second, each with other subjects and the same numbers."""

from datetime import date

from analytics.locks.snapshot import Sealed, write_snapshot
from tests.analytics.casebooks import (
    contact,
    content,
    day,
    died,
    infused,
    relapsed,
    row,
    without_database,
)
from tests.analytics.workers import named
from tests.conftest import Registry

CUTOFF = date(2025, 8, 5)


def heavy(registry: Registry, number: int) -> list[Sealed]:
    """Snapshots of one subject each with so many rows that they take 50 MB to read."""
    with without_database():
        told = content([*infused(), row("CM", day(1), key="0", cm_name="aciclovir")], CUTOFF)
    facts, values = told
    first = [value for value in values if value.form == "CM"]
    more = [value._replace(row_key=f"{n:06d}") for n in range(1, 40_000) for value in first]
    folder = registry.home / "snapshots"
    return [
        write_snapshot(folder, CUTOFF, [named((facts, [*values, *more]), f"HZ{one:02d}-0001")])
        for one in range(number)
    ]


def studies(registry: Registry, number: int, subjects: int = 400) -> list[Sealed]:
    """So many snapshots in the folder of a registry: their hashes differ, their results do not."""
    with without_database():
        courses = (relapsed(200), died(300), contact(400, free_on=400), contact(500, free_on=450))
        told = [content([*infused(), course], CUTOFF) for course in courses]
    folder = registry.home / "snapshots"
    return [
        write_snapshot(folder, CUTOFF, [named(told[n % 4], f"HZ{one:02d}-{n:04d}") for n in range(subjects)])
        for one in range(number)
    ]
