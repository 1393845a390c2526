"""The subjects of a cut divided among workers: each share is some casebooks, with the codes of their rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.locks.codes import CodesSlice, slices_of_codes, with_codes_of
from analytics.locks.snapshot import CutSubject, Slice, read_slice, slices_of


@dataclass(frozen=True, slots=True)
class Share:
    """What is read at once of a snapshot and of the codes beside it."""

    casebooks: Slice
    codes: CodesSlice

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Share":
        """The share that `asdict` told."""
        codes = {name: Slice(**one) for name, one in told["codes"].items()}
        return cls(Slice(**told["casebooks"]), CodesSlice(**codes))

    def read(self, path: Path, codes: str) -> Iterator[CutSubject]:
        """Its subjects one by one, of a snapshot and the codes of this hash. Raises SnapshotDamaged."""
        return with_codes_of(read_slice(path, self.casebooks), codes, self.codes)


def shares_of(path: Path, codes: str, subjects: int) -> list[Share]:
    """The shares of so many subjects, by one reading; of a snapshot without subjects, one that is empty.
    Raises SnapshotDamaged."""
    found = slices_of(path, subjects)
    return [Share(*both) for both in zip(found, slices_of_codes(codes, found), strict=True)]
