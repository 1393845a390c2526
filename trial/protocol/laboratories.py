"""Laboratories and the normal ranges that they report.

They stand in the ground beside consent versions and ethics approvals: facts of the sites, valid for a time,
that belong to no subject and that every room above may read. A rule asks `laboratories()`; whoever judges
many rows (a save, a screen) reads them once, and an analysis uses those of its run, as with the
configuration.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from trial.protocol.read_once import ReadOnce
from trial.trail.audited import AuditedModel


class Laboratory(AuditedModel):
    """A laboratory that reports results, accredited from a day on up to and including another."""

    code = models.CharField(_("laboratory"), max_length=40, unique=True)
    name = models.CharField(_("name in full"), max_length=200)
    accredited_from = models.DateField(_("accredited from"))
    accredited_until = models.DateField(_("accredited until"), null=True, blank=True)

    class Meta:
        verbose_name_plural = "laboratories"
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=Q(accredited_until=None) | Q(accredited_until__gte=F("accredited_from")),
                name="laboratory_accredited_for_a_time",
                violation_error_message=_("An accreditation ends after it began."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ReferenceRange(AuditedModel):
    """What a laboratory calls normal for a test, for a sex and an age where it says so, from a day on up to
    and including another.

    `age_from` and `age_below` are completed years, the second excluded. `factor` turns the unit into SI where
    that depends on the laboratory (copies/mL of a virus).
    """

    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="ranges")
    test = models.CharField(_("test"), max_length=20)
    unit = models.CharField(_("unit"), max_length=20)
    sex = models.CharField(_("sex"), max_length=1, blank=True, choices=(("M", _("Male")), ("F", _("Female"))))
    age_from = models.PositiveSmallIntegerField(_("age from"), default=0)
    age_below = models.PositiveSmallIntegerField(_("age below"), null=True, blank=True)
    lower = models.DecimalField(_("lower limit"), max_digits=12, decimal_places=4, null=True, blank=True)
    upper = models.DecimalField(_("upper limit"), max_digits=12, decimal_places=4, null=True, blank=True)
    factor = models.DecimalField(_("factor to SI"), max_digits=12, decimal_places=6, null=True, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        ordering = ("laboratory", "test", "sex", "age_from", "valid_from")
        constraints = (
            models.UniqueConstraint(
                fields=("laboratory", "test", "sex", "age_from", "valid_from"),
                name="reference_range_once",
                violation_error_message=_("This range exists already."),
            ),
            models.CheckConstraint(
                condition=Q(lower=None) | Q(upper=None) | Q(upper__gt=F("lower")),
                name="reference_range_in_order",
                violation_error_message=_("The lower limit lies below the upper."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="reference_range_valid_for_a_time",
                violation_error_message=_("A range ends after it began."),
            ),
        )

    def __str__(self) -> str:
        who = f"{self.sex} {self.age_from}-{self.age_below or ''}".strip()
        return f"{self.laboratory_id} {self.test} {who} {self.valid_from}"


@dataclass(frozen=True, slots=True)
class NormalRange:
    """One range as rules read it; see `ReferenceRange`."""

    unit: str
    sex: str
    age_from: int
    age_below: int | None
    lower: Decimal | None
    upper: Decimal | None
    factor: Decimal | None
    valid_from: date
    valid_until: date | None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def is_for(self, sex: str | None, age: int | None) -> bool:
        """One that asks for a sex or an age is for nobody of whom it is unknown."""
        if self.sex and self.sex != sex:
            return False
        if age is None:
            return self.age_from == 0 and self.age_below is None
        return self.age_from <= age and (self.age_below is None or age < self.age_below)


@dataclass(frozen=True, slots=True)
class Laboratories:
    """All laboratories: from when until when each is accredited, and its ranges by test."""

    accredited: Mapping[str, tuple[date, date | None]] = field(default_factory=dict)
    ranges: Mapping[tuple[str, str], tuple[NormalRange, ...]] = field(default_factory=dict)

    def are_known(self) -> bool:
        """Whether the registry has a table of laboratories at all."""
        return bool(self.accredited)

    def is_accredited(self, laboratory: str, day: date) -> bool:
        begins, ends = self.accredited.get(laboratory, (date.max, None))
        return begins <= day and (ends is None or day <= ends)

    def range_of(
        self, laboratory: str, test: str, day: date, *, sex: str | None, age: int | None
    ) -> NormalRange | None:
        """The range of a test on a day for somebody of this sex and age; None where the table has none."""
        found = self.ranges.get((laboratory, test), ())
        return next((one for one in found if one.holds_on(day) and one.is_for(sex, age)), None)


# --- in force -------------------------------------------------------------------------------------------
_COLUMNS = ("code", "accredited_from", "accredited_until")
_OF_RANGE = (
    "test",
    "unit",
    "sex",
    "age_from",
    "age_below",
    "lower",
    "upper",
    "factor",
    "valid_from",
    "valid_until",
)


def laboratories_in_force() -> str:
    """All of them as text, for a run that shall see the same ones again."""
    return json.dumps(_rows())


def laboratories_as(text: str) -> AbstractContextManager[None]:
    """Within this block they are those of a text that `laboratories_in_force` gave."""
    return laboratories.being(_of(json.loads(text)))


def _rows() -> list[list[str | None]]:
    """A row for each range, one for a laboratory without any; in one statement."""
    columns = (*_COLUMNS, *(f"ranges__{name}" for name in _OF_RANGE))
    found = Laboratory.objects.order_by(
        "code", "ranges__test", "ranges__sex", "ranges__age_from", "ranges__valid_from"
    )
    return [[None if cell is None else str(cell) for cell in row] for row in found.values_list(*columns)]


def _of(rows: Iterable[list[str | None]]) -> Laboratories:
    accredited: dict[str, tuple[date, date | None]] = {}
    ranges: dict[tuple[str, str], list[NormalRange]] = defaultdict(list)
    for code, begins, ends, test, *of_range in rows:
        accredited[str(code)] = date.fromisoformat(str(begins)), _day(ends)
        if test:
            ranges[str(code), test].append(_range(*of_range))
    return Laboratories(accredited, {key: tuple(found) for key, found in ranges.items()})


def _range(*cells: str | None) -> NormalRange:
    unit, sex, age_from, age_below, lower, upper, factor, begins, ends = cells
    return NormalRange(
        unit=unit or "",
        sex=sex or "",
        age_from=int(age_from or 0),
        age_below=None if age_below is None else int(age_below),
        lower=_number(lower),
        upper=_number(upper),
        factor=_number(factor),
        valid_from=date.fromisoformat(begins or ""),
        valid_until=_day(ends),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


laboratories = ReadOnce("laboratories", lambda: _of(_rows()))
"""The laboratories as they are now, or as the block around says."""
