"""A file of a data cut leaves with its act in the trail: which it was, how many rows, its SHA-256."""

from django.db import transaction

from analytics.exports.bundle import bundle_of
from analytics.exports.disclosure import Disclosure
from analytics.exports.files import file_of, workbook_of
from analytics.exports.made_file import MadeFile
from analytics.locks.models import Lock
from analytics.locks.visible import sites_of_lock
from trial.people.access import actor_at
from trial.people.models import Account
from trial.people.tokens import ExportToken
from trial.trail.actor import Actor, Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out


def table_for(lock: Lock, name: str, suffix: str, *, by: ExportToken) -> MadeFile:
    """A table of a lock in a format, as the token may have it. Raises NoSuchFile, SnapshotDamaged and
    ImpossibleDates."""
    return file_of(lock, name, suffix, Disclosure.to(by))


def workbook_for(lock: Lock, standard: str, *, by: ExportToken) -> MadeFile:
    """The tables of a standard of a lock as a workbook. Raises as `table_for`, and TooManyRows."""
    return workbook_of(lock, standard, Disclosure.to(by))


def bundle_for(lock: Lock, suffixes: list[str], *, by: ExportToken) -> MadeFile:
    """The archive of a lock with its tables in these formats. Raises as `table_for`."""
    return bundle_of(lock, suffixes, Disclosure.to(by))


def record_taking(lock: Lock, made: MadeFile, *, by: ExportToken, request_id: str) -> None:
    """Put on the trail that a file leaves."""
    record_rows(lock, made.name, made.rows, made.digest, by=by, request_id=request_id)


def record_rows(lock: Lock, name: str, rows: int, digest: str, *, by: ExportToken, request_id: str) -> None:
    """Put on the trail that rows of a lock leave under a name; `digest` is the SHA-256 of what was sent."""
    actor = Actor(by.name, by.name, "token", "", Source.API, request_id)
    _record(lock, name, rows, digest, actor)


def record_taking_of(lock: Lock, made: MadeFile, *, by: Account, request_id: str) -> None:
    """Put on the trail that a person takes a file out."""
    site = min(sites_of_lock(lock), default="")
    actor = actor_at(by, site=site, source=Source.WEB, request_id=request_id)
    _record(lock, made.name, made.rows, made.digest, actor)


def _record(lock: Lock, name: str, rows: int, digest: str, actor: Actor) -> None:
    sites = sites_of_lock(lock)
    told = taken_out(entries=rows, digest=digest, sites=sites)
    about = f"lock {lock.pk} {name}"[:200]
    with transaction.atomic(), acting(actor):
        record_event("data.exported", Place(site=one_site(sites), about=about), told)
