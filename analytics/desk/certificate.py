"""The certificate of a data cut: who, when, of what, with every hash by which it can be checked (LK-06).

The same facts as JSON, whose names do not change, and as a page to sign and file.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from analytics.desk.staleness import saves_since
from analytics.locks.codes import sound_codes
from analytics.locks.locking import relocked_since
from analytics.locks.models import Lock
from analytics.locks.snapshot import first_line
from analytics.runs.models import Run, RunState
from patients.casebook.typesetting import typeset
from patients.entry.lock_gate import LABELS, Check
from patients.oversight.casebook_locks import LockDecision, Relocking
from patients.web.clocks import local_now, moment
from patients.web.trail_presenter import ZONE
from trial.edition import EDITION
from trial.protocol.study import STUDY
from trial.trail.models import TrailEvent
from trial.trail.seals import Seal

TEMPLATE = Path(__file__).with_name("certificate.typ")
FORMAT = "chimera-lock-certificate/1"


def certificate(lock: Lock) -> dict[str, Any]:
    """All that the certificate says, times in UTC. Raises SnapshotDamaged where the sealed file is not there
    any more as it was: then nothing can be certified."""
    decision = lock.decision
    seal = seal_of(lock)
    return {
        "format": FORMAT,
        "study": {"id": STUDY.study_id, "protocol_version": STUDY.protocol_version, "chimera": EDITION},
        "lock": {
            "id": lock.pk,
            "kind": "lock" if decision else "data cut",
            "scope": lock.scope,
            "of": lock.of,
            "cutoff": lock.cutoff.isoformat(),
            "known_at": _utc(lock.known_at),
            "reason": lock.reason,
            "made_by": lock.made_by,
            "made_at": _utc(lock.made_at),
            "repeats": lock.follows_id,
        },
        "people": _people(decision) if decision else None,
        "unlocked_since": [_unlocked(each) for each in _relockings(lock)],
        "counts": {"subjects": lock.snapshot.subjects, "values": lock.snapshot.values},
        "snapshot": {"sha256": lock.snapshot.hash, **first_line(lock.snapshot.path)},
        "codes": {"sha256": sound_codes(lock.codes)} if lock.codes else None,
        "runs": [_run(run) for run in Run.objects.of(lock).order_by("pk")],
        "trail": None if seal is None else seal.as_data(),
        "saves_since": saves_since(lock),
    }


def _people(decision: LockDecision) -> dict[str, Any]:
    """Those of the lock, also where it is repeated; what was unlocked since has its own."""
    request = decision.request
    return {
        "asked_by": request.printed_name,
        "asked_at": _utc(request.at),
        "approved_by": decision.printed_name,
        "approved_at": _utc(decision.at),
        "left_when_asked": {name: left for name, left in request.gate.items() if left},
        "left_when_approved": {name: left for name, left in decision.gate.items() if left},
        "override": request.override,
    }


def _relockings(lock: Lock) -> list[Relocking]:
    """What was unlocked and locked again between the lock that this one repeats and this one."""
    if lock.follows is None:
        return []
    found = relocked_since(lock.follows).filter(at__lte=lock.made_at).order_by("pk")
    return list(found.select_related("unlocking__lock__subject", "unlocking__decision__request"))


def _unlocked(done: Relocking) -> dict[str, Any]:
    unlocking = done.unlocking
    request = unlocking.decision.request
    return {
        "subject": unlocking.lock.subject.code,
        "pages": len(unlocking.pages) or None,
        "reason": request.reason,
        "asked_by": request.printed_name,
        "approved_by": unlocking.decision.printed_name,
        "from": _utc(unlocking.at),
        "to": _utc(done.at),
        "locked_again_by": done.printed_name or done.relocked_by,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk,
        "state": run.state,
        "code_version": run.code_version,
        "result_sha256": run.result_hash if run.state == RunState.DONE else "",
        "finished_at": _utc(run.finished_at),
    }


def seal_of(lock: Lock) -> Seal | None:
    """The checkpoint under which the event of the lock stands; None until it is signed."""
    made = TrailEvent.objects.filter(action="lock.made", about=f"lock {lock.pk}")
    seq = made.values_list("leaf__seq", flat=True).first()
    if seq is None:
        return None
    return Seal.objects.filter(first__lte=seq, last__gte=seq).first()


def _utc(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def as_json(found: dict[str, Any]) -> str:
    """The certificate as a file: sorted, so that the same facts are the same bytes."""
    return json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def as_pdf(lock: Lock, found: dict[str, Any]) -> bytes:
    """The certificate as a page in the language of the reader."""
    today = local_now()
    return typeset(
        TEMPLATE,
        {
            "title": _("Lock certificate") if found["people"] else _("Certificate of a data cut"),
            "study": f"{STUDY.study_id} · {STUDY.protocol_version}",
            "language": (get_language() or "en")[:2],
            "day": [today.year, today.month, today.day],
            "made": f"{moment(today)} {ZONE} · Chimera {EDITION}",
            "groups": [[title, lines] for title, lines in _groups(lock, found) if lines],
            "signatures": [_("Asked for"), _("Approved")] if found["people"] else [_("Made")],
            "to_sign": _("Name, signature, day"),
        },
    )


Lines = list[tuple[str, str]]


def _groups(lock: Lock, found: dict[str, Any]) -> list[tuple[str, Lines]]:
    return [
        (_("What was cut"), _what(lock, found)),
        (_("By whom"), _by_whom(lock, found["people"])),
        (_("Unlocked and locked again since"), _unlockings(found["unlocked_since"])),
        (_("What is sealed"), _sealed(found)),
        (_("What was computed"), _computed(found)),
        (_("Checkpoint of the trail"), _checkpoint(found["trail"])),
    ]


def _what(lock: Lock, found: dict[str, Any]) -> Lines:
    lines = [
        (_("Number"), str(lock.pk)),
        (_("Scope"), f"{lock.get_scope_display()} {lock.of}".strip()),
        (_("Cut-off"), lock.cutoff.isoformat()),
        (_("As known at"), f"{moment(lock.known_at)} {ZONE}" if lock.known_at else "–"),
        (_("Made"), f"{moment(lock.made_at)} {ZONE}, {lock.made_by}"),
        (_("Reason"), lock.reason),
        (_("Subjects"), str(found["counts"]["subjects"])),
        (_("Values"), str(found["counts"]["values"])),
    ]
    if lock.follows_id:
        lines.append((_("Repeats"), _("lock %(id)s, after something was unlocked") % {"id": lock.follows_id}))
    return lines


def _by_whom(lock: Lock, people: dict[str, Any] | None) -> Lines:
    if people is None or lock.decision is None:
        return []
    asked, decided = lock.decision.request, lock.decision
    left = "; ".join(f"{LABELS[Check(name)]}: {n}" for name, n in people["left_when_approved"].items())
    return [
        (_("Asked for"), f"{people['asked_by']}, {moment(asked.at)} {ZONE}"),
        (_("Approved"), f"{people['approved_by']}, {moment(decided.at)} {ZONE}"),
        (_("What stood in the way"), left or _("nothing")),
        *([(_("Why it was locked all the same"), people["override"])] if people["override"] else []),
    ]


def _unlockings(found: list[dict[str, Any]]) -> Lines:
    """One line for each: whose casebook, how much of it, why, and by whom."""
    return [(each["subject"], "; ".join(_told(each))) for each in found]


def _told(each: dict[str, Any]) -> Iterator[str]:
    pages = each["pages"]
    named = ngettext("%(n)s page", "%(n)s pages", pages or 0) % {"n": pages}
    yield named if pages else _("the whole casebook")
    yield each["reason"]
    yield _("asked for by %(who)s") % {"who": each["asked_by"]}
    yield _("approved by %(who)s") % {"who": each["approved_by"]}
    yield _("locked again by %(who)s") % {"who": each["locked_again_by"]}


def _sealed(found: dict[str, Any]) -> Lines:
    forms = ", ".join(f"{form} {version}" for form, version in found["snapshot"]["forms"].items())
    codes = found["codes"]["sha256"] if found["codes"] else _("no term is coded")
    return [
        (_("SHA-256 of the snapshot"), found["snapshot"]["sha256"]),
        (_("SHA-256 of the codes"), codes),
        (_("Versions of the forms"), forms),
    ]


def _computed(found: dict[str, Any]) -> Lines:
    return [
        line
        for run in found["runs"]
        for line in (
            (_("Version of the code and configuration"), run["code_version"]),
            (_("SHA-256 of the result"), run["result_sha256"] or _("not computed yet")),
        )
    ]


def _checkpoint(seal: dict[str, Any] | None) -> Lines:
    if seal is None:
        return [(_("Seal"), _("not signed yet"))]
    return [
        (_("Seal"), f"{seal['number']}, {seal['at']}"),
        (_("Root"), seal["root"]),
        (_("Signature"), seal["signature"]),
        (_("Public key"), seal["key"]),
    ]
