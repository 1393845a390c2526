"""What of a record the bearer of a token may have: the rules of the files (`disclosure.py`), value by value.

With moved dates every day and moment that stands beside a subject is moved by the days of that subject, those
of acts as well: when something was entered tells when it was. In what people and checks said (queries,
reasons) dates that are written year first are moved, too, and any others taken out. Texts that are items of
forms leave as in the files. What a query asks about genetic items leaves under a filing alone.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from analytics.exports.disclosure import Disclosure, days_of, value_told
from analytics.exports.form_tables import exported_items, kind_of
from patients.casebook.form import declared_forms, form_model, is_declared
from patients.casebook.header import HEADER
from patients.items.item import Item
from patients.items.partial_date import FIRST_YEAR, LAST_YEAR
from patients.items.problems import NotAnAnswer
from trial.people.tokens import Dates
from trial.protocol.study import SITE_ZONE

A_DATE = "[date]"
"""Stands for a date that cannot be moved, as it can be read in two ways."""
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec"
_YEAR_FIRST = (
    r"(?<!\d)(?P<year>\d{4})(?:(?P<sign>[-/.])|年)(?P<month>\d{1,2})"
    r"(?:(?:(?P=sign)|月)(?P<day>\d{1,2})日?|月)?(?!\d)"
)
_OTHERS = (
    r"(?<!\d)(?:\d{1,2}(?P<other>[-/.])\d{1,2}(?P=other)\d{2,4}|(?:19|20)\d{6}|\d{1,2}月\d{1,2}日?)(?!\d)"
    rf"|\d{{1,2}}[ -](?:{_MONTHS})[a-z]*[ -]\d{{2,4}}|(?:{_MONTHS})[a-z]* \d{{1,2}}, ?\d{{4}}"
)
_DATES = re.compile(f"{_YEAR_FIRST}|{_OTHERS}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells what its reader may have. A day or moment without a subject is nobody's, and stays."""

    to: Disclosure

    @property
    def moves(self) -> bool:
        return self.to.dates != Dates.TRUE

    def day(self, subject: str, day: date | None) -> str | None:
        return None if day is None else (day - self._shift(subject)).isoformat()

    def moment(self, subject: str, at: datetime | None) -> str | None:
        return None if at is None else (at - self._shift(subject)).astimezone(SITE_ZONE).isoformat()

    def value(self, subject: str, item: Item, text: str) -> str:
        """The text of a value; one that is not the item's own (it was hidden) stays as it is."""
        try:
            return value_told(item.name, kind_of(item), text, subject, self.to)
        except (NotAnAnswer, ValueError):
            return text

    def words(self, subject: str, text: str) -> str:
        """What somebody said, or a check."""
        if not self.moves or not subject:
            return text
        days = self._shift(subject)
        return _DATES.sub(lambda found: _moved(found, days), text)

    def has(self, form: str, name: str) -> bool:
        """Whether an item leaves: none that identifies, none that is genetic without a filing."""
        item = _exported(form).get(name)
        return item is not None and (bool(self.to.filing) or not item.declared.genetic)

    def has_words_on(self, form: str, name: str, check: str = "") -> bool:
        """Whether what is said about an item leaves, or about a whole page; it may say the value."""
        if self.to.filing or not is_declared(form):
            return True
        genetic = _genetic(form)
        return check not in _genetic_checks() and (name not in genetic if name else not genetic)

    def withheld(self) -> list[str]:
        """The items that do not leave, as `FORM.item`."""
        return [
            f"{model.form.code}.{item.name}"
            for model in declared_forms()
            for item in model.items()
            if not self.has(model.form.code, item.name)
        ]

    def _shift(self, subject: str) -> timedelta:
        return timedelta(days=days_of(subject) if self.moves and subject else 0)


@cache
def _exported(form: str) -> dict[str, Item]:
    return {item.name: item for item in exported_items(form_model(form))} if is_declared(form) else {}


def item_of(form: str, name: str) -> Item | None:
    """The item of a form that leaves the registry, or of the header of its page; None for any other name."""
    return _exported(form).get(name) or HEADER.get(name)


@cache
def _genetic(form: str) -> frozenset[str]:
    return frozenset(item.name for item in form_model(form).items() if item.declared.genetic)


@cache
def _genetic_checks() -> frozenset[str]:
    """The edit checks that look at a genetic item, and may say what they saw."""
    return frozenset(
        rule.id
        for model in declared_forms()
        for rule in model.form.row_rules
        if any(_is_genetic(model.form.code, name) for name in rule.looks_at)
    )


def _is_genetic(form: str, name: str) -> bool:
    foreign, _point, item = name.rpartition(".")
    return is_declared(foreign or form) and item in _genetic(foreign or form)


def _moved(found: re.Match[str], shift: timedelta) -> str:
    if not found["year"]:
        return A_DATE
    year, month, day = (int(found[part] or 1) for part in ("year", "month", "day"))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return found[0]
    try:
        moved = (date(year, month, day) - shift).isoformat()
    except ValueError:
        return found[0]  # 2025-13 is no date
    return moved if found["day"] else moved[: len("2025-08")]
