"""Every edit that somebody with full rights on the database could make is found and named; nothing else is.

The edits are planted with the triggers set aside, as the owner of the tables could do it.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from tests.patients.entry import desk
from trial.trail import seals
from trial.trail.actor import Source, acting, system_actor
from trial.trail.comparing import Fault
from trial.trail.ledger import LedgerLeaf, leaf_hash
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.record import Change, Place, record_event
from trial.trail.seals import Seal, public_key, seal_trail
from trial.trail.verification import Verification
from trial.trail.verify_archive import text_of

pytestmark = pytest.mark.django_db

CLEAN_RUNS = int(os.environ.get("CLEAN_RUNS", "100"))  # on each engine
TO_A_SEAL = 4
DEMOGRAPHICS, HISTORY = "patients_demographics", "patients_historicaldemographics"


@dataclass(frozen=True)
class Sealed:
    """A small registry: a subject with pages, one corrected, in several seals, and an anchor of them."""

    anchor: dict[int, dict[str, Any]]
    event: TrailEvent
    """Of the correction, in the middle."""

    @property
    def version(self) -> int:
        return self.rows(f"SELECT max(history_id) FROM {HISTORY}")[0][0]

    @staticmethod
    def rows(sql: str) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> Sealed:
    settings.CHIMERA_HOME = tmp_path
    monkeypatch.setattr(seals, "MOST_LEAVES", TO_A_SEAL)
    subject = desk.consented()
    page = desk.page_of(subject, "DM")
    desk.save(page, desk.DM, on=desk.CONSENT)
    desk.save(page, {"sex": "F"}, why=desk.BECAUSE)
    event = desk.last_event()
    for number in range(2 * TO_A_SEAL):
        an_act(number)
    seal_trail()
    assert Seal.objects.count() >= 3
    return Sealed({line["number"]: line for line in seals.read_anchor(seals.anchor_file())}, event)


def an_act(number: int, *changes: Change) -> None:
    with transaction.atomic(), acting(system_actor("test", Source.COMMAND)):
        record_event("test.act", Place(about=f"act {number}"), changes)


def found(anchor: dict[int, dict[str, Any]] | None) -> list[Fault]:
    key = anchor[min(anchor)]["key"] if anchor else public_key()
    return list(Verification([key], anchor or {}).faults())


@contextmanager
def full_rights() -> Iterator[Callable[..., None]]:
    """What runs here meets no trigger; `execute(sql, *params)` is handed out."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield lambda sql, *params: cursor.execute(sql, params)
            cursor.execute("SET LOCAL session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield lambda sql, *params: cursor.execute(sql, params)
        for _name, sql in triggers:
            cursor.execute(sql)


# --- nothing planted -------------------------------------------------------------------------------------
def test_a_registry_that_nobody_touched_is_whole(sealed: Sealed) -> None:
    assert found(sealed.anchor) == []


@pytest.mark.requirement("AT-08")
def test_clean_runs_raise_no_alarm(sealed: Sealed, tried: Callable[[int], None]) -> None:
    tried(CLEAN_RUNS)
    page = desk.page_of(desk.a_subject(), "DM")
    for run in range(CLEAN_RUNS):
        match run % 4:
            case 0:
                an_act(run, Change("x", "X", "", "中文 \\ \" ' \x01 😀"), Change("y", "Y", "1.50", "1e400"))
            case 1:
                desk.save(page, {"hctci": str(run % 9)}, why=desk.BECAUSE)
            case 2:
                desk.a_subject(f"HZ01-{100 + run}")
            case _:
                seal_trail()
        assert found(sealed.anchor) == [], run


# --- one edit each ---------------------------------------------------------------------------------------
def value_in_a_version(sealed: Sealed, execute: Any) -> None:
    execute(f"UPDATE {HISTORY} SET sex = 'M' WHERE history_id = %s", sealed.version)
    execute(f"UPDATE {DEMOGRAPHICS} SET sex = 'M'")


def value_emptied_in_a_version(sealed: Sealed, execute: Any) -> None:
    execute(f"UPDATE {HISTORY} SET sex = NULL WHERE history_id = %s", sealed.version)


def version_deleted(sealed: Sealed, execute: Any) -> None:
    execute(f"DELETE FROM {HISTORY} WHERE history_id = %s", sealed.version)


def version_forged(sealed: Sealed, execute: Any) -> None:
    columns = [c.column for c in desk.form_model("DM").history.model._meta.concrete_fields]
    names = ", ".join(f'"{name}"' for name in columns if name != "history_id")
    execute(
        f"INSERT INTO {HISTORY} (history_id, {names}) SELECT history_id + 1000, {names} FROM {HISTORY} "
        "WHERE history_id = %s",
        sealed.version,
    )


def version_back_dated(sealed: Sealed, execute: Any) -> None:
    execute(f"UPDATE {HISTORY} SET history_date = '2020-01-01' WHERE history_id = %s", sealed.version)


def row_past_its_history(sealed: Sealed, execute: Any) -> None:
    execute(f"UPDATE {DEMOGRAPHICS} SET country = 'FRA'")


def value_in_a_change(sealed: Sealed, execute: Any) -> None:
    execute("UPDATE trial_trailchange SET old = 'F' WHERE item = 'sex' AND old = 'M'")


def change_inserted(sealed: Sealed, execute: Any) -> None:
    columns = [c.column for c in TrailChange._meta.concrete_fields if c.column != "id"]
    names = ", ".join(f'"{name}"' for name in columns)
    execute(
        f"INSERT INTO trial_trailchange (id, {names}) SELECT id + 100000, {names} FROM trial_trailchange "
        "WHERE item = 'sex' AND old = 'M'"
    )


def change_deleted(sealed: Sealed, execute: Any) -> None:
    execute("DELETE FROM trial_trailchange WHERE item = 'sex' AND old = 'M'")


def another_person_named(sealed: Sealed, execute: Any) -> None:
    execute("UPDATE trial_trailevent SET actor = 'somebody.else' WHERE id = %s", sealed.event.pk)


def event_deleted(sealed: Sealed, execute: Any) -> None:
    execute("DELETE FROM trial_trailevent WHERE id = %s", sealed.event.pk)


def event_forged(sealed: Sealed, execute: Any) -> None:
    columns = [c.column for c in TrailEvent._meta.concrete_fields if c.column not in ("id", "act")]
    names = ", ".join(f'"{name}"' for name in columns)
    act = "'00000000000040008000000000000000'"
    execute(
        f"INSERT INTO trial_trailevent (id, act, {names}) SELECT id + 100000, {act}, {names} "
        "FROM trial_trailevent WHERE id = %s",
        sealed.event.pk,
    )


def payload_alone(sealed: Sealed, execute: Any) -> None:
    text = sealed.event.leaf.payload.replace('"Hangzhou', '"x') + " "
    execute("UPDATE trial_ledgerleaf SET payload = %s WHERE event_id = %s", text, sealed.event.pk)


def payload_and_leaf_and_event(sealed: Sealed, execute: Any) -> None:
    """All that the database holds of an act, rewritten so that it agrees with itself."""
    told = json.loads(sealed.event.leaf.payload)
    told["event"]["actor"] = "somebody.else"
    text = json.dumps(told)
    execute(
        "UPDATE trial_ledgerleaf SET payload = %s, leaf = %s WHERE event_id = %s",
        text,
        leaf_hash(text),
        sealed.event.pk,
    )
    another_person_named(sealed, execute)


def end_cut_off(sealed: Sealed, execute: Any) -> None:
    """The newest acts with everything of theirs, the seals left as they are."""
    last = Seal.objects.last()
    assert last
    newest = f"(SELECT event_id FROM trial_ledgerleaf WHERE seq >= {last.first})"
    acts = f"(SELECT act FROM trial_trailevent WHERE id IN {newest})"
    execute(f"DELETE FROM trial_trailchange WHERE event_id IN {acts}")
    execute(f"DELETE FROM trial_trailevent WHERE id IN {newest}")
    execute("DELETE FROM trial_ledgerleaf WHERE seq >= %s", last.first)


def end_cut_off_with_its_seal(sealed: Sealed, execute: Any) -> None:
    """As an old backup would bring it back."""
    last = Seal.objects.last()
    assert last
    end_cut_off(sealed, execute)
    execute("DELETE FROM trial_seal WHERE number = %s", last.number)


def newest_seal_deleted(sealed: Sealed, execute: Any) -> None:
    execute("DELETE FROM trial_seal WHERE number = (SELECT max(number) FROM trial_seal)")


def middle_seal_deleted(sealed: Sealed, execute: Any) -> None:
    execute("DELETE FROM trial_seal WHERE number = 2")


def seals_swapped(sealed: Sealed, execute: Any) -> None:
    execute("UPDATE trial_seal SET number = 1000 WHERE number = 1")
    execute("UPDATE trial_seal SET number = 1 WHERE number = 2")
    execute("UPDATE trial_seal SET number = 2 WHERE number = 1000")


def signed_by_another_key(sealed: Sealed, execute: Any) -> None:
    seal, key = Seal.objects.get(number=2).as_data(), Ed25519PrivateKey.generate()
    seal["key"] = key.public_key().public_bytes_raw().hex()
    signature = key.sign(text_of(seal)).hex()
    execute("UPDATE trial_seal SET key = %s, signature = %s WHERE number = 2", seal["key"], signature)


EDITS: list[tuple[Callable[[Sealed, Any], None], dict[str, str]]] = [
    # the edit, and what a fault must say of it
    (value_in_a_version, {"what": "altered", "table": HISTORY, "item": "sex", "signed": "F", "present": "M"}),
    (value_emptied_in_a_version, {"what": "altered", "item": "sex", "signed": "F", "present": ""}),
    (version_deleted, {"what": "missing", "table": HISTORY, "subject": "HZ01-001"}),
    (version_forged, {"what": "no ledger entry", "table": HISTORY}),
    (version_back_dated, {"what": "altered", "table": HISTORY, "item": "history_date"}),
    (row_past_its_history, {"what": "changed past its history", "table": DEMOGRAPHICS}),
    (value_in_a_change, {"what": "altered", "item": "sex old", "signed": "M", "present": "F"}),
    (change_inserted, {"what": "inserted", "table": "trial_trailchange", "subject": "HZ01-001"}),
    (change_deleted, {"what": "missing", "table": "trial_trailchange", "subject": "HZ01-001"}),
    (another_person_named, {"what": "altered", "item": "actor", "present": "somebody.else"}),
    (event_deleted, {"what": "missing", "table": "trial_trailevent"}),
    (event_forged, {"what": "no ledger entry", "table": "trial_trailevent"}),
    (payload_alone, {"what": "payload is not what was hashed", "table": "trial_ledgerleaf"}),
    (payload_and_leaf_and_event, {"what": "leaf is not one of the anchor", "table": "trial_ledgerleaf"}),
    (end_cut_off, {"what": "leaves are not those that were sealed", "item": "count"}),
    (end_cut_off_with_its_seal, {"what": "seal of the anchor missing: cut off, or an old backup restored"}),
    (newest_seal_deleted, {"what": "seal of the anchor missing: cut off, or an old backup restored"}),
    (middle_seal_deleted, {"what": "seal missing"}),
    (seals_swapped, {"what": "seal does not follow the one before"}),
    (signed_by_another_key, {"what": "sealed with another key", "item": "key"}),
]


@pytest.mark.requirement("AT-08")
@pytest.mark.parametrize(("plant", "told"), EDITS, ids=[plant.__name__ for plant, _told in EDITS])
def test_an_edit_is_found_and_named(
    plant: Callable[[Sealed, Any], None], told: dict[str, str], sealed: Sealed
) -> None:
    with transaction.atomic():
        with full_rights() as execute:
            plant(sealed, execute)
        faults = found(sealed.anchor)
        assert any(all(getattr(fault, name) == value for name, value in told.items()) for fault in faults), (
            "\n".join(map(str, faults))
        )
        transaction.set_rollback(True)
    assert found(sealed.anchor) == []


@pytest.mark.requirement("AT-08")
@pytest.mark.parametrize("plant", [end_cut_off_with_its_seal, newest_seal_deleted])
def test_without_an_anchor_a_cut_end_cannot_be_seen(
    plant: Callable[[Sealed, Any], None], sealed: Sealed
) -> None:
    """Nothing inside the database can show it: this is why a verification without an anchor exits 2."""
    with transaction.atomic():
        with full_rights() as execute:
            plant(sealed, execute)
        assert [fault for fault in found(None) if fault.what.startswith("seal")] == []
        transaction.set_rollback(True)


@pytest.mark.requirement("AT-08")
def test_a_rewritten_act_without_leaves_in_the_anchor_is_found_to_its_seal(sealed: Sealed) -> None:
    """A seal alone, as a certificate carries it, leads to a range of leaves."""
    without = {
        number: {k: v for k, v in line.items() if k != "leaves"} for number, line in sealed.anchor.items()
    }
    seal = Seal.objects.get(first__lte=sealed.event.leaf.seq, last__gte=sealed.event.leaf.seq)
    with transaction.atomic():
        with full_rights() as execute:
            payload_and_leaf_and_event(sealed, execute)
        assert {(fault.what, fault.item, fault.seal) for fault in found(without)} == {
            ("leaves are not those that were sealed", "root", seal.number)
        }
        transaction.set_rollback(True)


@pytest.mark.parametrize("table", ["trial_trailevent", HISTORY])
def test_a_trigger_that_was_dropped_is_named(table: str, sealed: Sealed) -> None:
    verb = "change" if connection.vendor == "postgresql" else "update"
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER {table}_no_{verb}{on}")
        assert [(f.what, f.row) for f in found(sealed.anchor)] == [
            ("trigger not installed", f"{table}_no_{verb}")
        ]
        transaction.set_rollback(True)


def test_leaves_lie_in_exactly_one_seal(sealed: Sealed) -> None:
    ranges = list(Seal.objects.values_list("first", "last", "count"))
    assert sum(count for _first, _last, count in ranges) == LedgerLeaf.objects.count()
    assert all(before[1] < after[0] for before, after in pairwise(ranges))
