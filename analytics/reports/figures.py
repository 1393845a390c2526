"""The two figures of a lock: survival, and the incidence of acute GVHD."""

from typing import Any

from django.utils.translation import gettext as _

from analytics.endpoints.curves import INCIDENCE_TICKS_DAYS, SURVIVAL_TICKS_MONTHS
from analytics.reports.drawing import Link
from analytics.reports.step_figure import Curve, Label, Mark, Scale, StepFigure, risk_row, share_at
from analytics.reports.step_numbers import drawn_steps, numbers_of, of_incidence, of_survival, readout_of

TWELVE_MONTHS, THREE_MONTHS_DAYS = 12, 91.3125
LABEL_UP = 8


def survival_figure(curves: dict[str, Any], texts: dict[str, str], link: Link) -> StepFigure | None:
    """Kaplan-Meier curves of OS and PFS with their bands. `texts` are the figures as printed, `link` leads
    to the subjects of a step."""
    drawn = {code: curve for code, curve in curves["survival"].items() if curve}
    if not drawn:
        return None
    scale = Scale(float(SURVIVAL_TICKS_MONTHS[-1]))
    x_ticks = scale.x_marks(SURVIVAL_TICKS_MONTHS)
    stepped = of_survival(curves)
    described = _("Kaplan-Meier curves. Twelve-month OS %(os)s per cent, PFS %(pfs)s per cent.")
    return StepFigure(
        title=_("Overall and progression-free survival"),
        described=described % {"os": texts.get("os_12m") or "–", "pfs": texts.get("pfs_12m") or "–"},
        x_label=_("Months since CAR-T infusion"),
        x_ticks=x_ticks,
        y_ticks=scale.y_marks(),
        reference=Mark(f"{scale.x(TWELVE_MONTHS):.1f}", _("12 months")),
        curves=tuple(
            _survival(scale, kind, code, curve, texts.get(f"{code.lower()}_12m", ""))
            for kind, (code, curve) in enumerate(drawn.items(), 1)
        ),
        risks=tuple(
            risk_row(kind, code, kind - 1, x_ticks, curve["at_risk"])
            for kind, (code, curve) in enumerate(drawn.items(), 1)
        ),
        name="survival",
        steps=tuple(drawn_steps(stepped, scale, link)),
        numbers=numbers_of(stepped, link),
        readout=readout_of(stepped, scale, _("%(time)s months")),
    )


def _survival(scale: Scale, kind: int, code: str, curve: dict[str, Any], printed: str) -> Curve:
    times, shares = curve["time"], curve["survival"]
    above = kind == 1
    x, y = _on_curve(scale, times, shares, scale.longest * 0.3, 1.0)
    return Curve(
        kind=kind,
        label=code,
        path=scale.steps(times, shares, 1.0),
        band=scale.band(times, curve["lower"], curve["upper"]),
        ticks=scale.censored(curve["censored"], times, shares, 1.0),
        label_x=f"{x:.1f}",
        label_y=f"{y - LABEL_UP if above else y + 2 * LABEL_UP:.1f}",
        value=_value(_on_curve(scale, times, shares, TWELVE_MONTHS, 1.0), printed, above=above, after=above),
    )


def incidence_figure(curves: dict[str, Any], texts: dict[str, str], link: Link) -> StepFigure | None:
    """Aalen-Johansen curves of acute GVHD of any grade and of death without it."""
    found = curves["incidence"]
    if not found:
        return None
    scale = Scale(float(INCIDENCE_TICKS_DAYS[-1]))
    x_ticks = scale.x_marks(INCIDENCE_TICKS_DAYS)
    stepped = of_incidence(curves)
    described = _("Aalen-Johansen curves. Acute GVHD of any grade %(share)s per cent at three months.")
    three_months = texts.get("agvhd_cif_3m", "")
    return StepFigure(
        title=_("Cumulative incidence of acute GVHD"),
        described=described % {"share": three_months or "–"},
        x_label=_("Days since transplantation"),
        x_ticks=x_ticks,
        y_ticks=scale.y_marks(),
        reference=Mark(f"{scale.x(THREE_MONTHS_DAYS):.1f}", _("3 months")),
        curves=(
            _incidence(scale, 1, _("aGVHD, any grade"), found["event"], found["censored"], three_months),
            _incidence(scale, 2, _("death without aGVHD"), found["competing"], [], ""),
        ),
        risks=(risk_row(1, "", 0, x_ticks, found["at_risk"]),),
        name="incidence",
        steps=tuple(drawn_steps(stepped, scale, link)),
        numbers=numbers_of(stepped, link),
        readout=readout_of(stepped, scale, _("%(time)s days")),
    )


def _incidence(
    scale: Scale, kind: int, label: str, curve: dict[str, Any], censored: list[float], printed: str
) -> Curve:
    times, shares = curve["time"], curve["incidence"]
    x, y = _on_curve(scale, times, shares, scale.longest * 0.6, 0.0)
    return Curve(
        kind=kind,
        label=label,
        path=scale.steps(times, shares, 0.0),
        band="",
        ticks=scale.censored(censored, times, shares, 0.0),
        label_x=f"{x:.1f}",
        label_y=f"{y - LABEL_UP:.1f}",
        value=_value(
            _on_curve(scale, times, shares, THREE_MONTHS_DAYS, 0.0), printed, above=True, after=False
        ),
    )


def _on_curve(
    scale: Scale, times: list[float], shares: list[float], time: float, start: float
) -> tuple[float, float]:
    """The point of a curve at a time."""
    return scale.x(time), scale.y(share_at(time, times, shares, start))


def _value(point: tuple[float, float], printed: str, *, above: bool, after: bool) -> Label | None:
    """A figure as printed, beside its point; none where it is beyond the follow-up."""
    if not printed:
        return None
    x = point[0] + 2 * LABEL_UP if after else point[0] - LABEL_UP
    y = point[1] - LABEL_UP if above else point[1] + 2 * LABEL_UP
    return Label(f"{x:.1f}", f"{y:.1f}", f"{printed} %", ends=not after)
