"""Verify an archive of a Chimera trail, without Chimera.

    python verify_archive.py ARCHIVE [--anchor FILE] [--key HEX ...]

Needs Python 3.11 and the library `cryptography`; nothing else of this program is used. An archive holds

    ledger.jsonl    one act to a line: `seq`, `payload` (the text that was hashed), `leaf`
    seals.jsonl     the seals in their order, signed with Ed25519
    versions.jsonl  one version of a row to a line: `table`, `version`, `text` (what was hashed)

A leaf is SHA-256 of a zero byte and the payload; a seal holds the root (RFC 9162) over its leaves, the
SHA-256 of the signature before, and a signature over all of itself as JSON with sorted names. A payload names
the hash (SHA-256) of the text of each version that the act wrote. Where two people hid a text, the act
`redaction.done` claims each hash before and after; the leaf stays that of before. `--anchor` is a copy of the
seals that was kept elsewhere: only it can show that the end was cut off.

The key changes where a seal names its `successor` and both sign it (`countersignature`, over the same text).
A seal that `replaces` a key began anew, since that key was lost. A forger could write the same, so the new
key is believed only where it is given, too. Give every public key that you were told (`--key`, as often as
needed): each must have its place, so that a history that leaves out a change is found. Without any, the first
key of the anchor is trusted.

Exit 0: whole. 1: altered, and the first line says where. 2: cannot tell (no anchor, a key that nobody handed
over to and that was not given, or nothing can be read).
"""

import argparse
import hashlib
import json
import sys
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WHOLE, ALTERED, CANNOT_TELL = 0, 1, 2
LEAVES = "trial_ledgerleaf"  # how claims name the ledger
Line = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an archive of a trail.")
    parser.add_argument("archive", type=Path)
    parser.add_argument("--anchor", type=Path, help="seals that were kept elsewhere")
    parser.add_argument(
        "--key", action="append", default=[], type=str.lower, help="a public key that is trusted"
    )
    chosen = parser.parse_args(arguments)
    try:
        anchor = {line["number"]: line for line in lines(chosen.anchor)} if chosen.anchor else {}
        seals = list(lines(chosen.archive / "seals.jsonl"))
        chain = KeyChain(frozenset(chosen.key) or _first_key(seals, anchor))
        found = list(faults(chosen.archive, anchor, chain))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        print(f"cannot be read: {problem!r}", file=sys.stderr)
        return CANNOT_TELL
    for told in (*found, *chain.breaks()):
        print(told)
    outcome = outcome_of(bool(found), bool(anchor), chain)
    print(in_words(outcome, bool(anchor)))
    return outcome


def outcome_of(altered: bool, anchored: bool, chain: "KeyChain") -> int:
    """The exit code."""
    if altered:
        return ALTERED
    return WHOLE if anchored and not chain.breaks() else CANNOT_TELL


def in_words(outcome: int, anchored: bool) -> str:
    if outcome == CANNOT_TELL and anchored:
        return "cannot tell: a key was lost, and nobody handed over to the next"
    return ("whole", "altered", "not anchored: its end may have been cut off")[outcome]


def lines(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def faults(archive: Path, anchor: Mapping[int, Line], chain: "KeyChain | None" = None) -> Iterator[str]:
    """Everything in the archive that is not as it was written, in words."""
    seals, ledger = list(lines(archive / "seals.jsonl")), list(lines(archive / "ledger.jsonl"))
    chain = chain or KeyChain(_first_key(seals, anchor))
    hidden: Hidden = {}
    yield from _chain(seals, anchor, chain)
    yield from _hidings(ledger, chain, hidden)
    yield from _leaves(seals, ledger, hidden)
    yield from _versions(ledger, lines(archive / "versions.jsonl"), hidden)


def _first_key(seals: Sequence[Line], anchor: Mapping[int, Line]) -> frozenset[str]:
    first = anchor[min(anchor)] if anchor else seals[0] if seals else None
    return frozenset([first["key"]] if first else [])


# --- keys ------------------------------------------------------------------------------------------------
ANOTHER_KEY = "sealed with another key"
NOT_SIGNED = "seal altered: its signature does not hold"
NOT_COUNTERSIGNED = "hand-over that the new key did not sign"
CAME_BACK = "handed over to a key that had sealed before"


@dataclass
class KeyChain:
    """Which key seals, from seal to seal. It moves by a hand-over that both keys signed, or begins anew with
    one that `replaces` a lost one. A key that was given up never comes back.

    Each stretch between two losses needs a key of its own among the `trusted`: inside it every other is
    vouched for, the later by the signature of the one before, the earlier by that of the one after over the
    hash of all that lay before it.
    """

    trusted: Collection[str]
    now: str = ""
    _stretches: list[tuple[int, set[str]]] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)
    _signers: list[set[str]] = field(default_factory=list)

    def follow(self, seal: Mapping[str, Any]) -> str:
        """What is wrong with the key and the signatures of the next seal; empty for nothing."""
        before = self.now
        if not self._stretches or self._replaces(seal):
            self._begin(seal)
        self._ends.append(seal["last"])
        # What a key signed just before it was lost lies under the seal that begins anew.
        self._signers.append({before, self.now} - {""})
        if seal["key"] != self.now:
            return ANOTHER_KEY
        if not is_signed(self.now, seal["signature"], text_of(seal)):
            return NOT_SIGNED
        return self._hand_over(seal) if seal.get("successor") else ""

    def _begin(self, seal: Mapping[str, Any]) -> None:
        self.now = seal["key"]
        self._stretches.append((seal["number"], {self.now}))

    def _replaces(self, seal: Mapping[str, Any]) -> bool:
        if seal.get("replaces") != self.now or seal["key"] in self.seen():
            return False
        return is_signed(seal["key"], seal["signature"], text_of(seal))

    def _hand_over(self, seal: Mapping[str, Any]) -> str:
        successor = seal["successor"]
        if successor in self.seen():
            return CAME_BACK
        if not is_signed(successor, seal.get("countersignature", ""), text_of(seal)):
            return NOT_COUNTERSIGNED
        self.now = successor
        self._stretches[-1][1].add(successor)
        return ""

    def seen(self) -> set[str]:
        """Every key that sealed, or that the last seal handed over to."""
        return set().union(*(keys for _first, keys in self._stretches))

    def strangers(self) -> list[str]:
        """The keys that are trusted and that none of these seals names: the history is another one."""
        return sorted(set(self.trusted) - self.seen()) if self._stretches else []

    def breaks(self) -> list[str]:
        """Where it began anew and nothing that is trusted says that it may, in words."""
        if len(self._stretches) == 1:
            return []  # `strangers` says it
        return [
            f"the seals from {first} begin with a key that no trusted one vouches for: "
            + ", ".join(sorted(keys))
            for first, keys in self._stretches
            if not keys & set(self.trusted)
        ]

    def signers(self, leaf: int) -> Collection[str]:
        """The keys that may have signed a hiding in this leaf: that of the seal over it."""
        if not self._stretches:
            return self.trusted
        seal = bisect_left(self._ends, leaf)
        return self._signers[seal] if seal < len(self._ends) else {self.now}


def text_of(seal: Mapping[str, Any]) -> bytes:
    """What the signatures of a seal are over."""
    unsigned = ("signature", "countersignature", "leaves")
    told = {name: value for name, value in seal.items() if name not in unsigned}
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def is_signed(key: str, signature: str, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- what was hidden -------------------------------------------------------------------------------------
Hidden = dict[tuple[str, int], list[tuple[str, str]]]
"""The hashes before and after each hiding, by table and number."""


def _hidings(ledger: list[Line], chain: KeyChain, hidden: Hidden) -> Iterator[str]:
    """Two people hid a text: the act claims each hash before and after, signed with the key of the seal."""
    for line in ledger:
        payload = json.loads(line["payload"])
        if payload["event"]["action"] != "redaction.done":
            continue
        claims = _claims(payload, chain.signers(line["seq"]))
        if claims is None:
            yield f"act {line['seq']} hides what no two people signed"
        for table, number, before, after in claims or ():
            hidden.setdefault((table, number), []).append((before, after))


def _claims(payload: Line, keys: Collection[str]) -> list[list[Any]] | None:
    told = {change["item"]: change.get("new", "") for change in payload["changes"]}
    claims = [
        [each["label"], int(each["row_key"]), each["old"], each["new"]]
        for each in payload["changes"]
        if each["item"] == "claim"
    ]
    signed = {name: told.get(name, "") for name in ("digest", "requested_by")}
    if signed["requested_by"] == payload["event"]["actor"]:
        return None
    text = json.dumps({**signed, "claims": claims}, sort_keys=True, separators=(",", ":")).encode()
    return claims if any(is_signed(key, told.get("signature", ""), text) for key in keys) else None


def _now(hidden: Hidden, table: str, number: int, digest: str) -> str:
    """The hash of a row after all that was hidden in it; empty where the claims do not fit together."""
    for before, after in hidden.get((table, number), ()):
        digest = after if before == digest else ""
    return digest


# --- seals -----------------------------------------------------------------------------------------------
def _chain(seals: list[Line], anchor: Mapping[int, Line], chain: KeyChain) -> Iterator[str]:
    previous, expected = "", 1
    for seal in seals:
        number = seal["number"]
        if number != expected:
            yield f"seal {expected} is missing"
        if wrong := chain.follow(seal):
            yield f"seal {number}: {wrong} ({seal['key']})"
        if seal["previous"] != previous:
            yield f"seal {number} does not follow the one before"
        if number in anchor and unlike(seal, anchor[number]):
            yield f"seal {number} is not that of the anchor"
        previous, expected = hashlib.sha256(bytes.fromhex(seal["signature"])).hexdigest(), number + 1
    for number in sorted(anchor):
        if number >= expected:
            yield f"seal {number} of the anchor is missing: the end was cut off"
    for key in chain.strangers():
        yield f"{ANOTHER_KEY}: none of these seals names the trusted {key}"


def unlike(seal: Line, anchored: Line) -> list[str]:
    """The names of what a seal says otherwise than the anchor; the leaves stand in the anchor alone."""
    names = sorted((seal.keys() | anchored.keys()) - {"leaves"})
    return [name for name in names if seal.get(name) != anchored.get(name)]


# --- leaves ----------------------------------------------------------------------------------------------
def _leaves(seals: list[Line], ledger: list[Line], hidden: Hidden) -> Iterator[str]:
    hashes: dict[int, bytes] = {}
    for line in ledger:
        leaf = hashlib.sha256(b"\x00" + line["payload"].encode()).digest()
        if leaf.hex() != _now(hidden, LEAVES, line["seq"], line["leaf"]):
            yield f"act {line['seq']} is not what was hashed: {_named(line)}"
        hashes[line["seq"]] = bytes.fromhex(line["leaf"])
    end = 0
    for seal in seals:
        within = [leaf for seq, leaf in sorted(hashes.items()) if end < seq <= seal["last"]]
        if len(within) != seal["count"]:
            yield f"seal {seal['number']} is over {seal['count']} acts, and {len(within)} are here"
        elif _root(within).hex() != seal["root"]:
            yield f"the acts {seal['first']} to {seal['last']} are not those of seal {seal['number']}"
        end = seal["last"]


def _root(leaves: Sequence[bytes]) -> bytes:
    level = list(leaves) or [hashlib.sha256(b"").digest()]
    while len(level) > 1:
        joined = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = joined + level[len(level) - len(level) % 2 :]
    return level[0]


def _named(line: Line) -> str:
    event = json.loads(line["payload"])["event"]
    told = (event.get(name, "") for name in ("action", "subject", "visit", "form", "actor"))
    return " ".join(word for word in told if word)


# --- versions --------------------------------------------------------------------------------------------
def _versions(ledger: list[Line], versions: Iterator[Line], hidden: Hidden) -> Iterator[str]:
    written: dict[tuple[str, int], tuple[str, int]] = {}
    for line in ledger:
        for table, number, digest in json.loads(line["payload"])["versions"]:
            written[table, number] = digest, line["seq"]
    for version in versions:
        place = version["table"], version["version"]
        digest, seq = written.pop(place, ("", 0))
        if not seq:
            yield f"version {place[1]} of {place[0]} is of no act"
        elif hashlib.sha256(version["text"].encode()).hexdigest() != _now(hidden, *place, digest):
            yield f"version {place[1]} of {place[0]} is not what act {seq} wrote"
    for (table, number), (_digest, seq) in sorted(written.items()):
        yield f"version {number} of {table}, which act {seq} wrote, is missing"


if __name__ == "__main__":
    sys.exit(main())
