"""What an answer must keep to. A hard limit keeps the page from being complete, a soft one asks.

A bound is a number, another item, today, now, or a configuration value. Where the other side is missing,
or belongs to a form that this version does not have, the limit is silent. A limit that is also a numbered
edit check carries the number, so that the rule stands once.
"""

import calendar
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.items.conditions import Answers, code_of
from patients.items.partial_date import PartialDate
from patients.items.problems import Text
from trial.protocol.configuration import setting
from trial.protocol.study import SITE_ZONE, site_today


class Bound:
    """One side of a comparison."""

    def value(self, answers: Answers) -> Any:
        raise TypeError(f"{type(self).__name__} has no value")

    def operands(self) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True)
class Fixed(Bound):
    number: Decimal | date

    def value(self, answers: Answers) -> Any:
        return self.number

    def __str__(self) -> str:
        return str(self.number)


@dataclass(frozen=True)
class Of(Bound):
    """The answer to another item, with days added to a date."""

    item: str
    days: int = 0

    def value(self, answers: Answers) -> Any:
        found = answers[self.item]
        if found is None or not self.days:
            return found
        return _day(found, latest=False) + timedelta(days=self.days)

    def operands(self) -> Iterator[str]:
        yield self.item

    def __str__(self) -> str:
        return f"{self.item}{self.days:+d} d" if self.days else self.item


@dataclass(frozen=True)
class Today(Bound):
    """The local date of the site at the moment of the check, with calendar years and days added. A year from
    29 February that has none is 28 February."""

    days: int = 0
    years: int = 0

    def value(self, answers: Answers) -> date:
        today = site_today()
        year = today.year + self.years
        day = min(today.day, calendar.monthrange(year, today.month)[1])
        return today.replace(year=year, day=day) + timedelta(days=self.days)

    def __str__(self) -> str:
        years = f"{self.years:+d} y" if self.years else ""
        days = f"{self.days:+d} d" if self.days else ""
        return str(_("today")) + years + days


@dataclass(frozen=True)
class Now(Bound):
    def value(self, answers: Answers) -> datetime:
        return timezone.now()

    def __str__(self) -> str:
        return str(_("now"))


@dataclass(frozen=True)
class Configured(Bound):
    """The configuration value in force; silent while it is not set."""

    key: str

    def value(self, answers: Answers) -> Any:
        return setting(self.key)

    def __str__(self) -> str:
        return str(format_lazy(_("config {key}"), key=self.key))


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class Limit:
    """True of every answer that keeps to it."""

    check: str
    message: Text

    def kept(self, value: Any, answers: Answers) -> bool:
        raise TypeError(f"{type(self).__name__} must say when it is kept")

    def operands(self) -> Iterator[str]:
        return iter(())


@dataclass(frozen=True)
class Compare(Limit):
    """`value sign bound`. Dates and moments compare as local dates when one side has no time."""

    sign: str
    bound: Bound
    check: str = ""
    message: Text = ""

    def kept(self, value: Any, answers: Answers) -> bool:
        bound = self.bound.value(answers)
        if bound is None:
            return True
        lenient_late = self.sign in (">=", ">")
        return _COMPARE[self.sign](*_comparable(value, bound, lenient_late=lenient_late))

    def operands(self) -> Iterator[str]:
        return self.bound.operands()

    def __str__(self) -> str:
        return f"{self.sign} {self.bound}"


@dataclass(frozen=True)
class Between(Limit):
    """Low and high included."""

    low: Decimal
    high: Decimal
    check: str = ""
    message: Text = ""

    def kept(self, value: Any, answers: Answers) -> bool:
        return bool(self.low <= value <= self.high)

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


@dataclass(frozen=True)
class Must(Limit):
    """A rule in words with a function of the value and the other answers."""

    words: Text
    rule: Callable[[Any, Answers], bool]
    looks_at: tuple[str, ...] = ()
    check: str = ""
    message: Text = ""

    def kept(self, value: Any, answers: Answers) -> bool:
        return self.rule(value, answers)

    def operands(self) -> Iterator[str]:
        return iter(self.looks_at)

    def __str__(self) -> str:
        return str(self.words)


def between(low: int | str, high: int | str) -> Limit:
    return Between(Decimal(low), Decimal(high))


def _bound(bound: int | str | Bound) -> Bound:
    return bound if isinstance(bound, Bound) else Fixed(Decimal(bound))


def at_least(bound: int | str | Bound) -> Limit:
    return Compare(">=", _bound(bound))


def at_most(bound: int | str | Bound) -> Limit:
    return Compare("<=", _bound(bound))


def above(bound: int | str | Bound) -> Limit:
    return Compare(">", _bound(bound))


def below(bound: int | str | Bound) -> Limit:
    return Compare("<", _bound(bound))


def not_before(item: str, days: int = 0) -> Limit:
    return Compare(">=", Of(item, days))


def not_after(item: str, days: int = 0) -> Limit:
    return Compare("<=", Of(item, days))


def after(item: str) -> Limit:
    return Compare(">", Of(item))


def before(item: str) -> Limit:
    return Compare("<", Of(item))


NOT_IN_FUTURE: Limit = Compare("<=", Today(), check="X-SYS-01", message=_("Date is in the future."))
NOT_LATER_THAN_NOW: Limit = Compare("<=", Now(), check="X-SYS-01", message=_("Date is in the future."))


def must(words: Text, rule: Callable[[Any, Answers], bool], *looks_at: str) -> Limit:
    """A rule that no comparison says; `looks_at` names the other items it reads."""
    return Must(words, rule, looks_at)


def other_than(*codes: str) -> Limit:
    """None of these codes: a hard limit forbids the answer, a soft one asks to confirm it."""
    return Must(
        format_lazy(_("other than {codes}"), codes=", ".join(codes)),
        lambda value, answers: {
            code_of(v) for v in (value if isinstance(value, list) else [value])
        }.isdisjoint(codes),
    )


def at_least_characters(count: int) -> Limit:
    words = format_lazy(_(">={count} characters"), count=count)
    return Must(words, lambda value, answers: len(value.strip()) >= count)


def at_least_one() -> Limit:
    return Must(_(">=1 item"), lambda value, answers: len(value) > 0)


def numbered(limit: Limit, check: str, message: Text) -> Limit:
    """The same limit as the edit check with this number and its sentence."""
    return replace(limit, check=check, message=message)  # type: ignore[type-var]


def _comparable(value: Any, bound: Any, *, lenient_late: bool) -> tuple[Any, Any]:
    if isinstance(value, datetime) and isinstance(bound, datetime):
        return value, bound
    if isinstance(value, date | PartialDate):
        return _day(value, latest=lenient_late), _day(bound, latest=not lenient_late)
    return value, bound


def _day(value: Any, *, latest: bool) -> date:
    """The local date of a value; of a partial date its last or first possible day."""
    if isinstance(value, PartialDate):
        return value.latest if latest else value.earliest
    if isinstance(value, datetime):
        return value.astimezone(SITE_ZONE).date()
    if isinstance(value, date):
        return value
    raise TypeError(f"{value!r} is not a date")
