"""A real site: it starts safe or not at all (SE-01, SE-09, SE-12, SE-14)."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps, loads

from trial.celery import app

ROOT = Path(__file__).resolve().parents[3]
SECRETS = ("SECRET", "IDENTITY", "SEAL", "SECOND_FACTOR")
LONG = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def start(home: Path, *command: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
    """`manage.py` as a real site runs it, with these variables set otherwise (None: not set)."""
    site = {f"CHIMERA_{name}_KEY": LONG for name in SECRETS}
    site |= {"CHIMERA_PRODUCTION": "yes", "CHIMERA_HOSTS": "chimera.example", "CHIMERA_HOME": str(home)}
    given = {name: value for name, value in {**site, **changed}.items() if value is not None}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHIMERA_")}
    for name in ("DATABASE_URL", "DJANGO_ALLOW_ASYNC_UNSAFE"):  # of the tests, not of a site
        kept.pop(name, None)
    arguments = [sys.executable, "manage.py", *(command or ("check",))]
    return subprocess.run(
        arguments, cwd=ROOT, env={**kept, "DJANGO_SETTINGS_MODULE": "trial.settings", **given},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.requirement("SE-01")
def test_the_settings_of_a_site_leave_nothing_to_warn_of(tmp_path: Path) -> None:
    done = start(tmp_path, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_a_site_whose_seal_key_is_gone_starts(tmp_path: Path) -> None:
    """F23: the file is named and not there. Saves go on; sealing is what stops."""
    gone = str(tmp_path / "moved" / "seal_key")
    done = start(tmp_path, "check", CHIMERA_SEAL_KEY=None, CHIMERA_SEAL_KEY_FILE=gone)
    assert done.returncode == 0, done.stderr
    start(tmp_path, "migrate", "--verbosity=0")
    start(tmp_path, "seal_trail")
    done = start(tmp_path, "seal_trail", CHIMERA_SEAL_KEY=None, CHIMERA_SEAL_KEY_FILE=gone)
    assert done.returncode != 0
    assert "is not there" in done.stderr


UNSAFE = [
    ("CHIMERA_DEBUG", "yes", "CHIMERA_DEBUG"),
    ("CHIMERA_HOSTS", "*", "CHIMERA_HOSTS"),
    ("CHIMERA_PRODUCTION", "perhaps", "expected yes or no"),
    ("CHIMERA_BROKER_URL", "redis://queue.example:6379/0", "password"),
    ("REPLICA_DATABASE_URL", "postgresql://replica/registry", "only PostgreSQL has replicas"),
    *((f"CHIMERA_{name}_KEY", None, f"CHIMERA_{name}_KEY") for name in SECRETS),
]


@pytest.mark.requirement("SE-01", "SE-09", "SE-12")
@pytest.mark.parametrize(("variable", "value", "why"), UNSAFE, ids=lambda part: str(part))
def test_what_is_unsafe_does_not_start(variable: str, value: str | None, why: str, tmp_path: Path) -> None:
    done = start(tmp_path, **{variable: value})
    assert done.returncode != 0
    assert "ImproperlyConfigured" in done.stderr
    assert why in done.stderr.splitlines()[-1]


TELL = """
from django.db import connections
for name in ("default", "replica"):
    print(sorted(connections[name].get_connection_params().items(), key=lambda told: told[0]))
from trial.backup.databases import _where
print(sorted(_where(connections["default"].settings_dict).items()))
"""


@pytest.mark.requirement("SE-01")
def test_both_databases_are_asked_as_their_addresses_say(tmp_path: Path) -> None:
    """TLS and which of several hosts; what Chimera itself asks for comes to that."""
    asked = "sslmode=verify-full&sslrootcert=/etc/ca.pem&target_session_attrs=any&options=-c%20jit%3Doff"
    addresses = dict.fromkeys(
        ("DATABASE_URL", "REPLICA_DATABASE_URL"), f"postgresql://who@one.example,two.example/registry?{asked}"
    )
    done = start(tmp_path, "shell", "--verbosity=0", "-c", TELL, **addresses)
    assert done.returncode == 0, done.stderr
    default, replica, backup = done.stdout.splitlines()
    for told in (default, replica):
        assert "('sslmode', 'verify-full'), ('sslrootcert', '/etc/ca.pem')" in told
        assert "('target_session_attrs', 'any')" in told
        assert "('host', 'one.example,two.example')" in told
    assert "('PGSSLMODE', 'verify-full'), ('PGSSLROOTCERT', '/etc/ca.pem')" in backup
    assert "('PGTARGETSESSIONATTRS', 'any')" in backup
    assert "('options', '-c jit=off')" in default
    assert "('options', '-c jit=off -c default_transaction_read_only=on')" in replica


@pytest.mark.requirement("SE-09")
@pytest.mark.parametrize("address", ["redis://:word@queue.example:6379/0", "redis://127.0.0.1:6379/0"])
def test_a_guarded_broker_starts(address: str, tmp_path: Path) -> None:
    assert start(tmp_path, CHIMERA_BROKER_URL=address).returncode == 0


@pytest.mark.requirement("SE-12")
def test_keys_are_read_from_files_and_kept_from_others(tmp_path: Path) -> None:
    held = tmp_path / "secret"
    held.write_text(LONG)
    assert start(tmp_path, CHIMERA_SECRET_KEY=None, CHIMERA_SECRET_KEY_FILE=str(held)).returncode == 0
    done = start(
        tmp_path / "home",
        "seal_trail",  # which makes its key; the others are made at the first start
        CHIMERA_PRODUCTION="no",
        **{f"CHIMERA_{name}_KEY": None for name in SECRETS},
    )
    assert done.returncode == 0, done.stderr
    made = list((tmp_path / "home" / "keys").iterdir())
    assert len(made) == len(SECRETS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert stat.S_IMODE((tmp_path / "home" / "keys").stat().st_mode) == 0o700


@pytest.mark.requirement("SE-09")
def test_workers_take_json_alone() -> None:
    body, content_type, encoding = dumps({"pk": 1}, serializer="pickle")
    with pytest.raises(ContentDisallowed):
        loads(body, content_type, encoding, accept=app.conf.accept_content)
    assert app.conf.task_serializer == "json"


@pytest.mark.requirement("SE-09")
def test_every_task_takes_ids_alone() -> None:
    """What goes over the broker is what a task is called with."""
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    assert ours
    taken = {
        kind for task in ours for name, kind in task.run.__annotations__.items() if name != "self"
    }  # a task that is told of its own message
    assert taken <= {int, str, None, "int", "str", "None", type(None)}


@pytest.mark.django_db
@pytest.mark.requirement("SE-14")
@pytest.mark.parametrize("address", ["/admin/", "/admin/login/"])
def test_there_is_no_admin_site(client: Client, address: str) -> None:
    assert "django.contrib.admin" not in settings.INSTALLED_APPS
    assert client.get(address).status_code == 404
