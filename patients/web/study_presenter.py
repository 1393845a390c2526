"""What is shown of the study itself: its configuration and its data dictionary."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from patients.casebook.answers import local_day
from patients.casebook.dictionary import dictionary
from patients.casebook.type_words import type_in_words
from patients.items.units import unit_in_words
from trial.protocol.configuration import AWAITING, SETTINGS, Setting, setting
from trial.protocol.models import ConfigValue

SEVERITIES = {
    "hard": pgettext_lazy("severity of a check", "hard"),
    "soft": pgettext_lazy("severity of a check", "soft"),
    "deviation": pgettext_lazy("severity of a check", "deviation"),
}


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A configuration value: what is in force, why, who approved it, and the versions before."""

    key: str
    value: str
    unit: str
    why: str
    version: str
    approver: str
    since: datetime | None
    is_awaiting: bool
    earlier: list[str]


@dataclass(frozen=True, slots=True)
class ConfigurationScreen:
    lines: list[SettingLine]
    awaiting: int
    awaiting_words: str


def configuration_screen() -> ConfigurationScreen:
    """Every configuration value as it is in force now."""
    versions: dict[str, list[ConfigValue]] = {}
    for version in ConfigValue.objects.order_by("key", "-version"):
        versions.setdefault(version.key, []).append(version)
    lines = [_line(declared, versions.get(key, [])) for key, declared in SETTINGS.items()]
    return ConfigurationScreen(lines, sum(line.is_awaiting for line in lines), str(AWAITING))


def _line(declared: Setting, versions: list[ConfigValue]) -> SettingLine:
    """A value that somebody approved no longer awaits the trial team."""
    value = setting(declared.key)
    now = next((version for version in versions if version.in_force_from <= timezone.now()), None)
    return SettingLine(
        key=declared.key,
        value=_("none") if value is None else str(value),
        unit=unit_in_words(declared.unit),
        why=now.reason if now else str(declared.why),
        version=str(now.version) if now else _("default"),
        approver=now.approver if now else "",
        since=now.in_force_from if now else None,
        is_awaiting=declared.awaiting_confirmation and now is None,
        earlier=[_earlier(version) for version in versions if version is not now],
    )


def _earlier(version: ConfigValue) -> str:
    named = {
        "version": version.version,
        "value": version.value or _("none"),
        "day": local_day(version.in_force_from),
        "approver": version.approver,
        "reason": version.reason,
    }
    return _("version %(version)s: %(value)s from %(day)s, %(approver)s: %(reason)s") % named


@dataclass(frozen=True, slots=True)
class FormEntry:
    """A form in the list of the dictionary."""

    code: str
    title: str
    items: int


@dataclass(frozen=True, slots=True)
class DictionaryScreen:
    """All forms, and one of them with its items and checks."""

    forms: list[FormEntry]
    code: str
    form: dict[str, Any] | None


def dictionary_screen(code: str) -> DictionaryScreen | None:
    """The dictionary with the form of this code; none of it where there is no such form."""
    forms = dictionary(get_language() or "en")["forms"]
    if code and code not in forms:
        return None
    entries = [FormEntry(each, form["title"], len(form["items"])) for each, form in forms.items()]
    return DictionaryScreen(entries, code, _in_words(forms[code]) if code else None)


def _in_words(form: dict[str, Any]) -> dict[str, Any]:
    """The form with the types and units of its items and the severities of its checks as people call them."""
    items = {
        name: {**item, "type": type_in_words(item["type"]), "unit": unit_in_words(item["unit"])}
        for name, item in form["items"].items()
    }
    checks = [{**check, "severity": SEVERITIES[check["severity"]]} for check in form["checks"]]
    return {**form, "items": items, "checks": checks}
