"""The two figures of a lock: survival, and the incidence of acute GVHD."""

from typing import Any

from django.utils.translation import gettext as _

from analytics.endpoints.curves import INCIDENCE_TICKS_DAYS, SURVIVAL_TICKS_MONTHS
from analytics.reports.step_figure import Curve, Mark, Scale, StepFigure, risk_row

TWELVE_MONTHS, THREE_MONTHS_DAYS = 12, 91.3125
LABEL_UP = 8


def survival_figure(curves: dict[str, Any], texts: dict[str, str]) -> StepFigure | None:
    """Kaplan-Meier curves of OS and PFS with their bands. `texts` are the figures as printed."""
    drawn = {code: curve for code, curve in curves["survival"].items() if curve}
    if not drawn:
        return None
    scale = Scale(float(SURVIVAL_TICKS_MONTHS[-1]))
    x_ticks = scale.x_marks(SURVIVAL_TICKS_MONTHS)
    described = _("Kaplan-Meier curves. Twelve-month OS %(os)s per cent, PFS %(pfs)s per cent.")
    return StepFigure(
        title=_("Overall and progression-free survival"),
        described=described % {"os": texts.get("os_12m") or "–", "pfs": texts.get("pfs_12m") or "–"},
        x_label=_("Months since CAR-T infusion"),
        x_ticks=x_ticks,
        y_ticks=scale.y_marks(),
        reference=Mark(f"{scale.x(TWELVE_MONTHS):.1f}", _("12 months")),
        curves=tuple(
            _survival(scale, kind, code, curve) for kind, (code, curve) in enumerate(drawn.items(), 1)
        ),
        risks=tuple(
            risk_row(kind, code, kind - 1, x_ticks, curve["at_risk"])
            for kind, (code, curve) in enumerate(drawn.items(), 1)
        ),
    )


def _survival(scale: Scale, kind: int, code: str, curve: dict[str, Any]) -> Curve:
    times, shares = curve["time"], curve["survival"]
    above = kind == 1
    x, y = _label_place(scale, times, shares, part=0.3)
    return Curve(
        kind=kind,
        label=code,
        path=scale.steps(times, shares, 1.0),
        band=scale.band(times, curve["lower"], curve["upper"]),
        ticks=scale.censored(curve["censored"], times, shares, 1.0),
        label_x=f"{x:.1f}",
        label_y=f"{y - LABEL_UP if above else y + 2 * LABEL_UP:.1f}",
    )


def incidence_figure(curves: dict[str, Any], texts: dict[str, str]) -> StepFigure | None:
    """Aalen-Johansen curves of acute GVHD of any grade and of death without it."""
    found = curves["incidence"]
    if not found:
        return None
    scale = Scale(float(INCIDENCE_TICKS_DAYS[-1]))
    x_ticks = scale.x_marks(INCIDENCE_TICKS_DAYS)
    described = _("Aalen-Johansen curves. Acute GVHD of any grade %(share)s per cent at three months.")
    return StepFigure(
        title=_("Cumulative incidence of acute GVHD"),
        described=described % {"share": texts.get("agvhd_cif_3m") or "–"},
        x_label=_("Days since transplantation"),
        x_ticks=x_ticks,
        y_ticks=scale.y_marks(),
        reference=Mark(f"{scale.x(THREE_MONTHS_DAYS):.1f}", _("3 months")),
        curves=(
            _incidence(scale, 1, _("aGVHD, any grade"), found["event"], found["censored"]),
            _incidence(scale, 2, _("death without aGVHD"), found["competing"], []),
        ),
        risks=(risk_row(1, "", 0, x_ticks, found["at_risk"]),),
    )


def _incidence(scale: Scale, kind: int, label: str, curve: dict[str, Any], censored: list[float]) -> Curve:
    times, shares = curve["time"], curve["incidence"]
    x, y = _label_place(scale, times, shares, part=0.6)
    return Curve(
        kind=kind,
        label=label,
        path=scale.steps(times, shares, 0.0),
        band="",
        ticks=scale.censored(censored, times, shares, 0.0),
        label_x=f"{x:.1f}",
        label_y=f"{y - LABEL_UP:.1f}",
    )


def _label_place(
    scale: Scale, times: list[float], shares: list[float], *, part: float
) -> tuple[float, float]:
    """On the curve, at a part of the axis."""
    time = scale.longest * part
    before = [share for step, share in zip(times, shares, strict=True) if step <= time]
    start = shares[0] if not before and shares else (before[-1] if before else 0.0)
    return scale.x(time), scale.y(start)
