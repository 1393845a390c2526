"""The set-up that a newcomer and CI rely on."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from django.db import IntegrityError, connection
from django.utils import timezone

from analytics.handbook.chapters import parts
from trial.trail.models import TrailEvent

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {
    "help", "setup", "demo", "test", "trace", "faults", "load", "check-external", "bench", "check",
    "lock-requirements", "sbom", "audit", "messages", "openapi", "bundle", "screenshots",
    "validation", "clean",
}  # fmt: skip
SERVICES = {"postgres", "redis", "setup", "web", "sealer", "worker", "beat", "proxy"}


def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_make_offers_the_promised_targets():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines()} == TARGETS


def test_ci_runs_what_people_run():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "exec make test"


def test_a_site_has_every_service_watched():
    services = compose()["services"]
    assert services.keys() == SERVICES
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"setup"}


def test_a_site_runs_without_root_and_keeps_secrets_in_files():
    for name, service in compose()["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        secret = {
            key for key in service.get("environment", {}) if re.search("KEY|PASSWORD|DATABASE_URL", key)
        }
        assert {key for key in secret if not key.endswith("_FILE")} == set(), name
    assert "\nUSER chimera\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_image_has_what_its_processes_open():
    """`.dockerignore` names what is taken; a script of `deploy` or a chapter that it forgets is missed only
    where the image runs."""
    taken = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.M)
    said = (ROOT / "Dockerfile").read_text(encoding="utf-8") + str(compose())
    named = set(re.findall(r"deploy/[\w.]+\.py", said))
    chapters = {str(each.path.relative_to(ROOT)) for part in parts() for each in part.chapters}
    assert named >= {"deploy/gunicorn.conf.py", "deploy/healthy.py"}
    missed = {path for path in named | chapters if not any(f"{path}/".startswith(f"{top}/") for top in taken)}
    assert missed == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["once", "again"])
def test_a_test_that_commits_leaves_nothing_and_append_only_holds(time):
    assert TrailEvent.objects.count() == 0
    TrailEvent.objects.create(at=timezone.now(), action="test")
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TrailEvent._meta.db_table}")


def test_a_registry_is_empty_migrated_and_on_the_engine_of_the_run(registry):
    migrations = registry.run("showmigrations", "--plan").stdout.splitlines()
    assert migrations
    assert [line for line in migrations if not line.startswith("[X]")] == []
    assert registry.database_url.startswith(connection.vendor)
    assert (registry.home / "keys" / "identity_key").is_file()
