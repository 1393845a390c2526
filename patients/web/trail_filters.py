"""What a reader asks of the trail, read from the address and written back into it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Q
from django.utils.http import urlencode

from patients.casebook.page import Subject
from patients.oversight.review import reviewed
from trial.people.access import Person
from trial.trail.reading import Question

TEXTS = (
    "site", "subject", "visit", "form", "item", "row", "actor", "kind", "reason", "words", "from", "to",
    "since", "order",
)  # fmt: skip
REVIEW, SIGNATURE = "review", "signature"
OLDEST = "oldest"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class TrailFilters:
    """The filters of the trail as they were typed, within the sites of the reader. A subject whose own trail
    is read is `fixed`: the address of the page names it."""

    texts: Mapping[str, str]
    sites: frozenset[str]
    by: Person
    fixed: str = ""

    @classmethod
    def of(
        cls, asked: Mapping[str, Any], sites: Iterable[str], by: Person, subject: Subject | None = None
    ) -> "TrailFilters":
        """Read what was asked; a NUL, which no database keeps, is no part of it."""
        texts = {name: str(asked.get(name, "")).replace("\0", "").strip()[:LONGEST] for name in TEXTS}
        if subject is not None:
            texts |= {"site": "", "subject": subject.code}
        return cls(texts, frozenset(sites), by, subject.code if subject else "")

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    @property
    def newest_first(self) -> bool:
        return self["order"] != OLDEST

    @property
    def within(self) -> frozenset[str]:
        """The sites that are asked for, of those of the reader."""
        return self.sites & {self["site"]} if self["site"] else self.sites

    @property
    def named(self) -> dict[str, str]:
        """The filters in use, for the address. The order is none."""
        return {k: v for k, v in self.texts.items() if v and not (k == "subject" and self.fixed)}

    @property
    def is_filtered(self) -> bool:
        return any(name != "order" for name in self.named)

    def query(self, **more: int) -> str:
        """The part of the address behind the question mark."""
        return urlencode({**self.named, **{name: str(value) for name, value in more.items()}})

    def question(self) -> Question:
        """The question to the trail."""
        since = self["since"]
        return Question(
            sites=self.within,
            subject=self["subject"],
            visit=self["visit"],
            form=self["form"],
            item=self["item"],
            row=self["row"],
            actor=self["actor"],
            kind=self["kind"],
            reason=self["reason"],
            words=self["words"],
            first_day=_day(self["from"]),
            last_day=_day(self["to"]),
            after=number(since) or 0,
            since_signature=since == SIGNATURE,
            among=reviewed(self.within, by=self.by.user_name).waiting() if since == REVIEW else Q(),
        )


def number(text: str) -> int | None:
    """A number that a database can hold; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _day(text: str) -> date | None:
    """A day that was typed. Raises BadRequest (400) for what is none: it must not pass for no filter."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError as problem:
        raise BadRequest("no day") from problem
    if day and not date.min.year < day.year < date.max.year:
        raise BadRequest("no day of a calendar in use")
    return day
