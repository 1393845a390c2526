"""KIN: expansion of the CAR-T cells and immune recovery, a page for each sample.

Entered by the coordinator or imported from the laboratory. The course up to day 28 is that of the blood.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.anchors import infusion_day
from patients.grading.expansion import Sample, exposure, last_positive_day, peak
from patients.items.codelists import choices
from patients.items.conditions import Answers, judged
from patients.items.item import Derivation
from patients.items.limits import above, at_least, at_most, between, not_before
from patients.items.types import ChoiceItem, DateItem, DecimalItem, IntegerItem
from trial.protocol.visits import visit_type

BEFORE_INFUSION_DAYS = 3
_C28 = visit_type("C28")
CLOSED_FROM_CAR_DAY = (_C28.target_day or 0) - _C28.before


def sample_of(row: Answers, day_0: date) -> Sample | None:
    """The sample of a page on a clock that begins on `day_0`; None where something is missing."""
    day, copies, lloq = row["kin_dt"], row["kin_qpcr"], row["kin_lloq"]
    if day is None or copies is None or lloq is None:
        return None
    return Sample((day - day_0).days, copies, lloq)


def _blood_samples(answers: Answers) -> list[Sample]:
    """The samples of blood on CAR-T days."""
    infused = infusion_day(answers)
    if infused is None:
        return []
    found = (sample_of(row, infused) for row in answers.rows("KIN") if row["kin_sample"] == "blood")
    return [sample for sample in found if sample is not None]


def _cells_per_ul(answers: Answers) -> Decimal | None:
    cells, share = answers["kin_cd3"], answers["kin_flow_pct"]
    return None if cells is None or share is None else _rounded(cells * share / 100, "0.01")


def _highest(answers: Answers) -> Decimal | None:
    """0 where every sample of blood was negative."""
    samples = _blood_samples(answers)
    top = peak(samples)
    if top is None:
        return Decimal(0) if samples else None
    return _rounded(top.copies, "0.1")


def _peak_day(answers: Answers) -> int | None:
    top = peak(_blood_samples(answers))
    return top.day if top else None


def _area(answers: Answers) -> Decimal | None:
    area = exposure(_blood_samples(answers))
    return None if area is None else _rounded(area, "0.1")


def _last_positive(answers: Answers) -> int | None:
    """As of the day of this page."""
    here = _car_day(answers)
    return last_positive_day(
        sample for sample in _blood_samples(answers) if here is not None and sample.day <= here
    )


def _rounded(value: Decimal, step: str) -> Decimal:
    return value.quantize(Decimal(step), ROUND_HALF_UP)


def _car_day(answers: Answers) -> int | None:
    infused, day = infusion_day(answers), answers["kin_dt"]
    return (day - infused).days if infused and day else None


def _closed(answers: Answers) -> bool:
    """From the window of C28 on the course up to day 28 is closed."""
    day = _car_day(answers)
    return day is not None and day >= CLOSED_FROM_CAR_DAY


_CLOSED = judged(_("closed at C28"), _closed, "kin_dt", "INF.inf_start_dt")
_COURSE = ("KIN", "INF.inf_start_dt")


def _cells(
    label: Any, highest: str, unit: str = "cells/uL", digits: int = 8, places: int = 1, **more: Any
) -> DecimalItem:
    return DecimalItem(
        label, digits, places, req="O", hard=between("0", highest), unit=unit, cdisc="CP", **more
    )


class Expansion(FormRow):
    """One sample: CAR transgene, CAR-T cells, and the other lymphocytes."""

    form = FormDeclaration(
        code="KIN",
        title=_("CAR-T expansion and immune recovery"),
        enters=_("coordinator or lab import"),
        signs="-",
        sdtm="LB/GF/CP/PC",
        dated_by="kin_dt",
        recalls=("INF.inf_dose_kg",),
        sections=(
            Section(_("CAR-T cells"), "kin_dt"),
            Section(_("Lymphocytes"), "kin_cd3"),
            Section(_("Course up to day 28"), "kin_cmax"),
        ),
    )

    kin_dt = DateItem(
        _("Sample date"), hard=not_before("INF.inf_start_dt", -BEFORE_INFUSION_DAYS), cdisc="PC.PCDTC"
    )
    kin_sample = ChoiceItem(
        _("Sample"), choices("kin_sample", _("blood"), _("marrow"), "CSF"), cdisc="SPEC (C78734)"
    )
    kin_qpcr = DecimalItem(
        _("CAR transgene"),
        12,
        1,
        hint=_("0 if below the limit of quantification"),
        hard=between("0", "100000000"),
        soft=at_most("1000000"),
        unit="copies/ug DNA",
        cdisc="GF / PC",
    )
    kin_lloq = DecimalItem(_("qPCR LLOQ"), 8, 1, hard=above("0"), unit="copies/ug DNA", cdisc="GF")
    kin_flow_pct = DecimalItem(_("CAR+ of CD3+"), 5, 2, hard=between("0", "100"), unit="%", cdisc="CP")
    kin_flow_abs = DecimalItem(
        _("CAR+ cells"),
        10,
        2,
        derived=Derivation(_("CD3+ cells * CAR+ of CD3+ / 100"), _cells_per_ul, ("kin_cd3", "kin_flow_pct")),
        hard=at_least("0"),
        unit="cells/uL",
        cdisc="CP",
    )

    kin_cd3 = _cells("CD3+", "50000")
    kin_cd4 = _cells("CD4+", "20000", soft=at_least("200"))
    kin_cd8 = _cells("CD8+", "40000")
    kin_cd7neg_t = _cells(_("CD7-negative T cells"), "100", "% of T", 5, 2)
    kin_nk = _cells("NK", "10000")
    kin_b = _cells("CD19+ B", "10000")

    kin_cmax = DecimalItem(
        _("Peak copies (Cmax)"),
        12,
        1,
        when=_CLOSED,
        derived=Derivation(_("highest blood sample of day 0 to 28"), _highest, _COURSE),
        unit="copies/ug DNA",
        cdisc="ADPC",
    )
    kin_tmax = IntegerItem(
        _("Day of peak"),
        when=_CLOSED,
        derived=Derivation(_("CAR-T day of the highest blood sample"), _peak_day, _COURSE),
        hard=between("0", "28"),
        unit="d",
        cdisc="ADPC",
    )
    kin_auc28 = DecimalItem(
        _("AUC 0-28 (linear trapezoid)"),
        14,
        1,
        when=_CLOSED,
        derived=Derivation(_("linear trapezoid over the blood samples, needs 4 days"), _area, _COURSE),
        unit="copies*d/ug",
        cdisc="ADPC",
    )
    kin_last_pos = IntegerItem(
        _("Last positive day"),
        derived=Derivation(
            _("last CAR-T day of a positive blood sample"), _last_positive, (*_COURSE, "kin_dt")
        ),
        unit="d",
        cdisc="ADPC",
    )
