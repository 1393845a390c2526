"""A backup of the registry, made while people work on."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from trial.backup.age_files import add_bytes, add_file, new_archive
from trial.backup.contents import CONTENTS, DATABASE, Contents, files_here, sha256_of
from trial.backup.databases import write_database
from trial.backup.keys import key_fingerprints
from trial.backup.problems import BackupRefused
from trial.storage.problems import StoreUnavailable
from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Place, record_event
from trial.trail.seals import Seal, seal_trail
from trial.trail.signing_keys import NoSigningKey


def make_backup(folder: Path) -> tuple[Path, Contents]:
    """Write a backup into a folder, under the moment of its making; its path and what it holds.

    What is written lies under another name until it is whole, and goes on record then. Raises BackupRefused.
    """
    with suppress(NoSigningKey):  # its alarm is raised where the trail is sealed
        seal_trail()
    with _staging() as stage:
        contents = _gathered(stage)
        path = folder / f"chimera-{contents.when:%Y%m%dT%H%M%SZ}.tar.age"
        contents = _write(path, contents, stage / DATABASE)
    with transaction.atomic(), acting(system_actor("backup", Source.COMMAND)):
        record_event("backup.made", Place(about=f"{path.name} {sha256_of(path)}"))
    return path, contents


@contextmanager
def _staging() -> Iterator[Path]:
    """Where the database lies in clear until it is encrypted: beside the database, for its owner alone."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.CHIMERA_HOME) as folder:
        yield Path(folder)


def _gathered(stage: Path) -> Contents:
    """The database of this moment, in a file, and what is said of it."""
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    tables = write_database(stage / DATABASE)
    return Contents(
        made_at=made_at,
        engine=connection.vendor,
        migrations=_newest_migrations(),
        last_seal=Seal.objects.order_by("number").values_list("number", flat=True).last() or 0,
        keys=key_fingerprints(),
        tables=tables,
        files={},
    )


def _newest_migrations() -> dict[str, str]:
    applied = sorted(MigrationRecorder(connection).applied_migrations())
    return {app: name for app, name in applied if app in ("trial", "patients", "analytics")}


def _write(path: Path, contents: Contents, database: Path) -> Contents:
    """Write the archive; its list, with the files that went into it. The files come after the database: all
    that it names were there before it."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with new_archive(draft, settings.BACKUP_RECIPIENTS) as archive:
            files = {DATABASE: add_file(archive, DATABASE, database)}
            for name, source in files_here():
                with suppress(FileNotFoundError):  # removed meanwhile, as nothing names it
                    files[name] = add_file(archive, name, source)
            contents = replace(contents, files=files)
            add_bytes(archive, CONTENTS, contents.as_json())
        shutil.move(draft, path)
    except StoreUnavailable as problem:
        raise BackupRefused(str(problem)) from problem
    except OSError as problem:
        raise BackupRefused(f"{path} cannot be written: {problem.strerror or problem}") from problem
    finally:
        draft.unlink(missing_ok=True)
    return contents
