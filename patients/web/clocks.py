"""Days as people read them, and the two clocks of a subject."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from patients.casebook.answers import local_day
from patients.schedule.plan import clock_label
from trial.protocol.study import SITE_ZONE


@dataclass(frozen=True, slots=True)
class ClockDay:
    """A day on one clock: `name` is `car` or `hsct`, `day` reads D+3."""

    name: str
    label: str
    day: str


def days_on_clocks(day: date | None, t0: datetime | None, h0: datetime | None) -> list[ClockDay]:
    """The day on each clock that has started."""
    clocks = (("car", _("CAR-T"), local_day(t0)), ("hsct", _("HSCT"), local_day(h0)))
    return [
        ClockDay(name, label, clock_label((day - origin).days))
        for name, label, origin in clocks
        if day is not None and origin is not None
    ]


def local_now() -> datetime:
    """Now, at the site, to the second."""
    return timezone.now().astimezone(SITE_ZONE).replace(microsecond=0)


def short_day(day: date | None) -> str:
    """`5 Aug`; empty without a day."""
    return date_format(day, pgettext("format of a day", "j M")) if day else ""


def long_day(day: date | None) -> str:
    """`Tue 5 Aug 2025`; empty without a day."""
    return date_format(day, pgettext("format of a day", "D j M Y")) if day else ""


def full_day(day: date | None) -> str:
    """`5 Aug 2025`; empty without a day."""
    return date_format(day, pgettext("format of a day", "j M Y")) if day else ""


def moment(at: datetime | None) -> str:
    """`2025-08-05 09:41`, in the zone of the site."""
    return f"{at.astimezone(SITE_ZONE):%Y-%m-%d %H:%M}" if at else ""


def window_in_words(target: date | None, opens: date | None, closes: date | None) -> str:
    """`target 3 Aug · window 1 Aug to 5 Aug 2025`."""
    if opens is not None and opens == closes:
        return _("window: the same day")
    window = _window(opens, closes)
    if target is None:
        return window
    aimed = _("target %(day)s") % {"day": short_day(target)}
    return f"{aimed} · {window}" if window else aimed


def _window(opens: date | None, closes: date | None) -> str:
    named = {"opens": short_day(opens), "closes": full_day(closes)}
    if opens and closes:
        return _("window %(opens)s to %(closes)s") % named
    if opens:
        return _("window from %(opens)s, without end") % {"opens": full_day(opens)}
    return ""
