"""Configuration values of the trial: typed defaults in code, versions with reason and approver in the table.

A default that awaits confirmation was not read from the protocol (it is from memory, or an open question to
the trial team): the product shows it with `AWAITING` beside it, never as the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trial.protocol.models import ConfigValue, ConsentVersion
from trial.protocol.read_once import ReadOnce

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Value = Decimal | int | str | date | None
T = TypeVar("T", Decimal, int, str, date)

AWAITING = _("Default awaiting the trial team's confirmation; not the protocol.")


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


_READERS: dict[type, Callable[[str], Value]] = {
    Decimal: _finite,
    int: int,
    str: str,
    date: date.fromisoformat,
}


class UnknownSetting(LookupError):
    """No configuration value has this key."""


@dataclass(frozen=True)
class Setting:
    """A configuration value: its typed default, unit (UCUM) and reason.

    `kind` is needed where the default is None, which is where a value may be empty (no limit); `choices`
    limits a text.
    """

    key: str
    default: Value
    unit: str
    why: StrOrPromise
    awaiting_confirmation: bool
    kind: type | None = None
    choices: tuple[str, ...] = ()

    def parse(self, text: str) -> Value:
        """The typed value of a stored text. Raises ValueError naming the key."""
        if text == "" and self.default is None:
            return None
        if self.choices and text not in self.choices:
            raise ValueError(f"{self.key}: {text!r} is none of {', '.join(self.choices)}")
        try:
            return _READERS[self.kind or type(self.default)](text)
        except (ValueError, ArithmeticError) as error:
            raise ValueError(f"{self.key}: {text!r} cannot be read as its type") from error


_REGIMEN = _("From memory, class convention, on each of three days; to be replaced from the protocol.")
_DLT_DOSE = _("From memory: share of the target dose with which a subject counts for dose-limiting toxicity.")
_DLT_RULE = _("From memory, class convention: whether an event that meets this criterion is dose-limiting.")
_DLT_LIMIT = _("From memory, class convention; part of the criteria of dose-limiting toxicity.")
_STOP_LIMIT = _("A proposal of the specification (4.1): the rate that must not be exceeded.")
_STOP_PRIOR = _(
    "A proposal of the specification (4.1): parameter of the beta prior, worth two subjects in all."
)
_KEPT = _(
    "From memory: 25 years after the end of the study (EU regulation 536/2014, article 58), to be checked; in"
    " China 5 years after approval at least."
)
_STOP_GUARD = _("From memory: the 3+3 convention, since the posterior is lenient below eight subjects.")


def _stopping(code: str, limit: int, events: str, others: str) -> tuple[Setting, ...]:
    """The limit of a stopping rule, and its beta prior as so many events and so many others."""
    return (
        Setting(f"stop_{code}_limit", Decimal(limit), "%", _STOP_LIMIT, True),
        Setting(f"stop_{code}_prior_events", Decimal(events), "", _STOP_PRIOR, True),
        Setting(f"stop_{code}_prior_others", Decimal(others), "", _STOP_PRIOR, True),
    )


_DECLARED = (
    Setting(
        "ctcae_version", "5.0", "",
        _("Not stated in the abstract. Version 6.0 grades counts differently; versions are never mixed."),
        True, choices=("5.0", "6.0"),
    ),
    Setting("dose_target", Decimal("2.0"), "10^6/kg", _("Abstract of the trial."), False),
    Setting("dose_tol", Decimal(20), "%", _("From memory: sister CD7 trials used 20 to 30 %."), True),
    Setting(
        "dlt_window_days", 28, "d", _("From memory: sister sources use 21 to 30 days after infusion."), True
    ),
    Setting("dlt_dose_min", Decimal(50), "%", _DLT_DOSE, True),
    Setting("dlt_dose_max", Decimal(120), "%", _DLT_DOSE, True),
    *(Setting(f"dlt_d{n}", "yes", "", _DLT_RULE, True, choices=("yes", "no")) for n in range(1, 10)),
    Setting("dlt_improved_days", 3, "d", _DLT_LIMIT, True),
    Setting("dlt_iec_hs_days", 7, "d", _DLT_LIMIT, True),
    Setting("dlt_lasting_days", 7, "d", _DLT_LIMIT, True),
    Setting("dlt_aplasia_after_day", 42, "d", _DLT_LIMIT, True),
    *_stopping("dlt", 33, "0.66", "1.34"),
    *_stopping("non_relapse_death", 25, "0.5", "1.5"),
    *_stopping("graft_failure", 20, "0.4", "1.6"),
    *_stopping("acute_gvhd_3_4", 30, "0.6", "1.4"),
    Setting(
        "stop_probability", Decimal(80), "%",
        _("A proposal of the specification (4.1): pause when the rate is above its limit as probably."), True,
    ),
    Setting("stop_guard_subjects", 6, "", _STOP_GUARD, True),
    Setting("stop_guard_events", 2, "", _STOP_GUARD, True),
    Setting(
        "mrd_threshold_pct", Decimal("0.01"), "%",
        # xgettext:no-python-format
        _("Positive at or above 1e-4. ELN MRD 2021 uses 0.1 % of CD45+ cells for flow: a second flag."),
        False,
    ),
    Setting(
        "full_donor", Decimal(95), "%",
        _("Inclusive, as CIBMTR (at least 95 %); ASTCT and EBMT say above 95 %: exactly 95.0 % differs."),
        True,
    ),
    Setting("neut_thr", Decimal("0.5"), "10^9/L", _("PMC11161398 table 1; CIBMTR manual."), False),
    Setting("plt_thr", Decimal(20), "10^9/L", _("PMC11161398 table 1; CIBMTR manual."), False),
    Setting("lost_days", 180, "d", _("From memory."), True),
    Setting("retention_years", 25, "a", _KEPT, True),
    Setting(
        "study_start", date(2021, 11, 1), "",
        _("Registry copy; the first patients, of November 2021, came under other protocol numbers."), True,
    ),
    Setting(
        "planned_enrolment", None, "",
        _("How many subjects the protocol plans to enrol; the abstract does not say."), True, kind=int,
    ),
    Setting(
        "age_max", None, "a",
        _("No limit, a warning above 75: the registry says 18 to 75, the published cohort reached 81.9."),
        True, kind=int,
    ),
    Setting("cd7_min", Decimal(20), "%", _("From memory: sister trials use 30, 70 or 98 %."), True),
    Setting(
        "dsa_mfi_max", Decimal(5000), "MFI", _("A strength class in PMC8170127; 1000 from memory."), True
    ),
    Setting("ld_flu", Decimal(30), "mg/m2/d", _REGIMEN, True),
    Setting("ld_cy", Decimal(300), "mg/m2/d", _REGIMEN, True),
    Setting("ld_eto", Decimal(100), "mg/m2/d", _REGIMEN, True),
    Setting(
        "response_policy", "protocol", "",
        _("Strict: ELN and NCCN. Protocol: CRi whenever blasts are below 5 %."),
        True, choices=("strict", "protocol"),
    ),
    Setting(
        "sdv_share", Decimal(20), "%",
        _("Share of the pages on which values that are not critical are compared with their source, too."),
        True,
    ),
    Setting("alert_mail_hours_sae", 24, "h", _("At most 24 hours from awareness."), True),
    Setting(
        "ec_report_hours", 24, "h",
        _("From memory: what a hospital's procedure gives for a serious event; 0: it asks for no report."),
        True,
    ),
    Setting("alert_mail_hours_susar", 48, "h", _("Ahead of the 7 and 15 days of the regulation."), True),
    Setting(
        "site_min_subjects", 5, "",
        _("A common convention for shared data: a site with fewer subjects is told together with others."),
        True,
    ),
    Setting(
        "bootstrap_seed", 20_250_805, "",
        _("Any whole number; it stands before the data are seen, so that nobody chooses among its results."),
        False,
    ),
)  # fmt: skip

SETTINGS: dict[str, Setting] = {declared.key: declared for declared in _DECLARED}
"""Every configuration value by its key."""


_frozen: ContextVar[Mapping[str, Value] | None] = ContextVar("frozen_configuration", default=None)


@contextmanager
def configured_as(texts: Mapping[str, str]) -> Iterator[None]:
    """Within this block the settings have these values (stored texts), and a setting that is not among them
    its default: an analysis uses those of its lock, which may be older than the setting."""
    token = _frozen.set({key: SETTINGS[key].parse(text) for key, text in texts.items()})
    try:
        yield
    finally:
        _frozen.reset(token)


def configuration_in_force() -> dict[str, str]:
    """Every setting as the text that `configured_as` and `Setting.parse` read."""
    values = ((key, setting(key)) for key in sorted(SETTINGS))
    return {key: "" if value is None else str(value) for key, value in values}


def setting(key: str, *, at: datetime | None = None) -> Value:
    """The value in force now (or at another moment): the newest version, else the default.

    Raises UnknownSetting.
    """
    if key not in SETTINGS:
        raise UnknownSetting(key)
    frozen = _frozen.get()
    declared = SETTINGS[key]
    if frozen is not None:
        return frozen.get(key, declared.default)
    in_force = ConfigValue.objects.filter(key=key, in_force_from__lte=at or timezone.now())
    newest = in_force.order_by("-version").first()
    return declared.default if newest is None else declared.parse(newest.value)


def setting_as(kind: type[T], key: str) -> T:
    """The value in force now of a key that has one of this type, for arithmetic and comparison.

    Raises TypeError if it has none.
    """
    value = setting(key)
    if not isinstance(value, kind):
        raise TypeError(f"{key} is {value!r}, not {kind.__name__}")
    return value


def is_confirmed(key: str, text: str) -> bool:
    """Whether somebody has approved this value (stored text), or it needs none: of a run that is older than
    the values in force now. Raises UnknownSetting."""
    if key not in SETTINGS:
        raise UnknownSetting(key)
    return not SETTINGS[key].awaiting_confirmation or ConfigValue.objects.filter(key=key, value=text).exists()


# --- versions of the consent ----------------------------------------------------------------------------
consent_versions = ReadOnce("consent_versions", lambda: tuple(ConsentVersion.objects.all()))
"""All versions that the ethics committee has approved, those that came into force first first."""


def consent_version_in_force(version: str, on: date) -> bool:
    """Whether the consent version was approved and in force on that day, in any language (X-ELIG-03)."""
    return any(one.version == version and one.holds_on(on) for one in consent_versions())


def newest_consent_version(on: date) -> ConsentVersion | None:
    """The version that came into force last of those in force on that day, in any language (X-ELIG-04)."""
    return next((one for one in reversed(consent_versions()) if one.holds_on(on)), None)


def is_superseded(version: str) -> bool:
    """Whether a newer version has taken the place of this one, or will."""
    return any(one.version == version and one.superseded_on for one in consent_versions())
