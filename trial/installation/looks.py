"""The looks of `check_installation` (VD-03): each names what is wrong where somebody can mend it.

Rooms above have files and workers of which this one knows nothing: they add looks of their own at their start
(`look_too`).
"""

import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from kombu.exceptions import OperationalError

from trial.celery import app
from trial.installation.finding import Finding, Look, right, warning, wrong
from trial.replica import replica
from trial.storage.look import snapshot_store
from trial.trail.alarms import Alarm
from trial.trail.clocks import REFUSE_ABOVE_S, TELL_ABOVE_S, database_now
from trial.trail.database_role import written_once
from trial.trail.installed import triggers_not_installed
from trial.trail.ledger import LedgerLeaf
from trial.trail.models import TrailEvent
from trial.trail.seals import Seal, public_key
from trial.trail.signing_keys import NoSigningKey

LOCKED = settings.BASE_DIR / "requirements" / "production.txt"
BACKUP_EVERY = timedelta(hours=26)  # a nightly one, and two hours for it to run late
SEALED_EVERY = timedelta(minutes=5)  # the clock seals each minute
LEAST_FREE = 0.1  # of a disk

_OF_ROOMS_ABOVE: list[Look] = []


def look_too(look: Look) -> None:
    """Look at this as well: a room above says so at its start."""
    if look not in _OF_ROOMS_ABOVE:
        _OF_ROOMS_ABOVE.append(look)


def findings() -> Iterator[Finding]:
    """All that is found; a look that cannot be taken is itself something wrong, and ends no other."""
    for look in (*LOOKS, *_OF_ROOMS_ABOVE):
        try:
            yield from look()
        except (DatabaseError, OSError) as problem:
            reason = str(problem).partition("\n")[0]
            yield wrong(look.__name__, f"cannot be looked at: {type(problem).__name__}: {reason}")


# --- what is installed -----------------------------------------------------------------------------------
def versions() -> Iterator[Finding]:
    """Whether each package is the one that is locked."""
    locked = dict(_locked(LOCKED))
    others = {name: found for name, asked in locked.items() if (found := _installed(name)) != asked}
    for name, found in others.items():
        yield wrong("versions", f"{name} is {found}; locked is {locked[name]}")
    if not others:
        yield right("versions", f"{len(locked)} packages, each as it is locked")


def _locked(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, rest = line.partition("==")
        if equals and not line.startswith((" ", "#")):
            yield name.partition("[")[0], rest.split()[0]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def configuration() -> Iterator[Finding]:
    """What Django says of settings, as for a deployment where this is one."""
    checked = run_checks(include_deployment_checks=settings.PRODUCTION)
    said = [each for each in checked if each.level >= WARNING]
    yield from (wrong("settings", f"{each.id}: {each.msg}") for each in said)
    if not settings.PRODUCTION:
        yield warning("settings", "this is no production: what is unsafe is not refused (CHIMERA_PRODUCTION)")
    elif not said:
        yield right("settings", "production, nothing to say against them")


# --- the database ----------------------------------------------------------------------------------------
def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    waiting = [one.name for one, _back in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    if waiting:
        yield wrong("migrations", f"{len(waiting)} wait, the first is {waiting[0]}: run `manage.py migrate`")
    else:
        yield right("migrations", "the database is that of this version")


def triggers() -> Iterator[Finding]:
    missing = [fault.row for fault in triggers_not_installed()]
    yield from (wrong("triggers", f"{name} is missing or switched off") for name in missing)
    if not missing:
        yield right("triggers", "all that protect the trail are switched on")


def grants() -> Iterator[Finding]:
    """Whether the role of the application can change what is written once (AT-07)."""
    if connection.vendor != "postgresql":
        yield warning("grants", "SQLite has no roles: who can write its file can change it")
        return
    asked = "SELECT has_table_privilege(%s, 'UPDATE') OR has_table_privilege(%s, 'DELETE')"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        held = []
        for table in sorted(written_once()):
            cursor.execute(asked, [table, table])
            held += [table] if cursor.fetchone()[0] else []
    if held:
        yield warning("grants", f"role {role} may change {held[0]} and others: see `grant_database`")
    else:
        yield right("grants", f"role {role} can only add to what is written once")


def clock() -> Iterator[Finding]:
    gap_s = abs((timezone.now() - database_now()).total_seconds())
    said = f"application and database differ by {gap_s:.1f} s"
    find = right if gap_s <= TELL_ABOVE_S else warning if gap_s <= REFUSE_ABOVE_S else wrong
    yield find("clock", said)


# --- the trail -------------------------------------------------------------------------------------------
def keys() -> Iterator[Finding]:
    try:
        yield right("keys", f"seals are signed by {public_key()[:16]}…")
    except NoSigningKey as problem:
        yield wrong("keys", str(problem))
    if settings.SEALER and settings.SEAL_KEY.read():
        yield wrong("keys", "this process reads the key that the sealer holds: only its user should")
    for path in sorted((settings.CHIMERA_HOME / "keys").glob("*")):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield wrong("keys", f"{path.name} can be read by others than its owner: chmod 600")


def seals() -> Iterator[Finding]:
    """Whether the trail is sealed as it grows."""
    last = Seal.objects.order_by("number").last()
    oldest = LedgerLeaf.objects.filter(seq__gt=last.last if last else 0).order_by("seq").first()
    if oldest is None:
        yield right("seals", f"all acts are sealed, up to seal {last.number if last else 0}")
        return
    at = TrailEvent.objects.filter(pk=oldest.event_id).values_list("at", flat=True).first()
    if at is None or timezone.now() - at > SEALED_EVERY:
        yield wrong("seals", "acts wait to be sealed for more than five minutes: does the clock (beat) run?")
    else:
        yield right("seals", "the newest acts are sealed within the minute")


def alarms() -> Iterator[Finding]:
    standing = list(Alarm.objects.all())
    yield from (wrong("alarms", f"{alarm} (since {alarm.since:%Y-%m-%d %H:%M} UTC)") for alarm in standing)
    if not standing:
        yield right("alarms", "none")


# --- around it ---------------------------------------------------------------------------------------------
def backup() -> Iterator[Finding]:
    newest = TrailEvent.objects.filter(action="backup.made").order_by("id").last()
    find = wrong if settings.PRODUCTION else warning
    if newest is None:
        yield find("backup", "none was ever made: see `back_up`")
    elif timezone.now() - newest.at > BACKUP_EVERY:
        yield find("backup", f"the newest is of {newest.at:%Y-%m-%d %H:%M} UTC")
    else:
        yield right("backup", newest.about.partition(" ")[0])


def broker() -> Iterator[Finding]:
    """Whether workers can be rung; what they have to do stands in the database."""
    try:
        with app.connection_for_write() as bell:
            bell.ensure_connection(max_retries=1, timeout=3)
    except OperationalError as problem:
        yield wrong("broker", f"does not answer: {problem}")
    else:
        yield right("broker", "answers")


def disk() -> Iterator[Finding]:
    for folder in {settings.CHIMERA_HOME, settings.SNAPSHOT_DIR}:
        there = folder if folder.exists() else settings.CHIMERA_HOME
        usage = shutil.disk_usage(there)
        free = usage.free / usage.total
        text = f"{free:.0%} free where {folder.name} lies"
        yield right("disk", text) if free >= LEAST_FREE else wrong("disk", text)


LOOKS: tuple[Look, ...] = (
    versions,
    configuration,
    migrations,
    triggers,
    grants,
    clock,
    keys,
    seals,
    alarms,
    backup,
    broker,
    disk,
    snapshot_store,
    replica,
)
