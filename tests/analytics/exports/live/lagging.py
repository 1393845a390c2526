"""What a reader of a registry with a replica is told while the replica stands still, goes on, is away and has
become a primary: a program that `test_replica.py` runs, since it needs two databases of its own."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection, connections

from analytics.locks.models import Lock
from analytics.locks.seal import make_lock
from patients.casebook.page import Page, Subject
from patients.oversight.redaction import approve_redaction, request_redaction
from tests.analytics.exports.live.conftest import a_token, get, walked
from tests.analytics.exports.live.replica import Replica, of_lists
from tests.patients.entry import desk
from trial import replica
from trial.people.access import SystemPerson
from trial.people.roles import Role
from trial.people.tokens import ExportToken
from trial.replica import REPLICA
from trial.trail.actor import Source
from trial.trail.models import TrailEvent
from trial.trail.seals import Seal, seal_trail

PATIENCE_S = 20
NAME = "Wang Wu"


def tell() -> None:
    """Print what was seen, as JSON."""
    page = _filled()
    before = _locked()
    key, reader = a_token(), Replica()
    _taken_in()
    seen: dict[str, Any] = {"first": _followed(key, reader), "values": len(walked("items", key))}
    with _standing_still():
        desk.save(page, {"hctci": "5"}, why=desk.BECAUSE)
        seal_trail()
        seen["lag"] = [str(one) for one in replica.replica()]
        seen["still"] = _followed(key, reader)
        seen["stale"] = _hctci(key)
        ahead = get(f"sync?after={Seal.objects.last().last}", key).json()  # type: ignore[union-attr]
        seen["ahead"] = [ahead["entries"], ahead["next"], ahead["after"] == Seal.objects.last().last]  # type: ignore[union-attr]
        lock = _locked()
        file = get(f"locks/{lock.pk}/odm.xml?kind=transactional", key)
        seen["file"] = [file.status_code, b'Value="5"' in b"".join(file.streaming_content)]
        other = a_token()
        ExportToken.objects.filter(pk=ExportToken.objects.order_by("pk").last().pk).update(  # type: ignore[union-attr]
            revoked=lock.made_at
        )
        seen["revoked"] = get("items", other).status_code
    _taken_in()
    seen["gone on"], seen["fresh"] = _followed(key, reader), _hctci(key)
    of_subjects = TrailEvent.objects.exclude(subject="").order_by("leaf__seq")
    seen["each once"] = reader.seen == list(of_subjects.values_list("leaf__seq", flat=True))
    seen["same"] = reader.standing == of_lists(walked("items?limit=1000", key), [])[0]
    seen["look"] = [str(one) for one in replica.replica()]
    with _standing_still():
        seen["typed"] = NAME in _diagnosis(key)
        _hide(page.subject)
        file = get(f"locks/{before.pk}/odm.xml?kind=transactional", key)
        told = b"".join(file.streaming_content).decode()
        seen["hidden"] = [NAME in _diagnosis(key), NAME in told, "[hidden " in told]
    _promote()
    desk.save(page, {"hctci": "6"}, why=desk.BECAUSE)
    seen["promoted"] = [_hctci(key), [str(one) for one in replica.replica()]]
    _lose_replica()
    seen["away"] = _hctci(key)
    sys.stdout.write(json.dumps(seen))


def _filled() -> Page:
    page = desk.page_of(desk.consented("HZ01-001"), "DM")
    desk.save(page, desk.DM, on=desk.CONSENT)
    desk.save(desk.page_of(page.subject, "DX"), {"karyotype_iscn": f"see {NAME}"}, on=desk.CONSENT)
    seal_trail()
    return page


def _locked() -> Lock:
    return make_lock(date(2030, 1, 1), "cut", by=SystemPerson("lock"), source=Source.COMMAND)


def _hide(subject: Subject) -> None:
    asks, decides = (
        desk.a_member(role, user_name=name)
        for role, name in ((Role.DATA_MANAGER, "mei.zhang"), (Role.PRINCIPAL_INVESTIGATOR, "shen.yi"))
    )
    asked = request_redaction(subject, NAME, reason="a relative's name", by=asks)
    approve_redaction(asked, by=decides)


def _followed(key: str, reader: Replica) -> int:
    """How many acts came."""
    before = len(reader.seen)
    while reader.follow(lambda address: get(address, key).json()):
        pass
    return len(reader.seen) - before


def _hctci(key: str) -> str:
    return _value("hctci", key)


def _diagnosis(key: str) -> str:
    return _value("karyotype_iscn", key)


def _value(item: str, key: str) -> str:
    (found,) = walked(f"items?item={item}", key)
    return str(found["value"])


@contextmanager
def _standing_still() -> Iterator[None]:
    """The replica takes nothing in."""
    _ask_replica("SELECT pg_wal_replay_pause()")
    _until(lambda: _ask_replica("SELECT pg_get_wal_replay_pause_state()") == "paused")
    yield
    _ask_replica("SELECT pg_wal_replay_resume()")


def _taken_in() -> None:
    """All that is written so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn()")
        (written,) = cursor.fetchone()
    _until(lambda: _ask_replica(f"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn"))


def _ask_replica(question: str) -> Any:
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def _until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def _promote() -> None:
    """Who asks does not wait, since a question would hold up what is still to be taken in."""
    _ask_replica("SELECT pg_promote(wait => false)")
    _until(lambda: not _ask_replica("SELECT pg_is_in_recovery()"))


def _lose_replica() -> None:
    connections[REPLICA].close()
    connections[REPLICA].close_pool()
    connections[REPLICA].settings_dict["HOST"] = "/nowhere"
