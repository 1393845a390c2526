"""Which study this registry serves: one registry, one study."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Arm:
    """A treatment arm: its slug, and what is given in it."""

    code: str
    label: StrOrPromise


@dataclass(frozen=True)
class Study:
    """The identifiers of the study. `protocol_version` awaits the trial team's confirmation."""

    study_id: str
    registry_id: str
    title: StrOrPromise
    phase: StrOrPromise
    arms: tuple[Arm, ...]
    protocol_version: str


STUDY = Study(
    study_id="CHIMERA",
    registry_id="NCT05827835",
    title=_(
        "Donor-derived CD7 CAR-T cells followed by haploidentical transplantation "
        "without conditioning or GVHD prophylaxis in relapsed or refractory leukaemia and lymphoma"
    ),
    phase=_("Phase I"),
    arms=(Arm("cart-haplo", _("CD7 CAR-T cells, then haploidentical transplantation")),),
    protocol_version="1.0",
)

SITE_CODE = "HZ01"
"""The single site that the study has by default."""

SITE_ZONE = ZoneInfo("Asia/Shanghai")
"""The zone of clinical dates, one for the study: a day begins at midnight of the site."""


def site_today() -> date:
    """The calendar day at the site at this moment."""
    return timezone.now().astimezone(SITE_ZONE).date()


DAYS_PER_MONTH = Decimal("30.4375")
"""Days of a reported month: 365.25 / 12."""
