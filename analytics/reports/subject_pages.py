"""The subjects behind a number, some on each page: so many casebooks are read for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

ON_A_PAGE = 20


@dataclass(frozen=True)
class SubjectPage:
    """Some of the subjects behind a number, from the one numbered `start` on, which is 0 of the first."""

    everybody: Sequence[str]
    start: int = 0

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.everybody[self.start : self.start + ON_A_PAGE])

    @property
    def size(self) -> int:
        return len(self.everybody)

    @property
    def is_one_of_many(self) -> bool:
        return self.size > ON_A_PAGE

    @property
    def first(self) -> int:
        return self.start + 1

    @property
    def last(self) -> int:
        return self.start + len(self.codes)

    @property
    def back_url(self) -> str:
        return f"?start={max(self.start - ON_A_PAGE, 0)}" if self.start else ""

    @property
    def on_url(self) -> str:
        return f"?start={self.last}" if self.last < self.size else ""
