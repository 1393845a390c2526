"""One record of a domain before it is numbered, and how a value of the casebook stands in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from patients.casebook.answers import Record
from patients.items.item import Item
from patients.items.partial_date import PartialDate
from patients.items.types import BooleanItem, MultiItem
from trial.protocol.study import SITE_ZONE


@dataclass(frozen=True, slots=True)
class Qualifier:
    """What is told of a record beside its variables."""

    name: str
    label: str
    text: str
    origin: str = "CRF"
    is_genetic: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """A record of a domain of one subject. `place` is the row of the casebook that it was read from."""

    domain: str
    values: Mapping[str, Any]
    place: tuple[str, str, str] = ("", "", "")
    qualifiers: tuple[Qualifier, ...] = ()
    is_genetic: bool = False
    of_place: bool = field(default=False)
    """Its qualifiers are those of all records that were read from its row."""

    @property
    def spid(self) -> str:
        return spid_of(self.place)


def spid_of(place: tuple[str, str, str]) -> str:
    """The place as the sponsor's identifier: form, visit and row, so that a record leads to its page."""
    return "/".join(place).rstrip("/")


def iso(value: Any) -> str | None:
    """A date, partial date or moment as ISO 8601, as exact as it was entered; moments in the zone of the site
    and to the minute."""
    if isinstance(value, datetime):
        return value.astimezone(SITE_ZONE).strftime("%Y-%m-%dT%H:%M")
    return str(value) if isinstance(value, date | PartialDate) else None


def text_of(item: Item, value: Any) -> str:
    """An answer as text: its code, several joined by a semicolon, dates as ISO 8601."""
    if isinstance(item, MultiItem):
        return "; ".join(value or ())
    return iso(value) or item.text(value)


def texts_of(item: Item, value: Any) -> list[str]:
    """The same with one text for each of several codes."""
    if isinstance(item, MultiItem):
        return list(value or ())
    text = text_of(item, value)
    return [text] if text else []


def number_of(item: Item, value: Any) -> float | None:
    """The number that an answer is, None for what is none."""
    if value is None or isinstance(item, BooleanItem | MultiItem):
        return None
    try:
        return float(item.text(value))
    except ValueError:
        return None


def is_not_done(record: Record) -> bool:
    return record.header.get("not_done") == "Y"
