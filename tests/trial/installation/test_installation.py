"""Whether an installation is as it should be, and what its monitoring reads of it (VD-03)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery import Celery
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from trial.environment import SecretPlace
from trial.installation import looks
from trial.installation.finding import Verdict
from trial.trail.alarms import raise_alarm
from trial.trail.seals import seal_trail

pytestmark = pytest.mark.django_db
KEY = "shown by the monitoring"  # pragma: allowlist secret


@dataclass
class Site:
    """An installation that can be spoilt: its settings, its clock, and what is read of its code."""

    home: Path
    settings: Any
    monkeypatch: pytest.MonkeyPatch
    clocks: Any


@pytest.fixture
def site(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    settings.CHIMERA_HOME = tmp_path
    settings.SNAPSHOT_DIR = tmp_path / "snapshots"
    settings.SEAL_KEY = SecretPlace(path=tmp_path / "keys" / "seal_key", made_here=True)
    with time_machine.travel(timezone.now(), tick=True) as clocks:
        yield Site(tmp_path, settings, monkeypatch, clocks)


def wrong() -> dict[str, str]:
    """What is wrong, by its subject."""
    return {one.subject: one.text for one in looks.findings() if one.verdict is Verdict.WRONG}


@pytest.mark.requirement("VD-03")
def test_nothing_is_wrong_with_a_registry_that_was_just_made(site: Site, capsys: Any) -> None:
    assert wrong() == {}
    with pytest.raises(SystemExit) as end:
        call_command("check_installation", "--json")
    assert end.value.code == 0
    told = json.loads(capsys.readouterr().out)
    subjects = {one["subject"] for one in told}
    assert subjects >= {"versions", "settings", "migrations", "triggers", "grants", "clock", "keys", "seals"}
    assert subjects >= {"alarms", "backup", "broker", "disk", "snapshots"}
    assert {one["subject"] for one in told if one["verdict"] == "warning"} >= {"settings", "backup"}


def drop_a_trigger(site: Site) -> None:
    table, verb = "trial_trailevent", "change" if connection.vendor == "postgresql" else "update"
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {table}_no_{verb}{on}")


def forget_a_migration(site: Site) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'analytics'")


def lose_the_key(site: Site) -> None:
    seal_trail()
    site.settings.SEAL_KEY = SecretPlace(path=site.home / "elsewhere")


def open_the_key(site: Site) -> None:
    seal_trail()
    (site.home / "keys" / "seal_key").chmod(0o644)


def stop_the_clock(site: Site) -> None:
    raise_alarm("test", "something")  # an act, which nobody seals
    site.clocks.shift(timedelta(minutes=6))


def take_another_package(site: Site) -> None:
    locked = site.home / "locked.txt"
    locked.write_text("django==4.0.0 \\\n    --hash=sha256:00\nnowhere==1.0\n")
    site.monkeypatch.setattr(looks, "LOCKED", locked)


def fill_the_disk(site: Site) -> None:
    site.monkeypatch.setattr(looks, "LEAST_FREE", 1.1)


def stop_the_broker(site: Site) -> None:
    site.monkeypatch.setattr(looks, "app", Celery(broker="redis://127.0.0.1:1/0"))


def be_a_site_without_a_backup(site: Site) -> None:
    site.settings.PRODUCTION = True


@pytest.mark.requirement("VD-03")
@pytest.mark.parametrize(
    ("do", "subject", "said"),
    [
        (drop_a_trigger, "triggers", "trial_trailevent_no_"),
        (forget_a_migration, "migrations", "wait, the first is 0001"),
        (lose_the_key, "keys", "nothing is sealed"),
        (open_the_key, "keys", "seal_key can be read by others"),
        (stop_the_clock, "seals", "more than five minutes"),
        (stop_the_clock, "alarms", "something"),
        (take_another_package, "versions", "nowhere is missing; locked is 1.0"),
        (fill_the_disk, "disk", "free where"),
        (stop_the_broker, "broker", "Connection refused"),
        (be_a_site_without_a_backup, "backup", "none was ever made"),
    ],
)
def test_what_is_wrong_is_named(
    site: Site, capsys: Any, do: Callable[[Site], None], subject: str, said: str
) -> None:
    do(site)
    assert said in wrong()[subject]
    with pytest.raises(SystemExit) as end:
        call_command("check_installation")
    assert end.value.code == 1
    assert f"wrong    {subject}" in capsys.readouterr().out


# --- the monitoring ----------------------------------------------------------------------------------------
def numbers(client: Client, key: str = KEY) -> dict[str, float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in families
        for sample in family.samples
    }


def test_the_monitoring_reads_numbers_with_its_key_alone(client: Client, site: Site) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404, "no key, no door"
    site.settings.METRICS_KEY = KEY
    for shown in ("", "Bearer ", "Bearer wrong", KEY):
        assert client.get("/metrics", headers={"Authorization": shown}).status_code == 404
    asked = "chimera_requests_total[('route', 'health/live/'), ('status', '200')]"
    before = numbers(client).get(asked, 0)
    client.get("/health/live/")
    raise_alarm("test", "Wang Fang, HZ01-001")
    told = numbers(client)
    assert told[asked] == before + 1
    assert told["chimera_unsealed_acts[]"] >= 1
    assert "chimera_alarm_seconds[('alarm', 'test')]" in told
    assert told["chimera_runs[('state', 'queued')]"] == 0
    assert "HZ01" not in str(told), "nothing of a subject"


def test_a_server_is_ready_while_its_database_is(client: Client, site: Site) -> None:
    assert client.get("/health/live/").json() == {"status": "live"}
    assert client.get("/health/ready/").json() == {"status": "ready"}
    forget_a_migration(site)
    assert client.get("/health/ready/").status_code == 503
    assert client.get("/health/live/").status_code == 200
