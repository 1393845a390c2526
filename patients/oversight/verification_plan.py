"""Which values are compared with their source: all that are critical, and of the others those on a drawn
share of the pages.

The critical values are those on which the endpoints and the safety of a subject rest (the data monitoring
part of the specification: consent, eligibility, infusion, dose, transplantation, deaths, serious events,
relapse). The draw is a number that follows from subject, visit and form alone: anybody can draw it again, and
a page that comes later changes nothing for the others.
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache

from django.db.models import F, Q

from patients.casebook.page import Page
from trial.protocol.configuration import setting_as
from trial.protocol.study import STUDY

DRAWN_FROM = 10_000
RESPONSE_VISITS = ("C14R", "C28", "HM1", "HM3")


@dataclass(frozen=True, slots=True)
class Critical:
    """Items of a form or of the header of its page, by name (`*` and `?` stand for any), at these visits; at
    each where none is named."""

    items: tuple[str, ...]
    visits: tuple[str, ...] = ()


CRITICAL = {
    "ELIG": Critical(("icf_main_dt", "inc??_*", "exc??_*", "enrol_dt")),
    "DX": Critical(("dx_type", "cd7_pct")),
    "INF": Critical(("inf_start_dt", "inf_dose_total", "inf_weight")),
    "HSCT": Critical(("hsct_start_dt", "cond_none", "gvhdp_none")),
    # At the highest grade of an episode, which a later page may bring: so on each page.
    "AGVHD": Critical(("ag_skin_bsa", "ag_skin_bullae", "ag_bili", "ag_ugi", "ag_stool_*", "ag_lgi_severe")),
    "CHIM": Critical(("*",), ("HM1",)),
    "RESP": Critical(("bm_blast", "mrd_value"), RESPONSE_VISITS),
    "RLP": Critical(("rlp_dt", "rlp_cd7")),
    "DTH": Critical(("dth_dt", "dth_primary")),
    "SAE": Critical(("form_date", "sae_*_dt", "sae_hosp_from", "sae_hosp_to")),
}


@cache
def is_critical(form: str, visit: str, item: str) -> bool:
    """Whether a value is always compared with its source."""
    critical = CRITICAL.get(form)
    if critical is None or (critical.visits and visit not in critical.visits):
        return False
    return any(fnmatchcase(item, pattern) for pattern in critical.items)


def draw_of(page: Page) -> int:
    """The number of a page in the draw, from 0 up to `DRAWN_FROM`: equally likely each, always the same."""
    named = "|".join((STUDY.study_id, page.subject.code, page.visit_code, page.form_code))
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:8]) % DRAWN_FROM


def drawn_below() -> int:
    """The number below which a page is drawn, by the share in force (`sdv_share`, in per cent)."""
    return int(setting_as(Decimal, "sdv_share") * DRAWN_FROM / 100)


def is_drawn(page: Page) -> bool:
    """Whether all values of a page are compared with their source, not the critical ones alone."""
    return draw_of(page) < drawn_below()


def waits_for_verification() -> Q:
    """Of pages: that something on them is to be verified and is not."""
    drawn = Q(verification_draw__lt=drawn_below())
    unknown = Q(verification_draw=None, version__gt=0)  # saved before values were counted
    critical = Q(critical_verified__lt=F("critical_items"))
    return unknown | critical | drawn & Q(other_verified__lt=F("other_items"))
