"""The estimates of a lock, for a program that shows a token."""

from typing import Any
from uuid import uuid4

from django.db import transaction

from analytics.exports.disclosure import Disclosure
from analytics.exports.visible import is_seen_by
from analytics.locks.models import Lock
from analytics.locks.visible import sites_of_lock
from analytics.runs.results import NoSuchLock, as_data, find_lock, finished_run
from trial.people.tokens import ExportToken
from trial.trail.actor import Actor, Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out


def export_estimates(name: str, *, by: ExportToken, request_id: str = "") -> dict[str, Any]:
    """The estimates of the lock of this id, or of the newest finished one for `latest`, with the event.

    Raises NoSuchLock (also if the lock has a site that the token has not) and NotFinished.
    """
    lock = visible_lock(name, by)
    content = _content(lock)
    sites = sites_of_lock(lock)
    told = taken_out(entries=len(content["estimates"]), digest=content["result_hash"], sites=sites)
    actor = Actor(by.name, by.name, "token", "", Source.API, request_id or uuid4().hex)
    with transaction.atomic(), acting(actor):
        record_event("results.exported", Place(site=one_site(sites), about=f"lock {lock.pk}"), told)
    return content


def visible_lock(name: str, by: ExportToken) -> Lock:
    """The lock of this id, or the newest finished one for `latest`. Raises NoSuchLock, also if the lock is
    one that the token does not see."""
    lock = find_lock(name)
    if not is_seen_by(lock, by.sites.values_list("code", flat=True), Disclosure.to(by)):
        raise NoSuchLock(f"no lock {lock.pk}")
    return lock


def _content(lock: Lock) -> dict[str, Any]:
    run = finished_run(lock)
    return {
        "lock": lock.pk,
        "cutoff": lock.cutoff,
        "snapshot": lock.snapshot.hash,
        "code_version": run.code_version,
        "result_hash": run.result_hash,
        "estimates": {estimate.figure: as_data(estimate) for estimate in run.estimates.all()},
    }
