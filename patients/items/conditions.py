"""When an item is asked. Declared once; the server, the page and the dictionary read the same object.

An operand is an item of the same row (`hsct_done`) or of another form of the subject (`HSCT.hsct_done`).
A condition on a form that this version does not have yet is false: its items wait, and ask nothing. As text a
condition reads in the active language.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from patients.items.problems import Text

_Gathered = TypeVar("_Gathered")


class Answers(Protocol):
    """What a rule may look at: the items of one row, and of the other forms of its subject."""

    def __getitem__(self, name: str) -> Any:
        """The value of `item` or `FORM.item`; None where it is missing."""

    def rows(self, form: str) -> Sequence["Answers"]:
        """All rows of another form of the subject, by date of their pages."""

    def rows_where(self, form: str, item: str, value: Any) -> Sequence["Answers"]:
        """Those of them with this value of an item that is entered; looked up, not searched for."""

    def gathered(self, form: str, rule: Callable[[Sequence["Answers"]], _Gathered]) -> _Gathered:
        """What a rule finds in the rows of a form. It looks at nothing but what is entered in them, and is
        asked once for as long as they stand so."""

    def is_explained(self, item: str) -> bool:
        """Whether a reason is given for the absence of an answer to an item of the row."""

    @property
    def dated(self) -> date | None:
        """The local date of the row, by the dating item of its form."""

    @property
    def page_date(self) -> date | None:
        """The date of assessment in the header of the page."""

    @property
    def visit(self) -> str:
        """The code of the visit; empty on a log form."""

    @property
    def row_key(self) -> str:
        """The key of the row; empty on a single form."""

    @property
    def subject(self) -> str:
        """The code of the subject."""

    def knows(self, form: str) -> bool:
        """Whether this version has the form."""

    def was_approved(self, day: date) -> bool:
        """Whether the principal investigator had signed the page by this day; the signature must stand, or
        have been made again since."""


def code_of(value: Any) -> str:
    """A value as conditions compare it: Y and N for a bool, else its text."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    return "" if value is None else str(value)


class Condition:
    """True or false of one row."""

    def holds(self, answers: Answers) -> bool:
        raise TypeError(f"{type(self).__name__} must say when it holds")

    def operands(self) -> Iterator[str]:
        """The items that it looks at."""
        return iter(())

    def as_data(self) -> dict[str, Any]:
        """The form in which the page evaluates it."""
        return {}

    def __and__(self, other: "Condition") -> "Condition":
        return Both(self, other)

    def __or__(self, other: "Condition") -> "Condition":
        return Either(self, other)


@dataclass(frozen=True)
class Always(Condition):
    def holds(self, answers: Answers) -> bool:
        return True

    def __str__(self) -> str:
        return _("always")


@dataclass(frozen=True)
class Answered(Condition):
    """The item has one of the codes; a multiple-choice item has at least one of them."""

    item: str
    codes: tuple[str, ...]
    negated: bool = False

    def holds(self, answers: Answers) -> bool:
        value = answers[self.item]
        given = {code_of(part) for part in value} if isinstance(value, list) else {code_of(value)} - {""}
        return bool(given) and given.isdisjoint(self.codes) == self.negated

    def operands(self) -> Iterator[str]:
        yield self.item

    def as_data(self) -> dict[str, Any]:
        return {"item": self.item, "codes": list(self.codes), "negated": self.negated}

    def __str__(self) -> str:
        sign = "<>" if self.negated else "="
        either = pgettext("between the codes of a condition", "or")
        return f"{self.item}{sign}{f' {either} '.join(self.codes)}"


@dataclass(frozen=True)
class Reaches(Condition):
    """The number is at least `least`."""

    item: str
    least: Decimal

    def holds(self, answers: Answers) -> bool:
        value = answers[self.item]
        return value is not None and value >= self.least

    def operands(self) -> Iterator[str]:
        yield self.item

    def as_data(self) -> dict[str, Any]:
        return {"item": self.item, "least": str(self.least)}

    def __str__(self) -> str:
        return f"{self.item}>={self.least}"


@dataclass(frozen=True)
class Filled(Condition):
    """The item has any answer."""

    item: str

    def holds(self, answers: Answers) -> bool:
        return answers[self.item] not in (None, "", [])

    def operands(self) -> Iterator[str]:
        yield self.item

    def as_data(self) -> dict[str, Any]:
        return {"item": self.item, "filled": True}

    def __str__(self) -> str:
        return _("%(item)s filled") % {"item": self.item}


@dataclass(frozen=True)
class Both(Condition):
    one: Condition
    other: Condition

    def holds(self, answers: Answers) -> bool:
        return self.one.holds(answers) and self.other.holds(answers)

    def operands(self) -> Iterator[str]:
        yield from self.one.operands()
        yield from self.other.operands()

    def as_data(self) -> dict[str, Any]:
        return {"all": [self.one.as_data(), self.other.as_data()]}

    def __str__(self) -> str:
        return _("(%(one)s and %(other)s)") % {"one": self.one, "other": self.other}


@dataclass(frozen=True)
class Either(Condition):
    one: Condition
    other: Condition

    def holds(self, answers: Answers) -> bool:
        return self.one.holds(answers) or self.other.holds(answers)

    def operands(self) -> Iterator[str]:
        yield from self.one.operands()
        yield from self.other.operands()

    def as_data(self) -> dict[str, Any]:
        return {"any": [self.one.as_data(), self.other.as_data()]}

    def __str__(self) -> str:
        return _("(%(one)s or %(other)s)") % {"one": self.one, "other": self.other}


@dataclass(frozen=True)
class Judged(Condition):
    """A condition that only the server can judge: the page shows what the server rendered."""

    words: Text
    rule: Callable[[Answers], bool]
    looks_at: tuple[str, ...] = ()

    def holds(self, answers: Answers) -> bool:
        return self.rule(answers)

    def operands(self) -> Iterator[str]:
        return iter(self.looks_at)

    def as_data(self) -> dict[str, Any]:
        return {"judged": str(self.words)}

    def __str__(self) -> str:
        return str(self.words)


ALWAYS = Always()


def when(item: str, *codes: str) -> Condition:
    """The item was answered with one of the codes."""
    return Answered(item, codes)


def when_not(item: str, *codes: str) -> Condition:
    """The item was answered, and with none of the codes."""
    return Answered(item, codes, negated=True)


def when_at_least(item: str, least: int | str) -> Condition:
    """The number given is at least `least`."""
    return Reaches(item, Decimal(least))


def when_filled(item: str) -> Condition:
    """The item was answered."""
    return Filled(item)


def judged(words: Text, rule: Callable[[Answers], bool], *looks_at: str) -> Condition:
    """A condition in words with its function; `looks_at` names the items it reads."""
    return Judged(words, rule, looks_at)
