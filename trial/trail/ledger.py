"""The ledger: one leaf for each event of the trail, written by the database itself.

The triggers of `ledger_triggers.py` keep it. Each version of a row (history) first lies unclaimed, as its
hash. The event of the act is inserted last; its trigger writes the leaf, whose payload holds the event, its
changes and the hashes of the versions that lay unclaimed, and takes them away. The leaf is the leaf hash of
RFC 9162 over the payload: SHA-256 of a zero byte and the text. Seals (`seals.py`) sign the leaves in batches.
"""

import hashlib
import json
from typing import Any

from django.db import models

from trial.trail.append_only import AppendOnlyModel
from trial.trail.models import TrailEvent


class LedgerLeaf(AppendOnlyModel):
    """What the database saw of one act when it was written. `seq` is the order of the trail: no clock is."""

    seq = models.BigAutoField(primary_key=True)
    event = models.OneToOneField(TrailEvent, models.PROTECT, related_name="leaf")
    payload = models.TextField()
    leaf = models.CharField(max_length=64)

    class Meta:
        ordering = ("seq",)

    def __str__(self) -> str:
        return f"leaf {self.seq}"


class UnclaimedVersion(models.Model):
    """The hash of a version that was written in this transaction and whose act has no event yet.

    On PostgreSQL a transaction that leaves one behind is refused at its end: no change without its event.
    `transaction` is its number there, and 0 on SQLite, which has one writer at a time.
    """

    table = models.CharField(max_length=63)
    version = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    transaction = models.BigIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=("transaction",), name="unclaimed_of_transaction"),)

    def __str__(self) -> str:
        return f"{self.table} {self.version}"


def leaf_hash(payload: str) -> str:
    """The leaf of a payload as the ledger keeps it, in hexadecimal."""
    return hashlib.sha256(b"\x00" + payload.encode()).hexdigest()


def text_hash(text: str) -> str:
    """The hash of a version as a payload keeps it, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def hides(old: str, new: str, hidden: str, written: str, marker: str) -> bool:
    """Whether a change of a row, given as JSON, puts the marker wherever the text stands and does nothing
    else; the marker may stand there from before, where a text was hidden and typed again. A payload holds the
    text as JSON writes it, a column of JSON as Django does, without letters beyond ASCII."""
    before, after = json.loads(old), json.loads(new)
    changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    forms = (hidden, written, json.dumps(hidden)[1:-1])
    return bool(changed) and all(
        isinstance(before.get(name), str)
        and isinstance(after.get(name), str)
        and after[name] in [before[name].replace(form, marker) for form in forms]
        for name in changed
    )


def teach_sqlite(connection: Any, **_: Any) -> None:
    """The functions that the triggers of the ledger call; SQLite has none of its own. A program that does not
    know them cannot write a version or an event at all."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("chimera_leaf", 1, leaf_hash, deterministic=True)
        connection.connection.create_function("chimera_hash", 1, text_hash, deterministic=True)
        connection.connection.create_function("chimera_hides", 5, hides, deterministic=True)
