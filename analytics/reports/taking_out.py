"""A document of a lock that leaves: in which language and with which hash it did is on the trail first."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from analytics.locks.models import Lock
from analytics.locks.visible import sites_of_lock
from patients.web.clocks import local_now
from trial.people.access import actor_at
from trial.people.models import Account
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event
from trial.trail.taken_out import one_site, taken_out


class Document(StrEnum):
    """What of a lock is made to leave, by the name of its file."""

    REPORT = "report"
    WORKBOOK = "results"
    BOARD_PACK = "board-pack"


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that is ready to leave."""

    content: bytes
    name: str


def take_out(
    lock: Lock, document: Document, content: bytes, language: str, *, by: Account, request_id: str = ""
) -> Taken:
    """The document with its name, once one event holds its hash."""
    sites = sites_of_lock(lock)
    told = taken_out(entries=1, digest=hashlib.sha256(content).hexdigest(), sites=sites)
    told.append(Change("document", "Document", "", document, new_shown=document))
    told.append(Change("language", "Language", "", language, new_shown=language))
    actor = actor_at(by, site=min(sites, default=""), source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event("report.exported", Place(site=one_site(sites), about=f"lock {lock.pk}"), told)
    suffix = "xlsx" if document is Document.WORKBOOK else "pdf"
    return Taken(content, f"lock-{lock.pk}-{document}-{local_now():%Y%m%dT%H%M%S}.{suffix}")
