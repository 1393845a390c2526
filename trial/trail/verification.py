"""Whether the trail is as it was written: seals, leaves, events, changes, versions and rows.

Leaf by leaf the ledger is hashed again and held against its seal; the seals against each other, their
signatures and the anchor, which lies outside the database; the tables against the ledger. Source of the
design: RFC 9162 (Merkle trees) and RFC 8032 (Ed25519).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trial.trail.comparing import (
    Act,
    Fault,
    changes_without_an_event,
    events_without_a_leaf,
    faults_of,
    rows_unlike_their_newest_version,
    versions_without_a_leaf,
)
from trial.trail.hiding import HIDDEN, LEAF, claims_in
from trial.trail.installed import triggers_not_installed
from trial.trail.ledger import LedgerLeaf, leaf_hash
from trial.trail.merkle import root_of
from trial.trail.seals import MOST_LEAVES, Seal, hash_of_signature
from trial.trail.verify_archive import ANOTHER_KEY, KeyChain, unlike

Anchor = Mapping[int, Mapping[str, Any]]
"""The seals of an anchor file, by number."""


@dataclass
class Verification:
    """One verification under way. `keys` are the public keys that are trusted, in hexadecimal, of any time;
    `since` the first seal whose leaves are read (the seals themselves are always all looked at)."""

    keys: Collection[str]
    anchor: Anchor = field(default_factory=dict)
    since: int = 0
    progress: Callable[[int], object] = lambda leaves: None
    leaves: int = 0
    seals: int = 0
    unsealed: int = 0
    hidings: int = 0
    chain: KeyChain = field(init=False)
    _hidden: dict[tuple[str, int], list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _claimed: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.chain = KeyChain(self.keys)

    def faults(self) -> Iterator[Fault]:
        """Everything that is not as it was written, in the order of the ledger."""
        yield from triggers_not_installed()
        seals = list(Seal.objects.order_by("number"))
        yield from self._chain(seals)
        yield from self._hidings()
        yield from self._stretches(seals)
        yield from events_without_a_leaf()
        yield from changes_without_an_event()
        if not self.since:
            yield from versions_without_a_leaf(self._claimed)
        yield from rows_unlike_their_newest_version()

    # --- what was hidden ---------------------------------------------------------------------------------
    def _hidings(self) -> Iterator[Fault]:
        """The events of hidings and what each of them claims to have changed."""
        for leaf in LedgerLeaf.objects.filter(payload__contains=HIDDEN).order_by("seq").iterator():
            payload = json.loads(leaf.payload)
            if payload["event"]["action"] != HIDDEN:
                continue
            claims = claims_in(payload, self.chain.signers(leaf.seq))
            if claims is None:
                yield _of_leaf("hiding that no two people signed", leaf, 0)
                continue
            self.hidings += 1
            for table, number, before, after in claims:
                self._hidden[table, number].append((before, after))

    def _now(self, table: str, number: int, digest: str) -> str:
        """The hash of a row after all that was hidden in it; empty where the claims do not fit together."""
        for before, after in self._hidden.get((table, number), ()):
            digest = after if before == digest else ""
        return digest

    # --- seals -------------------------------------------------------------------------------------------
    def _chain(self, seals: list[Seal]) -> Iterator[Fault]:
        previous: Seal | None = None
        for seal in seals:
            expected = previous.number + 1 if previous else 1
            for number in range(expected, seal.number):
                yield Fault("seal missing", seal=number)
            yield from self._seal(seal, previous)
            previous = seal
        for key in self.chain.strangers():
            first = seals[0]
            yield Fault(ANOTHER_KEY, item="key", signed=key, present=first.key, seal=first.number)
        self.seals = len(seals)
        last = seals[-1].number if seals else 0
        for number in sorted(self.anchor):
            if number > last:
                yield Fault("seal of the anchor missing: cut off, or an old backup restored", seal=number)

    def _seal(self, seal: Seal, previous: Seal | None) -> Iterator[Fault]:
        told, in_force = seal.as_data(), self.chain.now
        if wrong := self.chain.follow(told):
            keys = {"item": "key", "signed": in_force, "present": seal.key} if wrong == ANOTHER_KEY else {}
            yield Fault(wrong, seal=seal.number, **keys)
        if seal.previous != (hash_of_signature(previous.signature) if previous else ""):
            yield Fault("seal does not follow the one before", seal=seal.number)
        anchored = dict(self.anchor.get(seal.number, told))
        for name in unlike(told, anchored)[:1]:
            values = {"signed": str(anchored.get(name, "")), "present": str(told.get(name, ""))}
            yield Fault("seal is not that of the anchor", item=name, seal=seal.number, **values)

    # --- leaves ------------------------------------------------------------------------------------------
    def _stretches(self, seals: list[Seal]) -> Iterator[Fault]:
        end = 0
        for seal in seals:
            if seal.number >= self.since:
                found = list(LedgerLeaf.objects.filter(seq__gt=end, seq__lte=seal.last).order_by("seq"))
                yield from self._sealed(seal, found)
                yield from self._read(found, seal.number)
            end = seal.last
        while found := list(LedgerLeaf.objects.filter(seq__gt=end).order_by("seq")[:MOST_LEAVES]):
            yield from self._read(found, 0)
            self.unsealed += len(found)
            end = found[-1].seq

    def _sealed(self, seal: Seal, leaves: list[LedgerLeaf]) -> Iterator[Fault]:
        """A seal against its leaves; the anchor, which holds their hashes, says which one is another."""
        root = root_of([bytes.fromhex(leaf.leaf) for leaf in leaves]).hex()
        if (len(leaves), root) == (seal.count, seal.root):
            return
        yield Fault(
            "leaves are not those that were sealed",
            item="count" if len(leaves) != seal.count else "root",
            signed=str(seal.count if len(leaves) != seal.count else seal.root),
            present=str(len(leaves) if len(leaves) != seal.count else root),
            seal=seal.number,
        )
        anchored = set(self.anchor.get(seal.number, {}).get("leaves", ()))
        for leaf in leaves if anchored else ():
            if leaf.leaf not in anchored:
                yield _of_leaf("leaf is not one of the anchor", leaf, seal.number)

    def _read(self, leaves: list[LedgerLeaf], seal: int) -> Iterator[Fault]:
        acts = []
        for leaf in leaves:
            if leaf_hash(leaf.payload) != self._now(LEAF, leaf.seq, leaf.leaf):
                yield _of_leaf("payload is not what was hashed", leaf, seal)
            acts.append(Act.of(leaf.seq, leaf.event_id, leaf.payload))
        for act in acts:
            for table, number, _digest in act.versions:
                self._claimed[table].add(number)
        for fault in faults_of(acts, self._now):
            yield _within(fault, seal)
        self.leaves += len(leaves)
        self.progress(len(leaves))


def _of_leaf(what: str, leaf: LedgerLeaf, seal: int) -> Fault:
    return Fault(what, LedgerLeaf._meta.db_table, str(leaf.seq), seal=seal)


def _within(fault: Fault, seal: int) -> Fault:
    return replace(fault, seal=seal)
