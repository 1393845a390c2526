"""Edit checks that look at a row as a whole, where a limit looks at the answer to one item.

A check finds what several answers say together, what another form says, or what is not there. Its finding
stands at one item of the row. A deviation from the protocol is seen in the same way, and the system records
it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from patients.items.conditions import Answers
from patients.items.problems import Finding, Severity, Text, filled

Sight = Mapping[str, Any] | bool
"""What a check sees in a row: False (or nothing) where it is quiet, else the values for its message."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A numbered edit check of a row: hard or soft, the item at which it stands, and its sentence.

    `message` may name values (`%(days)s`) that `sees` gives; `looks_at` names the items of other forms, or
    the forms (`AE`), whose change may change what it sees, and the items of the row itself.
    """

    id: str
    severity: Severity
    item: str
    message: Text
    sees: Callable[[Answers], Sight]
    looks_at: tuple[str, ...]

    def findings(self, answers: Answers) -> Iterator[Finding]:
        if seen := self.sees(answers):
            yield Finding(self.item, filled(self.message, seen), self.severity, check=self.id)


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """A numbered check whose sight is a protocol deviation: the system adds a row to the deviations (PDEV).

    `category` and `weight` are codes of `pd_cat` and `pd_class`. `sees` gives the values of the message;
    the day is that of the row unless `happened` says otherwise.
    """

    id: str
    item: str
    category: str
    weight: str
    message: Text
    sees: Callable[[Answers], Sight]
    looks_at: tuple[str, ...]
    happened: Callable[[Answers], date | None] | None = None

    def findings(self, answers: Answers) -> Iterator[Finding]:
        """The note that stands at the item while it is so."""
        if words := self.seen(answers):
            yield Finding(self.item, words, Severity.NOTE, check=self.id)

    def seen(self, answers: Answers) -> Text | None:
        """What happened in words, None where nothing did."""
        seen = self.sees(answers)
        return filled(self.message, seen) if seen else None

    def day(self, answers: Answers) -> date | None:
        return self.happened(answers) if self.happened else answers.dated


def hard(id: str, item: str, message: Text, sees: Callable[[Answers], Sight], *looks_at: str) -> Check:
    """A check that keeps the page from being complete."""
    return Check(id=id, severity=Severity.HARD, item=item, message=message, sees=sees, looks_at=looks_at)


def soft(id: str, item: str, message: Text, sees: Callable[[Answers], Sight], *looks_at: str) -> Check:
    """A check that asks, and opens a query."""
    return Check(id=id, severity=Severity.SOFT, item=item, message=message, sees=sees, looks_at=looks_at)
