"""What stands in the tables of the trail, held against what the ledger says that was written."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Exists, OuterRef

from trial.trail.audited import AuditedModel, HistoryRow
from trial.trail.canonical import hash_of, row_text
from trial.trail.ledger_triggers import columns_of
from trial.trail.models import TrailChange, TrailEvent

CLOCKS_AGREE_S = 60
"""Between the moment of a version and that of its event, both taken in one act."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written: where, and where they are known the signed value and the
    present one. `seal` is the number of the seal whose range it lies in, 0 where it lies in none."""

    what: str
    table: str = ""
    row: str = ""
    subject: str = ""
    item: str = ""
    signed: str = ""
    present: str = ""
    seal: int = 0

    def __str__(self) -> str:
        told = ((name, getattr(self, name)) for name in ("table", "row", "subject", "item"))
        where = " ".join(f"{name}={value}" for name, value in told if value)
        values = f"signed={self.signed!r} present={self.present!r}" if self.item else ""
        seal = f"seal={self.seal}" if self.seal else ""
        return " ".join(part for part in (f"{self.what}:", where, values, seal) if part)


@dataclass(slots=True)
class Act:
    """A leaf of the ledger read: the event, its changes and the versions that it claims."""

    seq: int
    event_id: int
    event: dict[str, Any]
    changes: list[dict[str, Any]]
    versions: list[tuple[str, int, str]] = field(default_factory=list)

    @classmethod
    def of(cls, seq: int, event_id: int, payload: str) -> "Act":
        told = json.loads(payload)
        versions = [(table, number, digest) for table, number, digest in told["versions"]]
        return cls(seq, event_id, told["event"], told["changes"], versions)

    def fault(self, what: str, **details: Any) -> Fault:
        return Fault(what, subject=self.event.get("subject", ""), **details)


Known = Callable[[str, int, str], str]
"""The hash that a row must have now: that which was written, or what a hiding has made of it since."""


def as_written(table: str, number: int, digest: str) -> str:
    """Nothing was hidden."""
    return digest


def faults_of(acts: list[Act], known: Known = as_written) -> Iterator[Fault]:
    """What differs in the events, the changes and the versions of these acts."""
    yield from _events(acts)
    yield from _changes(acts)
    yield from _versions(acts, known)


# --- events and changes ----------------------------------------------------------------------------------
def _events(acts: list[Act]) -> Iterator[Fault]:
    present = dict(_rows(TrailEvent, "id", [act.event_id for act in acts]))
    for act in acts:
        yield from _differences(act, TrailEvent, act.event_id, act.event, present.get(act.event_id))


def _changes(acts: list[Act]) -> Iterator[Fault]:
    present: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for _act, row in _rows(TrailChange, "event_id", [act.event["act"] for act in acts]):
        present[row["event_id"]][row["id"]] = row
    for act in acts:
        found = present[act.event["act"]]
        for written in act.changes:
            number = written["id"]
            yield from _differences(act, TrailChange, number, written, found.pop(number, None))
        for number in found:
            yield act.fault("inserted", table=TrailChange._meta.db_table, row=str(number))


def _differences(
    act: Act,
    model: type[models.Model],
    number: int,
    written: Mapping[str, Any],
    present: Mapping[str, Any] | None,
) -> Iterator[Fault]:
    table = model._meta.db_table
    if present is None:
        yield act.fault("missing", table=table, row=str(number))
        return
    for name in sorted(written.keys() | present.keys()):
        signed, now = written.get(name), present.get(name)
        if signed != now:
            item = f"{written['item']} {name}" if "item" in written else name
            details = {"item": item, "signed": _shown(signed), "present": _shown(now)}
            yield act.fault("altered", table=table, row=str(number), **details)


def _rows(model: type[models.Model], key: str, values: list[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The rows whose column `key` has one of the values, as the ledger writes them."""
    text = row_text(connection.vendor, "r", columns_of(model))
    sql = f'SELECT r."{key}", {text} FROM {model._meta.db_table} r WHERE r."{key}"'
    for found, row in _asked(sql, values):
        yield found, json.loads(row)


# --- versions of rows ------------------------------------------------------------------------------------
def _versions(acts: list[Act], known: Known) -> Iterator[Fault]:
    claimed: dict[str, dict[int, tuple[Act, str]]] = defaultdict(dict)
    for act in acts:
        for table, number, digest in act.versions:
            claimed[table][number] = act, digest
    for table, wanted in claimed.items():
        present = hashes_of(table, list(wanted))
        for number, (act, digest) in wanted.items():
            if number not in present:
                yield act.fault("missing", table=table, row=str(number))
            elif present[number] != known(table, number, digest):
                yield from _altered(act, table, number)


def hashes_of(table: str, numbers: list[int]) -> dict[int, str]:
    """The hashes of these versions as they are now, in hexadecimal."""
    text = row_text(connection.vendor, "h", columns_of(histories()[table]))
    digest = hash_of(connection.vendor, text)
    sql = f'SELECT h.history_id, {digest} FROM {table} h WHERE h."history_id"'
    return dict(_asked(sql, numbers))


def _altered(act: Act, table: str, number: int) -> Iterator[Fault]:
    """A version is not what was hashed: name the items that differ from what the act changed, or from the
    version before where it changed nothing."""
    history = histories()[table]
    version = history.objects.get(pk=number)
    before = history.objects.filter(id=version.id, pk__lt=number).order_by("-pk").first()  # type: ignore[attr-defined,misc]
    named = False
    for item, signed, present in _told_otherwise(act, version, before):
        named = True
        yield act.fault("altered", table=table, row=str(number), item=item, signed=signed, present=present)
    if not named:
        yield act.fault("altered", table=table, row=str(number))


def _told_otherwise(act: Act, version: Any, before: Any) -> Iterator[tuple[str, str, str]]:
    changed = {change["item"].rpartition(".")[2]: change for change in _changes_of(act, version)}
    for column in version.tracked_fields:
        present = _text(column, getattr(version, column.attname))
        if column.name in changed:
            signed = changed[column.name]["new"]
        elif before is not None:
            signed = _text(column, getattr(before, column.attname))
        else:
            continue
        if present != signed and column.name not in _KEPT_BY_THE_SAVE:
            yield column.name, signed, present
    at = TrailEvent._meta.get_field("at").to_python(act.event["at"])
    if abs((version.history_date.replace(tzinfo=at.tzinfo) - at).total_seconds()) > CLOCKS_AGREE_S:
        yield "history_date", str(at), str(version.history_date)


_KEPT_BY_THE_SAVE = frozenset(
    {"version", "item_versions", "header_versions", "approvals", "grades", "missing"}
)


def _changes_of(act: Act, version: Any) -> Iterable[dict[str, Any]]:
    key = getattr(version, "row_key", None)
    return (change for change in act.changes if key is None or change.get("row_key", "") == key)


def _text(column: Any, value: Any) -> str:
    return str(column.text(value)) if hasattr(column, "text") else _shown(value)


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


# --- what no leaf knows ----------------------------------------------------------------------------------
def events_without_a_leaf() -> Iterator[Fault]:
    for event in TrailEvent.objects.filter(leaf=None).only("subject").order_by("id"):
        details = {"table": TrailEvent._meta.db_table, "row": str(event.pk), "subject": event.subject}
        yield Fault("no ledger entry", **details)  # type: ignore[arg-type]


def changes_without_an_event() -> Iterator[Fault]:
    orphans = TrailChange.objects.filter(~Exists(TrailEvent.objects.filter(act=OuterRef("event_id"))))
    for change in orphans.order_by("id"):
        yield Fault("no ledger entry", table=TrailChange._meta.db_table, row=str(change.pk), item=change.item)


def versions_without_a_leaf(claimed: Mapping[str, set[int]]) -> Iterator[Fault]:
    """Versions that no leaf claims; `claimed` holds the claimed ones of each table."""
    for table, history in sorted(histories().items()):
        known = claimed.get(table, set())
        if history.objects.count() != len(known):
            for number in history.objects.order_by("pk").values_list("pk", flat=True).iterator():
                if number not in known:
                    yield Fault("no ledger entry", table=table, row=str(number))


def rows_unlike_their_newest_version() -> Iterator[Fault]:
    """Rows that were changed past their history: no version, or another one than the row."""
    for model in audited_models():
        live, history = model._meta.db_table, model.history.model
        kept = [column for column in columns_of(model) if column in columns_of(history)]
        differ = " OR ".join(f'(r."{name}" IS DISTINCT FROM h."{name}")' for name in kept)
        if connection.vendor == "sqlite":
            differ = differ.replace("IS DISTINCT FROM", "IS NOT")
        key = model._meta.pk.column
        sql = f"""SELECT r."{key}" FROM {live} r LEFT JOIN {history._meta.db_table} h ON h.history_id =
            (SELECT max(n.history_id) FROM {history._meta.db_table} n WHERE n."{key}" = r."{key}")
            WHERE h.history_id IS NULL OR {differ} ORDER BY 1"""
        with connection.cursor() as cursor:
            cursor.execute(sql)
            for (number,) in cursor.fetchall():
                yield Fault("changed past its history", table=live, row=str(number))


@cache
def audited_models() -> tuple[type[AuditedModel], ...]:
    return tuple(model for model in apps.get_models() if issubclass(model, AuditedModel))


@cache
def histories() -> dict[str, type[HistoryRow]]:
    """The tables of kept versions with their models."""
    return {m.history.model._meta.db_table: m.history.model for m in audited_models()}


_AT_ONCE = 500  # values in one statement


def _asked(sql: str, values: list[Any]) -> Iterator[tuple[Any, Any]]:
    """The rows of `sql … IN (values)`, some values at a time."""
    with connection.cursor() as cursor:
        for start in range(0, len(values), _AT_ONCE):
            some = values[start : start + _AT_ONCE]
            cursor.execute(f"{sql} IN ({', '.join(['%s'] * len(some))})", some)
            yield from cursor.fetchall()
