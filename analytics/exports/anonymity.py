"""How many subjects look alike in what an export tells of everybody: age band, sex and diagnosis (PV-04).

Of a trial of this size some stand alone whatever is done: the manifest says so, and who shares the data has
to know it.
"""

from dataclasses import dataclass

import polars as pl

from analytics.exports.tables import Table

BAND_YEARS = 10
ENOUGH = 5
"""The size of the smallest group that is commonly asked for."""


@dataclass(frozen=True, slots=True)
class Anonymity:
    """`k`: the size of the smallest group; `alone`: how many subjects are in groups smaller than `ENOUGH`."""

    k: int
    alone: int
    subjects: int

    def as_data(self) -> dict[str, object]:
        return {
            "by": f"age in bands of {BAND_YEARS} years, sex, diagnosis",
            "k": self.k,
            "subjects": self.subjects,
            f"in_groups_of_less_than_{ENOUGH}": self.alone,
            f"k_is_at_least_{ENOUGH}": self.k >= ENOUGH,
        }


def anonymity_of(subjects: Table) -> Anonymity:
    """That of the subjects of ADSL."""
    band = (pl.col("AGE") // BAND_YEARS).alias("band")
    sizes = subjects.frame().group_by(band, "SEX", "DXTYPE").len()["len"]
    small = sizes.filter(sizes < ENOUGH)
    smallest = sizes.min()
    return Anonymity(
        k=smallest if isinstance(smallest, int) else 0, alone=int(small.sum()), subjects=int(sizes.sum())
    )
