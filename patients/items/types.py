"""The types of items: how each is typed, kept, exported and shown.

Integers, decimals, dates, moments and codes are typed columns. Decimals keep the precision in which they
were entered, on both engines: PostgreSQL's unconstrained `numeric` does so by itself, SQLite has no such
type and keeps the digits as text. A multiple choice is a sorted list of codes, a grid a mapping from cell
to value, each in one JSON column of known shape.
"""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

from patients.items.codelists import NY, YES, CodeList
from patients.items.item import Item
from patients.items.partial_date import PartialDate, read_date, read_partial_date
from patients.items.problems import NotAnAnswer, Text
from trial.protocol.study import SITE_ZONE

if TYPE_CHECKING:  # only the fields of the stubs take type arguments
    BigIntegerField = models.BigIntegerField[Any, Any]
    BooleanField = models.BooleanField[Any, Any]
    CharField = models.CharField[Any, Any]
    DateField = models.DateField[Any, Any]
    DateTimeField = models.DateTimeField[Any, Any]
    Field = models.Field[Any, Any]
    TextField = models.TextField[Any, Any]
    TimeField = models.TimeField[Any, Any]
else:
    from django.db.models import (
        BigIntegerField,
        BooleanField,
        CharField,
        DateField,
        DateTimeField,
        Field,
        TextField,
        TimeField,
    )

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,24}(\.[0-9]{1,12})?")
_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ]"
    r"(?P<clock>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2}(?::[0-9]{2})?)?"  # seconds: the zone before 1901
)
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}")
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def is_keepable(typed: str) -> bool:
    """Whether a database can keep the text: it holds no NUL and no half of a surrogate pair."""
    return _UNKEEPABLE.search(typed) is None


def keepable(typed: str) -> str:
    """The text itself. Raises NotAnAnswer for one that no database keeps."""
    if not is_keepable(typed):
        raise NotAnAnswer(_("The text holds a character that cannot be kept."))
    return typed


class IntegerItem(Item, BigIntegerField):
    type_name = "int"

    def read(self, typed: str) -> int:
        if not _INTEGER.fullmatch(typed):
            raise NotAnAnswer(_("%(typed)s is not a whole number.") % {"typed": typed})
        return int(typed)


class DecimalItem(Item, Field):
    """A number with at most `digits` digits, `places` of them behind the point."""

    def __init__(self, label: Text = "", digits: int = 12, places: int = 4, **options: Any) -> None:
        self.digits, self.places = digits, places
        super().__init__(label, **options)

    @property
    def type_name(self) -> str:
        return f"dec({self.digits},{self.places})"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric" if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return value if value is None or connection.vendor == "postgresql" else self.text(value)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Decimal | None:
        return None if value is None else Decimal(value)

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else Decimal(value)

    def read(self, typed: str) -> Decimal:
        if not _DECIMAL.fullmatch(typed):
            raise NotAnAnswer(_("%(typed)s is not a number.") % {"typed": typed})
        value = Decimal(typed)
        if value.is_zero():
            value = value.copy_abs()  # PostgreSQL knows no negative zero
        if self._places_of(value) > self.places or abs(value) >= 10 ** (self.digits - self.places):
            raise NotAnAnswer(
                _("%(typed)s has too many digits: at most %(whole)s before and %(places)s behind the point.")
                % {"typed": typed, "whole": self.digits - self.places, "places": self.places}
            )
        return value

    def text(self, value: Any) -> str:
        return "" if value is None else f"{value:f}"

    @staticmethod
    def _places_of(value: Decimal) -> int:
        exponent = value.as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0


class BooleanItem(Item, BooleanField):
    type_name = "bool"
    codes = NY

    def read(self, typed: str) -> bool:
        return NY.read(typed) == YES

    def text(self, value: Any) -> str:
        return "" if value is None else ("Y" if value else "N")

    def shown(self, value: Any) -> str:
        return str(NY.labels.get(self.text(value), ""))


class DateItem(Item, DateField):
    type_name = "date"

    def read(self, typed: str) -> date:
        return read_date(typed)

    def text(self, value: Any) -> str:
        return "" if value is None else value.isoformat()


class PartialDateItem(Item, CharField):
    """A date that may lack its day or month; kept as text, so that it stays partial."""

    type_name = "pdate"

    def __init__(self, label: Text = "", **options: Any) -> None:
        # An identity item keeps a keyed hash (64 hexadecimal digits) in its row instead of the date.
        super().__init__(label, **{"max_length": 64, **options})

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return value if value is None or self.declared.identity else read_partial_date(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else str(value)

    def to_python(self, value: Any) -> Any:
        return read_partial_date(value) if isinstance(value, str) and not self.declared.identity else value

    def read(self, typed: str) -> PartialDate:
        return read_partial_date(typed)


class DateTimeItem(Item, DateTimeField):
    """A moment: kept in UTC, typed and shown in the zone of the site, exported with its offset."""

    type_name = "datetime"

    def read(self, typed: str) -> datetime:
        found = _MOMENT.fullmatch(typed.strip())
        if found is None:
            raise NotAnAnswer(
                _("%(typed)s is not a date and time. Write it as 2025-08-05 14:30.") % {"typed": typed}
            )
        day = read_date(found["day"])
        try:
            moment = datetime.fromisoformat(f"{day}T{found['clock']}{found['offset'] or ''}")
        except ValueError:
            raise NotAnAnswer(_("%(typed)s is not a time of the day.") % {"typed": typed}) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=SITE_ZONE)

    def text(self, value: Any) -> str:
        if value is None:
            return ""
        local = value.astimezone(SITE_ZONE)
        return str(local.isoformat(timespec="microseconds" if local.microsecond else "seconds"))

    def shown(self, value: Any) -> str:
        return "" if value is None else f"{value.astimezone(SITE_ZONE):%Y-%m-%d %H:%M}"


class TimeItem(Item, TimeField):
    type_name = "time"

    def read(self, typed: str) -> time:
        try:
            if _TIME.fullmatch(typed.strip()):
                return time.fromisoformat(typed.strip())
        except ValueError:
            pass
        raise NotAnAnswer(_("%(typed)s is not a time. Write it as 14:30.") % {"typed": typed})

    def text(self, value: Any) -> str:
        return "" if value is None else value.isoformat(timespec="minutes")


class TextItem(Item, TextField):
    """Free text of at most `length` characters. What is written is coded against `dictionary` (`MedDRA`,
    `WHODrug`), if it names one."""

    def __init__(self, label: Text = "", length: int = 200, dictionary: str = "", **options: Any) -> None:
        self.length, self.dictionary = length, dictionary
        super().__init__(label, **options)

    @property
    def type_name(self) -> str:
        return f"text({self.length})"

    def read(self, typed: str) -> str:
        if len(keepable(typed)) > self.length:
            raise NotAnAnswer(
                _("The text has %(count)s characters, at most %(length)s fit.")
                % {"count": len(typed), "length": self.length}
            )
        return typed


class CodedTextItem(TextItem):
    """A term as written, to be coded against a dictionary (`MedDRA`, `WHODrug`); or, where `of` names the
    item in which the term is written, the one that shows its code. Codes stand beside the forms
    (`patients.coding`): in the column of such an item stands nothing."""

    def __init__(self, label: Text = "", dictionary: str = "", of: str = "", **options: Any) -> None:
        self.of = of
        super().__init__(label, dictionary=dictionary, **options)

    @property
    def type_name(self) -> str:
        return "coded text"


class UserItem(Item, CharField):
    """The user name of a member."""

    type_name = "user"

    def __init__(self, label: Text = "", **options: Any) -> None:
        super().__init__(label, **{"max_length": 150, **options})

    def read(self, typed: str) -> str:
        if len(keepable(typed)) > 150:
            raise NotAnAnswer(_("%(typed)s is not a user name.") % {"typed": typed[:150]})
        return typed


class ChoiceItem(Item, CharField):
    """One code of a list."""

    type_name = "choice"

    def __init__(self, label: Text = "", codes: CodeList = NY, **options: Any) -> None:
        self.codes = codes
        super().__init__(label, **{"max_length": 80, **options})

    def read(self, typed: str) -> str:
        return self.codes.read(typed)

    def shown(self, value: Any) -> str:
        return "" if value is None else str(self.codes.labels.get(value, value))


class MultiItem(Item, models.JSONField):
    """Several codes of a list; a code of `exclusive` stands alone. Kept sorted, without repeats."""

    type_name = "multi"

    def __init__(
        self, label: Text = "", codes: CodeList = NY, exclusive: tuple[str, ...] = (), **options: Any
    ) -> None:
        self.codes, self.exclusive = codes, exclusive
        super().__init__(label, **options)

    def read(self, typed: str) -> list[str]:
        given = sorted({self.codes.read(part.strip()) for part in typed.split("|") if part.strip()})
        alone = set(given) & set(self.exclusive)
        if alone and len(given) > 1:
            raise NotAnAnswer(
                _("%(code)s cannot be combined with other answers.") % {"code": self.shown(sorted(alone))}
            )
        return given

    def text(self, value: Any) -> str:
        return "" if value is None else "|".join(value)

    def shown(self, value: Any) -> str:
        return "; ".join(str(self.codes.labels.get(code, code)) for code in value or ())


class ReferenceItem(Item, CharField):
    """The natural key of a row of another form: `target` is `FORM.item`, or `FORM` for the key of the row.
    One of a table that is no form waits for none."""

    type_name = "ref"

    def __init__(self, label: Text = "", target: str = "", **options: Any) -> None:
        self.target = target
        super().__init__(label, **{"max_length": 80, "waits_for": target.partition(".")[0], **options})

    def read(self, typed: str) -> str:
        if len(keepable(typed)) > 80:
            raise NotAnAnswer(_("%(typed)s is not a key of another record.") % {"typed": typed[:80]})
        return typed


class MultiReferenceItem(Item, models.JSONField):
    """Natural keys of several rows of another form, sorted; `target` as for one."""

    type_name = "multi ref"

    def __init__(self, label: Text = "", target: str = "", **options: Any) -> None:
        self.target = target
        super().__init__(label, waits_for=target.partition(".")[0], **options)

    def read(self, typed: str) -> list[str]:
        return sorted({part.strip() for part in keepable(typed).split("|") if part.strip()})

    def text(self, value: Any) -> str:
        return "" if value is None else "|".join(value)


class GridItem(Item, models.JSONField):
    """A value for each cell of a fixed grid: `CELL=VALUE` joined by `|`.

    A value is a code of `codes`, or, in a text grid, text that matches `pattern`.
    """

    def __init__(
        self,
        label: Text = "",
        cells: CodeList = NY,
        codes: CodeList | None = None,
        pattern: str = "",
        **options: Any,
    ) -> None:
        self.cells, self.codes, self.pattern = cells, codes, pattern
        super().__init__(label, **options)

    @property
    def type_name(self) -> str:
        return "grid" if self.codes else "text grid"

    def read(self, typed: str) -> dict[str, str]:
        given = (part.partition("=") for part in keepable(typed).split("|") if part.strip())
        return dict(
            sorted((self.cells.read(cell.strip()), self._value(value.strip())) for cell, _, value in given)
        )

    def text(self, value: Any) -> str:
        return "|".join(f"{cell}={content}" for cell, content in sorted((value or {}).items()))

    def shown(self, value: Any) -> str:
        labels = self.codes.labels if self.codes else {}
        return "; ".join(
            f"{self.cells.labels[cell]}: {labels.get(content, content)}"
            for cell, content in sorted((value or {}).items())
        )

    def _value(self, typed: str) -> str:
        if self.codes:
            return self.codes.read(typed)
        if not re.fullmatch(self.pattern, typed):
            raise NotAnAnswer(_("%(typed)s is not written as this grid asks.") % {"typed": typed})
        return typed
