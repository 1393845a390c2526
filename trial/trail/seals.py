"""Seals: the leaves of the ledger signed in batches, each seal carrying the hash of the one before it.

A seal is a signed checkpoint (Ed25519 over `text_of` it). Every seal also goes to a file outside
the database, with its leaf hashes: what a person with full rights on the database cannot rewrite shows there.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.utils import timezone

from trial.trail.append_only import AppendOnlyModel
from trial.trail.ledger import LedgerLeaf
from trial.trail.ledger_triggers import BARRIER
from trial.trail.merkle import root_of
from trial.trail.signing_keys import (
    SigningKey,
    first_keys,
    is_sealed_elsewhere,
    keys_at_hand,
    not_there,
    public_half,
)
from trial.trail.verify_archive import text_of

MOST_LEAVES = 4096  # in a seal: an edit that was signed again is found within so many
LATER = ("successor", "countersignature", "replaces")  # came with the change of keys: no text has them empty
LONGEST_STALL_MS = 250  # that a sealer makes writers wait
_TAIL = 2 * MOST_LEAVES * 70  # bytes, more than the longest line of an anchor file has


class Seal(AppendOnlyModel):
    """One signed checkpoint: `root` over the leaves `first` to `last`, `count` of them (numbers that were
    rolled back are missing in between), `previous` the SHA-256 of the signature before. All hashes, keys and
    signatures are hexadecimal.

    A seal by which its key hands over names the `successor`, which signs it, too (`countersignature`). The
    first seal after a key was lost names the one that its own key `replaces` (`key_changes.py`)."""

    number = models.BigIntegerField(primary_key=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    count = models.PositiveIntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True)
    at = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    successor = models.CharField(max_length=64, blank=True, default="")
    countersignature = models.CharField(max_length=128, blank=True, default="")
    replaces = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"seal {self.number}"

    def as_data(self) -> dict[str, Any]:
        """All of it by name; what most seals do not have is left out, as in those of before."""
        told = {column.attname: getattr(self, column.attname) for column in self._meta.concrete_fields}
        return {name: value for name, value in told.items() if value or name not in LATER}


def hash_of_signature(signature: str) -> str:
    return hashlib.sha256(bytes.fromhex(signature)).hexdigest()


def key_in_force(newest: Seal | None) -> str:
    """The public key that the next seal has to be signed with; empty before the first."""
    return (newest.successor or newest.key) if newest else ""


def signing_key() -> SigningKey:
    """The key that signs now. Raises NoSigningKey where it is not at hand."""
    in_force = key_in_force(Seal.objects.last())
    found = keys_at_hand() if in_force else first_keys()
    for key in found:
        if in_force in ("", public_half(key)):
            return key
    raise not_there(in_force)


def public_key() -> str:
    """The public half of the key that signs now, in hexadecimal: sponsor and sites keep a copy of it.

    Raises NoSigningKey."""
    return public_half(signing_key())


# --- sealing ---------------------------------------------------------------------------------------------
def seal_trail() -> list[Seal]:
    """Seal what is not sealed yet and publish it; the new seals. Whoever writes goes on: a sealer that would
    make them wait longer, or that meets another, leaves it to the next.

    Raises NoSigningKey, also where there is nothing to seal."""
    newest = Seal.objects.last()
    if is_sealed_elsewhere():
        return list(Seal.objects.filter(number__gt=newest.number if newest else 0))
    made: list[Seal] = []
    signing_key()
    try:
        last = settled()
        while (seal := next_seal(last)) is not None:
            made.append(seal)
    except (IntegrityError, OperationalError):  # another sealer was first; the barrier was not free in time
        made = []
    publish_seals()
    return made


def settled() -> int:
    """The number up to which no leaf can still come: for an instant nobody who holds a number is writing.

    Raises OperationalError where writers do not let it through in time (`LONGEST_STALL_MS`)."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_STALL_MS}ms'")
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BARRIER])
        return LedgerLeaf.objects.aggregate(last=models.Max("seq"))["last"] or 0


def share_barrier() -> None:
    """Until this transaction ends no range of leaves is closed, and no key handed over."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [BARRIER])


@transaction.atomic
def next_seal(
    settled: int, key: SigningKey | None = None, successor: SigningKey | None = None
) -> Seal | None:
    """Seal the oldest leaves that are not sealed, up to `settled`; None where there is none.

    `key` signs in place of the one in force, which is lost; `successor` takes over with the next seal.
    Raises NoSigningKey.
    """
    before = Seal.objects.last()
    leaves = _waiting(before, settled)
    if not leaves:
        return None
    signs = key or signing_key()
    seal = Seal(
        number=before.number + 1 if before else 1,
        first=leaves[0][0],
        last=leaves[-1][0],
        count=len(leaves),
        root=root_of([bytes.fromhex(leaf) for _seq, leaf in leaves]).hex(),
        previous=hash_of_signature(before.signature) if before else "",
        at=timezone.now().isoformat(),
        key=public_half(signs),
        successor=public_half(successor) if successor else "",
        replaces=key_in_force(before) if key else "",
    )
    text = text_of(seal.as_data())
    seal.signature = signs.sign(text).hex()
    seal.countersignature = successor.sign(text).hex() if successor else ""
    seal.save(force_insert=True)
    return seal


def _waiting(before: Seal | None, settled: int) -> list[tuple[int, str]]:
    """The number and hash of the oldest leaves that are not sealed, as many as a seal takes."""
    waiting = LedgerLeaf.objects.filter(seq__gt=before.last if before else 0, seq__lte=settled)
    return list(waiting.order_by("seq").values_list("seq", "leaf")[:MOST_LEAVES])


# --- outside the database --------------------------------------------------------------------------------
def anchor_file() -> Path:
    """Where every seal is also written, one JSON object to a line."""
    return Path(settings.ANCHOR_DIR or settings.CHIMERA_HOME / "anchor") / "seals.jsonl"


def publish_seals() -> int:
    """Add the seals that the anchor file does not have; how many."""
    path = anchor_file()
    path.parent.mkdir(exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # of two that publish at once the second adds what the first has not
        new = list(Seal.objects.filter(number__gt=_last_published(file)).order_by("number"))
        for seal in new:
            file.write(json.dumps(_anchored(seal), sort_keys=True).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return len(new)


def is_as_published() -> bool:
    """Whether the newest seal outside is the one of its number in the database."""
    path = anchor_file()
    if not path.exists():
        return True
    with path.open("r+b") as file:
        outside = _newest_published(file)
    if outside is None:
        return True
    return Seal.objects.filter(number=outside["number"], signature=outside["signature"]).exists()


def _last_published(file: BinaryIO) -> int:
    newest = _newest_published(file)
    return int(newest["number"]) if newest else 0


def _newest_published(file: BinaryIO) -> dict[str, Any] | None:
    """The last seal in the file. A line that was cut off while it was written is taken away: the seal is in
    the database, and is written again."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
    whole, _newline, cut_off = file.read().rpartition(b"\n")
    if cut_off:
        file.truncate(file.tell() - len(cut_off))
    last = whole.rpartition(b"\n")[2]
    return dict(json.loads(last)) if last else None


def _anchored(seal: Seal) -> dict[str, Any]:
    leaves = LedgerLeaf.objects.filter(seq__gte=seal.first, seq__lte=seal.last).order_by("seq")
    return {**seal.as_data(), "leaves": list(leaves.values_list("leaf", flat=True))}


def read_anchor(path: Path) -> Iterator[dict[str, Any]]:
    """The seals of an anchor file. Raises ValueError for a line that cannot be read."""
    with path.open("rb") as file:
        yield from (json.loads(line) for line in file if line.endswith(b"\n"))
