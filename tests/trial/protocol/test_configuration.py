"""Configuration values: typed defaults, versions, and what awaits the trial team."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from trial.protocol.configuration import (
    SETTINGS,
    UnknownSetting,
    consent_version_in_force,
    setting,
    setting_as,
)
from trial.protocol.defaults import ensure_defaults
from trial.protocol.models import ApprovalKind, ConfigValue, ConsentVersion, SiteApproval


def decide(key: str, version: int, value: str, *, days_ago: int = 1) -> ConfigValue:
    return ConfigValue.objects.create(
        key=key,
        version=version,
        value=value,
        reason="Protocol amendment 1",
        approver="The principal investigator",
        made_by="data.manager",
        in_force_from=timezone.now() - timedelta(days=days_ago),
    )


def test_each_default_reads_back_as_itself() -> None:
    for declared in SETTINGS.values():
        text = "" if declared.default is None else str(declared.default)
        assert declared.parse(text) == declared.default
        assert type(declared.parse(text)) is type(declared.default)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("dlt_window_days", "four weeks"),
        ("dlt_window_days", "28.5"),
        ("full_donor", "NaN"),
        ("full_donor", ""),
        ("ctcae_version", "4.03"),
        ("response_policy", "lenient"),
        ("study_start", "2021-11"),
    ],
)
def test_a_text_of_another_type_is_refused_by_the_name_of_its_key(key: str, text: str) -> None:
    with pytest.raises(ValueError, match=key):
        SETTINGS[key].parse(text)


@pytest.mark.parametrize(
    "key", ["dose_tol", "dlt_window_days", "lost_days", "cd7_min", "ld_flu", "ld_cy", "ld_eto"]
)
def test_values_from_memory_await_the_trial_team(key: str) -> None:
    assert SETTINGS[key].awaiting_confirmation


@pytest.mark.django_db
def test_without_a_decision_the_default_is_in_force() -> None:
    assert setting("full_donor") == Decimal(95)
    assert setting("age_max") is None
    with pytest.raises(UnknownSetting):
        setting("nothing_of_the_kind")


@pytest.mark.django_db
def test_the_newest_version_in_force_wins() -> None:
    decide("dlt_window_days", 1, "30", days_ago=20)
    decide("dlt_window_days", 2, "21", days_ago=10)
    decide("dlt_window_days", 3, "35", days_ago=-10)
    assert setting("dlt_window_days") == 21
    assert setting("dlt_window_days", at=timezone.now() - timedelta(days=15)) == 30
    assert setting("dlt_window_days", at=timezone.now() - timedelta(days=30)) == 28


@pytest.mark.django_db
def test_an_empty_version_lifts_a_limit() -> None:
    decide("age_max", 1, "75", days_ago=2)
    assert setting("age_max") == 75
    decide("age_max", 2, "")
    assert setting("age_max") is None


@pytest.mark.django_db
def test_a_value_is_given_as_the_type_asked_for() -> None:
    assert setting_as(Decimal, "neut_thr") == Decimal("0.5")
    assert setting_as(date, "study_start") == date(2021, 11, 1)
    with pytest.raises(TypeError, match="age_max"):
        setting_as(int, "age_max")


@pytest.mark.django_db
def test_a_version_is_written_once_and_says_why_and_by_whom() -> None:
    decided = decide("lost_days", 1, "200")
    decided.value = "90"
    with pytest.raises(TypeError):
        decided.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        decide("lost_days", 1, "90")
    with pytest.raises(IntegrityError), transaction.atomic():
        ConfigValue.objects.create(key="lost_days", version=2, value="9", in_force_from=timezone.now())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "in_force"),
    [
        (date(2023, 12, 31), False),
        (date(2024, 1, 1), True),
        (date(2024, 5, 31), True),
        (date(2024, 6, 1), False),
    ],
)
def test_a_consent_version_is_in_force_up_to_the_day_before_the_next(day: date, in_force: bool) -> None:
    ConsentVersion.objects.create(
        version="2.0",
        language="zh",
        approved_on=date(2023, 12, 15),
        in_force_from=date(2024, 1, 1),
        superseded_on=date(2024, 6, 1),
    )
    assert consent_version_in_force("2.0", day) is in_force
    assert not consent_version_in_force("2.1", day)


@pytest.mark.django_db
def test_defaults_are_made_once_and_await_confirmation() -> None:
    ConsentVersion.objects.all().delete()
    SiteApproval.objects.all().delete()
    ensure_defaults()
    ensure_defaults()
    assert ConsentVersion.objects.get().awaiting_confirmation
    assert {approval.kind for approval in SiteApproval.objects.filter(site_code="HZ01")} == set(ApprovalKind)
    assert all(approval.awaiting_confirmation for approval in SiteApproval.objects.all())
    assert consent_version_in_force("1.0", date(2021, 11, 1))
    assert not consent_version_in_force("1.0", date(2021, 10, 31))


@pytest.mark.django_db
def test_defaults_do_not_come_back_beside_what_the_trial_team_recorded() -> None:
    ConsentVersion.objects.all().delete()
    ConsentVersion.objects.create(
        version="3.2", language="zh", approved_on=date(2023, 1, 1), in_force_from=date(2023, 1, 1)
    )
    ensure_defaults()
    assert ConsentVersion.objects.get().version == "3.2"


@pytest.mark.django_db
def test_a_confirmed_approval_names_who_gave_it() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SiteApproval.objects.create(site_code="HZ01", protocol_version="2.0", approved_on=date(2024, 1, 1))
