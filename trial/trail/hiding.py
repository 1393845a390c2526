"""Taking a text out of the trail that should never have been entered, without breaking it (AT-12).

The tables of the trail refuse every UPDATE but one: that which puts a marker in the place of a text, while a
hiding with two people is under way in the same transaction. The hashes of the ledger stay as they are; the
event of the hiding claims, of each leaf and version, the hash before and after, signed with the key of the
seals then: with all rights on the database alone nobody can make such a claim for another change.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models

from trial.trail.append_only import AppendOnlyModel
from trial.trail.audited import HistoryRow
from trial.trail.comparing import hashes_of, histories
from trial.trail.ledger import LedgerLeaf, leaf_hash
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.record import Change
from trial.trail.seals import share_barrier, signing_key
from trial.trail.verify_archive import is_signed

HIDDEN = "redaction.done"
LEAF = LedgerLeaf._meta.db_table
IN_EVENTS, IN_CHANGES = ("reason", "about"), ("old", "new", "old_shown", "new_shown", "reason")
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")  # a run of digits could pass for a number
MARKER_LENGTH = 12


class NotHideable(ValueError):
    """The text also stands where nothing may be hidden: in a name, a code or a place."""


class HidingUnderway(models.Model):
    """The hiding that this transaction does. The row is made at its beginning and gone before its end;
    `transaction` is its number on PostgreSQL, and 0 on SQLite. `written` is the text as JSON writes it."""

    hidden = models.TextField()
    written = models.TextField()
    marker = models.CharField(max_length=40)
    requested_by = models.CharField(max_length=150)
    approved_by = models.CharField(max_length=150)
    transaction = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(approved_by=models.F("requested_by")), name="hiding_takes_two_people"
            ),
            models.CheckConstraint(
                condition=models.Q(marker__startswith="[hidden "), name="hiding_leaves_a_marker"
            ),
        )

    def __str__(self) -> str:
        return self.marker


@dataclass(frozen=True, slots=True)
class Hiding:
    """A text that is to be hidden; `digest` is its keyed hash, in hexadecimal."""

    text: str
    digest: str
    requested_by: str
    approved_by: str

    @property
    def marker(self) -> str:
        """What stands in the place of the text: it names the hash and holds no digit."""
        return f"[hidden {self.digest[:MARKER_LENGTH].translate(_LETTERS)}]"

    def hides_in(self, said: dict[str, str]) -> dict[str, str]:
        """A sentence in each language, with the marker in the place of the text."""
        return {language: words.replace(self.text, self.marker) for language, words in said.items()}

    @property
    def written(self) -> str:
        """The text as a payload writes it."""
        return json.dumps(self.text, ensure_ascii=False)[1:-1]


# --- hiding ----------------------------------------------------------------------------------------------
def hide(hiding: Hiding, subject: str, pages: Iterable[int]) -> list[Change]:
    """Take the text out of the events of a subject, their changes and leaves, of what was typed once for all,
    and of the versions of the rows on these pages; the claims for the event of the hiding.

    Raises NotHideable and NoSigningKey.

    Runs in the transaction of the act, whose event comes last. The key does not change before its end: the
    claims are signed with the key of the seal that will lie over them.
    """
    share_barrier()
    key = signing_key()
    underway = HidingUnderway.objects.create(
        hidden=hiding.text,
        written=hiding.written,
        marker=hiding.marker,
        requested_by=hiding.requested_by,
        approved_by=hiding.approved_by,
        transaction=_transaction(),
    )
    claims = [*_leaves(hiding, subject), *_versions(hiding, list(pages))]
    _rows(hiding, TrailEvent.objects.filter(subject=subject), IN_EVENTS)
    _rows(hiding, TrailChange.objects.filter(event__subject=subject), IN_CHANGES)
    for model in _typed_once():
        _rows(hiding, model.objects.filter(**{model.SUBJECT_CODE: subject}), texts_of(model))
    underway.delete()
    signature = key.sign(_claimed_text(hiding.digest, hiding.requested_by, claims)).hex()
    told = (("digest", hiding.digest), ("requested_by", hiding.requested_by), ("signature", signature))
    return [
        *(Change(item, item, "", value, new_shown=value) for item, value in told),
        *(Change("claim", table, before, after, row_key=str(row)) for table, row, before, after in claims),
    ]


def _transaction() -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


Claim = tuple[str, int, str, str]
"""Table, number of the row, hash before and hash after."""


def _leaves(hiding: Hiding, subject: str) -> Iterator[Claim]:
    found = LedgerLeaf.objects.filter(event__subject=subject, payload__contains=hiding.written).order_by(
        "seq"
    )
    for leaf in found:
        payload = leaf.payload.replace(hiding.written, hiding.marker)
        if payload == leaf.payload:
            continue  # SQLite finds a text whatever its case
        if not _only_texts(json.loads(leaf.payload), json.loads(payload)):
            raise NotHideable(f"entry {leaf.seq}")
        _update(LedgerLeaf, "payload", leaf.seq, payload)
        yield LEAF, leaf.seq, leaf_hash(leaf.payload), leaf_hash(payload)


def _only_texts(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether two payloads differ in what people typed, and nowhere else."""
    return _without_texts(old) == _without_texts(new)


def _without_texts(payload: dict[str, Any]) -> dict[str, Any]:
    event = {name: value for name, value in payload["event"].items() if name not in IN_EVENTS}
    changes = [
        {name: value for name, value in each.items() if name not in IN_CHANGES} for each in payload["changes"]
    ]
    return {**payload, "event": event, "changes": changes}


def _versions(hiding: Hiding, pages: list[int]) -> Iterator[Claim]:
    for table, history in sorted(histories().items()):
        if "page" not in {column.name for column in history._meta.concrete_fields}:
            continue
        kept: models.QuerySet[Any] = history.objects.order_by("history_id")
        versions = kept.filter(page__in=pages)
        names, quoting = texts_of(history), quoting_of(history)
        numbers = sorted({*_holding(hiding, versions, names), *_quoting(hiding, versions, quoting)})
        before = hashes_of(table, numbers)
        _rows(hiding, versions.filter(pk__in=numbers), names)
        _quotations(hiding, versions.filter(pk__in=numbers), quoting)
        after = hashes_of(table, numbers)
        yield from ((table, n, before[n], after[n]) for n in numbers if before[n] != after[n])


def _typed_once() -> Iterator[type[AppendOnlyModel]]:
    """The tables that only grow and into whose texts people type about a subject."""
    kept = (model for model in apps.get_models() if issubclass(model, AppendOnlyModel))
    yield from (model for model in kept if model.SUBJECT_CODE)


def _holding(hiding: Hiding, versions: "models.QuerySet[Any]", names: Iterable[str]) -> Iterator[int]:
    """The versions in whose texts the text stands."""
    with_it = models.Q(pk__in=[])
    for name in names:
        with_it |= models.Q(**{f"{name}__contains": hiding.text})
    yield from versions.filter(with_it).values_list("pk", flat=True)


def _quoting(hiding: Hiding, versions: "models.QuerySet[Any]", names: Iterable[str]) -> Iterator[int]:
    """The versions whose sentences quote the text."""
    for name in names:
        found = versions.values_list("pk", name)
        yield from (number for number, said in found if hiding.hides_in(said) != said)


def _quotations(hiding: Hiding, versions: "models.QuerySet[Any]", names: Iterable[str]) -> None:
    for name in names:
        for number, said in versions.values_list("pk", name):
            if (hidden := hiding.hides_in(said)) != said:
                _update(versions.model, name, number, json.dumps(hidden))


def quoting_of(history: type[HistoryRow]) -> tuple[str, ...]:
    """The columns of sentences, one in each language, that quote what was typed."""
    return tuple(getattr(history.instance_type, "QUOTING", ()))  # type: ignore[attr-defined]


def texts_of(model: type[models.Model]) -> list[str]:
    """The columns of a model in which people type freely."""
    found = (column for column in model._meta.concrete_fields if isinstance(column, models.TextField))
    return [column.name for column in found if column.name != "history_change_reason"]


def _rows(hiding: Hiding, rows: "models.QuerySet[Any]", names: Iterable[str]) -> None:
    for name in names:
        for number, text in rows.filter(**{f"{name}__contains": hiding.text}).values_list("pk", name):
            if hiding.text in text:
                _update(rows.model, name, number, text.replace(hiding.text, hiding.marker))


def _update(model: type[models.Model], name: str, number: int, text: str) -> None:
    """PostgreSQL does it with the rights of the owner: the role of the application has none to."""
    table, key = model._meta.db_table, model._meta.pk.column
    column = model._meta.get_field(name).column  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT chimera_hide(%s, %s, %s, %s, %s)", [table, key, column, number, text])
        else:
            # Only names of a table and its columns are written into it; the values are parameters.
            sql = f'UPDATE {table} SET "{column}" = %s WHERE "{key}" = %s'
            cursor.execute(sql, [text, number])


# --- claims ----------------------------------------------------------------------------------------------
def _claimed_text(digest: str, requested_by: str, claims: Iterable[Claim]) -> bytes:
    """What a hiding signs: who asked, the hash of what was hidden, and each hash before and after."""
    told = {"digest": digest, "requested_by": requested_by, "claims": [list(claim) for claim in claims]}
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def claims_in(payload: dict[str, Any], keys: Collection[str]) -> list[Claim] | None:
    """The claims of the event of a hiding; None where the signature is not one of these public keys, or where
    one person alone did it."""
    told = {change["item"]: change.get("new", "") for change in payload["changes"]}
    claims: list[Claim] = [
        (each["label"], int(each["row_key"]), each["old"], each["new"])
        for each in payload["changes"]
        if each["item"] == "claim"
    ]
    requested_by, digest = told.get("requested_by", ""), told.get("digest", "")
    if requested_by == payload["event"]["actor"]:
        return None
    text = _claimed_text(digest, requested_by, claims)
    signed = any(is_signed(key, told.get("signature", ""), text) for key in keys)
    return claims if signed else None
